"""What each subscription delivers, and who handles it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.kit.tx import Tx
from app.saleor.shapes import events

S = TypeVar("S", bound=events.Event)


@dataclass(frozen=True)
class Event(Generic[S]):
    """What a subscription document delivers, and who handles it."""

    shape: type[S]
    handle: Callable[[S, Tx], None]
    handle_all: Callable[[Sequence[S], Tx], None] | None = None
    """Many at once, where that costs less."""

    def read(self, body: bytes) -> S:
        return self.shape.read(body)

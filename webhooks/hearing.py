"""From a delivery to a promise: verify, write down, answer; the handler runs a moment later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from typing_extensions import override

from app.kit.tx import Job, Tx
from app.saleor.shapes import events

S = TypeVar("S", bound=events.Event)

KIND = "webhook.heard"


@dataclass(frozen=True)
class Event(Generic[S]):
    """What a subscription document delivers, and who handles it."""

    shape: type[S]
    handle: Callable[[S, Tx], None]
    handle_all: Callable[[Sequence[S], Tx], None] | None = None
    """Many at once, where that costs less."""

    def read(self, body: bytes) -> S:
        return self.shape.read(body)


class Heard(Job, kind=KIND, rank=0):
    event: str
    hash: str

    @property
    @override
    def key(self) -> str:
        return key_of(self.hash)


def fingerprint(event: str, body: bytes) -> str:
    """IN-2: Saleor repeats a delivery byte for byte, so its bytes are its name."""
    return sha256(event.encode() + b"\n" + body).hexdigest()


def key_of(hash_: str) -> str:
    return f"{KIND}:{hash_}"

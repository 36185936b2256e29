"""The running shop: its memory, its keys, its letters on the way, and its address."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from sandbox.apps import Installation
from sandbox.calls import Call
from sandbox.faults import Faults
from sandbox.keys import KeyRing
from sandbox.outbox import Outbox
from sandbox.store import Store


class Install(Protocol):
    def __call__(
        self, installation: Installation, permissions: frozenset[str], *, activate: bool
    ) -> None: ...


@dataclass
class Shop:
    """What every part of the sandbox works with. `url` is the origin, without a path;
    `install` carries an installation out beside the request that asked for it."""

    store: Store
    ring: KeyRing
    url: str
    faults: Faults
    outbox: Outbox = field(init=False)
    validate: Callable[[str], list[str]] = field(init=False)
    call: Call = field(init=False)
    install: Install = field(init=False)
    _sorted: dict[Any, tuple[datetime, list[Any]]] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        return f"{self.url}/graphql/"

    @property
    def domain(self) -> str:
        return urlsplit(self.url).netloc

    def sorted_by(
        self, name: Any, things: Iterable[Any], key: Callable[[Any], Any], *, falling: bool
    ) -> list[Any]:
        """The things in order; the same list again while nothing in the shop has changed."""
        at = self.store.last_change
        known = self._sorted.get(name)
        if known is None or known[0] != at:
            known = self._sorted[name] = (at, sorted(things, key=key, reverse=falling))
        return known[1]

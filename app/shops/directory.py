"""Who is installed, in memory: the webhook door may not ask the database for every delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlmodel import Session, select

from app.kit.clock import stopwatch
from app.kit.house import House
from app.kit.tx import ShopId
from app.shops.tables import Shop, Status

FRESH = 2.0
"""Seconds a reading is good for: another process may have registered a shop meanwhile."""


@dataclass(frozen=True)
class Entry:
    """What a door needs to know of a shop."""

    id: ShopId
    api_url: str
    app_id: str
    jwks: Mapping[str, Any]
    status: Status


class Directory:
    """The shops by API address. Thread-safe; re-read when stale, when told, or on a stranger."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = Lock()
        self._entries: dict[str, Entry] = {}
        self._read_at = -FRESH

    def find(self, api_url: str) -> Entry | None:
        if stopwatch() - self._read_at > FRESH:
            self.read()
        return self._entries.get(api_url)

    def of(self, shop: int) -> Entry | None:
        """The same by our own row."""
        if stopwatch() - self._read_at > FRESH:
            self.read()
        return next((entry for entry in self._entries.values() if entry.id == shop), None)

    def read(self) -> None:
        with self._lock, Session(self._house.engine.execution_options(reads_only=True)) as session:
            self._entries = {
                shop.api_url: Entry(
                    ShopId(shop.id or 0), shop.api_url, shop.app_id, shop.jwks, Status(shop.status)
                )
                for shop in session.exec(select(Shop))
            }
            self._read_at = stopwatch()

    def forget(self) -> None:
        """Somebody changed a shop: read again at the next question."""
        self._read_at = -FRESH

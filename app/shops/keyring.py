"""A shop's public keys, fetched anew when a signature names one we do not know."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from sqlmodel import Session, select

from app.kit.clock import real_now, stopwatch
from app.kit.house import House
from app.kit.tx import ShopId
from app.shops.directory import Directory, Entry
from app.shops.tables import Shop

PAUSE = timedelta(seconds=30)
"""Between two fetches for one shop: unsigned junk must not make us ask Saleor without end."""

Fetch = Callable[[str], Mapping[str, Any]]


class Keyring:
    def __init__(self, house: House, directory: Directory, fetch: Fetch) -> None:
        self._house = house
        self._directory = directory
        self._fetch = fetch
        self._lock = Lock()
        self._not_before: dict[ShopId, float] = {}

    def refetch(self, entry: Entry) -> Mapping[str, Any] | None:
        """The shop's JWKS as Saleor publishes it now; None where asking is not allowed or fails.

        Anybody may name a key that does not exist: who has just been refused here is refused again
        without a look into the database, which would wait for the pen.
        """
        with self._lock:
            if stopwatch() < self._not_before.get(entry.id, 0.0):
                return None
            self._not_before[entry.id] = stopwatch() + PAUSE.total_seconds()
        try:
            if not self._may_ask(entry):
                return None
            jwks = self._fetch(entry.api_url)
            self._store(entry, jwks)
        except Exception:  # noqa: BLE001  # unreachable or nonsense: Saleor sends it again
            return None
        return jwks

    def _may_ask(self, entry: Entry) -> bool:
        """Marks the attempt before it is made, in the database, for all processes to see."""
        with self._house.gate.through(), Session(self._house.engine) as session, session.begin():
            shop = session.exec(select(Shop).where(Shop.id == entry.id)).one()
            if shop.jwks_at > real_now() - PAUSE:
                return False
            shop.jwks_at = real_now()
            return True

    def _store(self, entry: Entry, jwks: Mapping[str, Any]) -> None:
        with self._house.gate.through(), Session(self._house.engine) as session, session.begin():
            shop = session.exec(select(Shop).where(Shop.id == entry.id)).one()
            shop.jwks = dict(jwks)
        self._directory.forget()

"""How the app reaches Saleor: for a shop it knows, and, more carefully, for one it does not yet."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import httpx
from sqlmodel import Session, select

from app.kit.house import House
from app.kit.tx import ShopId
from app.saleor.client import Saleor
from app.shops.registering import Identity
from app.shops.tables import Shop
from app.world import World


class Reach:
    """Worlds for errands, one bucket a shop, and the two questions registration asks."""

    def __init__(self, house: House, *, transport: httpx.BaseTransport | None = None) -> None:
        self._house = house
        self._transport = transport
        self._lock = Lock()
        self._saleors: dict[ShopId, tuple[str, Saleor]] = {}

    def world(self, shop: ShopId) -> World:
        """The outside of a shop, with the token as it is now: a reinstall brings another."""
        with Session(self._house.engine.execution_options(reads_only=True)) as session:
            row = session.exec(select(Shop).where(Shop.id == shop)).one()
        with self._lock:
            sealed, saleor = self._saleors.get(shop, ("", None))
            if saleor is None or sealed != row.token:
                saleor = Saleor(
                    row.api_url,
                    self._house.secrets.open(row.token),
                    transport=self._transport,
                )
                self._saleors[shop] = (row.token, saleor)
        return World(shop, self._house, saleor)

    def identify(self, api_url: str, token: str) -> Identity | None:
        raise NotImplementedError

    def jwks(self, api_url: str) -> Mapping[str, Any]:
        raise NotImplementedError

"""How the app reaches Saleor: for a shop it knows, and, more carefully, for one it does not yet."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import httpx
from sqlmodel import Session, select

from app.kit.house import House
from app.kit.tx import ShopId
from app.saleor import handshake
from app.saleor.client import Saleor
from app.saleor.outward import Outward, Resolve, resolved
from app.shops.registering import Identity
from app.shops.tables import Shop
from app.world import World


class Reach:
    """Worlds for errands, one bucket a shop, and the two questions registration asks."""

    def __init__(
        self,
        house: House,
        *,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._house = house
        self._transport = transport
        self._outward = Outward(
            development=house.settings.development,
            transport=transport,
            resolve=resolve or resolved,
        )
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

    def close(self) -> None:
        for _, saleor in self._saleors.values():
            saleor.close()

    def identify(self, api_url: str, token: str) -> Identity | None:
        """Who Saleor says holds this token; None where it does not know it. OutwardError else."""
        told = handshake.identify(self._outward, api_url, token)
        if told is None or told.app is None:
            return None
        return Identity(told.app.id, told.app.identifier or "", name=told.shop.name)

    def jwks(self, api_url: str) -> Mapping[str, Any]:
        """The keys a shop publishes. OutwardError where there are none."""
        return handshake.jwks(self._outward, api_url)

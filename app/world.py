"""One shop's outside: what an errand may touch, and a decision may not."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from app.kit.clock import Clock
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.saleor.client import Saleor

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """Errands read and write through short units of work, and speak to Saleor between them."""

    shop: ShopId
    house: House
    saleor: Saleor

    @property
    def clock(self) -> Clock:
        return self.house.clock

    def look(self) -> AbstractContextManager[Tx]:
        return self.house.look(self.shop)

    def do(self, work: Callable[[Tx], T]) -> T:
        return self.house.do(self.shop, work)

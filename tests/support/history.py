"""A shop whose Saleor has a past, and what every history test asks of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlmodel import SQLModel, select

from app.carts.tables import Cart
from app.catalog.tables import Collection, Price, Product, Variant
from app.customers.tables import Address, Merge, Person
from app.history import flows, queries
from app.history.queries import Progress
from app.kit import leases
from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.promises import Promise
from app.orders.tables import Discount, Line, Order
from tests.support.past import Past
from tests.support.story import Shop

KNOWN = (Person, Address, Merge, Product, Variant, Collection, Price, Order, Line, Discount, Cart)
SURROGATE = {"id", "person", "source", "order", "variant", "product", "target", "merged_into"}
BOOK_KEEPING = {"issued_at", "known_at", "hash", "merged_at"}


class OldShop(Shop):
    """`past` is what its Saleor has; nothing of it is known until the import is begun."""

    def __init__(self, house: House, past: Past) -> None:
        self.past = past
        super().__init__(house, transport=past.transport())

    @property
    def read(self) -> int:
        """How often all of the past was in, and told to be."""
        kept = [p for p in self.all(Promise) if p.kept_at and p.kind == flows.HistoryRead.kind]
        return len(kept)

    @property
    def now(self) -> datetime:
        return self.house.clock.now()

    def starts(self) -> None:
        """The process comes up (again)."""
        leases.take_over(self.house.engine)
        with self.work() as tx:
            flows.keep_watch(tx)

    def begins(self) -> None:
        with self.work() as tx:
            flows.begin(tx)

    def imports(self) -> None:
        self.begins()
        self.settles()

    def sleeps(self, **span: float) -> None:
        """Time passes, and the app is off."""
        cast("StillClock", self.house.clock).move(timedelta(**span))

    def lives(self, **span: float) -> None:
        """Time passes minute by minute, and the app is on."""
        for _ in range(int(timedelta(**span) / timedelta(minutes=1))):
            self.waits(minutes=1)

    def progress(self) -> Progress:
        with self.look() as tx:
            return queries.progress(tx)

    def promises(self) -> set[str]:
        return {promise.kind for promise in self.all(Promise)}

    def orders(self) -> set[str]:
        return {order.saleor_id for order in self.all(Order)}

    def rows(self) -> dict[str, list[str]]:
        """All that is known, but for surrogate keys and the times at which we came to know it."""
        known = {table.__name__: sorted(_plain(self.all(table))) for table in KNOWN}
        with self.look() as tx:
            owners = tx.exec(
                select(Order.saleor_id, Person.key).where(Order.person == Person.id)
            ).all()
        return known | {"owners": sorted(map(repr, owners))}


def _plain(rows: Iterable[SQLModel]) -> Iterable[str]:
    for row in rows:
        told: dict[str, Any] = row.model_dump(exclude=SURROGATE | BOOK_KEEPING)
        yield repr(sorted(told.items()))

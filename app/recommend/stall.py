"""A shop's adviser as one process keeps it: made from the orders, then kept up by the log.

Whatever moves an order, a person, a product or a setting leaves a line in `Moved` in the same
unit of work. Before a list is made the lines since the last time are read, so that every process
knows what any of them has done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from time import sleep
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import structlog
from sqlalchemy import Engine

from app.kit.clock import effort, real_now, stopwatch
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.recommend import queries, rules
from app.recommend.adviser import Adviser
from app.recommend.chances import DEFAULT, Weights
from app.recommend.picks import Wish
from app.recommend.purchases import Purchases
from app.recommend.queries import Choices, Good
from app.recommend.replay import clock
from app.recommend.sale import Sale
from app.recommend.shelf import Shelf
from app.recommend.tables import What
from app.shops.flows import channels

log = structlog.get_logger()

OVERLAP = timedelta(seconds=10)
"""Of two units of work the later line may be seen first: so far back lines are looked at again."""
NEW = timedelta(days=rules.NEW_DAYS)


@dataclass
class Counter:
    """One channel: what it lists, and what its categories are called."""

    slug: str
    currency: str
    shelf: Shelf
    listed: frozenset[int]
    """Products that could be sold here, whether or not they are at this moment."""
    categories: list[str]
    variants: dict[int, str]
    """By product: Saleor's id of its first variant with a price here."""
    away: set[int] = field(default_factory=set)
    """Taken off the shelf because Saleor said so, until the channel is read again."""


class Reading(NamedTuple):
    """Lines of the log that are new, by what they are about."""

    orders: set[int]
    persons: set[int]
    products: set[int]
    offers: set[int]
    terms: bool
    whole: bool


class Stall:
    """One shop. `lock` is held for every touch of the adviser, and never while Saleor is asked."""

    def __init__(self, tx: Tx) -> None:
        self.lock = Lock()
        self.sale = Sale()
        self._open(tx)

    def _open(self, tx: Tx) -> None:
        self._last = queries.newest(tx)
        self._seen: set[int] = set()
        self.adviser = Adviser()
        self.adviser.book.read(_in_turns(queries.purchases(tx)))
        time = clock(self.adviser.book)
        self.adviser.book.weigh(time.now, time.half_life)
        self._set_out(tx)

    def _set_out(self, tx: Tx) -> None:
        """Settings, catalogue and counters anew."""
        counsel = queries.counsel(tx)
        if counsel:
            self.adviser.weights = weights_of(counsel.weights)
            known = {int(slot): method for slot, method in (counsel.methods or {}).items()}
            self.adviser.methods = {**self.adviser.methods, **known}
        self.choices: Choices = queries.choices(tx)
        self.goods: dict[int, Good] = {good.id: good for good in queries.goods(tx)}
        self.by_saleor: dict[str, int] = {good.saleor_id: id_ for id_, good in self.goods.items()}
        self.counters: dict[str, Counter] = {
            channel.slug: self._counter(tx, channel.slug, channel.currency)
            for channel in channels(tx)
            if channel.active
        }

    def _counter(self, tx: Tx, slug: str, currency: str) -> Counter:
        offered, priced = queries.offered(tx, slug), queries.priced(tx, slug, currency)
        goods = list(self.goods.values())
        families: dict[str, int] = {}
        categories: dict[str, int] = {}
        listed = frozenset(
            good.id
            for good in goods
            if (good.id in priced or good.id in offered) and good.id not in self.choices.blocked
        )
        shelf = self.adviser.shelf(
            [good.id for good in goods],
            sold=[good.id in listed and offered.get(good.id, True) for good in goods],
            family=[families.setdefault(rules.family(g.name), len(families)) for g in goods],
            category=[
                categories.setdefault(g.category_name, len(categories)) if g.category else -1
                for g in goods
            ],
            new=[g.created_at is not None and g.created_at > tx.now - NEW for g in goods],
        )
        return Counter(slug, currency, shelf, listed, list(categories), priced)

    # ---- keeping up

    def refresh(self, tx: Tx) -> None:
        """Read the log to its end. Costs one question where nothing has moved."""
        with self.lock:
            lines = queries.moved_since(tx, self._last)
            fresh = [line for line in lines if line[0] not in self._seen]
            if fresh:
                self._take_in(tx, _read(fresh))
            self._remember(lines)

    def _remember(self, lines: list[tuple[int, str, int, datetime]]) -> None:
        self._seen = {id_ for id_, *_ in lines}
        old = [id_ for id_, _, _, at in lines if at < real_now() - OVERLAP]
        if old:
            self._last = max(old)
            self._seen = {id_ for id_ in self._seen if id_ > self._last}

    def _take_in(self, tx: Tx, news: Reading) -> None:
        if news.whole:
            self._open(tx)
            return
        self.sale.forget(news.products | news.offers)
        for counter in self.counters.values():  # it may be back
            counter.shelf.sell(sorted(news.products & counter.listed), sold=True)
            if news.offers:
                self._offer(tx, counter, news.offers)
        seen = self._rewrite(tx, news.orders, news.persons) | news.products | news.offers - {0}
        if news.terms or not seen <= self.goods.keys():
            self._set_out(tx)

    def _offer(self, tx: Tx, counter: Counter, products: set[int]) -> None:
        """As Saleor's own list had it, but for what the merchant has ruled out."""
        told = queries.offered(tx, counter.slug, products | counter.away)
        counter.away.clear()
        for sold in (True, False):
            some = [p for p, on in told.items() if on is sold and p in counter.listed]
            counter.shelf.sell(some, sold=sold)

    def _rewrite(self, tx: Tx, orders: set[int], persons: set[int]) -> set[int]:
        """Orders as they are now; those of people also where they were theirs until now.

        Hands back the products in them: one that no counter knows yet needs a new shelf.
        """
        book = self.adviser.book
        mine = {int(book.orders.keys[n]) for person in persons for n in book.history(person)[0]}
        wanted = orders | mine
        now = queries.purchases_of(tx, orders=wanted, persons=persons)
        for order in wanted - set(now):
            book.drop(order)
        for purchase in now.values():
            book.put(purchase)
        for person in persons:
            if not len(book.history(person)[0]):
                book.forget(person)
        return {product for purchase in now.values() for product in purchase.products}

    # ---- what is asked of it

    def put_away(self, channel: str, products: Iterable[int]) -> None:
        """Saleor has just said so: until the channel is read again these are not sold."""
        with self.lock:
            if counter := self.counters.get(channel):
                counter.away |= set(products)
                counter.shelf.sell(sorted(products), sold=False)


def _in_turns(batches: Iterable[Purchases]) -> Iterator[Purchases]:
    """Between two of them rests as long as one works: pages and doors of this process go first."""
    began = effort()
    for n, batch in enumerate(batches):
        if n:
            sleep(effort() - began)
        began = effort()
        yield batch


def _read(lines: list[tuple[int, str, int, datetime]]) -> Reading:
    of: dict[str, set[int]] = {}
    for _, what, number, _ in lines:
        of.setdefault(what, set()).add(number)
    return Reading(
        of.get(What.ORDER, set()),
        of.get(What.PERSON, set()),
        of.get(What.PRODUCT, set()),
        of.get(What.OFFER, set()),
        What.TERMS in of,
        What.ALL in of,
    )


def weights_of(kept: dict[str, list[float]] | None) -> Weights:
    if not kept:
        return DEFAULT
    told = Weights(np.array(kept["again"]), np.array(kept["new"]))
    same = len(told.again) == len(DEFAULT.again) and len(told.new) == len(DEFAULT.new)
    return told if same else DEFAULT  # learnt by a version that reckoned otherwise


class Stalls:
    """The stalls of this process, each opened when it is first asked for."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = Lock()
        self._opening: dict[ShopId, Lock] = {}
        self._open: dict[ShopId, Stall] = {}
        self._busy: dict[ShopId, tuple[Thread, float]] = {}
        self._sales: dict[ShopId, Sale] = {}

    def of(self, shop: ShopId) -> Stall:
        """The shop's stall, however long it takes to open it."""
        with self.opening(shop):
            stall = self._open.get(shop)
            if stall is None:
                with self._house.look(shop) as tx:
                    stall = Stall(tx)
                _warm(stall)
                self._open[shop] = stall
        return stall

    def opening(self, shop: ShopId) -> Lock:
        """Whoever holds it opens the shop's stall, and nobody else."""
        with self._lock:
            return self._opening.setdefault(shop, Lock())

    def ready(self, shop: ShopId, *, patience: float) -> Stall | None:
        """The shop's stall if it is open so many seconds after the first has asked for it: who
        comes later does not wait anew, and it goes on opening meanwhile.
        """
        if stall := self._open.get(shop):
            return stall
        with self._lock:
            if shop not in self._busy or not self._busy[shop][0].is_alive():
                opener = Thread(target=self._open_for, args=(shop,), daemon=True)
                self._busy[shop] = opener, stopwatch()
                opener.start()
            busy, since = self._busy[shop]
        busy.join(max(since + patience - stopwatch(), 0))
        return self._open.get(shop)

    def sale_of(self, shop: ShopId) -> Sale:
        """What Saleor said of late, for as long as the stall is not open yet."""
        with self._lock:
            return self._sales.setdefault(shop, Sale())

    def _open_for(self, shop: ShopId) -> None:
        try:
            self.of(shop)
        except Exception:  # nobody waits for this thread: say it here
            log.exception("recommend.not_opened", shop=shop)

    def exchange(self, shop: ShopId, stall: Stall) -> None:
        """A fresh one takes the old one's place."""
        self._open[shop] = stall


def _warm(stall: Stall) -> None:
    """Make one list, so that the loops are compiled before a shopper waits for them."""
    for counter in stall.counters.values():
        stall.adviser.mixed(0, counter.shelf, Wish(10))
        if stall.goods:
            stall.adviser.together([next(iter(stall.goods))], counter.shelf, Wish(10))
        return


_STALLS: WeakKeyDictionary[Engine, Stalls] = WeakKeyDictionary()
_MAKING = Lock()


def close_stalls(house: House) -> None:
    """The process is done with this house: its statistics would keep it alive."""
    with _MAKING:
        _STALLS.pop(house.engine, None)


def stalls_of(house: House) -> Stalls:
    """One set of stalls a house and process: pages, doors and errands share it."""
    with _MAKING:
        if house.engine not in _STALLS:
            _STALLS[house.engine] = Stalls(house)
        return _STALLS[house.engine]

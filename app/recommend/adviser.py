"""The recommendation engine of one shop: what happened goes in, lists come out.

    adviser = Adviser()
    adviser.book.read(batches)              # the history; then book.put, drop, merge, forget
    quality.tune(adviser, now=seconds)      # nightly: the shop's own weights, the list to serve
    shelf = adviser.shelf(products, sold=…, category=…, family=…)       # a channel
    adviser.mixed(customer, shelf, Wish(n=10))

One thread at a time: the arrays have no locks.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from app.recommend.arrays import Flags, Ints, Longs
from app.recommend.book import Book
from app.recommend.chances import DEFAULT, Weights
from app.recommend.desk import Desk
from app.recommend.notes import AGAIN, LEARNT, MIXED, NEW, POPULAR
from app.recommend.picks import Pick, Picks, Wish
from app.recommend.purchases import NOBODY
from app.recommend.shelf import Shelf

TEN = Wish()
AT_ONCE = 5_000  # customers, so that lists for a million need little memory


class Adviser:
    def __init__(self, book: Book | None = None, weights: Weights = DEFAULT) -> None:
        self.book = book or Book()
        self.weights = weights
        self.methods = dict.fromkeys((AGAIN, NEW, MIXED), LEARNT)  # by slot: what is served
        self.desk = Desk(self.book)

    def shelf(
        self,
        products: Sequence[int] | Longs,
        *,
        sold: Sequence[bool] | Flags | None = None,
        family: Sequence[int] | Ints | None = None,
        category: Sequence[int] | Ints | None = None,
        new: Sequence[bool] | Flags | None = None,
    ) -> Shelf:
        """One channel's products, in columns of equal length. See `Shelf`."""
        self.book.know(products)
        return Shelf.of(
            self.book.products, products, sold=sold, family=family, category=category, new=new
        )

    def again(self, customer: int | None, shelf: Shelf, wish: Wish = TEN) -> list[Pick]:
        """What he bought and may want again; no more than that."""
        return self._list(AGAIN, self.methods[AGAIN], customer, shelf, wish)

    def discover(self, customer: int | None, shelf: Shelf, wish: Wish = TEN) -> list[Pick]:
        """What he never bought."""
        return self._list(NEW, self.methods[NEW], customer, shelf, wish)

    def mixed(self, customer: int | None, shelf: Shelf, wish: Wish = TEN) -> list[Pick]:
        """Both, by how likely each is in his next order."""
        return self._list(MIXED, self.methods[MIXED], customer, shelf, wish)

    def popular(self, shelf: Shelf, wish: Wish = TEN) -> list[Pick]:
        """The best sellers of late: for guests, and for who wants no profile."""
        return self._list(MIXED, POPULAR, None, shelf, wish)

    def together(self, products: Sequence[int], shelf: Shelf, wish: Wish = TEN) -> list[Pick]:
        """What goes with a product, or with all that is in a cart."""
        numbers = self.book.know(products)
        others = Wish(wish.n, wish.pins, (*wish.without, *products), wish.within, wish.check)
        return self._checked(others, lambda wished: self.desk.together(numbers, shelf, wished))

    def every(
        self,
        shelf: Shelf,
        wish: Wish = TEN,
        *,
        slot: int = MIXED,
        method: int | None = None,
        customers: Longs | None = None,
    ) -> Iterator[Picks]:
        """Lists of these customers, or of all, some thousands at a time; `check` is not asked."""
        served = self.methods[slot] if method is None else method
        count = self.book.customers.count if customers is None else len(customers)
        for start in range(0, count, AT_ONCE):
            places = slice(start, min(start + AT_ONCE, count))
            some = self._buyers(places) if customers is None else customers[places]
            if len(some):
                yield self.desk.lists(slot, served, some, shelf, wish, self.weights)

    def _buyers(self, numbers: slice) -> Longs:
        """Who of these has an order and a name."""
        ledger = self.book.ledger
        known = (ledger.bought.size[numbers] > 0) & (ledger.guest[numbers] == 0)
        keys: Longs = self.book.customers.keys[numbers][known]
        return keys

    def _list(
        self, slot: int, method: int, customer: int | None, shelf: Shelf, wish: Wish
    ) -> list[Pick]:
        method = POPULAR if customer is None and slot != AGAIN else method
        who = np.array([NOBODY if customer is None else customer], np.int64)
        return self._checked(
            wish,
            lambda wished: self.desk.lists(slot, method, who, shelf, wished, self.weights),
        )

    def _checked(self, wish: Wish, made: Callable[[Wish], Picks]) -> list[Pick]:
        """Ask `wish.check` about what was chosen, and choose again without what it refuses."""
        while True:
            picks = made(wish).row(0, self.book.products.keys)
            if wish.check is None or not picks:
                return picks
            keys = np.array([pick.product for pick in picks], np.int64)
            refused = keys[~np.asarray(wish.check(keys), bool)].tolist()
            if not refused:
                return picks
            wish = Wish(wish.n, wish.pins, (*wish.without, *refused), wish.within, wish.check)

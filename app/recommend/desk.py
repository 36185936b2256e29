"""Where lists are made: the notes that loops need, neighbours kept at hand, a shelf's fame."""

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from app.recommend import many, near, notes, together
from app.recommend.arrays import Floats, Ints, Longs
from app.recommend.book import Book
from app.recommend.chances import Weights
from app.recommend.fame import Offer, offer
from app.recommend.learn import Examples, examples
from app.recommend.notes import AGAIN, CHARM, LEARNT, LIFT, MIXED, NEW, POPULAR, Asking
from app.recommend.picks import Picks, Wish
from app.recommend.shelf import Shelf


class Rows(NamedTuple):
    """What loops fill: a row a list."""

    product: Ints
    odds: Floats
    why: Ints
    detail: Ints

    @classmethod
    def blank(cls, lists: int, want: int) -> "Rows":
        shape = (lists, want)
        return cls(
            np.zeros(shape, np.int32), np.zeros(shape),
            np.zeros(shape, np.int32), np.zeros(shape, np.int32),
        )  # fmt: skip

    def put(self, at: Longs, other: "Rows") -> None:
        self.product[at], self.odds[at] = other.product, other.odds
        self.why[at], self.detail[at] = other.why, other.detail


class Desk:
    def __init__(self, book: Book) -> None:
        self.book = book
        self._near = near.rows(0)
        self._asked = near.notes(0, 0)
        self._notes = notes.notes(0, 0, 0)
        self._lifted: int | None = None
        self._charmed: tuple[int, int] | None = None
        self._charmed_for: tuple[Shelf | None, Weights | None] = (None, None)
        self._offers: WeakKeyDictionary[Shelf, dict[bool, tuple[object, Offer]]] = (
            WeakKeyDictionary()
        )

    def lists(
        self, slot: int, method: int, customers: Longs, shelf: Shelf, wish: Wish, weights: Weights
    ) -> Picks:
        """A list for each; who is not known gets a guest's."""
        self._ready(shelf, weights)
        numbers = self.book.customers.numbers(customers)
        asking = self._asking(slot, method, wish)
        if slot != AGAIN and (slot, method) != (MIXED, POPULAR):
            self._freshen(numbers)  # simpler lists only need them for their reasons
        rows = Rows.blank(len(numbers), asking.want)
        lengths = self._fill(asking, numbers, self._offer(shelf), weights, rows)
        short = np.flatnonzero(lengths < 0)
        if len(short):
            mended = Rows.blank(len(short), asking.want)
            whole = self._offer(shelf, whole=True)
            lengths[short] = self._fill(asking, numbers[short], whole, weights, mended)
            rows.put(short, mended)
        if method != LEARNT:
            rows.odds[:] = np.nan  # they rank, but are no odds
        return self._told(customers, lengths, rows)

    def together(self, products: Ints, shelf: Shelf, wish: Wish, *, whole: bool = False) -> Picks:
        """One list: what goes with all of these."""
        self._ready(shelf, None)
        asking, told = self._asking(NEW, LEARNT, wish), self._offer(shelf, whole=whole)
        rows = Rows.blank(1, asking.want)
        deep = len(self._notes.product) if told.whole else many.shallow(told, asking.want)
        length = together.rank_together(
            self.book.ledger,
            told,
            self._notes,
            asking,
            products,
            deep,
            rows.product[0],
            rows.odds[0],
        )
        if length < 0:
            return self.together(products, shelf, wish, whole=True)
        together.explain_together(
            self.book.ledger, told, self._notes, rows.product[0, :length],
            int(np.isinf(rows.odds[0, :length]).sum()), rows.why[0], rows.detail[0],
        )  # fmt: skip
        rows.odds[:] = np.nan
        return self._told(np.zeros(1, np.int64), np.array([length], np.int32), rows)

    def examples(
        self, customers: Longs, first: Longs, truth: Ints, shelf: Shelf
    ) -> tuple[Examples, Examples]:
        """See `learn.examples`."""
        self._ready(shelf, None)
        numbers = self.book.customers.numbers(customers)
        self._freshen(numbers)
        return examples(
            self.book.ledger, self._near, self._offer(shelf), self._notes, numbers, first, truth
        )

    # inside

    def _freshen(self, numbers: Ints) -> None:
        many.freshen_for(self.book.ledger, self._near, self._asked, self._notes, numbers)

    def _fill(
        self, asking: Asking, numbers: Ints, offered: Offer, weights: Weights, rows: Rows
    ) -> Ints:
        return many.list_all(
            self.book.ledger, self._near, offered, weights, self._notes, asking, numbers, *rows
        )

    def _told(self, customers: Longs, lengths: Ints, rows: Rows) -> Picks:
        keys = self.book.products.keys[rows.product]
        keys[np.arange(keys.shape[1]) >= lengths[:, None]] = 0
        return Picks(customers, lengths, keys, rows.why, rows.detail, rows.odds)

    def _asking(self, slot: int, method: int, wish: Wish) -> Asking:
        within = np.zeros(0, np.uint8)
        if len(wish.within):
            within = np.zeros(len(self._notes.liked), np.uint8)
            within[[c for c in wish.within if 0 <= c < len(within)]] = 1
        return Asking(
            slot, method, wish.n, self._known(wish.pins), self._known(wish.without), within
        )

    def _known(self, keys: Sequence[int]) -> Ints:
        numbers = self.book.products.numbers(np.asarray(keys, np.int64))
        return numbers[numbers >= 0]

    def _ready(self, shelf: Shelf, weights: Weights | None) -> None:
        """Let the notes be as long as what they are about, and forget outdated ones."""
        book = self.book.ledger
        products, customers = len(book.holders), len(book.guest)
        if len(self._near.product) < (named := self.book.products.count):
            fresh = not len(self._near.product)
            self._near = near.rows(named) if fresh else near.lengthened(self._near, named)
        if len(self._asked.seen) < customers or len(self._asked.mark) < products:
            self._asked = near.notes(customers, products)
        families, categories = (
            int(shelf.family.max(initial=-1)),
            int(shelf.category.max(initial=-1)),
        )
        needs = (products, families + 1, categories + 1)
        has = tuple(map(len, (self._notes.held, self._notes.family, self._notes.liked)))
        if any(n > h for n, h in zip(needs, has, strict=True)):
            self._notes = notes.notes(*map(max, needs, has))
            self._charmed = self._lifted = None
        if self._lifted != self.book.version:
            self._lifted = self.book.version
            self._notes.of[: len(book.lift), LIFT] = book.lift
        if weights is not None:
            self._charm(shelf, weights)

    def _charm(self, shelf: Shelf, weights: Weights) -> None:
        """Forget what products have for anybody if it was for other times, shelves, weights."""
        stamp = (self.book.version, shelf.version)
        known_shelf, known_weights = self._charmed_for
        if self._charmed != stamp or known_shelf is not shelf or known_weights is not weights:
            self._charmed, self._charmed_for = stamp, (shelf, weights)
            self._notes.of[:, CHARM] = self._notes.stay[:] = np.nan

    def _offer(self, shelf: Shelf, *, whole: bool = False) -> Offer:
        stamp, known = (self.book.version, shelf.version), self._offers.setdefault(shelf, {})
        for kind in (True, whole):
            if kind in known and known[kind][0] == stamp:
                return known[kind][1]
        made = offer(self.book.ledger, len(self.book.ledger.holders), shelf, whole=whole)
        known[whole] = (stamp, made)
        return made

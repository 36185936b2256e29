"""What a list is asked to be, and what it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.recommend.arrays import Flags, Floats, Ints, Longs
from app.recommend.why import Why


@dataclass(frozen=True)
class Wish:
    n: int = 10
    pins: Sequence[int] = ()  # first, in this sequence, where they can be bought
    without: Sequence[int] = ()  # in the cart, or shown elsewhere on the page
    within: Sequence[int] = ()  # only of these categories
    check: Callable[[Longs], Sequence[bool] | Flags] | None = None
    """Asked last about the products chosen, where the shelf may be a moment old; what it refuses
    is replaced."""


@dataclass(frozen=True)
class Pick:
    """One product of a list, and why it is there."""

    product: int
    why: Why
    times: int = 0  # BOUGHT: in how many orders of the customer
    other: int | None = None  # OFTEN_WITH: that product
    category: int | None = None  # POPULAR_IN, NEW_IN, LIKES
    odds: float | None = None  # log odds to be in the next order; None where nothing tells


@dataclass(frozen=True)
class Picks:
    """Lists of many, a row each, in columns."""

    customer: Longs
    length: Ints
    product: Longs  # 0 beyond the length
    why: Ints
    detail: Ints  # times, or the number of a product, or a category; see `Why`
    odds: Floats

    def row(self, row: int, keys: Longs) -> list[Pick]:
        """One list; `keys` are those of products by number."""
        return [self._pick(row, place, keys) for place in range(int(self.length[row]))]

    def _pick(self, row: int, place: int, keys: Longs) -> Pick:
        why, detail = Why(int(self.why[row, place])), int(self.detail[row, place])
        odds = float(self.odds[row, place])
        of_category = why in (Why.POPULAR_IN, Why.NEW_IN, Why.LIKES) and detail >= 0
        return Pick(
            product=int(self.product[row, place]),
            why=why,
            times=detail if why is Why.BOUGHT else 0,
            other=int(keys[detail]) if why is Why.OFTEN_WITH else None,
            category=detail if of_category else None,
            odds=odds if np.isfinite(odds) else None,
        )

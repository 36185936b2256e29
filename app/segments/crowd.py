"""Customers side by side: what is known of how each of them buys, as columns that can be compared.

Five sides of a customer, each a block of columns: rhythm, basket, goods, place and channel. A side
weighs by its first singular value and not by how many columns it has, as multiple factor analysis
does (Escofier and Pagès 1994), so that eight categories do not drown one recency. Where somebody
lives and where she buys weigh half: they describe people more than they make them alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

RHYTHM = ("recency", "times", "gap")
BASKET = ("value", "pieces", "discount")
WEIGHTS: Mapping[str, float] = {
    "rhythm": 1.0, "basket": 1.0, "goods": 1.0, "place": 0.5, "channel": 0.5,
}  # fmt: skip
NOTHING = 1e-12
TAILS = (1.0, 99.0)
"""Percentiles to which single extremes are drawn in."""


@dataclass(frozen=True)
class Crowd:
    """Customers who bought, a row each. `people` are our row ids; money is whole minor units.

    `shares` has a column for each of `goods` (category ids, the most bought first): the share of
    her pieces. `place` and `channel` are places in `places` and `channels`, −1 for another one.
    """

    people: Longs
    today: int
    first: Longs
    last: Longs
    days: Longs
    """Days with a purchase."""
    value: Floats
    """Of an average order, after discounts."""
    pieces: Floats
    """Of an average order."""
    discount: Floats
    """Share of what the goods would have cost."""
    shares: Floats
    goods: Sequence[str]
    place: Longs
    places: Sequence[str]
    channel: Longs
    channels: Sequence[str]

    def __len__(self) -> int:
        return len(self.people)

    @cached_property
    def gap(self) -> Floats:
        """Days between two purchases; not a number for who bought on one day only."""
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = (self.last - self.first) / (self.days - 1)
        return np.where(self.days > 1, gap, np.nan)

    def sides(self) -> Mapping[str, tuple[Sequence[str], Floats]]:
        """By side: names of its columns, and the columns. A side on which all are alike is none."""
        gap = np.log(np.maximum(self.gap, 1.0))
        rhythm = [np.log1p(self.today - self.last), np.log(self.days), gap]
        basket = [np.log(np.maximum(self.value, 1.0)), np.log(np.maximum(self.pieces, 1.0)),
                  self.discount]  # fmt: skip
        found = {
            "rhythm": (RHYTHM, np.column_stack(rhythm)),
            "basket": (BASKET, np.column_stack(basket)),
            "goods": ([f"goods:{one}" for one in self.goods], np.sqrt(self.shares)),
            "place": ([f"place:{one}" for one in self.places], _dummies(self.place, self.places)),
            "channel": (
                [f"channel:{one}" for one in self.channels],
                _dummies(self.channel, self.channels),
            ),
        }
        known = {side: _known(*told) for side, told in found.items()}
        return {side: told for side, told in known.items() if _differs(told[1])}


def _dummies(codes: Longs, names: Sequence[str]) -> Floats:
    return np.asarray(codes[:, None] == np.arange(len(names)), dtype=np.float64)


def _known(names: Sequence[str], table: Floats) -> tuple[Sequence[str], Floats]:
    """Without what is known of nobody: where all bought on one day, there is no gap."""
    some: Mask = np.logical_not(np.isnan(table).all(axis=0))
    return [name for name, told in zip(names, some, strict=True) if told], table[:, some]


def _differs(table: Floats) -> bool:
    return table.shape[1] > 0 and len(table) > 0 and bool((np.nanstd(table, axis=0) > 0).any())


@dataclass(frozen=True)
class Scale:
    """How columns are made comparable; kept, so that a customer of tomorrow is seen as today's."""

    names: tuple[str, ...]
    low: Floats
    high: Floats
    middle: Floats
    """Also of who has none: a gap of who bought once."""
    factor: Floats

    @classmethod
    def of(cls, crowd: Crowd) -> "Scale":
        names: list[str] = []
        parts: list[tuple[Floats, Floats, Floats, Floats]] = []
        for side, (columns, table) in crowd.sides().items():
            low, high = np.nanpercentile(table, TAILS, axis=0)
            # what one in a hundred buys is nought at both percentiles, and differs all the same
            flat = low == high
            low = np.where(flat, np.nanmin(table, axis=0), low)
            high = np.where(flat, np.nanmax(table, axis=0), high)
            drawn = np.clip(table, low, high)
            middle, spread = np.nanmean(drawn, axis=0), np.nanstd(drawn, axis=0)
            if side in ("goods", "place", "channel"):  # shares have one unit: the rare stay small
                spread = np.full_like(spread, 1.0)
            factor = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > NOTHING)
            scaled = np.nan_to_num((drawn - middle) * factor)
            largest = np.sqrt(np.linalg.eigvalsh(scaled.T @ scaled / len(scaled))[-1])
            names += columns
            parts.append((low, high, middle, factor * WEIGHTS[side] / max(largest, NOTHING)))
        if not parts:
            return cls((), *(np.zeros(0) for _ in range(4)))
        return cls(tuple(names), *(np.concatenate(column) for column in zip(*parts, strict=True)))

    def matrix(self, crowd: Crowd) -> Floats:
        """A row a customer, the columns of `names`. What the crowd does not tell is the middle."""
        out = np.zeros((len(crowd), len(self.names)))
        place = {name: at for at, name in enumerate(self.names)}
        for columns, table in crowd.sides().values():
            for name, column in zip(columns, table.T, strict=True):
                if (at := place.get(name)) is not None:
                    drawn = np.clip(column, self.low[at], self.high[at])
                    out[:, at] = np.nan_to_num((drawn - self.middle[at]) * self.factor[at])
        return out

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        columns = ("low", "high", "middle", "factor")
        return {"names": list(self.names)} | {
            name: [round(float(v), 8) for v in getattr(self, name)] for name in columns
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Scale":
        columns = (
            np.array(kept[name], dtype=np.float64) for name in ("low", "high", "middle", "factor")
        )
        return cls(tuple(kept["names"]), *columns)

"""The three numbers per customer from which every model here learns: x, t_x, T."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.kernels import kernel, spread

Numbers = NDArray[Any]
Rows = NDArray[np.bool_] | NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Rhythm:
    """Columns, a row a customer.

    `x` repeat orders; `last` and `age` point into `grid`, whose values are times since the
    first order in the caller's unit: t_x = grid[last] is the last order, T = grid[age] is now.
    """

    x: Ints
    last: Ints
    age: Ints
    grid: Floats

    @classmethod
    def of(cls, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> "Rhythm":
        """From plain columns (arrays, lists, pandas or Arrow; any number type).

        ValueError names the first row that cannot be: negative counts, an order after now,
        repeat orders without time between them, or the other way round.
        """
        counts, last, age = _column(x), _column(t_x), _column(T)
        if not len(counts) == len(last) == len(age):
            raise ValueError("x, t_x and T must be of one length")
        _refuse_impossible(counts, last, age)
        whole = all(np.issubdtype(c.dtype, np.integer) for c in (last, age))
        if whole and int(age.max(initial=0)) < 1_000_000:
            grid = np.arange(int(age.max(initial=0)) + 1, dtype=np.float64)
            return cls(_ints(counts), _ints(last), _ints(age), grid)
        values = np.concatenate((last, age)).astype(np.float64)
        grid, places = np.unique(values, return_inverse=True)
        half = len(last)
        return cls(_ints(counts), _ints(places[:half]), _ints(places[half:]), grid)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def t_x(self) -> Floats:
        return self.grid[self.last]

    @property
    def T(self) -> Floats:
        return self.grid[self.age]

    def only(self, rows: Rows | slice) -> "Rhythm":
        """The same for some rows (a mask or indices)."""
        return Rhythm(self.x[rows], self.last[rows], self.age[rows], self.grid)

    @cached_property
    def scale(self) -> float:
        """Mean T: what makes priors and starts free of the unit of time."""
        mean = float(self._tallies[2] @ self.grid) / max(1, len(self))
        return mean if mean > 0 else 1.0

    @property
    def counts(self) -> Longs:
        """How many customers have x repeat orders, by x."""
        return self._tallies[0]

    @cached_property
    def above(self) -> Longs:
        """How many customers have more than k repeat orders, by k."""
        return np.cumsum(self.counts[::-1])[::-1][1:]

    @property
    def once(self) -> Longs:
        """How many customers bought just once, by place of their age in the grid."""
        return self._tallies[1]

    @cached_property
    def _tallies(self) -> tuple[Longs, Longs, Longs]:
        size = len(self.grid)
        parts = spread(len(self), lambda i, j: _tally(self.x[i:j], self.age[i:j], size))
        most = max(len(counts) for counts, _, _ in parts)
        counts = np.zeros(most, np.int64)
        for part, _, _ in parts:
            counts[: len(part)] += part
        once = np.sum([part for _, part, _ in parts], axis=0)
        return counts, once, np.sum([part for _, _, part in parts], axis=0)


@kernel
def _tally(x: Ints, age: Ints, size: int) -> tuple[Longs, Longs, Longs]:
    """Customers by x, one-time buyers by age, everybody by age."""
    most = np.int64(0)
    for i in range(len(x)):
        most = max(most, np.int64(x[i]))
    counts = np.zeros(most + 1, np.int64)
    once = np.zeros(size, np.int64)
    ages = np.zeros(size, np.int64)
    for i in range(len(x)):
        counts[x[i]] += 1
        ages[age[i]] += 1
        if x[i] == 0:
            once[age[i]] += 1
    return counts, once, ages


def _column(values: ArrayLike) -> Numbers:
    column = np.asarray(values)
    if column.dtype == object:
        column = column.astype(np.float64)
    if column.ndim != 1:
        raise ValueError("a column must have one dimension")
    return column


def _ints(column: Numbers) -> Ints:
    return np.ascontiguousarray(column, dtype=np.int32)


def _refuse_impossible(x: Numbers, t_x: Numbers, T: Numbers) -> None:
    if all(np.issubdtype(column.dtype, np.integer) for column in (x, t_x, T)):
        wrong = spread(len(x), lambda i, j: _any_wrong(x[i:j], t_x[i:j], T[i:j]))
        if not any(wrong):
            return
    tests = (
        (~np.isfinite(x) | ~np.isfinite(t_x) | ~np.isfinite(T), "is not a finite number"),
        ((x < 0) | (t_x < 0), "is negative"),
        (x != np.floor(x), "has a count that is no whole number"),
        (t_x > T, "has its last order after now"),
        ((x > 0) & (t_x == 0), "has repeat orders but no time between them"),
        ((x == 0) & (t_x > 0), "has time between orders but no repeat order"),
    )
    for rows, words in tests:
        if rows.any():
            raise ValueError(f"row {int(np.argmax(rows))} {words}")


@kernel
def _any_wrong(x: Numbers, t_x: Numbers, T: Numbers) -> bool:
    for i in range(len(x)):
        if x[i] < 0 or t_x[i] < 0 or t_x[i] > T[i] or (x[i] > 0) != (t_x[i] > 0):
            return True
    return False

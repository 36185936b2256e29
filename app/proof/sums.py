"""What is known of an arm: how many people, and the sums that every figure is made of.

Sums add up, so people may come in any order and in parts, and people without any order are a number
alone. Arrays may have any leading shape: a test is one, a thousand simulated shops by day another.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Of one arm (and stratum): outcome `y`, covariates `x` (last axis)."""

    n: Floats
    y: Floats
    yy: Floats
    x: Floats
    """Shape (…, k)."""
    xx: Floats
    """Shape (…, k, k)."""
    xy: Floats
    """Shape (…, k)."""

    @classmethod
    def of(cls, y: Floats, x: Floats, *, silent: int = 0, silent_x: Floats | None = None) -> "Sums":
        """`y` of shape (n,), `x` of shape (n, k); `silent` people more have an outcome of nought
        and covariates `silent_x`."""
        k = x.shape[1]
        blank = np.zeros(k) if silent_x is None else silent_x
        return cls(
            np.float64(len(y) + silent),  # type: ignore[arg-type]
            np.asarray(y.sum()),
            np.asarray((y * y).sum()),
            x.sum(axis=0) + silent * blank,
            x.T @ x + silent * np.outer(blank, blank),
            x.T @ y,
        )

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.n + other.n, self.y + other.y, self.yy + other.yy, self.x + other.x,
            self.xx + other.xx, self.xy + other.xy,
        )  # fmt: skip

    @property
    def mean(self) -> Floats:
        return self.y / np.maximum(self.n, 1.0)

    @property
    def mean_x(self) -> Floats:
        return self.x / np.maximum(self.n, 1.0)[..., None]

    @property
    def var(self) -> Floats:
        """Of one person's outcome, unbiased."""
        return np.maximum(self.yy - self.n * self.mean**2, 0.0) / np.maximum(self.n - 1.0, 1.0)

    @property
    def cov_xx(self) -> Floats:
        m = self.mean_x
        centred = self.xx - self.n[..., None, None] * m[..., :, None] * m[..., None, :]
        return centred / np.maximum(self.n - 1.0, 1.0)[..., None, None]

    @property
    def cov_xy(self) -> Floats:
        centred = self.xy - (self.n * self.mean)[..., None] * self.mean_x
        return centred / np.maximum(self.n - 1.0, 1.0)[..., None]

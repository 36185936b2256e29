"""AB-11: a test as it goes on, looked at every day, with all its days at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.proof import sequences, verdicts
from app.proof.difference import Difference, difference
from app.proof.sums import Floats, Sums


@dataclass(frozen=True)
class Course:
    """What was seen each day: arrays whose last axis is days."""

    difference: Difference
    conversions: Floats
    fewest: Floats
    """People in the smaller arm."""

    def may_speak(self) -> NDArray[np.bool_]:
        """AB-7."""
        day = np.arange(1, self.conversions.shape[-1] + 1)
        return np.asarray(
            (day >= verdicts.LEAST_SPAN.days)
            & (self.conversions >= verdicts.LEAST_CONVERSIONS)
            & (self.fewest >= verdicts.LEAST_PEOPLE)
        )

    def alarms(self, *, planned: float) -> NDArray[np.bool_]:
        """Whether nought was excluded on any day on which something may be said."""
        found = self.difference
        reach = found.error * sequences.stretch(np.maximum(found.n, 1.0), planned)
        sure = np.abs(found.estimate) > reach
        return np.asarray((sure & self.may_speak()).any(axis=-1))


def course(
    y: Floats,
    x: Floats,
    bought: NDArray[np.bool_],
    treated: NDArray[np.bool_],
    ends: NDArray[np.int64],
    *,
    cuped: bool = True,
) -> Course:
    """People in the order in which they came; `ends`: how many there were at the end of each day.
    `y` of shape (n,), `x` of shape (n, k)."""
    arms = [running(y, x, mask, ends) for mask in (~treated, treated)]
    so_far = upto(bought.astype(float), ends)
    return Course(difference(*arms, cuped=cuped), so_far, np.minimum(arms[0].n, arms[1].n))


def running(y: Floats, x: Floats, mask: NDArray[np.bool_], ends: NDArray[np.int64]) -> Sums:
    """An arm's sums at the end of each day."""
    m = mask.astype(float)
    mx = x * m[:, None]
    return Sums(
        upto(m, ends), upto(y * m, ends), upto(y * y * m, ends), upto(mx, ends),
        upto(mx[:, :, None] * x[:, None, :], ends), upto(mx * y[:, None], ends),
    )  # fmt: skip


def upto(values: Floats, ends: NDArray[np.int64]) -> Floats:
    summed = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    return np.asarray(summed[ends])

"""When the next order may come, and who is later than is her way (V5).

From MBG/NBD, in closed form: her gaps are Lomax with shape R = r+x and scale A, so a share q of
gaps is over after A ((1−q)^(−1/R) − 1) days.
"""

from dataclasses import dataclass

import numpy as np

from app.ltv.arrays import Floats
from app.ltv.fits import Kind
from app.ltv.model import Outlook


@dataclass(frozen=True)
class NextOrder:
    """Days from today, if she is still a customer: the middle, and the window that holds 80 %."""

    days: Floats
    earliest: Floats
    latest: Floats


def next_order(outlook: Outlook) -> NextOrder:
    r, scale = _of_mbg(outlook)
    scale = scale / outlook.tempo
    return NextOrder(*(_wait(r, scale, share) for share in (0.5, 0.1, 0.9)))


def late_by(outlook: Outlook) -> Floats:
    """Days beyond the gap that nine in ten of her own gaps would keep; 0 for who is in time."""
    s = outlook.statistics
    return np.asarray(np.maximum((s.today - s.last) - patience(outlook), 0.0))


def patience(outlook: Outlook) -> Floats:
    """Days after the last order within which nine in ten of her own gaps are over."""
    s = outlook.statistics
    r, scale = _of_mbg(outlook)
    return _wait(r, scale - (s.today - s.last), 0.9)


def _of_mbg(outlook: Outlook) -> tuple[Floats, Floats]:
    """R and A = α + T of each customer."""
    scored = next(s for s in outlook.scored if s.kind is Kind.MBG)
    table = scored.table[scored.cell]
    s = outlook.statistics
    return table[:, 0] + s.x, table[:, 1] + (s.today - s.first)


def _wait(r: Floats, scale: Floats, share: float) -> Floats:
    return np.asarray(scale * np.expm1(-np.log1p(-share) / r))

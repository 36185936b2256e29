"""FB-5, FB-6: what a score means, alone and among others. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import NamedTuple

from app.journeys.survey_rules import CSAT, NPS
from app.kit.shares import wilson

Z95 = 1.959964
FEWEST = 30
"""FB-5: answers below which nothing is said of all."""
PAUSE = timedelta(days=14)
OPEN = timedelta(days=60)
"""How long a question can be answered."""
NOES = timedelta(days=90)
ENOUGH = 2
MONTHS = 12
LONGEST = 2000
"""Letters of an open answer."""


@dataclass(frozen=True)
class Scale:
    least: int
    most: int
    low: int
    """FB-6: up to here somebody is looked after."""
    high: int
    """From here on it is a good one."""

    @property
    def scores(self) -> range:
        return range(self.least, self.most + 1)


SCALES: Mapping[str, Scale] = {CSAT: Scale(1, 5, 2, 4), NPS: Scale(0, 10, 6, 9)}


def score_of(kind: str, told: str) -> int | None:
    """What was typed or pressed, if it is on the scale."""
    plain = told.isascii() and told.isdecimal() and len(told) <= len("10")
    return int(told) if plain and int(told) in SCALES[kind].scores else None


def tidied(words: str) -> str:
    """Without what no keyboard types, and no longer than we read."""
    kept = "".join(one for one in words.replace("\r\n", "\n") if one.isprintable() or one == "\n")
    return kept.strip()[:LONGEST]


class Tally(NamedTuple):
    """Of how many, how many answered, and how."""

    asked: int
    answered: int
    high: int
    low: int

    @property
    def told(self) -> bool:
        return self.answered >= FEWEST


class Estimate(NamedTuple):
    """Of one, with the range in which it lies 95 times in a hundred."""

    value: float
    least: float
    most: float


def nps(tally: Tally) -> Estimate:
    """FB-5: promoters less detractors. The interval is the adjusted Wald one, three answers
    added, ¾ of them at each end (Rocks, The American Statistician 70, 2016).
    """
    n = tally.answered + 3
    up, down = (tally.high + 0.75) / n, (tally.low + 0.75) / n
    half = Z95 * sqrt((up + down - (up - down) ** 2) / n)
    value = (tally.high - tally.low) / tally.answered
    return Estimate(value, max(up - down - half, -1.0), min(up - down + half, 1.0))


def csat(tally: Tally) -> Estimate:
    """The share of fours and fives, with Wilson's interval."""
    return Estimate(tally.high / tally.answered, *wilson(tally.high, tally.answered, z=Z95))


def estimate(kind: str, tally: Tally) -> Estimate | None:
    """FB-5: None under thirty answers."""
    if not tally.told:
        return None
    return nps(tally) if kind == NPS else csat(tally)


def months(today: date) -> list[date]:
    """The first days of the last twelve calendar months, this one included, the oldest first."""
    count = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(count - MONTHS + 1, count + 1)]


def halved_until(noes: list[datetime]) -> datetime | None:
    """FB-7: two in 90 days, for as long as both are in them."""
    latest = sorted(noes, reverse=True)
    return latest[ENOUGH - 1] + NOES if len(latest) >= ENOUGH else None

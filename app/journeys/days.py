"""Days in people's lives: which of them come round today. Pure."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from app.journeys.rules import Day

DAY = re.compile(r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
LEAP = 2000


def is_day(told: str) -> bool:
    """A day of the calendar, with a year (`1990-02-28`) or without (`02-28`)."""
    if not DAY.fullmatch(told):
        return False
    year, month, day = ([str(LEAP), *told.split("-")])[-3:]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def target(day: Day, today: date) -> date:
    """The day whose turn it is today."""
    return today - timedelta(days=day.days)


def endings(day: Day, today: date) -> list[str]:
    """What a date ends in whose turn it is today; once, it is the whole of it."""
    whole = target(day, today)
    if not day.yearly:
        return [whole.isoformat()]
    return [f"{one:%m-%d}" for one in celebrated(whole)]


def celebrated(day: date) -> list[date]:
    """The day; and on 1 March of a year without it, 29 February."""
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    if (day.month, day.day) == (3, 1) and not leap:
        return [day, date(LEAP, 2, 29)]
    return [day]


def returns(told: str, year: int) -> bool:
    """Whether a date with a year comes round in this one: it has to have been before."""
    return len(told) == len("02-28") or int(told[:4]) < year


def past(day: Day, days: Iterable[date]) -> dict[str, date]:
    """By what a date ends in: on which of these days its turn was."""
    return {ending: today for today in days for ending in endings(day, today)}

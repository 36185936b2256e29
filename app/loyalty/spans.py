"""Spans of time as a shop counts them: whole days and months of its own zone."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

VALIDITY_MONTHS = 12
"""TI-4: how long a tier is kept from the day it was reached."""


def window_start(now: datetime, *, zone: ZoneInfo, months: int) -> datetime:
    """TI-1: spending counts from here on. What was bought a year ago today still counts today."""
    return _midnight(_months_off(now.astimezone(zone).date(), -months), zone)


def validity_end(reached: datetime, *, zone: ZoneInfo) -> datetime:
    """The first instant at which a tier reached then is only kept out of grace."""
    day = _months_off(reached.astimezone(zone).date(), VALIDITY_MONTHS)
    return _midnight(day + timedelta(days=1), zone)


def grace_end(valid_till: datetime, *, zone: ZoneInfo, days: int) -> datetime:
    """The first instant at which somebody may fall."""
    return _midnight(valid_till.astimezone(zone).date() + timedelta(days=days), zone)


def month_of(now: datetime, zone: ZoneInfo) -> date:
    """The first day of the shop's calendar month."""
    return now.astimezone(zone).date().replace(day=1)


def offer_span(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when a month's code is good: to the end of the following month."""
    end = _midnight(_months_off(month, 2), zone) - timedelta(seconds=1)
    return _midnight(month, zone), end


def _months_off(day: date, months: int) -> date:
    """The same day of another month, or that month's last: 31 March less a month is 28 February."""
    years, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, index + 1, min(day.day, monthrange(years, index + 1)[1]))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)

"""QH: when a message may arrive, by the clock on the person's own wall. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kit.chance import roll

JITTER = timedelta(minutes=30)
SUNDAY = 6
FURTHEST = 21
"""Days looked ahead: no run of holidays is as long."""


@dataclass(frozen=True)
class Hours:
    """From and until when, by the wall clock, and on which days not."""

    opens: time
    closes: time
    sundays: bool = True
    holidays: bool = True


MAIL = Hours(time(7), time(22))
PHONE = Hours(time(9), time(20), sundays=False, holidays=False)
USUAL = {"email": MAIL, "sms": PHONE, "whatsapp": PHONE, "push": PHONE}
"""QH-2."""
ASKING = Hours(time(10), time(20))
"""FB-1: when people are asked how it was."""


def narrowed(own: Hours, to: Hours) -> Hours:
    """The hours that lie in both; `own` where none do."""
    opens, closes = max(own.opens, to.opens), min(own.closes, to.closes)
    return replace(own, opens=opens, closes=closes) if opens < closes else own


def allowed_from(
    at: datetime,
    hours: Hours,
    zones: Sequence[ZoneInfo],
    *,
    holiday: Callable[[date], bool],
) -> datetime:
    """The first moment not before `at` that is not quiet.

    Where a person's country has several zones and nothing says which, it must be allowed in each.
    """
    for _ in range(2 * FURTHEST):
        moved = at
        for zone in zones:
            moved = _in_zone(moved, hours, zone, holiday=holiday)
        if moved == at:
            return at
        at = moved
    return at


def _in_zone(
    at: datetime, hours: Hours, zone: ZoneInfo, *, holiday: Callable[[date], bool]
) -> datetime:
    here = at.astimezone(zone)
    day = here.date()
    for _ in range(FURTHEST):
        opens, closes = moment(day, hours.opens, zone), moment(day, hours.closes, zone)
        if _open(day, hours, holiday) and at < closes:
            return max(at, opens)
        day += timedelta(days=1)
    return at


def _open(day: date, hours: Hours, holiday: Callable[[date], bool]) -> bool:
    if not hours.sundays and day.weekday() == SUNDAY:
        return False
    return hours.holidays or not holiday(day)


def moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """QH-4: a wall time that does not exist moves forward, of two the first is meant."""
    return datetime.combine(day, wall, zone).astimezone(ZoneInfo("UTC"))


def jitter(*key: object) -> timedelta:
    """QH-3: 0 to 30 minutes, the same for the same message."""
    return JITTER * roll("quiet", *key)

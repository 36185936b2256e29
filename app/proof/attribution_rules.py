"""AT-1 to AT-4: which message an order goes back to. Pure: what is known in, one match out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Way(StrEnum):
    """How an order was matched, the most certain first (AT-2)."""

    METADATA = "metadata"
    """The decision's id stands in the order's private metadata."""
    CODE = "code"
    """A code that the decision gave was used."""
    CLICK = "click"
    """A person followed a link of it, not long before."""
    TEXT = "text"
    """A text arrived not long before, and the owner wants that to count."""


CERTAIN = frozenset({Way.METADATA, Way.CODE})
LEAST, MOST = 1, 30 * 24
"""AT-3: hours."""
TEXTS = ("sms",)
TIER = "tier:"
"""How a campaign is called that is a tier's own offer; its key follows."""
STAY = timedelta(minutes=30)
"""OP-2: how soon after a doubtful click something has to happen in the shop."""


@dataclass(frozen=True)
class Window:
    """AT-3: how long a click counts, by channel, in hours; and a text without one (0 is off)."""

    click: Mapping[str, int] = field(
        default_factory=lambda: {"email": 120, "sms": 120, "whatsapp": 120, "push": 24}
    )
    text: int = 0

    def of(self, channel: str) -> timedelta:
        return timedelta(hours=self.click.get(channel, self.click["email"]))


USUAL = Window()
MOST_TEXT = 12


def window(click: Mapping[str, int], *, text: int) -> Window:
    """Raises ValueError outside the bounds."""
    if any(not LEAST <= hours <= MOST for hours in click.values()):
        raise ValueError("a window is between an hour and thirty days")
    if not 0 <= text <= MOST_TEXT:
        raise ValueError("a text counts for twelve hours at most")
    return Window({**USUAL.click, **click}, text)


@dataclass(frozen=True)
class Reach:
    """A message that reached somebody, or what somebody did with it, and when."""

    send: int | None
    at: datetime
    channel: str = ""
    campaign: str = ""
    step: str = ""
    variant: str = ""
    decision: str | None = None
    of_cart: bool = False
    """It was about a checkout that had been left."""


@dataclass(frozen=True)
class Case:
    """An order, and all that may have brought it."""

    at: datetime
    named: Reach | None = None
    """By the order's metadata."""
    coded: Reach | None = None
    """By the code on it."""
    clicks: Sequence[Reach] = ()
    """Of people, each with the hour of the click."""
    texts: Sequence[Reach] = ()
    """Delivered, each with that hour."""


@dataclass(frozen=True)
class Match:
    way: Way
    reach: Reach


def match(case: Case, window: Window) -> Match | None:
    """AT-2, AT-4: at most one; of several clicks the last. Opens are not even asked for."""
    if case.named:
        return Match(Way.METADATA, case.named)
    if case.coded:
        return Match(Way.CODE, case.coded)
    clicks = [one for one in case.clicks if _within(one, case.at, window.of(one.channel))]
    if clicks:
        return Match(Way.CLICK, _last(clicks))
    span = timedelta(hours=window.text)
    texts = [
        one
        for one in case.texts
        if window.text and one.channel in TEXTS and _within(one, case.at, span)
    ]
    return Match(Way.TEXT, _last(texts)) if texts else None


def _within(one: Reach, at: datetime, span: timedelta) -> bool:
    return timedelta() <= at - one.at <= span


def _last(reaches: Sequence[Reach]) -> Reach:
    return max(reaches, key=lambda one: (one.at, one.send or 0))


def somebody_came(clicked: datetime, moments: Sequence[datetime]) -> bool:
    """OP-2: a page event after a click from a data centre: it was a person after all."""
    return any(clicked < at <= clicked + STAY for at in moments)

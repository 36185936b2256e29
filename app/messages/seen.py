"""What the gate looked at for one message, in a form from which it is judged again bit for bit.

The gate gathers a `Seen`, and everything after that is pure: `facts` and `rules.judge`. Kept with
the decision (DC-1), it is judged by the same two functions a year later (DC-3).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import accumulate, islice
from typing import Any

from app.decisions.rules import EPOCH, instant, micros
from app.messages import calendar, caps, hours, law, reputation, rules
from app.messages.caps import Cap, Life, Past
from app.messages.hours import Hours
from app.messages.law import Basis, Said, Stance
from app.messages.reputation import Mood
from app.messages.rules import Facts, Purpose, Verdict, Word

MOST_PAST = 24
"""Messages of the last 30 days that are kept one by one; of more, only until when they cap."""


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """QH: whose clock, and from when until when."""

    hours: Hours
    country: str = ""
    region: str = ""
    stated: str = ""
    fallback: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Seen:
    key: str
    """Of the message: its jitter hangs on it (QH-3)."""
    channel: str
    purpose: str
    nobody: bool = False
    stopped: bool = False
    address: bool = True
    outlet: bool = True
    due: datetime
    not_after: datetime | None = None
    country: str = ""
    said: str = Said.NOTHING.value
    bought: bool = False
    complained: bool = False
    known: bool = True
    basis: str = Basis.CONTRACT.value
    """CO-2: what the law of the country asks for."""
    suppressed: bool = False
    topic_off: bool = False
    fewer: bool = False
    """UN-4: she asked for half as many."""
    halved: bool = False
    """FB-7: of this automation, because it was of no use to her."""
    unhappy_until: datetime | None = None
    """FB-6: no promotion before then."""
    paused_until: datetime | None = None
    first_message_at: datetime | None = None
    last_sign_at: datetime | None = None
    farewell: bool = False
    """FC-6: it is the sunset series itself."""
    outranked: bool = False
    past: tuple[Past, ...] = ()
    caps: tuple[Cap, ...] = tuple(caps.USUAL)
    quiet: Quiet | None = None
    paused: str = ""
    domain_bad: bool = False
    mood: str = Mood.GOOD.value
    slowed_by: str = ""
    slowed_until: datetime | None = None
    segments: tuple[int, ...] = ()
    """Which she was in; nothing here asks for them (DC-1)."""
    capped_until: datetime | None = None
    """Only where there are too many `past` to be kept."""
    cut: bool = False


@dataclass(frozen=True)
class Terms:
    """DC-4: what a draft policy has otherwise."""

    caps: Sequence[Cap] | None = None
    hours: Mapping[str, Hours] = field(default_factory=dict)
    """By channel."""
    unsent: Collection[Past] = ()
    """What it would not have sent this person before …"""
    sent: Sequence[Past] = ()
    """… and what it would have instead."""


AS_IT_WAS = Terms()


def verdict(seen: Seen, *, now: datetime, terms: Terms = AS_IT_WAS) -> Verdict:
    """May it leave now?"""
    return rules.judge(facts(seen, now=now, terms=terms), now=now)


def facts(seen: Seen, *, now: datetime, terms: Terms = AS_IT_WAS) -> Facts:
    """What `rules.judge` is told."""
    service = seen.purpose == Purpose.SERVICE
    basic = Facts(
        service=service, channel=seen.channel, nobody=seen.nobody, stopped=seen.stopped,
        address=seen.address, not_after=seen.not_after, outlet=seen.outlet,
    )  # fmt: skip
    if service or seen.nobody or not seen.address:
        return basic
    life = Life(seen.first_message_at, seen.last_sign_at)
    tired = caps.tired(life, now=now)
    stance = Stance(Said(seen.said), seen.country, seen.bought, seen.complained, seen.known)
    ground = law.ground(stance, Basis(seen.basis))
    fewer = tired or seen.fewer
    capped_until, capped_by = _capped(seen, now=now, fewer=fewer, terms=terms), Word.CAPPED
    if seen.halved and not fewer:
        as_usual = capped_until
        capped_until = _capped(seen, now=now, fewer=True, terms=terms)
        capped_by = Word.CAPPED if capped_until == as_usual else Word.NOT_USEFUL
    return Facts(
        service=False, channel=seen.channel, nobody=seen.nobody, stopped=seen.stopped,
        address=seen.address, not_after=seen.not_after, outlet=seen.outlet,
        paused=seen.paused,
        permission="" if ground.allowed else ground.word,
        suppressed=seen.suppressed,
        topic_off=seen.topic_off,
        paused_until=seen.paused_until,
        tired=tired,
        sunset=caps.gone(life, now=now) and not seen.farewell,
        outranked=seen.outranked,
        capped_until=capped_until,
        capped_by=capped_by,
        unhappy_until=seen.unhappy_until,
        domain=_domain(seen, tired=tired),
        slowed_by=seen.slowed_by,
        slowed_until=seen.slowed_until,
        backlog=now > seen.due + reputation.OLD_BACKLOG,
        allowed_from=_allowed_from(seen, terms),
    )  # fmt: skip


def _capped(seen: Seen, *, now: datetime, fewer: bool, terms: Terms) -> datetime | None:
    if seen.cut:
        return seen.capped_until
    of = seen.caps if terms.caps is None else terms.caps
    past = [*(one for one in seen.past if one not in terms.unsent), *terms.sent]
    return caps.free_from(past, seen.channel, caps=of, now=now, fewer=fewer)


def _domain(seen: Seen, *, tired: bool) -> str:
    """BS-1, BS-2: what is wrong with the sending domain, or nothing."""
    if seen.domain_bad:
        return Word.DOMAIN
    careful = seen.mood == Mood.CAREFUL and tired
    return Word.COMPLAINT_RATE if seen.mood == Mood.PAUSED or careful else ""


def _allowed_from(seen: Seen, terms: Terms) -> Callable[[datetime], datetime]:
    quiet = seen.quiet
    if quiet is None:
        return lambda at: at
    zones = calendar.zones(
        quiet.country, stated=quiet.stated, region=quiet.region, fallback=quiet.fallback
    )
    holiday = calendar.holiday(quiet.country, quiet.region)
    open_ = terms.hours.get(seen.channel, quiet.hours)

    def from_(at: datetime) -> datetime:
        """QH-3: nobody's phones all ring at nine sharp."""
        allowed = hours.allowed_from(at, open_, zones, holiday=holiday)
        return allowed if allowed == at else allowed + hours.jitter(seen.key)

    return from_


# -- written down, and read back

INSTANTS = {
    "d": "due", "na": "not_after", "pu": "paused_until", "fm": "first_message_at",
    "ls": "last_sign_at", "su": "slowed_until", "cu": "capped_until", "uu": "unhappy_until",
}  # fmt: skip
TEXTS = {
    "c": "channel", "p": "purpose", "n": "country", "sa": "said", "b": "basis", "pa": "paused",
    "m": "mood", "sb": "slowed_by",
}  # fmt: skip
FLAGS = {
    "x": "nobody", "st": "stopped", "a": "address", "o": "outlet", "bo": "bought",
    "co": "complained", "sp": "suppressed", "to": "topic_off", "fe": "fewer", "fa": "farewell",
    "kn": "known", "ha": "halved",
    "or": "outranked", "db": "domain_bad", "cut": "cut",
}  # fmt: skip
USUAL = Seen(key="", channel="", purpose="", due=EPOCH)
"""What is as usual is not written."""


def told(seen: Seen, *, now: datetime) -> dict[str, Any]:
    """As JSON values; instants in microseconds from `now`."""
    at = micros(now) or 0
    body: dict[str, Any] = {}
    for short, name in (TEXTS | FLAGS).items():
        if (value := getattr(seen, name)) != getattr(USUAL, name):
            body[short] = int(value) if isinstance(value, bool) else value
    for short, name in INSTANTS.items():
        if (value := getattr(seen, name)) is not None:
            body[short] = (micros(value) or 0) - at
    if seen.past:
        body["h"] = _past(seen.past, at)
    if seen.caps != USUAL.caps:
        body["k"] = [
            ["".join(c[0] for c in one.channels), one.most, one.hours] for one in seen.caps
        ]
    if seen.segments:
        body["in"] = list(seen.segments)
    if seen.quiet:
        body["q"] = _quiet(seen.quiet)
    return body


def _past(past: Sequence[Past], now: int) -> dict[str, list[int]]:
    """By channel: each as so much later than the one before, the first than now."""
    found: dict[str, list[int]] = {}
    latest: dict[str, int] = {}
    for one in sorted(past, key=lambda one: one.at):
        channel, at = one.channel[:1], micros(one.at) or 0
        found.setdefault(channel, []).append(at - latest.get(channel, now))
        latest[channel] = at
    return found


def _past_again(told: Mapping[str, Sequence[int]], now: int) -> Iterator[Past]:
    for channel, steps in told.items():
        for at in islice(accumulate(steps, initial=now), 1, None):
            yield Past(SHORT.get(channel, channel), instant(at) or EPOCH)


def _quiet(quiet: Quiet) -> list[Any]:
    open_ = quiet.hours
    flags = int(open_.sundays) + 2 * int(open_.holidays)
    walls = [open_.opens.isoformat("auto"), open_.closes.isoformat("auto")]
    region = [quiet.region] if quiet.region else []
    return [*walls, flags, quiet.country, quiet.stated, quiet.fallback, *region]


SHORT = {name[0]: name for name in caps.EVERY}


def read(body: Mapping[str, Any], *, key: str, now: datetime) -> Seen:
    """Raises KeyError or ValueError on what `told` never wrote."""
    at = micros(now) or 0
    fields: dict[str, Any] = {
        name: bool(body[short]) if short in FLAGS else body[short]
        for short, name in (TEXTS | FLAGS).items()
        if short in body
    }
    fields |= {name: instant(at + body[s]) for s, name in INSTANTS.items() if s in body}
    past = sorted(_past_again(body.get("h", {}), at), key=lambda one: one.at)
    if "k" in body:
        fields["caps"] = tuple(
            Cap(tuple(SHORT[c] for c in letters), most, span) for letters, most, span in body["k"]
        )
    if "q" in body:
        opens, closes, flags, country, stated, fallback, *region = body["q"]
        open_ = Hours(
            time.fromisoformat(opens), time.fromisoformat(closes), bool(flags & 1), bool(flags & 2)
        )
        fields["quiet"] = Quiet(
            hours=open_, country=country, region="".join(region), stated=stated, fallback=fallback
        )
    segments = tuple(body.get("in", ()))
    return Seen(key=key, past=tuple(past), segments=segments, **fields)

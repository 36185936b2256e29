"""DC-2: why did she get this, and why not? Read off what each decision was made on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from app.decisions import queries as decisions
from app.decisions.rules import TOO_BIG, unpacked
from app.decisions.tables import Decision
from app.journeys import deciding as journeys
from app.journeys import queries as automations
from app.journeys.newsletters import campaign_of
from app.journeys.rules import WITHHELD
from app.journeys.tables import Newsletter
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import deciding as loyalty
from app.messages import deciding as messages
from app.messages import queries as sends
from app.messages import seen as judging
from app.messages.law import Basis, Said
from app.messages.rules import Purpose
from app.messages.seen import Seen
from app.people.view import Because, Verdict
from app.trials import deciding as trials
from app.web.notation import Sum

LATEST = 400
WEEK = timedelta(days=7)
ABOUT = frozenset(
    {
        messages.GATE, messages.LAST_WORD, journeys.ENTER, journeys.LEFT_CART, trials.HOLDOUT,
        journeys.OFFER, journeys.OVER, journeys.GHOST,
    }
)  # fmt: skip
"""What is decided about somebody and an automation."""
NO_NEWS = frozenset({(trials.HOLDOUT, "treated")})


def known(tx: Tx, person: int) -> list[Decision]:
    """The latest about her, and about the guests that joined her; the newest first."""
    return decisions.of_people(tx, sends.group(tx, person), limit=LATEST)


def by_ref(decided: Sequence[Decision], rule: str) -> Mapping[str, Decision]:
    """The newest of each thing that this rule decided."""
    found: dict[str, Decision] = {}
    for one in decided:
        if one.rule == rule:
            found.setdefault(one.ref, one)
    return found


def verdicts(tx: Tx, decided: Sequence[Decision]) -> tuple[Verdict, ...]:
    """Of each automation: what was decided last about her, and why. That a way has ended on which
    she got something does not undo that she got it.
    """
    names = {one.key: one.name for one in automations.every(tx)}
    names |= {campaign_of(one): one.name for one in tx.exec(select(Newsletter))}
    reached = {_way(one) for one in decided if one.outcome == messages.SENT}
    latest: dict[str, Decision] = {}
    for one in decided:
        no_news = (one.rule, one.outcome) in NO_NEWS
        if no_news or (one.rule == journeys.OVER and _way(one) in reached):
            continue
        if one.rule in ABOUT and one.subject in names:
            latest.setdefault(one.subject, one)
    return tuple(
        Verdict(
            key=subject, name=names[subject], at=one.at, got=one.outcome == messages.SENT,
            because=reasons(one),
        )
        for subject, one in latest.items()
    )  # fmt: skip


def _way(one: Decision) -> str:
    """Of a step of an automation: whose way it is on, and which of hers."""
    return one.ref.rpartition(":")[0]


def reasons(one: Decision, *, currency: str = "") -> tuple[Because, ...]:
    """In the order in which they were asked; the template has a sentence for each word.
    `currency` is that of tiers.
    """
    seen = unpacked(one.seen)
    if TOO_BIG in seen:
        return (Because(word=one.outcome),)
    if one.rule == messages.GATE:
        return tuple(_gate(one, judging.read(seen, key=one.ref, now=one.at)))
    if one.rule == loyalty.TIER:
        return tuple(_tier(one, seen, currency))
    if one.outcome == WITHHELD:
        return (Because(word=WITHHELD, share=_held(seen), what=str(seen.get("reason", ""))),)
    if one.rule == journeys.OFFER:
        return tuple(_offer(one, seen))
    return (Because(word=one.outcome),)


def _offer(one: Decision, seen: Mapping[str, Any]) -> Iterator[Because]:
    """CP-5."""
    yield Because(word=f"offer_{one.outcome}", share=seen["pct"] / 10_000)
    if one.outcome == journeys.PROMISED:
        yield Because(word="offer_room", number=seen["year"])


def of_code(
    decided: Sequence[Decision], programme: str | None, at: datetime
) -> tuple[Because, ...]:
    """Why she got this very code: what its automation had decided last, when it was made."""
    subject = (programme or "").removeprefix("journey:").removesuffix(":again")
    promised = (journeys.OFFER, journeys.PROMISED, subject)
    for one in decided:  # the newest first
        if (one.rule, one.outcome, one.subject) == promised and one.at <= at:
            return reasons(one)
    return ()


def _held(seen: Mapping[str, Any]) -> float | None:
    """HO-1: how many in all are held back."""
    shares: dict[str, float] = dict(seen.get("arms", ()))
    held = [shares[name] for name in seen.get("held", ()) if name in shares]
    return held[0] if held else None


def _gate(one: Decision, seen: Seen) -> Iterator[Because]:
    until = unpacked(one.made).get("until")
    if one.outcome != messages.SENT:
        yield Because(
            word=one.outcome,
            until=one.at + timedelta(microseconds=until) if until is not None else None,
            number=_past_week(seen, one.at),
        )
        return
    if seen.purpose == Purpose.SERVICE:
        yield Because(word="service")
        return
    yield _ground(seen)
    if not seen.cut:
        yield Because(word="room", number=_past_week(seen, one.at))
    if seen.quiet:
        hours = seen.quiet.hours
        yield Because(word="awake", what=f"{hours.opens:%H:%M}–{hours.closes:%H:%M}")


def _ground(seen: Seen) -> Because:
    """CO-2."""
    if seen.said == Said.GRANTED:
        return Because(word="agreed")
    if seen.basis == Basis.SOFT_OPT_IN:
        return Because(word="bought_before", what=seen.country)
    return Because(word="law", what=seen.country)


def _past_week(seen: Seen, at: datetime) -> int:
    return sum(1 for one in seen.past if one.at > at - WEEK)


def _tier(one: Decision, seen: Mapping[str, Any], currency: str) -> Iterator[Because]:
    """TI-1: what was spent, and what the tier asks for."""
    bars = {key: bar for key, bar, _ in seen["steps"]}
    to = unpacked(one.made).get("to", one.subject)
    spent, bar = (Sum(major(n, currency), currency) for n in (seen["spent"], bars.get(to, 0)))
    yield Because(word=f"tier_{one.outcome}", sum=spent, bar=bar)

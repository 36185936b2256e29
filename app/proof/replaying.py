"""DC-3: every decision once more, by the same pure rule, from what was written down; bit for bit.

DC-4: and by a draft policy, for what it would have changed. What a draft would have brought is
known only where chance decided who got what; everything else is an assumption, and called so.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.decisions.rules import TOO_BIG, packed, unpacked
from app.decisions.tables import Decision
from app.journeys import deciding as journeys
from app.loyalty import deciding as loyalty
from app.messages import deciding as messages
from app.messages.caps import Cap
from app.messages.caps import Past as Message
from app.messages.hours import Hours
from app.messages.seen import AS_IT_WAS, Terms
from app.points import deciding as points
from app.referrals import deciding as referrals
from app.trials import deciding as trials

Again = tuple[str, Mapping[str, Any]]
Rule = Callable[[Decision, Mapping[str, Any]], Again]

RULES: Mapping[str, Rule] = {
    messages.GATE: lambda d, seen: messages.again(seen, ref=d.ref, now=d.at),
    messages.LAST_WORD: lambda _, seen: (seen["said"], {}),
    journeys.ENTER: lambda _, seen: journeys.entry_again(seen),
    journeys.LEFT_CART: lambda d, seen: journeys.left_cart_again(seen, now=d.at),
    trials.HOLDOUT: lambda d, seen: trials.drawn_again(seen, salt=d.salt),
    journeys.CONDITION: lambda _, seen: journeys.condition_again(seen),
    journeys.SPLIT: lambda d, seen: journeys.split_again(seen, salt=d.salt),
    journeys.OFFER: lambda d, seen: journeys.offer_again(seen, now=d.at),
    journeys.GHOST: lambda _, seen: journeys.ghost_again(seen),
    journeys.OVER: lambda _, seen: journeys.over_again(seen),
    loyalty.CHECKOUT: lambda _, seen: loyalty.checkout_again(seen),
    loyalty.TIER: lambda d, seen: loyalty.tier_again(seen, now=d.at),
    referrals.REFERRAL: lambda _, seen: referrals.again(seen),
    points.POINTS: lambda _, seen: points.again(seen),
}
"""The third table of contents: what decides, by the name under which it is written down."""


@dataclass(frozen=True)
class Difference:
    """A decision that comes out otherwise today."""

    id: int
    rule: str
    then: str
    now: str


@dataclass
class Replayed:
    same: int = 0
    kept_as_hash: int = 0
    """DC-5: inputs that were too long to be kept: known what was decided, not on what."""
    different: list[Difference] = field(default_factory=list)
    by_rule: Counter[str] = field(default_factory=Counter)


def replay(decisions: Iterable[Decision]) -> Replayed:
    found = Replayed()
    for one in decisions:
        if TOO_BIG in unpacked(one.seen):
            found.kept_as_hash += 1
            continue
        found.by_rule[one.rule] += 1
        then, now = as_it_was(one), once_more(one)
        if then == now:
            found.same += 1
        else:
            found.different.append(Difference(one.id or 0, one.rule, then, now))
    return found


def as_it_was(one: Decision) -> str:
    """What was decided, with the number that was drawn, as one text."""
    return f"{one.outcome} {one.made} {one.draw!r}"


def once_more(one: Decision) -> str:
    """The same, decided now. What is damaged is no decision, and its text says so."""
    try:
        outcome, made = RULES[one.rule](one, unpacked(one.seen))
    except (ArithmeticError, LookupError, TypeError, ValueError) as failure:
        return f"cannot be decided: {type(failure).__name__} {failure}"
    return f"{outcome} {packed(made)} {made.get('draw')!r}"


# -- DC-4


class DraftCap(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channels: tuple[str, ...] = ("email",)
    most: int = Field(ge=0)
    hours: int = Field(ge=1)


class DraftHours(BaseModel):
    model_config = ConfigDict(extra="forbid")

    opens: time
    closes: time
    sundays: bool = True
    holidays: bool = True


class Draft(BaseModel):
    """A policy nobody has switched on. What it does not name stays as it was."""

    model_config = ConfigDict(extra="forbid")

    caps: tuple[DraftCap, ...] | None = None
    hours: Mapping[str, DraftHours] = Field(default_factory=dict)
    """By channel."""
    offer_percent: float | None = Field(default=None, ge=0, le=100)
    """Every code of an automation at this depth."""
    average_order: float | None = Field(default=None, gt=0)
    """What an order with a code comes to, before it: only an assumption can say what codes cost."""

    @property
    def terms(self) -> Terms:
        caps = None
        if self.caps is not None:
            caps = [Cap(one.channels, one.most, one.hours) for one in self.caps]
        hours = {
            name: Hours(one.opens, one.closes, one.sundays, one.holidays)
            for name, one in self.hours.items()
        }
        return Terms(caps, hours) if caps is not None or hours else AS_IT_WAS

    @property
    def hundredths(self) -> int | None:
        return None if self.offer_percent is None else round(self.offer_percent * 100)


@dataclass
class Compared:
    """DC-4: what a draft would have decided on the same occasions."""

    occasions: int = 0
    before: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By rule and outcome."""
    after: Counter[tuple[str, str]] = field(default_factory=Counter)
    gain: set[int] = field(default_factory=set)
    """People who would have got something they did not get."""
    lose: set[int] = field(default_factory=set)
    percent_before: int = 0
    """Hundredths of a percent, of all codes together: times an average order it is what they cost
    if every one of them is used."""
    percent_after: int = 0
    randomised: int = 0
    """Occasions on which chance decided: only from them an effect can be told."""

    def cost(self, hundredths: int, average: float) -> float:
        return hundredths / 10_000 * average


GIVES = frozenset({messages.SENT, journeys.PROMISED})


LEFT_BEFORE = "left_before"
"""Looked at again, as it had to wait; under the draft it had left by then."""


@dataclass
class Past:
    """What somebody was sent, as far as a draft would have had it otherwise: a message that did not
    leave makes room for a later one, and the other way round."""

    unsent: set[Message] = field(default_factory=set)
    sent: list[Message] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    """Keys of messages that left under the draft."""

    def note(self, one: Decision, channel: str, outcome: str) -> None:
        message = Message(channel, one.at)
        if one.outcome == messages.SENT != outcome:
            self.unsent.add(message)
        if outcome == messages.SENT:
            self.left.add(one.ref)
            if one.outcome != messages.SENT:
                self.sent.append(message)


def compare(decisions: Iterable[Decision], draft: Draft) -> Compared:
    """Each message and each offer judged once more under the draft, the oldest first, from what was
    seen then and what the draft itself would have sent since."""
    found, lives = Compared(), defaultdict[int | None, Past](Past)
    had, has = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
    for one in sorted(decisions, key=lambda one: one.id or 0):
        if one.rule in (trials.HOLDOUT, journeys.SPLIT):
            found.randomised += 1
        seen = unpacked(one.seen)
        if one.rule not in (messages.GATE, journeys.OFFER) or TOO_BIG in seen:
            continue
        outcome, made = _under(one, seen, draft, lives[one.person])
        found.occasions += 1
        found.before[one.rule, one.outcome] += 1
        found.after[one.rule, outcome] += 1
        for given, who in ((one.outcome, had), (outcome, has)):
            if one.person is not None and given in GIVES:
                who[one.person].add(one.ref)
        found.percent_before += int(unpacked(one.made).get("pct", 0))
        found.percent_after += int(made.get("pct", 0))
    found.gain = {who for who, refs in has.items() if refs - had[who]}
    found.lose = {who for who, refs in had.items() if refs - has[who]}
    return found


def _under(one: Decision, seen: Mapping[str, Any], draft: Draft, past: Past) -> Again:
    if one.rule != messages.GATE:
        return journeys.offer_again(seen, now=one.at, percent=draft.hundredths)
    if one.person is None:
        return messages.again(seen, ref=one.ref, now=one.at, terms=draft.terms)
    outcome: str = LEFT_BEFORE
    made: Mapping[str, Any] = {}
    if one.ref not in past.left:
        terms = replace(draft.terms, unsent=past.unsent, sent=past.sent)
        outcome, made = messages.again(seen, ref=one.ref, now=one.at, terms=terms)
    past.note(one, seen.get("c", ""), outcome)
    return outcome, made


def words(found: Compared, draft: Draft, *, currency: str, since: datetime | None) -> Sequence[str]:
    """The comparison as an operator reads it."""
    lines = [
        f"{found.occasions} messages and offers" + (f" since {since:%Y-%m-%d}" if since else "")
    ]
    for rule, outcome in sorted(found.before.keys() | found.after.keys()):
        before, after = found.before[rule, outcome], found.after[rule, outcome]
        lines.append(f"  {rule} {outcome}: {before} → {after}")
    lines.append(f"{len(found.gain)} people would have got what they did not get")
    lines.append(f"{len(found.lose)} people would not have got what they got")
    if draft.average_order is not None:
        was = found.cost(found.percent_before, draft.average_order)
        would = found.cost(found.percent_after, draft.average_order)
        lines.append(
            f"codes, if each is used on {draft.average_order:.2f} {currency}: "
            f"{was:.2f} → {would:.2f} {currency} (assumption)"
        )
    lines.append(
        f"what this does to sales is an assumption: of {found.occasions} occasions none was "
        f"decided by chance under the draft ({found.randomised} draws belong to what ran)"
    )
    return lines

"""Findings as the page Proof shows them: it reads what the night has left."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlmodel import col, select

from app.journeys import newsletters, showing
from app.journeys import queries as journeys
from app.journeys.rules import Definition, Offer, Send, Wait
from app.journeys.tables import Newsletter
from app.journeys.view import StepLine
from app.kit.money import major
from app.kit.tx import Tx
from app.messages import library
from app.orders.exchange import exchange
from app.proof import pooling, queries, rules
from app.proof.arms import arms
from app.proof.tables import Finding
from app.proof.verdicts import Verdict
from app.proof.view import (
    Amount,
    ArmLine,
    Automations,
    Card,
    GroupLine,
    Place,
    Range,
    SpanLine,
    TestCard,
    Tests,
)
from app.segments import queries as segments
from app.shops.flows import this_shop
from app.trials import queries as trials
from app.trials.flows import TIERS, holdout_key
from app.trials.rules import TREATED, WITHHELD, Kind
from app.trials.tables import Trial
from app.web.notation import Sum

FIRST = rules.SPANS[0]


def automations(tx: Tx, *, may_change: bool, saved: bool = False) -> Automations:
    terms, aa = trials.holding(tx), queries.note(tx, "aa")
    reading = queries.note(tx, "reading")
    held = [one for one in trials.every(tx) if one.kind != Kind.TEST]
    found = queries.findings(tx, {one.id or 0 for one in held})
    names = _names(tx)
    cards = [_card(tx, one, found.get(one.id or 0, {}), names) for one in held]
    return Automations(
        cards=_pooled(cards, held, found),
        currency=exchange(tx).currency,
        share=terms.share,
        everywhere=terms.everywhere,
        prove_first=terms.prove_first,
        promised=TIERS in terms.promised,
        alarms=aa.body["alarms"] if aa else None,
        alarms_of=int(aa.body["of"]) if aa else 0,
        made_at=reading.made_at if reading else None,
        now=tx.now,
        zone=this_shop(tx).zone,
        may_change=may_change,
        saved=saved,
    )


def card(tx: Tx, subject: str) -> Card | None:
    """Of one automation; None where nobody was ever held back from it."""
    trial = trials.newest(tx, holdout_key(subject))
    if trial is None:
        return None
    found = queries.findings(tx, {trial.id or 0})
    return _card(tx, trial, found.get(trial.id or 0, {}), _names(tx))


def _names(tx: Tx) -> Mapping[str, str]:
    """By subject: what the owner calls it; a recipe without a name of its own is worded there."""
    own = {journey.key: journey.name for journey in journeys.every(tx)}
    letters = {newsletters.campaign_of(one): one.name for one in tx.exec(select(Newsletter))}
    return own | letters


def _card(tx: Tx, trial: Trial, found: Mapping[int, Finding], names: Mapping[str, str]) -> Card:
    terms = trials.holding(tx)
    card: dict[str, Any] = {
        "subject": trial.subject, "name": names.get(trial.subject, ""), "mode": trial.mode,
        "promised": trial.subject in terms.promised, "version": trial.version,
    }  # fmt: skip
    if FIRST not in found:
        return Card(**card)
    body = found[FIRST].body
    told = body["against"][0]
    conversion = told["metrics"]["conversion"]
    incremental = _in_all(tx, body)
    credited = body.get("credited")
    return Card(
        **card,
        people=sum(body["people"].values()),
        withheld=body["people"].get(WITHHELD, 0),
        ripe=sum(body["ripe"].values()),
        first_known_at=_first_known(body),
        verdict=told["verdict"],
        attributed=None if credited is None else _sum(tx, credited),
        incremental=incremental,
        extra=_extra(tx, incremental, credited),
        conversion=range_of(conversion),
        base=body["arms"][WITHHELD]["conversion"],
        weeks=None if body["weeks"] is None else ceil(body["weeks"]),
        needed=body["needed"],
        least=body["least"],
        enough=body["enough"],
        spared=conversion["spared"] if conversion else 0.0,
        crossed=body["crossed"],
        spans=[_span(tx, days, row.body) for days, row in sorted(found.items())],
        groups=_groups(body, _segment_names(tx)),
    )


def _first_known(body: Mapping[str, Any]) -> datetime | None:
    """HO-4: the whole window after the first person was drawn."""
    if any(body["ripe"].values()):
        return None
    return datetime.fromisoformat(body["first"]) + timedelta(days=FIRST)


def _sum(tx: Tx, units: float) -> Sum:
    currency = exchange(tx).currency
    return Sum(major(round(units), currency), currency)


def _extra(tx: Tx, incremental: Amount | None, credited: int | None) -> float | None:
    """HO-5: "33 % of attributed was extra"."""
    if incremental is None or not credited:
        return None
    return float(incremental.value / major(credited, exchange(tx).currency))


def range_of(told: Mapping[str, float] | None) -> Range | None:
    if told is None:
        return None
    return Range(value=told["estimate"], low=told["low"], high=told["high"])


def _in_all(tx: Tx, body: Mapping[str, Any]) -> Amount | None:
    """What a person more or less brought, times those who were not held back."""
    told = body["against"][0]["metrics"]["margin"]
    return None if told is None else _amount(tx, told, times=body["ripe"].get(TREATED, 0))


def _amount(tx: Tx, told: Mapping[str, float], *, times: int = 1) -> Amount:
    currency = exchange(tx).currency

    def money(name: str) -> Any:  # noqa: ANN401  # a Decimal
        return major(round(told[name] * times), currency)

    return Amount(value=money("estimate"), low=money("low"), high=money("high"))


def _span(tx: Tx, days: int, body: Mapping[str, Any]) -> SpanLine:
    return SpanLine(
        days=days,
        people=sum(body["ripe"].values()),
        conversion=range_of(body["against"][0]["metrics"]["conversion"]),
        money=_in_all(tx, body),
    )


def _segment_names(tx: Tx) -> Mapping[str, str]:
    return {one.key: one.name for one in segments.live(tx)}


def _groups(body: Mapping[str, Any], names: Mapping[str, str]) -> Sequence[GroupLine]:
    return [
        GroupLine(
            key=one["key"], name=names.get(one["key"], ""), people=one["people"],
            conversion=range_of(one["conversion"]),
        )
        for one in body.get("groups", ())
    ]  # fmt: skip


def _pooled(
    cards: Sequence[Card], held: Sequence[Trial], found: Mapping[int, Mapping[int, Finding]]
) -> Sequence[Card]:
    """HO-7: automations together; all of marketing is nothing like them, so it stays alone."""
    alike: list[tuple[int, float, float, float]] = []
    for at, trial in enumerate(held):
        rows = found.get(trial.id or 0, {})
        told = rows[FIRST].body["against"][0]["metrics"]["conversion"] if FIRST in rows else None
        if trial.kind == Kind.HOLDOUT and told and told["error"] > 0:
            wide = (told["high"] - told["low"]) / 2 / told["error"]
            alike.append((at, told["estimate"], told["error"], wide))
    drawn = pooling.pooled([one[1] for one in alike], [one[2] for one in alike])
    together = list(cards)
    if len(alike) > 1:
        for (at, _, _, wide), one in zip(alike, drawn, strict=True):
            reach = wide * one.error  # as far as its own, in standard errors: it is looked at daily
            edges = Range(value=one.estimate, low=one.estimate - reach, high=one.estimate + reach)
            together[at] = _with(cards[at], edges)
    return together


def _with(card: Card, pooled: Range) -> Card:
    fields = {name: getattr(card, name) for name in Card.__dataclass_fields__}
    return Card(**fields | {"pooled": pooled})


def tests(
    tx: Tx,
    *,
    may_change: bool,
    typed: Mapping[str, str],
    **more: Any,  # noqa: ANN401  # of the form
) -> Tests:
    tried = [one for one in trials.every(tx) if one.kind == Kind.TEST]
    found = queries.findings(tx, {one.id or 0 for one in tried})
    names = _names(tx)
    return Tests(
        cards=[_test(tx, one, found.get(one.id or 0, {}), names) for one in reversed(tried)],
        places=places(tx),
        messages=[(row.key, row.name) for row in library.all_messages(tx)],
        currency=exchange(tx).currency,
        now=tx.now,
        zone=this_shop(tx).zone,
        may_change=may_change,
        typed=typed,
        arms=arms(typed),
        **more,
    )


def _test(tx: Tx, trial: Trial, found: Mapping[int, Finding], names: Mapping[str, str]) -> TestCard:
    body = found[FIRST].body if FIRST in found else None
    weeks = body["weeks"] if body else None
    verdicts = {one["verdict"] for one in body["against"]} if body else set()
    return TestCard(
        id=trial.id or 0,
        subject=trial.subject,
        name=names.get(trial.subject, ""),
        step=trial.step,
        told=_told(tx, trial),
        version=trial.version,
        arms=_arms(tx, trial, body, hidden="hidden" in verdicts or "broken" in verdicts),
        metric=str(trial.plan.get("metric", "margin")),
        analysis=str(trial.plan.get("mode", "always")),
        people=sum(body["people"].values()) if body else 0,
        ripe=sum(body["ripe"].values()) if body else 0,
        planned=int(trial.plan.get("people", 0)),
        weeks=None if weeks is None else ceil(weeks),
        decided=decided(body, [arm["name"] for arm in trial.arms]) or "" if body else "",
        open="too_early" in verdicts,
        winner=trial.winner,
        won_at=trial.won_at,
        ended=trial.ended_at is not None,
        broken="broken" in verdicts,
        enough=bool(body and body["enough"]),
        began_at=trial.began_at or trial.made_at,
    )


def _told(tx: Tx, trial: Trial) -> StepLine | None:
    journey = journeys.by_key(tx, trial.subject)
    return showing.step(tx, journey, trial.step) if journey else None


def decided(body: Mapping[str, Any], arms: Sequence[str]) -> str | None:
    """AB-8: which one has won, guards or no guards: the owner sees those beside it."""
    better = [one for one in body["against"] if one["verdict"] == Verdict.BETTER]
    if better:
        best: str = max(better, key=lambda one: one["metrics"][body["metric"]]["estimate"])["arm"]
        return best
    worse = [one for one in body["against"] if one["verdict"] == Verdict.WORSE]
    return arms[0] if worse and len(worse) == len(body["against"]) else None


def _arms(
    tx: Tx, trial: Trial, body: Mapping[str, Any] | None, *, hidden: bool
) -> Sequence[ArmLine]:
    """AB-4, AB-6: what is hidden is not sent to the page at all."""
    if body is None:
        return []
    against = {one["arm"]: one for one in body["against"]}
    lines, currency = [], exchange(tx).currency
    for arm in trial.arms:
        name = arm["name"]
        means, one = body["arms"][name], against.get(name)
        margin = one["metrics"]["margin"] if one and not hidden else None
        effect = one["metrics"]["conversion"] if one and not hidden else None
        lines.append(
            ArmLine(
                name=name,
                people=body["people"][name],
                conversion=0.0 if hidden else means["conversion"],
                margin=major(0 if hidden else round(means["margin"]), currency),
                refunded=means["refunded"],
                unsubscribed=means["unsubscribed"],
                complained=means["complained"],
                effect=range_of(effect),
                money=_amount(tx, margin) if margin else None,
                verdict=one["verdict"] if one else "",
                chance=one.get("chance") if one else None,
                spared=margin["spared"] if margin else 0.0,
                change=arm.get("change") or {},
            )
        )
    return lines


def places(tx: Tx) -> Sequence[Place]:
    """Every step that may differ, of automations that are set up, and newsletters to come."""
    found = []
    for journey in journeys.every(tx):
        definition = journeys.definition(tx, journey.id or 0, journey.version)
        if definition is not None:
            lines = {line.key: line for line in showing.lines(tx, definition)}
            found += _steps(journey.key, journey.name, definition, lines)
    to_come = select(Newsletter).where(
        col(Newsletter.cancelled_at).is_(None), col(Newsletter.at) > tx.now
    )
    for letter in tx.exec(to_come.order_by(col(Newsletter.at))):
        subject = newsletters.campaign_of(letter)
        found.append(
            Place(
                value=f"{subject}/{newsletters.LETTER}", subject=subject, name=letter.name,
                kind="letter", step=newsletters.LETTER, message=letter.message,
            )
        )  # fmt: skip
    return found


def _steps(
    subject: str, name: str, definition: Definition, lines: Mapping[str, StepLine]
) -> list[Place]:
    return [
        Place(
            value=f"{subject}/{step.key}", subject=subject, name=name, kind=step.kind,
            step=step.key, message=step.message if isinstance(step, Send) else "",
            told=lines[step.key],
        )
        for step in definition.steps
        if isinstance(step, Offer | Wait) or (isinstance(step, Send) and step.purpose != "service")
    ]  # fmt: skip

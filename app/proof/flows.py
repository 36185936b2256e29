"""Every night: who was drawn, what they bought, what that shows, and what follows from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import col, delete

from app.customers import queries as customers
from app.kit.money import minor
from app.kit.tx import Tx
from app.ltv import entries
from app.messages.policy import policy
from app.orders.exchange import exchange
from app.proof import findings, nothing, queries, rules
from app.proof.credited import attributed
from app.proof.findings import Active, Cell, Group, Plan, Told
from app.proof.tables import Finding, Outcome, ProofNote
from app.proof.verdicts import Verdict
from app.trials import flows as trials
from app.trials.rules import LOSERS_FOR, Kind
from app.trials.tables import Assignment, Trial

LEAST_FOR_CAP = 100
YEAR = 365


def write(tx: Tx, drawn: Sequence[Assignment]) -> None:
    """HO-4: what these people did around the instant at which they were drawn."""
    drawn = [one for one in drawn if one.person]
    whole = customers.wholes(tx, {one.person for one in drawn if one.person})
    orders = queries.bought(tx, set(whole.values()))
    rows: list[dict[str, Any]] = []
    silent: list[int] = []
    for one in drawn:
        theirs = orders.get(whole[one.person or 0], ())
        if not theirs:
            silent.append(one.id or 0)
            continue
        lived = rules.lived(theirs, one.at)
        rows.append(
            {
                "assignment": one.id, "trial": one.trial, "person": one.person,
                "before": lived.before, "past": lived.past, "spans": lived.spans,
            }
        )  # fmt: skip
    if silent:
        tx.exec(delete(Outcome).where(col(Outcome.assignment).in_(silent)))
    tx.put(Outcome, rows, key=("assignment",), overwrite=("before", "past", "spans"))


def reading(tx: Tx) -> tuple[int, Any]:
    """Up to which assignment outcomes are known, and as of when."""
    row = queries.note(tx, "reading")
    return (int(row.body["last"]), row.made_at) if row else (0, None)


def keep_note(tx: Tx, name: str, body: dict[str, Any]) -> None:
    row = {"name": name, "made_at": tx.now, "body": body}
    tx.put(ProofNote, [row], key=("name",), overwrite=("made_at", "body"))


def plan_of(trial: Trial) -> Plan:
    shares = [float(one) for one in trial.strata[0]] if trial.strata else [0.5, 0.5]
    return Plan.of(trial.plan, kind=trial.kind, shares=shares)


def fix(tx: Tx, trial: Trial) -> None:
    """AB-5: the caps, of what people brought before it began, once and for all."""
    if "caps" in trial.plan or trial.began_at is None:
        return
    day = entries.day_of(trial.began_at, exchange(tx))
    caps: dict[str, float | None] = {"past": _cap(tx, day, rules.PAST.days)}
    widest = _cap(tx, day, YEAR)
    for span in rules.SPANS:
        caps[str(span)] = _cap(tx, day, span) or widest
    trial.plan = trial.plan | {"caps": caps}
    tx.add(trial)


def _cap(tx: Tx, day: int, span: int) -> float | None:
    sums = [one for one in queries.brought(tx, until=day, days=span) if one > 0]
    return float(np.quantile(sums, findings.CAP)) if len(sums) >= LEAST_FOR_CAP else None


def told(tx: Tx, trial: Trial, span: int) -> Told | None:
    """What there is to know of a trial now; None where nobody is in it."""
    id_ = trial.id or 0
    spread = queries.span(tx, id_)
    if spread is None:
        return None
    until = findings.ripe_until(tx.now, span)
    again = queries.twice(tx, id_)
    ripe = dict(queries.counts(tx, id_, until=until))
    rows = [row for row in queries.active(tx, id_, until=until) if row.id not in again]
    for cell in again.values():
        ripe[cell] = max(ripe.get(cell, 0) - 1, 0)
    groups = groups_of(tx, id_, rows, ripe, until=until) if span == rules.SPANS[0] else {}
    return Told(
        groups=groups,
        arms=[arm["name"] for arm in trial.arms],
        shares=trial.strata,
        people=queries.counts(tx, id_),
        ripe=ripe,
        active=Active.of(rows, span),
        first=spread.first,
        lately=spread.lately,
        unsubscribed=queries.unsubscribed(tx, id_),
        complained=queries.complained(tx, id_),
        crossed=queries.crossed(tx, id_),
        messages=messages_of(tx, id_, ripe, span=span, until=until),
    )


def messages_of(
    tx: Tx, trial: int, ripe: Mapping[Cell, int], *, span: int, until: datetime
) -> Mapping[str, float]:
    """HO-4: what the messages of a person cost in that many days, by arm, in minor units; of
    whatever automation, for what is held back here may be made up for there."""
    prices = {channel: price for channel, price in policy(tx).prices.items() if price > 0}
    if not prices:
        return {}
    currency = exchange(tx).currency or "EUR"
    found = dict.fromkeys((arm for arm, _ in ripe), 0.0)
    sent = queries.paid_messages(tx, trial, prices, span=timedelta(days=span), until=until)
    for (arm, channel), count in sent.items():
        found[arm] = found.get(arm, 0.0) + minor(prices[channel] * count, currency)
    return {arm: cost / max(findings.people_of(ripe, arm), 1) for arm, cost in found.items()}


def groups_of(
    tx: Tx, trial: int, rows: Sequence[Any], ripe: Mapping[Cell, int], *, until: datetime
) -> Mapping[str, Group]:
    """S9: by what they had bought before, and by the segments they were in when they were drawn."""
    before = np.array([row.before for row in rows])
    once, more = before == 1, before > 1
    found = {
        "!once": Group(_cells(rows, once), once.astype(float)),
        "!more": Group(_cells(rows, more), more.astype(float)),
    }
    known = _cells(rows, before > 0)
    new = {cell: n - known.get(cell, 0) for cell, n in ripe.items()}
    found["!new"] = Group(new, (before == 0).astype(float))
    for key, members in queries.members(tx, trial, until=until).items():
        inside = np.array([float(row.id in members.active) for row in rows])
        found[key] = Group(members.people, inside)
    return found


def _cells(rows: Sequence[Any], inside: Any) -> Mapping[Cell, int]:  # noqa: ANN401  # a mask
    counts: dict[Cell, int] = {}
    for row, one in zip(rows, inside, strict=True):
        if one:
            counts[row.arm, row.stratum] = counts.get((row.arm, row.stratum), 0) + 1
    return counts


def find(tx: Tx, trial: Trial) -> None:
    """Each span's figures; and what follows from the first."""
    fix(tx, trial)
    plan = plan_of(trial)
    for span in rules.SPANS:
        known = told(tx, trial, span)
        if known is None:
            return
        if span != rules.SPANS[0] and not any(known.ripe.values()):
            continue
        body = findings.found(known, plan, span=span, now=tx.now)
        if span == rules.SPANS[0]:
            body |= {"credited": attributed(tx, trial.subject)}
        row = {"trial": trial.id, "span": span, "made_at": tx.now, "body": body}
        tx.put(Finding, [row], key=("trial", "span"), overwrite=("made_at", "body"))
        if span == rules.SPANS[0]:
            follow(tx, trial, plan, body)


def follow(tx: Tx, trial: Trial, plan: Plan, body: dict[str, Any]) -> None:
    """HO-2: proven, less is held back. AB-9: a winner is put in place, where that was agreed."""
    verdicts = {one["arm"]: one["verdict"] for one in body["against"]}
    if trial.kind != Kind.TEST:
        if Verdict.BETTER in verdicts.values() and trial.proven_at is None:
            trial.proven_at = tx.now
            tx.add(trial)
        return
    if trial.winner and trial.won_at and tx.now >= trial.won_at + LOSERS_FOR:
        trials.close(tx, trial)
        return
    open_ = plan.auto and trial.winner is None and trial.ended_at is None
    if open_ and (winner := winner_of(body, [arm["name"] for arm in trial.arms])):
        trials.promote(tx, trial, winner)


def winner_of(body: dict[str, Any], arms: Sequence[str]) -> str | None:
    """AB-9: the interval excludes nought and no guard is harmed. Of several arms: none that is
    still open is ahead of it, for who is put in place leaves the others too few people.
    """
    metric = body["metric"]
    good = [
        one
        for one in body["against"]
        if one["verdict"] in (Verdict.BETTER, Verdict.TOO_EARLY)
        and one["metrics"][metric]
        and findings.guards_hold(body, arms[0], one["arm"])
    ]
    if any(one["verdict"] == Verdict.BETTER for one in good):
        best = max(good, key=lambda one: one["metrics"][metric]["estimate"])
        return str(best["arm"]) if best["verdict"] == Verdict.BETTER else None
    worse = all(one["verdict"] == Verdict.WORSE for one in body["against"])
    return arms[0] if worse and body["against"] else None


def look_for_nothing(tx: Tx) -> dict[str, Any] | None:
    """AB-11: once a month. None where it is known already, or cannot be yet."""
    row = queries.note(tx, "aa")
    if row is not None and f"{row.made_at:%Y-%m}" == f"{tx.now:%Y-%m}":
        return None
    return nothing.alarms(tx)

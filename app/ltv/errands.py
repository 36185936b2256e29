"""What takes long: holding lines against orders, learning, scoring everybody, drift. No errand
computes while it holds the pen; what it writes, it writes a few hundred rows at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from sqlmodel import col, select, update

from app.kit.clock import stopwatch
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.ltv import (
    auditing,
    boost,
    drifting,
    flows,
    origins,
    queries,
    rfm,
    rules,
    scoring,
    stages,
)
from app.ltv import refit as learning
from app.ltv import sheets as figures
from app.ltv.flows import Reckon, Rescore, Scored
from app.ltv.ground import TRAITS, Ground, ground
from app.ltv.refit import Refit
from app.ltv.scoring import Measure
from app.ltv.scoring import Scored as Everybody
from app.ltv.tables import CustomerScore, CustomerTally, Fitting, RfmBoundary, ValueSheet
from app.ltv.worth import to_date
from app.world import World

TOGETHER = 400
FEW = 500
"""So many are told of one by one; with more, everybody is looked at."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 2_000
"""People scored in one turn after orders."""
WHOLE = 20_000
"""A simple rule or trees look at everybody: with more than so many that waits for the night."""


def reckon(job: Reckon, world: World) -> Scored | None:
    """Hold against the orders, learn if it is due, say what is to be said of everybody."""
    if job.audit:
        auditing.audit(world)
    origins.look_up(world)
    with world.look() as tx:
        base, last = ground(tx), queries.newest(tx)
        seen, by_now = tx.now, len(base.people)
        quiet = job.occasion.startswith("history") or not queries.anybody_scored(tx)
    if not by_now:
        world.do(_forget_figures)
        return None
    due = rules.learn_anew(last, customers=by_now, now=seen)
    if due if job.learn is None else job.learn:
        made = learn(base, occasion=job.occasion.split(" ", maxsplit=1)[0])
        world.do(partial(_publish, made=made))
    with world.look() as tx:
        in_use = queries.in_use(tx)
    if in_use is None:
        return None
    fit, labels = learning.decoded(in_use.learnt), in_use.learnt["labels"]
    world.do(_turn_the_month)
    of = scoring.scored(base, fit, labels)
    measure = world.do(partial(_measure, of=of))
    written = _say(world, of, fit, measure, seen=seen)
    with world.look() as tx:
        names = queries.origins(tx, base.people)
    found = figures.sheets(of, fit, names=names)
    drift = drifting.drift(of, fit)
    world.do(partial(_keep_figures, found=found, measure=measure, in_use=in_use.id, drift=drift))
    return _told(written, occasion=job.occasion, quiet=quiet)


def _told(written: Sequence[int], *, occasion: str, quiet: bool = False) -> Scored | None:
    if not written:
        return None
    few = tuple(written) if len(written) <= FEW else None
    return Scored(occasion=occasion, people=few, quiet=quiet)


def learn(base: Ground, *, occasion: str) -> Fitting:
    """A learning of everything up to today, with its backtest."""
    labels, started = base.labels(), stopwatch()
    fit = learning.refit(
        base.coded(labels), today=base.today, traits=TRAITS, trees=boost.available()
    )
    kept = learning.encoded(fit)
    judged = kept["judgement"]
    return Fitting(
        made_at=LONG_AGO,
        day=base.today,
        occasion=occasion,
        customers=fit.model.customers,
        status=str(fit.model.status),
        personal=fit.personal,
        rule=judged["rule"],
        boosted=fit.boost is not None,
        seconds=round(stopwatch() - started, 3),
        trials=judged["trials"],
        skipped=judged["skipped"],
        learnt=kept | {"labels": labels},
    )


def _publish(tx: Tx, made: Fitting) -> None:
    fresh = Fitting(**made.model_dump(exclude={"id", "made_at"}), made_at=tx.now)
    flows.publish(tx, fresh)


def rescore(_: Rescore, world: World) -> Scored | None:
    """Whoever has bought, or got money back, since the last time."""
    with world.look() as tx:
        people = queries.stale(tx, limit=AT_ONCE)
        in_use, measure, seen = queries.in_use(tx), _kept_measure(tx), tx.now
    if not people or in_use is None or measure is None:
        return None
    fit = learning.decoded(in_use.learnt)
    whole = fit.judgement.rule is not None or fit.boost is not None
    if whole and in_use.customers > WHOLE:
        return None
    with world.look() as tx:
        base = ground(tx, people=None if whole else people)
    of = scoring.scored(base, fit, in_use.learnt["labels"])
    written = _say(world, of, fit, measure, seen=seen, only=frozenset(people))
    if len(people) == AT_ONCE:
        world.do(flows.soon)
    return _told(written, occasion=f"orders {seen.isoformat()}")


def _say(
    world: World,
    of: Everybody,
    fit: Refit,
    measure: Measure,
    *,
    seen: datetime,
    only: frozenset[int] | None = None,
) -> list[int]:
    """Write what says something else than before, and nothing more. Of whom that was."""
    with world.look() as tx:
        before = scoring.said(tx, only)
    made = scoring.rows(of, measure, personal=fit.personal, before=before)
    if only is not None:
        made = [row for row in made if row["person"] in only]
    fresh = scoring.news(made, before, currency=of.ground.currency)
    written: list[int] = []
    for rows in portions(fresh, TOGETHER):
        written += world.do(partial(scoring.write, made=rows))
    people = sorted(only) if only is not None else [row["person"] for row in made]
    with world.look() as tx:
        waiting = queries.stale(tx, limit=None)
    done = sorted({*people} & {*waiting})
    for some in portions(done, TOGETHER):
        world.do(partial(_fresh, people=some, seen=seen))
    return written


def _fresh(tx: Tx, people: Sequence[int], seen: datetime) -> None:
    """What changed while we were at it stays to be done."""
    mine = among(col(CustomerTally.person), people), col(CustomerTally.stale_at) <= seen
    tx.exec(update(CustomerTally).where(*mine).values(stale_at=None))


def _turn_the_month(tx: Tx) -> None:
    """RM-4: the first reckoning of a month remembers everybody's group of the last one."""
    if queries.boundary(tx) is None and queries.any_boundary(tx):
        tx.exec(update(CustomerScore).values(group_before=CustomerScore.group))


def _measure(tx: Tx, of: Everybody) -> Measure:
    """What everybody is held against; the month's boundaries stay as they are once drawn."""
    limits = queries.boundary(tx)
    if limits is None:
        lately = of.ground.lately()
        money = to_date(lately, of.ground.costs).net
        limits = rfm.boundaries(lately, money, window=of.ground.window)
        tx.add(
            RfmBoundary(
                month=queries.month(tx),
                recency=limits.recency.tolist(),
                money=limits.money.tolist(),
            )
        )
    patience = stages.patience(of.ground.history, today=of.ground.today)
    return Measure(patience, limits, scoring.ranks(of))


def _kept_measure(tx: Tx) -> Measure | None:
    kept, limits = queries.sheet(tx, "measure"), queries.boundary(tx) or queries.any_boundary(tx)
    if kept is None or limits is None:
        return None
    patience = np.array([np.inf if v is None else v for v in kept["patience"]])
    return Measure(patience, limits, np.array(kept["ranks"], dtype=np.float64))


def _keep_figures(
    tx: Tx,
    found: dict[str, Any],
    measure: Measure,
    in_use: int | None,
    drift: dict[str, Any] | None,
) -> None:
    found["measure"] = {
        "patience": [float(v) if np.isfinite(v) else None for v in measure.patience],
        "ranks": [round(float(v), 2) for v in measure.ranks],
    }
    rows = [{"name": name, "made_at": tx.now, "body": body} for name, body in found.items()]
    tx.put(ValueSheet, rows, key=("name",), overwrite=("made_at", "body"))
    row = tx.exec(select(Fitting).where(Fitting.id == in_use)).first()
    if row is not None:
        row.drift = drift


def _forget_figures(tx: Tx) -> None:
    for sheet in tx.exec(select(ValueSheet)):
        tx.delete(sheet)

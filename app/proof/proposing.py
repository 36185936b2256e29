"""AB-3: what a test would take, from what people at this place did before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, isfinite
from typing import Any

import numpy as np
from sqlmodel import col, func, select

from app.customers import queries as customers
from app.journeys import newsletters
from app.journeys import queries as journeys
from app.journeys.rehearsing import rehearse
from app.journeys.tables import Newsletter, Run
from app.kit.tx import Tx
from app.messages import grounds
from app.proof import planning, queries, rules
from app.proof.findings import USUAL_BASE
from app.proof.planning import LONGEST_WEEKS, Analysis, Noise
from app.proof.view import Proposed
from app.segments import queries as segments

LOOKED_AT = 2_000
SPAN = rules.SPANS[0]
MONTH = timedelta(days=28)
LEAST_KNOWN = 50


@dataclass(frozen=True)
class Wish:
    """What an owner wants to try."""

    subject: str
    step: str
    metric: str
    least: float
    """The smallest effect worth having: a share of one, or minor units a person."""
    mode: Analysis
    shares: Sequence[float] = (0.5, 0.5)
    """Of the arms."""


@dataclass(frozen=True)
class Past:
    """How often people come here, and what each did in the two weeks after."""

    a_week: float
    outcomes: Mapping[str, np.ndarray[Any, Any]]
    at_once: int = 0
    """A newsletter's people all come on one day."""


def proposed(tx: Tx, wish: Wish) -> Proposed:
    past = _past(tx, wish.subject)
    known = past.outcomes.get(wish.metric, np.zeros(0))
    conversions = past.outcomes.get("conversion", np.zeros(0))
    assumed = len(conversions) < LEAST_KNOWN or not conversions.any()
    base = USUAL_BASE if assumed else float(conversions.mean())
    noise = _noise(wish, known, base, assumed=assumed)
    needed = planning.in_all(noise, wish.least, wish.shares, wish.mode)
    weeks = planning.plan(needed, a_week=past.a_week).weeks
    if past.at_once:
        weeks = 0.0 if past.at_once >= needed else float("inf")
    weeks += SPAN / 7
    return Proposed(
        people=needed,
        arms=len(wish.shares),
        weeks=ceil(weeks) if isfinite(weeks) else None,
        finishes=weeks <= LONGEST_WEEKS,
        a_week=past.a_week,
        base=base,
        assumed=assumed,
    )


def _noise(
    wish: Wish, known: np.ndarray[Any, Any], base: float, *, assumed: bool
) -> tuple[Noise, Noise]:
    if wish.metric in ("conversion", "second"):
        return Noise.of_share(base), Noise.of_share(min(base + wish.least, 1.0))
    if assumed or len(known) < LEAST_KNOWN:  # HO-6: six times the mean, which nobody knows yet
        return (Noise(36.0 * wish.least**2 * 100),) * 2
    return (Noise(float(known.var())),) * 2


def _past(tx: Tx, subject: str) -> Past:
    if (letter := _letter(tx, subject)) is not None:
        return _readers(tx, letter)
    journey = journeys.by_key(tx, subject)
    if journey is None:
        return Past(0.0, {})
    lately = select(func.count()).where(
        Run.journey == journey.id, col(Run.entered_at) > tx.now - MONTH
    )
    ripe = (
        select(Run.person, Run.entered_at)
        .where(Run.journey == journey.id, col(Run.entered_at) <= tx.now - timedelta(days=SPAN))
        .order_by(col(Run.id).desc())
        .limit(LOOKED_AT)
    )
    entered: Any = tx.exec(ripe).all()
    a_week = tx.exec(lately).one() / 4
    definition = journeys.definition(tx, journey.id or 0, journey.version)
    if not a_week and definition is not None:  # not on yet: as it would have been
        told = rehearse(tx, definition)
        a_week = told.reachable / told.days * 7
    return Past(a_week, _lived(tx, entered))


def _letter(tx: Tx, subject: str) -> Newsletter | None:
    number = subject.removeprefix("newsletter-")
    if number == subject or not number.isdecimal():
        return None
    return tx.exec(select(Newsletter).where(Newsletter.id == int(number))).first()


def _readers(tx: Tx, letter: Newsletter) -> Past:
    segment = segments.by_key(tx, letter.segment) if letter.segment else None
    people: list[int] = []
    if segment is not None:
        people = segments.people_in(tx, segment.id or 0, after=0, limit=50_000)
    else:
        people = newsletters.everybody(tx, after=0, limit=50_000)
    reachable = grounds.reachable(tx, people)
    at = tx.now - timedelta(days=SPAN)
    some = sorted(reachable)[:LOOKED_AT]
    a_week = len(reachable) / ((letter.every_days or 7) / 7)
    return Past(a_week, _lived(tx, [(one, at) for one in some]), at_once=len(reachable))


def _lived(tx: Tx, entered: Sequence[tuple[int, datetime]]) -> Mapping[str, np.ndarray[Any, Any]]:
    whole = customers.wholes(tx, {person for person, _ in entered})
    orders = queries.bought(tx, set(whole.values()))
    rows = []
    for person, at in entered:
        lived = rules.lived(orders.get(whole[person], ()), at)
        count, margin, revenue, _ = lived.spans[str(SPAN)]
        second = lived.before < 2 and lived.before + count >= 2  # noqa: PLR2004
        rows.append((float(count > 0), float(margin), float(revenue), float(second)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return dict(zip(("conversion", "margin", "revenue", "second"), table.T, strict=True))

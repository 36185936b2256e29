"""Questions about answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, or_
from sqlmodel import col, func, select

from app.catalog.tables import Product
from app.customers.tables import Person
from app.feedback.rules import SCALES, Tally
from app.feedback.tables import Survey, Useful
from app.feedback.view import Answer, Use
from app.kit.tx import Tx, among
from app.orders.tables import Line, Order

MOST_ANSWERS = 50
MOST_PRODUCTS = 20


def by_run(tx: Tx, run: int) -> Survey | None:
    return tx.exec(select(Survey).where(Survey.run == run)).first()


def _low() -> Any:  # noqa: ANN401  # a clause
    return or_(
        *(
            and_(col(Survey.kind) == kind, col(Survey.score) <= scale.low)
            for kind, scale in SCALES.items()
        )
    )


def lows(tx: Tx, people: Collection[int], *, since: datetime) -> list[datetime]:
    """FB-6: when they gave a low score."""
    rows = select(Survey.answered_at).where(
        among(col(Survey.person), sorted(people)), _low(), col(Survey.answered_at) > since
    )
    return [at for at in tx.exec(rows) if at]


def _tally(kind: str) -> list[Any]:
    scale, one = SCALES[kind], func.count(func.distinct(col(Survey.id)))
    high = case((col(Survey.score) >= scale.high, col(Survey.id)))
    low = case((col(Survey.score) <= scale.low, col(Survey.id)))
    given = case((col(Survey.score).is_not(None), col(Survey.id)))
    return [one, *(func.count(func.distinct(which)) for which in (given, high, low))]


def _of(kind: str, since: datetime) -> Any:  # noqa: ANN401  # a clause
    return and_(col(Survey.kind) == kind, col(Survey.asked_at) >= since)


def tally(tx: Tx, kind: str, *, since: datetime) -> Tally:
    counts: Any = tx.exec(select(*_tally(kind)).where(_of(kind, since))).one()
    return Tally(*counts)


def scores(tx: Tx, kind: str, *, since: datetime) -> Mapping[int, int]:
    """How often each score was given."""
    rows: Any = tx.exec(
        select(Survey.score, func.count())
        .where(_of(kind, since), col(Survey.score).is_not(None))
        .group_by(col(Survey.score))
    )
    return dict(rows.all())


def by_month(tx: Tx, kind: str, bounds: Sequence[datetime]) -> Sequence[Tally]:
    """Of those who were asked from each instant until the next; of the last one until now."""
    asked_at = col(Survey.asked_at)
    month = case(*((asked_at >= at, n) for n, at in reversed(list(enumerate(bounds)))), else_=-1)
    rows: Any = tx.exec(select(month, *_tally(kind)).where(_of(kind, bounds[0])).group_by(month))
    found = {n: Tally(*counts) for n, *counts in rows}
    return [found.get(n, Tally(0, 0, 0, 0)) for n in range(len(bounds))]


def by_tier(tx: Tx, kind: str, *, since: datetime) -> Mapping[str, Tally]:
    return _by(tx, kind, col(Survey.tier), since=since)


def by_country(tx: Tx, kind: str, *, since: datetime) -> Mapping[str, Tally]:
    return _by(tx, kind, col(Survey.country), since=since)


def _by(tx: Tx, kind: str, column: Any, *, since: datetime) -> Mapping[str, Tally]:  # noqa: ANN401
    rows: Any = tx.exec(
        select(column, *_tally(kind)).where(_of(kind, since), column != "").group_by(column)
    )
    return {name: Tally(*counts) for name, *counts in rows}


def by_product(tx: Tx, kind: str, *, since: datetime) -> Mapping[str, Tally]:
    """Of the orders that were asked about, by what was in them: those with most answers."""
    rows: Any = tx.exec(
        select(Product.name, *_tally(kind))
        .select_from(Survey)
        .join(Order, col(Order.saleor_id) == col(Survey.order))
        .join(Line, col(Line.order) == col(Order.id))
        .join(Product, col(Product.id) == col(Line.product))
        .where(_of(kind, since))
        .group_by(col(Product.id), col(Product.name))
        .order_by(_tally(kind)[1].desc(), col(Product.name))
        .limit(MOST_PRODUCTS)
    )
    return {name: Tally(*counts) for name, *counts in rows}


def open_tasks() -> Any:  # noqa: ANN401  # a clause
    """FB-6: who is not content, and nobody has looked after it."""
    return and_(_low(), col(Survey.handled_at).is_(None), col(Survey.person).is_not(None))


def tasks(tx: Tx, *, most: int = MOST_ANSWERS) -> list[Answer]:
    """The latest first."""
    return _answers(tx, open_tasks(), most)


def how_many(tx: Tx) -> int:
    return tx.exec(select(func.count(col(Survey.id))).where(open_tasks())).one()


def told(tx: Tx, *, since: datetime) -> list[Answer]:
    """Those with words, the latest first."""
    words = and_(col(Survey.words) != "", col(Survey.answered_at) >= since)
    return _answers(tx, words, MOST_ANSWERS)


def of_people(tx: Tx, people: Collection[int]) -> list[Answer]:
    """What somebody was asked, answered or not."""
    return _answers(tx, among(col(Survey.person), sorted(people)), MOST_ANSWERS)


def _answers(tx: Tx, which: Any, most: int) -> list[Answer]:  # noqa: ANN401  # a clause
    rows: Any = tx.exec(
        select(Survey, Person, Order.number)
        .join(Person, col(Person.id) == col(Survey.person), isouter=True)
        .join(Order, col(Order.saleor_id) == col(Survey.order), isouter=True)
        .where(which)
        .order_by(func.coalesce(Survey.answered_at, Survey.asked_at).desc(), col(Survey.id).desc())
        .limit(most)
    )
    return [_answer(survey, person, number) for survey, person, number in rows]


def _answer(survey: Survey, person: Person | None, number: str | None) -> Answer:
    low = survey.score is not None and survey.score <= SCALES[survey.kind].low
    return Answer(
        id=survey.id or 0,
        kind=survey.kind,
        person=survey.person,
        who=(person.name or person.email or "") if person else "",
        asked_at=survey.asked_at,
        answered_at=survey.answered_at,
        score=survey.score,
        words=survey.words,
        order=number,
        order_link=f"/orders/{survey.order}" if survey.order else None,
        low=low,
        handled_at=survey.handled_at,
    )


def useful(tx: Tx, *, since: datetime) -> Sequence[Use]:
    """FB-7: by automation."""
    yes = func.count().filter(col(Useful.useful))
    rows: Any = tx.exec(
        select(Useful.campaign, func.count(), yes)
        .where(col(Useful.at) >= since)
        .group_by(col(Useful.campaign))
        .order_by(func.count().desc(), col(Useful.campaign))
    )
    return [Use(key=key, said=said, yes=good) for key, said, good in rows]

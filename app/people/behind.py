"""Who is behind a number of an automation: everybody it counts, the latest first, with when and
why. Which people a number counts is said here alone; how many, in app.proof.steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import and_, col, func, or_, select

from app.customers import queries as customers
from app.customers.tables import Person
from app.journeys import queries as journeys
from app.journeys.rules import WITHHELD
from app.journeys.tables import Footprint, Journey, Run, Skip
from app.journeys.walk import FINISHED
from app.kit.tx import Tx, among
from app.messages import queries as messages
from app.messages.rules import State
from app.messages.tables import Send, Touch
from app.orders.rules import page_of
from app.orders.tables import Order
from app.proof.attribution_tables import Attribution

PAGE = 50
SKIPS = timedelta(days=30)
"""So long the automation's page counts who was not taken in."""


class What(StrEnum):
    """Of the whole automation, or of one of its steps."""

    ENTERED = "entered"
    WITHHELD = "withheld"
    """HO-3: held back from it; at a step: from what it would have given."""
    WAY = "way"
    """Still on the way; at a step: waiting there."""
    ENDED = "ended"
    """In the way that `why` says; at a step: in any but to the end."""
    SKIPPED = "skipped"
    """Not taken in, for the reason that `why` says."""
    CAME = "came"
    """To a step at which a message was due, whatever became of it."""
    SENT = "sent"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CLICKED = "clicked"
    ORDERED = "ordered"


STATES = {
    What.SENT: (State.SENT,), What.WAITING: (State.WAITING, State.RESERVED),
    What.REFUSED: (State.REFUSED,), What.CANCELLED: (State.CANCELLED,),
    What.FAILED: (State.FAILED,), What.UNKNOWN: (State.UNKNOWN,),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Number:
    """Which number."""

    what: What
    step: str = ""
    why: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Somebody it counts. Without `person`: erased since, or never more than an address."""

    person: int | None
    name: str = ""
    email: str = ""
    at: datetime
    word: str = ""
    """Why, or what became of her; a word of people/why.html or journeys/words.html."""
    order: str = ""
    """Its number, where it is about an order …"""
    link: str = ""
    """… and where the Dashboard shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    lines: Sequence[Line]
    more: bool


Row = tuple[int | None, datetime, str, str, str]
"""Person, when, word, order."""


def people(tx: Tx, journey: Journey, number: Number, *, page: int, most: int = PAGE) -> Found:
    """`most` of them, from the page that begins at `page` times fifty."""
    rows = _rows(tx, journey, number, page * PAGE, most + 1)
    return Found(lines=_lines(tx, rows[:most]), more=len(rows) > most)


def _rows(tx: Tx, journey: Journey, number: Number, offset: int, limit: int) -> list[Row]:
    match number.what:
        case What.ENTERED | What.WAY | What.ENDED:
            rows = _runs(tx, journey, number)
        case What.WITHHELD:
            rows = _withheld(journey, number)
        case What.SKIPPED:
            rows = (
                select(Skip.person, Skip.at, Skip.why)
                .where(Skip.journey == journey.id, col(Skip.at) >= tx.now - SKIPS)
                .where(*([Skip.why == number.why] if number.why else []))
                .order_by(col(Skip.at).desc(), col(Skip.id).desc())
            )
        case What.ORDERED:
            rows = _orders(journey, number)
        case What.CAME:
            held = Number(what=What.WITHHELD, step=number.step)
            both = [
                *_sends(tx, journey, number, 0, offset + limit),
                *_rows(tx, journey, held, 0, offset + limit),
            ]
            return sorted(both, key=lambda row: row[1], reverse=True)[offset : offset + limit]
        case _:
            return _sends(tx, journey, number, offset, limit)
    told: Any = tx.exec(rows.offset(offset).limit(limit))
    return [(*row, "", "")[:5] for row in told]


def _runs(tx: Tx, journey: Journey, number: Number) -> Any:  # noqa: ANN401  # a Select
    ends = number.what is What.ENDED
    columns: list[Any] = [
        Run.person, Run.ended_at if ends else Run.entered_at, func.coalesce(Run.why, ""),
    ]  # fmt: skip
    rows: Any = select(*columns).where(Run.journey == journey.id)
    if number.what is What.WAY:
        rows = rows.where(col(Run.ended_at).is_(None))
    elif ends:
        ended = Run.why == number.why if number.why else Run.why != FINISHED
        rows = rows.where(col(Run.ended_at).is_not(None), ended)
    if number.version is not None:
        rows = rows.where(Run.version == number.version)
    if number.step:
        known = journeys.steps(tx, journey.id or 0)
        at = [place for place, key in known.items() if key == number.step]
        rows = rows.where(or_(*(and_(Run.version == v, Run.step == n) for v, n in at or [(0, 0)])))
    return rows.order_by(col(Run.entered_at).desc(), col(Run.id).desc())


def _withheld(journey: Journey, number: Number) -> Any:  # noqa: ANN401  # a Select
    ghosts = and_(Run.journey == journey.id, Run.withheld != "")
    if not number.step:
        whole: Any = select(Run.person, Run.entered_at, func.coalesce(Run.why, "")).where(ghosts)
        return whole.order_by(col(Run.entered_at).desc(), col(Run.id).desc())
    return (
        select(Run.person, Footprint.at, Footprint.what)
        .join(Footprint, col(Footprint.run) == col(Run.id))
        .where(ghosts, Footprint.step == number.step, Footprint.what == WITHHELD)
        .order_by(col(Footprint.at).desc(), col(Footprint.id).desc())
    )


def _orders(journey: Journey, number: Number) -> Any:  # noqa: ANN401  # a Select
    columns: list[Any] = [
        Order.person, Order.created_at, Attribution.way, Order.number, Order.saleor_id,
    ]  # fmt: skip
    return (
        select(*columns)
        .join(Attribution, col(Attribution.order) == col(Order.id))
        .where(Attribution.campaign == journey.key)
        .where(*([Attribution.step == number.step] if number.step else []))
        .order_by(col(Attribution.at).desc(), col(Attribution.id).desc())
    )


def _sends(tx: Tx, journey: Journey, number: Number, offset: int, limit: int) -> list[Row]:
    """Which fifty is read off an index; the rows themselves are then few."""
    these = select(Send.id).where(Send.campaign == journey.key, Send.step == number.step)
    if number.what is What.CLICKED:
        these = these.where(messages.followed().exists())
    elif number.what is not What.CAME:
        states = [state.value for state in STATES[number.what]]
        these = these.where(col(Send.state).in_(states))
    ids = tx.exec(these.order_by(col(Send.id).desc()).offset(offset).limit(limit)).all()
    clicked = _first_clicks(tx, ids) if number.what is What.CLICKED else {}
    columns: list[Any] = [
        Send.id, Send.person, func.coalesce(Send.sent_at, Send.ended_at, Send.asked_at),
        Send.reason, Send.state,
    ]  # fmt: skip
    rows = select(*columns).where(among(col(Send.id), ids)).order_by(col(Send.id).desc())
    ends = number.what is What.CAME
    return [
        (person, clicked.get(id_) or at, reason or (state if ends else ""), "", "")
        for id_, person, at, reason, state in (tx.exec(rows) if ids else ())
    ]


def _first_clicks(tx: Tx, ids: Sequence[int | None]) -> dict[int | None, datetime]:
    rows: Any = tx.exec(
        select(Touch.send, func.min(Touch.at))
        .where(among(col(Touch.send), ids), Touch.kind == "click", Touch.by == "human")
        .group_by(col(Touch.send))
    )
    return dict(rows.all())


def _lines(tx: Tx, rows: Sequence[Row]) -> list[Line]:
    """A guest who turned out to be an account is that account."""
    whole = customers.wholes(tx, {row[0] for row in rows if row[0]})
    asked = select(Person).where(
        among(col(Person.id), sorted(set(whole.values()))), col(Person.erased_at).is_(None)
    )
    known = {one.id: one for one in (tx.exec(asked) if whole else ())}
    return [_line(known.get(whole.get(row[0] or 0)), row) for row in rows]


def _line(person: Person | None, row: Row) -> Line:
    _, at, word, order, order_id = row
    return Line(
        person=person.id if person else None,
        name=person.name if person else "",
        email=(person.email or "") if person else "",
        at=at, word=word, order=order, link=page_of(order_id) if order_id else "",
    )  # fmt: skip

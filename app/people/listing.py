"""The list of customers: who is on it, in which order, fifty at a time.

A shop has a hundred thousand of them, so that which fifty is asked first, of as few tables as
possible; the rest is read of those fifty alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import and_, col, func, or_, select

from app.customers import rules
from app.customers.tables import Person
from app.kit.letters import plain
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.loyalty.queries import Terms
from app.loyalty.tables import Membership
from app.ltv import entries
from app.ltv import queries as value
from app.ltv.rfm import Group
from app.ltv.tables import CustomerScore, CustomerTally
from app.messages import grounds
from app.people.view import Line, Order, People
from app.segments import queries as segments
from app.segments.compiling import PEOPLE
from app.segments.tables import Segment, Stay
from app.shops.flows import without_rate

PAGE = 50
SHORTEST = 2
"""Letters of a search: one finds half the shop."""
ORDERS: dict[Order, Any] = {
    Order.WORTH: col(CustomerScore.net_12),
    Order.VALUE: col(CustomerScore.to_date),
    Order.ALIVE: col(CustomerScore.alive),
    Order.SPENT: CustomerTally.gross - CustomerTally.discount - CustomerTally.refunded,
    Order.ORDERS: col(CustomerTally.orders),
    Order.LAST: col(CustomerTally.last),
}
OF_TALLIES = frozenset({Order.SPENT, Order.ORDERS, Order.LAST})
COLUMNS: list[Any] = [Person, CustomerTally, CustomerScore, Membership]
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody wants to see."""

    text: str = ""
    """What names or addresses begin with."""
    order: Order = Order.WORTH
    page: int = 0
    tier: str = ""
    group: str = ""
    """S5: an RFM group."""
    segment: str = ""
    """The key of a segment …"""
    at: datetime | None = None
    """… and as of when; None is now."""


def people(tx: Tx, terms: Terms, asked: Asked) -> People:
    """Who bought; or whose name or address begins with what is asked; or who fits the filters."""
    text = plain(asked.text.strip())
    live = segments.live(tx)
    segment = next((one for one in live if one.key == asked.segment), None)
    tiers = {one.key: one.name for one in terms.rungs[1:]} if terms.open else {}
    groups = {*Group}
    asked = replace(
        asked,
        text=text if len(text) >= SHORTEST else "",
        tier=asked.tier if asked.tier in tiers else "",
        group=asked.group if asked.group in groups else "",
        segment=segment.key if segment else "",
    )
    ids = tx.exec(_which(tx, terms, asked, segment)).all()
    sheet = value.sheet(tx, "overview") or {}
    again = sheet.get("again")
    return People(
        lines=tuple(these(tx, terms, ids[:PAGE])),
        asked=asked.text,
        order=asked.order,
        page=asked.page,
        more=len(ids) > PAGE,
        currency=terms.currency,
        zone=terms.zone.key,
        today=EPOCH + timedelta(days=entries.today(tx)),
        all=sheet.get("customers", 0),
        again=None if again is None else Decimal(str(again)),
        unrated=without_rate(tx),
        tier=asked.tier,
        tiers=tiers,
        group=asked.group,
        groups=[*Group] if sheet else [],
        segment=asked.segment,
        segments={one.key: one.name for one in live},
        on=asked.at.date().isoformat() if asked.segment and asked.at else "",
    )


def _which(tx: Tx, terms: Terms, asked: Asked, segment: Segment | None) -> Any:  # noqa: ANN401
    """Ids of fifty-one, one more than a page."""
    if asked.text:
        return _paged(_found(asked), asked)
    if not (asked.tier or asked.group or segment):
        table = CustomerTally if asked.order in OF_TALLIES else CustomerScore
        rows = select(table.person).order_by(ORDERS[asked.order].desc(), col(table.person).desc())
        return _paged(rows, asked)
    return _paged(_filtered(tx, terms, asked, segment), asked)


def _paged(rows: Any, asked: Asked) -> Any:  # noqa: ANN401  # a Select
    return rows.offset(asked.page * PAGE).limit(PAGE + 1)


def _found(asked: Asked) -> Any:  # noqa: ANN401  # a Select of ids
    """Every word of it begins a name, or all of it an address."""
    named = [
        col(Person.letters).contains(f" {word}", autoescape=True) for word in asked.text.split()
    ]
    address = col(Person.email).startswith(rules.tidy(asked.text) or "", autoescape=True)
    known = select(Person.id).where(
        col(Person.merged_into).is_(None), col(Person.erased_at).is_(None)
    )
    return known.where(or_(address, and_(*named))).order_by(col(Person.email), col(Person.id))


def _filtered(tx: Tx, terms: Terms, asked: Asked, segment: Segment | None) -> Any:  # noqa: ANN401
    """Those whom a filter leaves are read first, and then put in order."""
    rows: Any = select(Person.id).where(PEOPLE)
    if segment:
        inside = segments.members(segment.id or 0, at=asked.at)
        rows = rows.join(Stay, and_(inside, col(Stay.person) == col(Person.id)))
    if asked.tier:
        rows = rows.join(Membership, col(Membership.person) == col(Person.id))
        rows = rows.where(loyalty.in_tier(terms, asked.tier, now=tx.now))
    table = CustomerTally if asked.order in OF_TALLIES else CustomerScore
    if asked.group:
        rows = rows.join(CustomerScore, col(CustomerScore.person) == col(Person.id))
        rows = rows.where(col(CustomerScore.group) == asked.group)
    if not (asked.group and table is CustomerScore):
        rows = rows.join(table, col(table.person) == col(Person.id), isouter=True)
    return rows.order_by(func.coalesce(ORDERS[asked.order], 0).desc(), col(Person.id).desc())


def these(tx: Tx, terms: Terms, ids: Sequence[int]) -> list[Line]:
    """What stands in the list of each of these, in their order."""
    if not ids:
        return []
    rows: Any = tx.exec(
        select(*COLUMNS)
        .select_from(Person)
        .join(CustomerTally, col(CustomerTally.person) == Person.id, isouter=True)
        .join(CustomerScore, col(CustomerScore.person) == Person.id, isouter=True)
        .join(Membership, col(Membership.person) == Person.id, isouter=True)
        .where(among(col(Person.id), sorted(ids)))
    )
    may = grounds.reachable(tx, ids)
    lines = {row[0].id: _line(terms, row, may, now=tx.now) for row in rows}
    return [lines[id_] for id_ in ids if id_ in lines]


def _line(terms: Terms, row: Any, may: Collection[int], *, now: datetime) -> Line:  # noqa: ANN401
    person, tally, score, member = row

    def money(minor: int | None) -> Decimal | None:
        return None if minor is None else major(minor, terms.currency)

    return Line(
        id=person.id,
        name=person.name,
        email=person.email,
        orders=tally.orders if tally else 0,
        spent=money(tally.gross - tally.discount - tally.refunded) if tally else None,
        value=money(score.to_date) if score else None,
        expected=money(score.net_12) if score else None,
        last=_day(tally.last) if tally else None,
        tier=terms.tier_of(member, person.email, now=now).name if member and terms.open else None,
        group=score.group if score else "",
        alive=score.alive if score else None,
        next_from=_day(score.next_from) if score else None,
        next_to=_day(score.next_to) if score else None,
        due=_day(score.due) if score else None,
        reachable=person.id in may,
    )


def _day(number: int | None) -> date | None:
    return None if number is None else EPOCH + timedelta(days=number)

"""DOOR 3: S8, S9: the history of a segment, why somebody is in it, what works there; and V10: the
way of a customer."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import select

from app.customers import queries as customers
from app.customers.tables import Person
from app.journeys import goods
from app.journeys.segment_asked import SEES_PEOPLE, segment_of
from app.journeys.segment_facts import ids_in
from app.journeys.vocabulary import vocabulary
from app.kit.tx import Tx
from app.people import stations, stays
from app.people.stays import Asked, Log
from app.segments import queries
from app.segments.tables import Segment
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, PatientRoute, Viewing, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

LAST_PAGE = 200


@router.get("/app/journey-map")
def journey_map(visit: Viewing, page: Rendered) -> HTMLResponse:
    return page("people/stations.html", shown=stations.stations(visit.tx))


@router.get("/app/segments/log/{key}", dependencies=[needs(SEES_PEOPLE)])
def log(visit: Viewing, page: Rendered, key: str, *, on: str = "", at: int = 0) -> HTMLResponse:
    """Who came and left; `on` a day, how many were in it at the end of that day."""
    return _log(page, visit.tx, key, on=on, at=max(0, min(at, LAST_PAGE)))


@router.post("/app/segments/log/{key}", dependencies=[needs(SEES_PEOPLE)])
def why(fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str) -> HTMLResponse:
    """Is she in it, and why: asked with her address, which is no matter for an address line."""
    who = str(fields.get("who", "")).strip()
    with house.look(caller.shop) as tx:
        return _log(page, tx, key, asked=asked(tx, segment_of(tx, key), who))


def asked(tx: Tx, segment: Segment, who: str) -> Asked:
    """By an address, or Saleor's id of a customer."""
    found = customers.by_email(tx, who) if "@" in who else []
    person = found[0] if found else tx.exec(select(Person).where(Person.account == who)).first()
    if person is None or person.erased_at:
        return Asked(who=who)
    told = queries.why(tx, segment, person.id or 0)
    return Asked(
        who=who, person=person.id, name=person.name or person.email or "", why=told,
        told=[(one.leaf.model_dump(mode="json"), one.holds) for one in told.reasons],
    )  # fmt: skip


def _log(
    page: Page, tx: Tx, key: str, *, on: str = "", at: int = 0, asked: Asked | None = None
) -> HTMLResponse:
    segment, zone = segment_of(tx, key), this_shop(tx).zone
    moves, more = stays.moves(tx, segment.id or 0, page=at)
    then = end_of(on, zone)
    shown = Log(
        key=key, name=segment.name, moves=moves, page=at, more=more,
        sizes=stays.sizes(tx, segment),
        on=on if then else "",
        people_then=queries.headcount(tx, segment.id or 0, at=then) if then else None,
        effects=stays.effects(tx, key),
        asked=asked,
        known=vocabulary(tx, page.locale, goods.with_ids(tx, ids_in(segment.tree))),
        now=tx.now, zone=zone,
    )  # fmt: skip
    return page("people/log.html", shown=shown)


def end_of(day: str, zone: str) -> datetime | None:
    """The last second of a day of the shop's; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59, 59), ZoneInfo(zone))
    except ValueError:
        return None

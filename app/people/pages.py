"""DOOR 3: who are my customers, and what is there to know about this one?"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse

from app.customers import queries as customers
from app.customers.tables import Person
from app.feedback import queries as feedback
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty import widget
from app.loyalty.pages import known_terms
from app.loyalty.queries import Terms
from app.messages import queries as messages
from app.orders import queries as orders
from app.people import care, flows, listing, picked_pages, queries, stay_pages, why
from app.people.checkouts import By, checkouts
from app.people.flows import TooLateError
from app.people.listing import Asked
from app.people.stay_pages import end_of
from app.people.view import Customer, HandForm, Order
from app.points.view import purse_of
from app.segments import tastes
from app.web.asked import Typed
from app.web.door import Caller, PatientRoute, Viewing, Working, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)
router.include_router(picked_pages.router)
router.include_router(stay_pages.router)

SEES_PEOPLE = "MANAGE_USERS"
GIVES_TIERS = "MANAGE_DISCOUNTS"
LAST_PAGE = 10_000


@router.get("/app/customers", dependencies=[needs(SEES_PEOPLE)])
def people(
    visit: Viewing,
    page: Rendered,
    *,
    q: str = "",
    by: str = Order.WORTH,
    at: int = 0,
    tier: str = "",
    group: str = "",
    segment: str = "",
    on: str = "",
) -> HTMLResponse:
    """`on` a day: who was in the segment when that day ended."""
    terms = known_terms(visit.tx)
    asked = Asked(
        text=q[:200],
        order=Order(by) if by in set(Order) else Order.WORTH,
        page=max(0, min(at, LAST_PAGE)),
        tier=tier,
        group=group,
        segment=segment,
        at=end_of(on, terms.zone.key),
    )
    return page("people/customers.html", people=listing.people(visit.tx, terms, asked))


@router.get("/app/checkouts")
def left(visit: Viewing, page: Rendered, *, by: str = By.WHEN, at: int = 0) -> HTMLResponse:
    """Which were abandoned; names only for who may see customers."""
    order = By(by) if by in set(By) else By.WHEN
    found = checkouts(
        visit.tx,
        known_terms(visit.tx),
        by=order,
        page=max(0, min(at, LAST_PAGE)),
        sees_people=visit.caller.may(SEES_PEOPLE),
    )
    return page("people/checkouts.html", shown=found)


@router.get("/app/why", dependencies=[needs(SEES_PEOPLE)])
def why_from_the_search(
    visit: Viewing,
    page: Rendered,
    *,
    customer: Annotated[str, Query(alias="customerId")] = "",
    order: Annotated[str, Query(alias="orderId")] = "",
) -> HTMLResponse:
    """Opened from the Dashboard's command palette: on a customer or an order, whose page tells
    why; anywhere else it is first asked who is meant.
    """
    tx, somebody = visit.tx, customers.by_account(visit.tx, customer) if customer else None
    bought = orders.by_saleor_id(tx, order) if order else None
    if bought and bought.person:
        somebody = customers.person(tx, bought.person)
    if somebody and somebody.id and somebody.erased_at is None:
        return show(tx, visit.caller, page, known(tx, somebody.id))
    found = listing.people(tx, known_terms(tx), Asked())
    return page("people/customers.html", people=found)


@router.get("/app/customers/{person}", dependencies=[needs(SEES_PEOPLE)])
def customer(person: int, visit: Viewing, page: Rendered) -> HTMLResponse:
    return show(visit.tx, visit.caller, page, known(visit.tx, person))


@router.post("/app/customers/{person}/tier", dependencies=[needs(SEES_PEOPLE, GIVES_TIERS)])
def tier_by_hand(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """TI-7: `do` give or end."""
    tx, caller, somebody = visit.tx, visit.caller, known(visit.tx, person)
    by = caller.viewer.user_id
    if fields.get("do") == "end":
        loyalty.end_by_hand(tx, somebody, by=by)
        return show(tx, caller, page, somebody, saved="ended")
    terms = known_terms(tx)
    typed = {name: str(fields.get(name, "")).strip() for name in ("tier", "until", "reason")}
    till = _end_of(typed["until"], terms)
    problem = _problem(terms, typed["tier"], till, typed["reason"], now=tx.now)
    if till is None or problem:
        wrong = typed | {"problem": problem or "until"}
        return show(tx, caller, page, somebody, typed=wrong, status=422)
    loyalty.give_by_hand(tx, somebody, tier=typed["tier"], till=till, reason=typed["reason"], by=by)
    return show(tx, caller, page, somebody, saved="given")


@router.post("/app/customers/{person}/part", dependencies=[needs(SEES_PEOPLE)])
def part(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """ID-3: `guest` is somebody else."""
    tx, somebody = visit.tx, known(visit.tx, person)
    guest = str(fields.get("guest", ""))
    try:
        parted = guest.isdecimal() and flows.part(tx, somebody, int(guest))
    except TooLateError:
        return show(tx, visit.caller, page, somebody, saved="too_late", status=422)
    return show(tx, visit.caller, page, somebody, saved="parted" if parted else None)


def known(tx: Tx, id_: int) -> Person:
    """The person, or who this guest turned out to be."""
    person = customers.person(tx, id_)
    if person and person.merged_into:
        person = customers.person(tx, person.merged_into)
    if person is None or person.erased_at:
        raise HTTPException(404, "There is no such customer.")
    return person


def _end_of(text: str, terms: Terms) -> datetime | None:
    """The end of a day of the shop; None for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=1), time(), terms.zone)


def _problem(
    terms: Terms, tier: str, till: datetime | None, reason: str, *, now: datetime
) -> str | None:
    if tier not in terms.tiers or terms.tiers[tier].retired_at:
        return "tier"
    if till is None or till <= now:
        return "until"
    return None if reason else "reason"


def show(
    tx: Tx,
    caller: Caller,
    page: Page,
    person: Person,
    *,
    typed: dict[str, str] | None = None,
    saved: str | None = None,
    status: int = 200,
    told: Mapping[str, str] | None = None,
    problem: str | None = None,
    removed: int | None = None,
) -> HTMLResponse:
    """One customer, with what was just done (`saved`, `removed`) or is wrong (`problem`, with what
    was `told` to a form of app.people.care).
    """
    tx.flush()
    terms, id_ = known_terms(tx), person.id or 0
    decided = why.known(tx, id_)
    may_change = caller.may(GIVES_TIERS)
    form = queries.hand_form(tx, terms, id_) if terms.open and may_change else None
    if form and typed:
        form = HandForm(tiers=form.tiers, given=form.given, **typed)
    shown = Customer(
        id=id_,
        name=person.name,
        email=person.email,
        account=person.account,
        country=person.country,
        language=person.language,
        joined_at=person.joined_at,
        widget=widget.seen(tx, terms, person),
        hand=form,
        joined=queries.joined(tx, id_),
        segments=queries.segments_of(tx, id_),
        tastes=tastes.of(tx, id_),
        notes=queries.notes(tx, id_),
        timeline=queries.timeline(tx, terms, id_, decided),
        verdicts=why.verdicts(tx, decided),
        may_change=may_change,
        now=tx.now,
        zone=terms.zone.key,
        care=care.sheet(
            tx, person, may_reward=may_change, typed=told, problem=problem, removed=removed
        ),
        answers=feedback.of_people(tx, messages.group(tx, id_)),
        points=purse_of(tx, person),
        saved=saved,
    )
    return page("people/person.html", status=status, customer=shown)

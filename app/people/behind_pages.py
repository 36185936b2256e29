"""DOOR 3: the people behind a number of an automation."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from app.journeys import queries as journeys
from app.journeys import showing
from app.journeys.view import Card, StepLine
from app.people import behind
from app.people.behind import Found, Number, What
from app.people.pages import LAST_PAGE, SEES_PEOPLE
from app.shops.flows import this_shop
from app.web.door import PatientRoute, Viewing, needs
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)

SEES_ORDERS = "MANAGE_ORDERS"
IN_A_FILE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    card: Card
    step: StepLine | None
    number: Number
    found: Found
    page: int
    zone: str
    in_a_file: int = IN_A_FILE


@router.get("/app/automations/{key}/people", dependencies=[needs(SEES_PEOPLE)])
def people(  # noqa: PLR0917  # what a door is handed
    visit: Viewing,
    page: Rendered,
    key: str,
    what: str = What.ENTERED,
    step: str = "",
    why: str = "",
    version: int | None = None,
    at: int = 0,
) -> HTMLResponse:
    """Fifty of them; in a file the first five thousand from there."""
    tx, journey = visit.tx, journeys.by_key(visit.tx, key)
    if journey is None or what not in set(What):
        raise HTTPException(404, "There is no such automation, or no such number of it.")
    number = Number(what=What(what), step=step[:80], why=why[:80], version=version)
    if number.what is What.ORDERED:
        visit.caller.must(SEES_ORDERS)
    at = max(0, min(at, LAST_PAGE))
    most = IN_A_FILE if page.title else behind.PAGE
    shown = Behind(
        card=showing.card(tx, key, journey),
        step=showing.step(tx, journey, number.step) if number.step else None,
        number=number,
        found=behind.people(tx, journey, number, page=at, most=most),
        page=at,
        zone=this_shop(tx).zone,
    )
    return page("people/behind.html", shown=shown)

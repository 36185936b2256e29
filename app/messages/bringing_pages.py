"""DOOR 3: subscribers from where the shop sent before (CO-5)."""

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.kit.portions import portions
from app.messages import bringing
from app.messages.bringing import Brought
from app.web.asked import TheHouse, Typed
from app.web.door import Called, PatientRoute, needs
from app.web.handed_in import Refused, RefusedError, kept
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES, SEES_PEOPLE = "MANAGE_APPS", "MANAGE_USERS"
PATH = "/app/sending/subscribers"
PAGE = "messages/subscribers.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribers:
    brought: Brought | None = None
    refused: tuple[Refused, ...] = ()
    """Line, what is wrong in a word, and what stands there: then nothing was taken."""
    kept: str = ""


@router.get(PATH, dependencies=[needs(CHANGES, SEES_PEOPLE)])
def subscribers(_: Called, page: Rendered) -> HTMLResponse:
    return page(PAGE, shown=Subscribers())


@router.post(PATH, dependencies=[needs(CHANGES, SEES_PEOPLE)])
def bring(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """Read whole, or refused whole; then taken some at a time, for it holds the pen. Handed in once
    more it changes nothing, so what a crash left behind is mended by doing it again."""
    text = str(fields.get("table", ""))
    try:
        rows = bringing.rows_of(text, page.locale)
    except RefusedError as refusal:
        shown = Subscribers(refused=refusal.rows, kept=kept(text))
        return page(PAGE, status=422, shown=shown)
    brought = Brought()
    for some in portions(rows, bringing.AT_ONCE):
        brought += house.do(caller.shop, partial(bringing.bring_along, rows=some))
    return page(PAGE, shown=Subscribers(brought=brought))

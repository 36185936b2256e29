"""DOOR 3: which order came from which message, what codes cost, and what counts as brought."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.proof import attribution, attribution_showing
from app.web.asked import Typed
from app.web.door import PatientRoute, Viewing, Working, needs
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)

SEES, CHANGES = "MANAGE_ORDERS", "MANAGE_APPS"
PAGE = "proof/attribution.html"


@router.get("/app/proof/attribution", dependencies=[needs(SEES)])
def look(visit: Viewing, page: Rendered) -> HTMLResponse:
    may = visit.caller.may(CHANGES)
    return page(PAGE, shown=attribution_showing.shown(visit.tx, may_change=may))


@router.post("/app/proof/attribution", dependencies=[needs(SEES, CHANGES)])
def change(fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """AT-3: from now on."""
    told = {name: str(value) for name, value in fields.items()}
    hours, text, problems = attribution_showing.typed(told)
    if problems:
        shown = attribution_showing.shown(visit.tx, may_change=True, hours=told, problems=problems)
        return page(PAGE, status=422, shown=shown)
    attribution.choose(visit.tx, hours, text=text, by=visit.viewer.user_id)
    visit.tx.flush()
    return page(PAGE, shown=attribution_showing.shown(visit.tx, may_change=True, saved=True))

"""DOOR 3: what happened at each step of an automation, and what it brought."""

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from app.journeys import queries as journeys
from app.proof import steps
from app.web.door import PatientRoute, Viewing
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)

SEES_PEOPLE = "MANAGE_USERS"


@router.get("/app/automations/{key}/numbers")
def look(visit: Viewing, page: Rendered, key: str) -> HTMLResponse:
    journey = journeys.by_key(visit.tx, key)
    shown = steps.numbers(visit.tx, journey) if journey else None
    if shown is None:
        raise HTTPException(404, "There is no such automation, or it was never set up.")
    return page("proof/steps.html", shown=shown, sees_people=visit.caller.may(SEES_PEOPLE))

"""DOOR 3: is it healthy, and what happened?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse

from app.shops.flows import this_shop
from app.today import books, form, goals, health, queries
from app.today.view import Measure
from app.web.asked import Typed
from app.web.door import PatientRoute, Viewing, Visit, Working, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

SEES_PEOPLE = "MANAGE_USERS"
CHANGES = "MANAGE_APPS"


@router.get("/app")
def today(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _show(visit, page)


@router.post("/app/goals", dependencies=[needs(CHANGES)])
def set_goals(fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """V13: an empty field is no goal."""
    targets, wrong = form.goals(fields, page.locale, currency=this_shop(visit.tx).currency)
    if not wrong:
        goals.choose(visit.tx, targets, by=visit.viewer.user_id)
    return _show(visit, page, wrong=wrong)


def _show(visit: Visit, page: Page, *, wrong: Sequence[Measure] = ()) -> HTMLResponse:
    seen = queries.today(
        visit.tx,
        sees_people=visit.caller.may(SEES_PEOPLE),
        house_sends=visit.house.settings.smtp_url is not None,
        may_change=visit.caller.may(CHANGES),
    )
    seen = replace(seen, goals_wrong=tuple(wrong))
    return page("today/today.html", status=422 if wrong else 200, today=seen)


@router.get("/app/progress")
def progress(visit: Viewing) -> JSONResponse:
    """How far the import is, for machines; `importing` is null where none runs."""
    importing = health.importing(visit.tx)
    if importing is None:
        return JSONResponse({"importing": None})
    steps: list[dict[str, Any]] = [
        {
            "stock": step.stock,
            "done": step.done,
            "total": step.total,
            "finished": step.finished,
        }
        for step in importing.steps
    ]
    started = importing.started_at.isoformat()
    return JSONResponse({"importing": {"started_at": started, "steps": steps}})


@router.get("/app/books")
def own_books(visit: Viewing) -> JSONResponse:
    """Orders and money of every channel, for machines that hold them beside Saleor's."""
    return JSONResponse({"channels": [line._asdict() for line in books.sums(visit.tx)]})

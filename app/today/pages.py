"""DOOR 3: is it healthy, and what happened?"""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse

from app.today import books, health, queries
from app.web.door import Viewing
from app.web.page import Rendered

router = APIRouter()

SEES_PEOPLE = "MANAGE_USERS"


@router.get("/app")
def today(visit: Viewing, page: Rendered) -> HTMLResponse:
    seen = queries.today(visit.tx, sees_people=visit.caller.may(SEES_PEOPLE))
    return page("today/today.html", today=seen)


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

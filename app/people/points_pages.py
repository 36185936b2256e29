"""DOOR 3: points of one customer, spent for her or changed by hand."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.people.pages import GIVES_TIERS, SEES_PEOPLE, known, show
from app.points import flows, spending
from app.points.rules import Word
from app.web.asked import Typed
from app.web.door import PatientRoute, Working, needs
from app.web.page import Rendered

router = APIRouter(route_class=PatientRoute)


@router.post("/app/customers/{person}/points", dependencies=[needs(SEES_PEOPLE, GIVES_TIERS)])
def points(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """PT-6, PT-7: `do` spend, give or take. The form's `turn` makes a second press the same one."""
    tx, somebody = visit.tx, known(visit.tx, person)
    typed = {
        name: str(fields.get(name, "")).strip()[:200] for name in ("spend", "points", "because")
    }
    do, turn = str(fields.get("do", "")), str(fields.get("turn", ""))[:40]
    by = visit.viewer.user_id
    if do == "spend":
        word, _ = spending.spend(tx, somebody, _number(typed["spend"]), key=f"hand:{turn}", by=by)
        against = None if word is Word.GIVE else word.value
    else:
        number = _number(typed["points"]) * (-1 if do == "take" else 1)
        found = flows.change(tx, somebody, number, reason=typed["because"], by=by, key=turn)
        against = found.value if found else None
    if against:
        wrong = f"points:{against}"
        return show(tx, visit.caller, page, somebody, status=422, problem=wrong, told=typed)
    return show(tx, visit.caller, page, somebody, saved=f"points_{do}")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else 0  # noqa: PLR2004

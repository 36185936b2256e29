"""DOOR 3: the keys with which machines read the shop's numbers, and tills hand in sales."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse

from app.api import door, keys, lists, writing
from app.api.door import Form, Seat, Wish
from app.api.tables import ApiKey
from app.kit.tx import Tx
from app.shops.flows import this_shop
from app.till import pages as till_pages
from app.web.asked import TheHouse, Typed
from app.web.door import Called, PatientRoute, Viewing, Working, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)
router.include_router(till_pages.router)

CHANGES = "MANAGE_APPS"
SEES_PEOPLE = "MANAGE_USERS"
"""A key reads customers: only who may see them makes one."""
LONGEST = 80
TABLES = {
    "customers": lists.customers,
    "segments": lists.groups,
    "cohorts": lists.cohorts,
    "rfm": lists.rfm,
    "journeys": lists.automations,
    "offers": lists.offers,
}
"""What machines are given, for a person who takes it along whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    keys: list[ApiKey]
    zone: str
    now: datetime
    parquet: bool
    fresh: str = ""
    """The key just made: shown this once."""
    revoked: int | None = None
    wrong: bool = False


@router.get("/app/settings/keys", dependencies=[needs(CHANGES, SEES_PEOPLE)])
def keys_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _show(visit.tx, page)


@router.get("/app/settings/keys/{name}.{form}", dependencies=[needs(CHANGES, SEES_PEOPLE)])
def whole_table(name: str, form: Form, caller: Called, house: TheHouse) -> Response:
    if name not in TABLES:
        raise HTTPException(404, "There is no such table.")
    return door.answer(Seat(house, caller.shop), Wish(form), TABLES[name], name=name)


@router.post("/app/settings/keys", dependencies=[needs(CHANGES, SEES_PEOPLE)])
def change_keys(fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """Make one, `revoke` one, or `restore` the one just revoked."""
    tx = visit.tx
    for do in ("revoke", "restore"):
        if (number := str(fields.get(do, ""))).isdecimal():
            done = (keys.revoke if do == "revoke" else keys.restore)(tx, int(number))
            return _show(tx, page, revoked=int(number) if done and do == "revoke" else None)
    name = str(fields.get("name", "")).strip()[:LONGEST]
    if not name:
        return _show(tx, page, wrong=True)
    fresh = keys.make(tx, name, by=visit.viewer.user_id, writes="writes" in fields)
    return _show(tx, page, fresh=fresh)


def _show(
    tx: Tx, page: Page, *, fresh: str = "", revoked: int | None = None, wrong: bool = False
) -> HTMLResponse:
    shown = KeysPage(
        keys=keys.every(tx), zone=this_shop(tx).zone, now=tx.now, parquet=writing.PARQUET,
        fresh=fresh, revoked=revoked, wrong=wrong,
    )  # fmt: skip
    return page("api/keys.html", status=422 if wrong else 200, shown=shown)

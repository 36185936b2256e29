"""DOOR 3: what was sold elsewhere, as a table (D8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.kit.portions import portions
from app.kit.tx import Tx
from app.shops.flows import this_shop
from app.till import flows, table
from app.till.flows import AheadError, Place, Taken
from app.web.asked import TheHouse, Typed
from app.web.door import Called, PatientRoute, Viewing, needs
from app.web.handed_in import Refused, RefusedError, kept
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES = ("MANAGE_ORDERS", "MANAGE_USERS")
"""A sale is an order, and says who bought."""
PATH = "/app/settings/sales"
PAGE = "till/sales.html"
AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    zone: str
    places: Sequence[Place] = ()
    taken: Taken | None = None
    refused: Sequence[Refused] = ()
    """Line, what is wrong in a word, and what stands there: then nothing was taken."""
    kept: str = ""


@router.get(PATH, dependencies=[needs(*CHANGES)])
def sales(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _show(visit.tx, page)


@router.post(PATH, dependencies=[needs(*CHANGES)])
def hand_in(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """Read whole, or refused whole; then taken some at a time. Once more changes nothing."""
    with house.look(caller.shop) as tx:
        shop = this_shop(tx)
    text = str(fields.get("table", ""))
    try:
        told = table.sales_of(text, page.locale, currency=shop.currency, zone=ZoneInfo(shop.zone))
        with house.look(caller.shop) as tx:
            flows.refuse_ahead(tx, told)
    except RefusedError as refusal:
        with house.look(caller.shop) as tx:
            return _show(tx, page, refused=refusal.rows, text=text)
    except AheadError as ahead:
        with house.look(caller.shop) as tx:
            return _show(tx, page, refused=[(0, "ahead", str(ahead))], text=text)
    taken = Taken()
    for some in portions(told, AT_ONCE):
        taken += house.do(caller.shop, partial(flows.take, sales=some))
    with house.look(caller.shop) as tx:
        return _show(tx, page, taken=taken)


def _show(
    tx: Tx,
    page: Page,
    *,
    taken: Taken | None = None,
    refused: Sequence[Refused] = (),
    text: str = "",
) -> HTMLResponse:
    shown = Sales(
        zone=this_shop(tx).zone,
        places=flows.places(tx),
        taken=taken,
        refused=tuple(refused),
        kept=kept(text),
    )
    return page(PAGE, status=422 if refused else 200, shown=shown)

"""DOOR 3 of budgets: what the next unit of money would bring, three budgets, and what if."""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.kit.house import House
from app.kit.money import major, minor
from app.kit.tx import Tx
from app.ltv import budget, handed_in, shown
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.handed_in import RefusedError, kept
from app.web.inputs import read_decimal
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

CHANGES, SEES_PEOPLE = "MANAGE_APPS", "MANAGE_USERS"
FURTHEST = 100
"""Percent of what if."""


@router.get("/app/value/budget")
def budgets(
    visit: Viewing, page: Rendered, orders: str = "0", value: str = "0", spend: str = "0"
) -> HTMLResponse:
    asked = {"orders": _percent(orders), "value": _percent(value), "spend": _percent(spend)}
    return _show(page, visit.tx, visit.caller, asked=asked)


def _percent(text: str) -> int:
    """−100 to 100; anything else is nothing."""
    bare = text.strip().replace("\N{MINUS SIGN}", "-")
    try:
        return max(-FURTHEST, min(int(bare), FURTHEST))
    except ValueError:
        return 0


@router.post("/app/value/budget")
def change(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """Spend by week is handed in, or the budgets are set."""
    caller.must(CHANGES)
    more: dict[str, Any] = {"saved": True}
    if fields.get("do") == "weeks":
        text = str(fields.get("weeks", ""))
        try:
            house.do(caller.shop, lambda tx: handed_in.weeks(tx, text, page.locale))
        except RefusedError as refusal:
            more = {"refused": refusal.rows, "text": kept(text)}
    else:
        amounts, wrong = _amounts(fields, house, caller, page)
        if wrong:
            more = {"problems": wrong, "typed": fields}
        else:
            house.do(caller.shop, lambda tx: budget.set_budgets(tx, amounts))
    with house.look(caller.shop) as tx:
        return _show(page, tx, caller, **more)


def _amounts(
    fields: FormData, house: House, caller: Caller, page: Page
) -> tuple[dict[str, int], set[str]]:
    with house.look(caller.shop) as tx:
        currency = this_shop(tx).currency or "EUR"
    found, wrong = dict[str, int](), set[str]()
    for kind in budget.KINDS:
        text = str(fields.get(kind) or "0")
        try:
            found[kind] = minor(read_decimal(text, page.locale), currency)
        except ValueError:
            wrong.add(kind)
    return found, wrong


def _show(
    page: Page,
    tx: Tx,
    caller: Caller,
    *,
    asked: Mapping[str, int] | None = None,
    saved: bool = False,
    refused: Any = (),  # noqa: ANN401  # rows of handed_in
    text: str = "",
    problems: Collection[str] = (),
    typed: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    view = shown.view(
        tx, "budget", may_change=caller.may(CHANGES), sees_people=caller.may(SEES_PEOPLE)
    )
    return page(
        "ltv/budget.html",
        status=422 if refused or problems else 200,
        view=view,
        channels=budget.channels(tx),
        budgets=budget.budgets(tx),
        told=budget.what_if(tx, **(asked or {"orders": 0, "value": 0, "spend": 0})),
        saved=saved,
        refused=refused,
        kept=text,
        problems=problems,
        typed=typed or {},
        major=lambda units: major(units, view.currency or "EUR"),
    )

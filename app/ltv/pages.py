"""DOOR 3 of customers' value: LTV, cohorts, RFM, model quality, costs, and who is behind them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from app.kit.tx import Tx
from app.ltv import budget_pages, costing, downloads, flows, form, handed_in, shown
from app.shops.flows import this_shop
from app.web import asked
from app.web.asked import TheHouse
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.handed_in import RefusedError, kept
from app.web.page import Page, Rendered
from app.web.sheets import kept_as

router = APIRouter(route_class=PatientRoute)
router.include_router(budget_pages.router)

CHANGES = "MANAGE_APPS"
SEES_PEOPLE = "MANAGE_USERS"


def typed(fields: asked.Typed) -> Mapping[str, Any]:
    """The fields of a form; a file that was chosen stands in its field as text (bridge.js)."""
    told: dict[str, Any] = {name: str(value) for name, value in fields.items()}
    return told | {"on": [str(value) for value in fields.getlist("on")]}


Typed = Annotated[Mapping[str, Any], Depends(typed)]


def _view(tx: Tx, caller: Caller, tab: str) -> Any:  # noqa: ANN401  # a View
    return shown.view(tx, tab, may_change=caller.may(CHANGES), sees_people=caller.may(SEES_PEOPLE))


@router.get("/app/value")
def ltv_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    view = _view(visit.tx, visit.caller, "ltv")
    return page("ltv/ltv.html", view=view, told=shown.overview(visit.tx))


@router.get("/app/value/cohorts")
def cohorts_page(
    visit: Viewing, page: Rendered, by: str = "month", show: str = "active"
) -> HTMLResponse:
    view = _view(visit.tx, visit.caller, "cohorts")
    return page("ltv/cohorts.html", view=view, told=shown.cohorts(visit.tx, by=by, show=show))


@router.get("/app/value/rfm")
def rfm_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    view = _view(visit.tx, visit.caller, "rfm")
    return page("ltv/rfm.html", view=view, told=shown.groups(visit.tx))


@router.get("/app/value/quality")
def quality_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _quality(page, visit.tx, visit.caller)


@router.post("/app/value/quality")
def change_learning(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """V11: learn anew, or go back to an older learning."""
    caller.must(CHANGES)
    if fields.get("do") == "learn":
        house.do(caller.shop, flows.learn_now)
    elif (chosen := str(fields.get("use", ""))).isdecimal():
        house.do(caller.shop, lambda tx: flows.go_back(tx, int(chosen)))
    with house.look(caller.shop) as tx:
        return _quality(page, tx, caller)


def _quality(page: Page, tx: Tx, caller: Caller) -> HTMLResponse:
    return page("ltv/quality.html", view=_view(tx, caller, "quality"), told=shown.quality(tx))


@router.get("/app/value/costs")
def costs_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _costs(page, visit.tx, visit.caller)


@router.post("/app/value/costs")
def change_costs(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """LV-1: the lines and their switches; costs by article; LV-3: spend by channel and month."""
    caller.must(CHANGES)
    do = str(fields.get("do", ""))
    try:
        if do == "prices":
            house.do(caller.shop, lambda tx: _take_prices(tx, str(fields.get("prices", "")), page))
        elif do == "spend":
            text = str(fields.get("spend", ""))
            house.do(caller.shop, lambda tx: handed_in.spend(tx, text, page.locale))
        else:
            do = "costs"
            if not_taken := _take_lines(fields, caller, house, page):
                return not_taken
    except RefusedError as refusal:
        with house.look(caller.shop) as tx:
            tables = {do: kept(str(fields.get(do, "")))}
            return _costs(page, tx, caller, status=422, refused=refusal.rows, kept=tables)
    with house.look(caller.shop) as tx:
        return _costs(page, tx, caller, saved=do)


def _take_lines(fields: Typed, caller: Caller, house: TheHouse, page: Page) -> HTMLResponse | None:
    """The page once more, with what is wrong; None where everything was taken."""
    with house.look(caller.shop) as tx:
        currency = this_shop(tx).currency or "EUR"
        terms, wrong = form.read(fields, set(fields["on"]), currency=currency, locale=page.locale)
        if wrong:
            return _costs(page, tx, caller, status=422, typed=fields, problems=wrong)
    by = caller.viewer.user_id
    house.do(caller.shop, lambda tx: flows.change_costs(tx, terms, by=by))
    return None


def _take_prices(tx: Tx, text: str, page: Page) -> None:
    handed_in.costs(tx, text, page.locale)
    flows.revalued(tx)


def _costs(
    page: Page,
    tx: Tx,
    caller: Caller,
    *,
    status: int = 200,
    typed: Mapping[str, Any] | None = None,
    **more: Any,  # noqa: ANN401
) -> HTMLResponse:
    view = _view(tx, caller, "costs")
    fields = typed or form.written(costing.terms(tx), view.currency or "EUR", page.locale)
    told = shown.costs(tx, typed=fields, **more)
    return page("ltv/costs.html", status=status, view=view, told=told)


@router.get("/app/value/people")
def people_page(request: Request, visit: Viewing, page: Rendered) -> HTMLResponse:
    view = _view(visit.tx, visit.caller, "people")
    told = shown.people(visit.tx, request.query_params, sees_people=view.sees_people)
    return page("ltv/behind.html", view=view, told=told)


@router.get("/app/value/csv/{name}")
def download(name: str, request: Request, visit: Viewing) -> Response:
    """Every table for a spreadsheet."""
    if name in downloads.OF_PEOPLE:
        visit.caller.must(SEES_PEOPLE)
    text = downloads.table(visit.tx, name, request.query_params)
    if text is None:
        raise HTTPException(404, "There is no such table.")
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=kept_as(name))

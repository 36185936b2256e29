"""DOOR 3: an automation of the shop's own is written, row by row."""

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from app.journeys import birthdays as handed
from app.journeys import flows, own_form, queries
from app.journeys.own_form import Known, OwnForm, StepRow
from app.journeys.pages import CHANGES, learn_granted
from app.journeys.recipes import RECIPES
from app.journeys.rules import Definition, Trigger
from app.kit.tx import Tx
from app.messages import library
from app.segments import queries as segments
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

PAGE = "journeys/own.html"
NEW = "new"


@router.get("/app/automations/own/{key}")
def own(visit: Viewing, page: Rendered, key: str) -> HTMLResponse:
    return _show(page, visit.tx, visit.caller, key, _stored(visit.tx, key))


def _stored(tx: Tx, key: str) -> OwnForm | None:
    """None where rows cannot say it. Raises HTTPException where there is none of its own."""
    if key == NEW:
        return OwnForm()
    journey = queries.by_key(tx, key)
    if journey is None or key in RECIPES:
        raise HTTPException(404, "There is no such automation of your own.")
    definition = queries.definition(tx, journey.id or 0, journey.version)
    return own_form.shown(definition, journey.name) if definition else OwnForm(name=journey.name)


@router.post("/app/automations/own/{key}")
def change(  # noqa: PLR0917  # what a door is handed
    request: Request, fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str
) -> HTMLResponse:
    """Add a row, or save: a new version, which is shown and tried out before it is switched on."""
    caller.must(CHANGES)
    form, do = own_form.typed(fields), str(fields.get("do", ""))
    if do == "add":
        with house.look(caller.shop) as tx:
            form = replace(form, rows=[*form.rows, StepRow(kind="wait")])
            return _show(page, tx, caller, key, form)
    with house.look(caller.shop) as tx:
        _stored(tx, key)
        definition, form = own_form.definition_of(form, _known(tx))
        if definition is None:
            return _show(page, tx, caller, key, form)
    told, by = definition, caller.viewer.user_id
    key = house.do(caller.shop, lambda tx: _publish(tx, key, told, form.name, by=by))
    if any(row.kind == "card" for row in form.rows):
        learn_granted(request, caller)
    with house.look(caller.shop) as tx:
        return _show(page, tx, caller, key, form, saved=True)


def _publish(tx: Tx, key: str, definition: Definition, name: str, *, by: str | None) -> str:
    if key == NEW:
        taken = {journey.key for journey in queries.every(tx)}
        key = next(k for n in range(1, len(taken) + 2) if (k := f"own-{n}") not in taken)
    flows.publish(tx, key, definition, by=by, name=name)
    return key


def _known(tx: Tx) -> Known:
    return Known(
        messages={row.key: row.purpose for row in library.all_messages(tx)},
        segments=frozenset(one.key for one in segments.live(tx)),
    )


def _show(
    page: Page, tx: Tx, caller: Caller, key: str, form: OwnForm | None, *, saved: bool = False
) -> HTMLResponse:
    wrong = form is not None and (form.problems or any(row.wrong for row in form.rows))
    return page(
        PAGE,
        status=422 if wrong else 200,
        key=key,
        form=form,
        saved=saved,
        may_change=caller.may(CHANGES),
        kinds=own_form.KINDS,
        units=tuple(own_form.UNITS),
        triggers=[trigger.value for trigger in Trigger],
        happenings=[trigger.value for trigger in own_form.HAPPENINGS],
        currency=this_shop(tx).currency,
        dates=handed.names(tx),
        messages=[(row.key, row.name) for row in library.all_messages(tx)],
        segments=[(one.key, one.name) for one in segments.live(tx)],
    )

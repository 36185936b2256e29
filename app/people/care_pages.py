"""DOOR 3: what is done for one customer, each with a way back for half a minute, and her data."""

import json
from collections.abc import Callable, Mapping

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.customers.tables import Person
from app.feedback import flows as feedback
from app.feedback import queries as answers
from app.kit.house import House
from app.loyalty import goodwill
from app.messages import pausing, profiling
from app.messages import queries as messages
from app.people import behind_pages, care, picking, points_pages
from app.people.pages import GIVES_TIERS, SEES_PEOPLE, known, show
from app.privacy import exporting, wishes
from app.shops.flows import this_shop
from app.web.asked import Typed
from app.web.door import Called, PatientRoute, Visit, Working, needs
from app.web.page import Page, Rendered, environment

router = APIRouter(route_class=PatientRoute)
router.include_router(behind_pages.router)
router.include_router(points_pages.router)

PLAIN = {"Cache-Control": "no-store"}


@router.post("/app/customers/{person}/notes", dependencies=[needs(SEES_PEOPLE)])
def change_notes(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """Write one, `remove` one, or put it `back`."""
    tx, somebody = visit.tx, known(visit.tx, person)
    number = _number(fields, "remove") or _number(fields, "back")
    if number is not None:
        back = "back" in fields
        done = care.remove_note(tx, somebody, number, back=back)
        if not done:
            return show(tx, visit.caller, page, somebody)
        gone = None if back else number
        return show(tx, visit.caller, page, somebody, saved="note_back" if back else None,
                    removed=gone)  # fmt: skip
    if care.write_note(tx, somebody, str(fields.get("text", "")), by=visit.viewer.user_id):
        return show(tx, visit.caller, page, somebody, saved="noted")
    return show(tx, visit.caller, page, somebody, problem="note", status=422)


@router.post("/app/customers/{person}/answers", dependencies=[needs(SEES_PEOPLE)])
def look_after(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """FB-6: a low score is `done` with, or after all not (`back`)."""
    tx, somebody = visit.tx, known(visit.tx, person)
    done, back = _number(fields, "done"), _number(fields, "back")
    hers = {one.id for one in answers.of_people(tx, messages.group(tx, person))}
    for survey in {done, back} & hers:
        feedback.handle(tx, survey or 0, by=visit.viewer.user_id, done=survey == done)
    return show(tx, visit.caller, page, somebody)


@router.post("/app/customers/{person}/rest", dependencies=[needs(SEES_PEOPLE)])
def change_rest(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """PR-4: no messages for 30 days, or again as before."""
    tx, somebody = visit.tx, known(visit.tx, person)
    pause = fields.get("do") == "pause"
    pausing.pause(tx, somebody, until=tx.now + pausing.REST if pause else None)
    return show(tx, visit.caller, page, somebody, saved="paused" if pause else "resumed")


@router.post("/app/customers/{person}/profile", dependencies=[needs(SEES_PEOPLE)])
def change_profile(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """PR-4: she objects to being profiled, or does so no more."""
    tx, somebody = visit.tx, known(visit.tx, person)
    off = fields.get("do") == "object"
    change = profiling.object_ if off else profiling.take_back
    change(tx, somebody, source="staff")
    return show(tx, visit.caller, page, somebody, saved="unprofiled" if off else "profiled")


@router.post("/app/customers/{person}/reward", dependencies=[needs(SEES_PEOPLE, GIVES_TIERS)])
def reward(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """A code by hand with its reason, or the one just given taken back."""
    tx, somebody = visit.tx, known(visit.tx, person)
    if (code := _number(fields, "undo")) is not None:
        undone = goodwill.take_back(tx, somebody.id or 0, code)
        return show(tx, visit.caller, page, somebody, saved="unrewarded" if undone else "too_late")
    typed = {name: str(fields.get(name, "")) for name in ("percent", "why")}
    percent = int(typed["percent"]) if typed["percent"].isdecimal() else 0
    wrong = goodwill.against(tx, somebody, percent=percent, reason=typed["why"])
    if wrong:
        return show(
            tx, visit.caller, page, somebody, status=422, problem=wrong.value, told=typed
        )  # fmt: skip
    goodwill.give(
        tx, somebody, percent=percent, reason=typed["why"], open_=visit.house.secrets.open
    )
    return show(tx, visit.caller, page, somebody, saved="rewarded")


@router.post("/app/customers/{person}/erase", dependencies=[needs(SEES_PEOPLE)])
def erase(person: int, fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """PR-3: forgotten in half a minute, unless it is taken back."""
    tx, somebody = visit.tx, known(visit.tx, person)
    if fields.get("do") == "keep":
        kept = wishes.take_back(tx, somebody.id or 0)
        return show(tx, visit.caller, page, somebody, saved="kept" if kept else "too_late")
    wishes.ask_to_erase(tx, somebody, by=visit.viewer.user_id)
    return show(tx, visit.caller, page, somebody)


@router.get("/app/customers/{person}/data/{form}", dependencies=[needs(SEES_PEOPLE)])
def data(person: int, form: str, visit: Working, page: Rendered) -> Response:
    """PR-2: as JSON for machines, or as a page to read."""
    maker = FORMS.get(form)
    if maker is None:
        raise HTTPException(404, "There is no such file.")
    somebody = known(visit.tx, person)
    answer = maker(visit, somebody, page)
    wishes.handed_over(visit.tx, somebody, by=visit.viewer.user_id)
    return answer


def _as_json(visit: Visit, person: Person, _: Page) -> Response:
    told = json.dumps(exporting.export(visit.tx, person), ensure_ascii=False, indent=1, default=str)
    return Response(told, media_type="application/json", headers=PLAIN)


def _as_page(visit: Visit, person: Person, page: Page) -> Response:
    template = environment(page.locale).get_template("people/data.html")
    told = exporting.export(visit.tx, person)
    html = template.render(
        told=told, now=visit.tx.now, zone=this_shop(visit.tx).zone, shop=this_shop(visit.tx).name
    )
    return HTMLResponse(html, headers=PLAIN)


FORMS: Mapping[str, Callable[[Visit, Person, Page], Response]] = {
    "data.json": _as_json,
    "data.html": _as_page,
}


@router.post("/app/customers/{person}/picks", dependencies=[needs(SEES_PEOPLE)])
def picks(person: int, caller: Called, page: Rendered, request: Request) -> HTMLResponse:
    """What would be recommended to her at this moment: Saleor is asked, so it is made on demand."""
    house: House = request.app.state.house
    saleors = request.app.state.saleors
    with house.look(caller.shop) as tx:
        somebody = known(tx, person)
        channel = picking.channel_of(tx, somebody.id or 0)
    shown = picking.picks(
        house, caller.shop, somebody.id or 0, channel, lambda: saleors.world(caller.shop).saleor
    )
    return page("people/picks.html", picks=shown, person=somebody.id)


def _number(fields: FormData, name: str) -> int | None:
    text = str(fields.get(name, ""))
    return int(text) if text.isdecimal() else None

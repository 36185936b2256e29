"""DOOR 3: what is sent, when, to whom; and who these people are: automations and segments."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.journeys import birthdays as handed
from app.journeys import flows, newsletters, rehearsing, showing, switching, terms_form
from app.journeys.birthdays import Birthdays
from app.journeys.recipes import RECIPES
from app.journeys.rehearsing import Rehearsal
from app.journeys.terms_form import TermsForm
from app.kit.house import House
from app.kit.tx import Tx
from app.messages import brakes, library, policy
from app.messages.blocks import Block, Draft, Kind, Letter
from app.saleor.errors import SaleorError
from app.segments import queries as segments
from app.shops import errands as shops
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.handed_in import RefusedError, kept
from app.web.page import Page, Rendered
from app.world import World

router = APIRouter(route_class=PatientRoute)

CHANGES, SEES_PEOPLE = "MANAGE_APPS", "MANAGE_USERS"
TABS = ("recipes", "running", "messages", "calendar")
LIST = "journeys/automations.html"
ONE = "journeys/automation.html"
EXTRAS = (Kind.CODE, Kind.RECOMMENDATIONS, Kind.PRODUCTS)
"""What a new message may show beside its words."""
CART = "cart"


@router.get("/app/automations")
def automations(visit: Viewing, page: Rendered, tab: str = "recipes") -> HTMLResponse:
    return _list(page, visit.tx, visit.caller, tab)


def _list(
    page: Page,
    tx: Tx,
    caller: Caller,
    tab: str,
    *,
    wrong: str = "",
    typed_: Mapping[str, str] | None = None,
) -> HTMLResponse:
    tab = tab if tab in TABS else "recipes"
    shown = showing.automations(tx, tab, may_change=caller.may(CHANGES), wrong=wrong, typed=typed_)
    return page(LIST, status=422 if wrong else 200, shown=shown)


@router.post("/app/automations")
def change_all(
    fields: Typed, caller: Called, house: TheHouse, page: Rendered, tab: str = "recipes"
) -> HTMLResponse:
    """SS-3: stop everything, and go on again; and the calendar's newsletters."""
    caller.must(CHANGES)
    wrong = ""
    match str(fields.get("do", "")):
        case "stop":
            house.do(caller.shop, brakes.stop_all)
        case "resume":
            house.do(caller.shop, lambda tx: brakes.resume_all(tx, skip=False))
        case "skip":
            house.do(caller.shop, lambda tx: brakes.resume_all(tx, skip=True))
        case "plan":
            wrong = house.do(caller.shop, lambda tx: _plan(tx, fields, caller))
        case "message":
            name = str(fields.get("name", "")).strip()[:80]
            if name:
                house.do(caller.shop, lambda tx: _write(tx, name, fields, caller, page))
            wrong = "" if name else "name"
        case "cancel":
            number = str(fields.get("letter", ""))
            if number.isdecimal():
                house.do(caller.shop, lambda tx: newsletters.cancel(tx, int(number)))
    told = {name: str(value) for name, value in fields.items()} if wrong else None
    with house.look(caller.shop) as tx:
        return _list(page, tx, caller, str(fields.get("tab", tab)), wrong=wrong, typed_=told)


def _write(tx: Tx, name: str, fields: FormData, caller: Caller, page: Page) -> None:
    """C11: a message of the shop's own, to begin with; its words are changed on its own page."""
    taken = {row.key for row in library.all_messages(tx)}
    key = next(k for n in range(1, len(taken) + 2) if (k := f"own-{n}") not in taken)
    blocks = [Block(kind=Kind.HEADING, text=name), Block(kind=Kind.TEXT, text="…")]
    blocks += [Block(kind=kind) for kind in EXTRAS if kind.value in fields]
    if front := policy.policy(tx).front:
        blocks.append(Block(kind=Kind.BUTTON, label=name, link=front))
    letter = Letter(subject=name, blocks=tuple(blocks))
    draft = Draft(key=key, name=name, variants={"email": {str(page.locale): letter}})
    library.save(tx, draft, by=caller.viewer.user_id)


def _plan(tx: Tx, fields: FormData, caller: Caller) -> str:
    """What is wrong with the newsletter form, or nothing; then it is planned."""
    message, segment = str(fields.get("message", "")), str(fields.get("segment", ""))
    if library.newest(tx, message) is None:
        return "message"
    if segment and segments.by_key(tx, segment) is None:
        return "segment"
    try:
        here = datetime.fromisoformat(str(fields.get("at", "")))
        at = here.replace(tzinfo=ZoneInfo(this_shop(tx).zone)) if here.tzinfo is None else here
        every = int(str(fields.get("every") or 0))
        newsletters.plan(
            tx,
            name=str(fields.get("name", ""))[:80] or message,
            message=message,
            segment=segment or None,
            at=at,
            every_days=every or None,
            digest="digest" in fields,
            by=caller.viewer.user_id,
        )
    except ValueError:
        return "time"
    return ""


@router.get("/app/automations/{key}")
def automation(visit: Viewing, page: Rendered, key: str) -> HTMLResponse:
    return _one(page, visit.tx, visit.caller, key)


def _one(
    page: Page,
    tx: Tx,
    caller: Caller,
    key: str,
    *,
    options: Mapping[str, int] | None = None,
    saved: bool = False,
    terms: TermsForm | None = None,
    birthdays: Birthdays | None = None,
) -> HTMLResponse:
    rehearsal = _rehearse(tx, key, options)
    shown = showing.automation(
        tx,
        key,
        options=options,
        rehearsal=rehearsal,
        may_change=caller.may(CHANGES),
        sees_people=caller.may(SEES_PEOPLE),
        saved=saved,
    )
    if shown is None:
        raise HTTPException(404, "There is no such automation.")
    if terms is None and key == CART:
        terms = terms_form.stored(tx)
    if birthdays is None and (name := _day_name(tx, key, options)):
        birthdays = handed.known(tx, name)
    wrong = (terms and terms.problems) or (birthdays and birthdays.refused)
    return page(ONE, status=422 if wrong else 200, shown=shown, terms=terms, birthdays=birthdays)


def _day_name(tx: Tx, key: str, options: Mapping[str, int] | None = None) -> str:
    """Which day known of customers it begins with, if one."""
    definition = showing.definition_of(tx, key, options)
    day = definition.on if definition else None
    return day.name if day and day.anchor == "date" else ""


def _rehearse(tx: Tx, key: str, options: Mapping[str, int] | None) -> Rehearsal | None:
    """J16: shown before anything is switched on."""
    definition = showing.definition_of(tx, key, options)
    return rehearsing.rehearse(tx, definition) if definition else None


@router.post("/app/automations/{key}")
def change_automation(  # noqa: PLR0917  # what a door is handed
    request: Request, fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str
) -> HTMLResponse:
    """Try the choices out, save them, switch on or off."""
    do, recipe = str(fields.get("do", "preview")), RECIPES.get(key)
    given = {name: int(value) for name, value in fields.items() if str(value).isdecimal()}  # type: ignore[arg-type]
    options = recipe.options(given) if recipe else {}
    if do == "preview":
        with house.look(caller.shop) as tx:
            return _one(page, tx, caller, key, options=options)
    caller.must(CHANGES)
    if do == "terms":
        return _terms(fields, caller, house, page)
    if do == "birthdays":
        return _days(key, str(fields.get("birthdays", "")), caller, house, page)
    by = caller.viewer.user_id

    def change(tx: Tx) -> None:
        if recipe and do in ("save", "on", "on_skip"):
            switching.set_up(tx, key, options, by=by)
        if do in ("on", "on_skip"):
            flows.switch_on(tx, key, skip=do == "on_skip")
        elif do == "off":
            flows.switch_off(tx, key)

    house.do(caller.shop, change)
    if options.get("bound"):
        learn_granted(request, caller)
    with house.look(caller.shop) as tx:
        return _one(page, tx, caller, key, saved=True)


def learn_granted(request: Request, caller: Caller) -> None:
    """CP-4: whether gift cards may be made, as of now; if Saleor does not answer, as of last."""
    world: World = request.app.state.saleors.world(caller.shop)
    with suppress(SaleorError):
        given = shops.granted(world.saleor)
        world.do(partial(shops.note_granted, given=given))


def _terms(fields: FormData, caller: Caller, house: House, page: Page) -> HTMLResponse:
    """AC-1, AC-7, RL-1, RL-2, RL-8: the shop's own terms of recovery."""
    with house.look(caller.shop) as tx:
        form = terms_form.typed(tx, fields, page.locale)
        if form.problems:
            return _one(page, tx, caller, CART, terms=form)
    house.do(caller.shop, lambda tx: terms_form.save(tx, form))
    with house.look(caller.shop) as tx:
        return _one(page, tx, caller, CART, saved=True)


def _days(key: str, text: str, caller: Caller, house: House, page: Page) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        name = _day_name(tx, key)
    if not name:
        raise HTTPException(404, "It begins with no day of a customer's.")
    try:
        told = house.do(caller.shop, lambda tx: handed.take(tx, text, name))
    except RefusedError as refusal:
        with house.look(caller.shop) as tx:
            told = replace(handed.known(tx, name), refused=refusal.rows, kept=kept(text))
            return _one(page, tx, caller, key, birthdays=told)
    with house.look(caller.shop) as tx:
        return _one(page, tx, caller, key, birthdays=told)

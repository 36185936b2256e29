"""DOOR 3 of messages: the list, the words of one, how it looks to a real customer, the mailbox."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import ValidationError
from sqlmodel import col, select

from app.customers import queries as people
from app.customers.tables import Person
from app.kit.clock import real_now
from app.kit.house import House
from app.kit.tx import ShopId, Tx, shop_named
from app.messages import editing, exporting, hashing, library, queries, readymade, trying
from app.messages.blocks import Draft
from app.messages.carriers import NotTakenError
from app.messages.rules import RefusedError
from app.messages.tables import Posted
from app.messages.view import Copy, Editor, MailboxPage
from app.shops.flows import this_shop
from app.shops.tables import Shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing, needs
from app.web.page import Page, Rendered
from app.world import World

router = APIRouter(route_class=PatientRoute)

CHANGES, SEES_PEOPLE = "MANAGE_APPS", "MANAGE_USERS"
LOOK_FOR = timedelta(minutes=15)
NEWEST = 100
SHOWN = {
    "Content-Security-Policy": "default-src 'none'; img-src https: data:; "
    "style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""A letter brings its own styles and nothing that runs."""


@router.get("/app/messages/{key}", dependencies=[needs(SEES_PEOPLE)])
def message(
    key: str, caller: Called, house: TheHouse, page: Rendered, person: str = ""
) -> HTMLResponse:
    return _show(page, house, caller, key, person=person)


@router.post("/app/messages/{key}", dependencies=[needs(SEES_PEOPLE)])
def change(
    key: str, fields: Typed, caller: Called, page: Rendered, request: Request
) -> HTMLResponse:
    """One form and its buttons: save, show as somebody, rehearse, send a test."""
    house: House = request.app.state.house
    form = {name: str(value) for name, value in fields.items()}
    do, person = form.get("do", ""), form.get("person", "")
    if do == "test":
        return _test(page, house, caller, key, form, world=request.app.state.saleors.world)
    if do == "rehearse":
        with house.look(caller.shop) as tx:
            found = [(p.person, p.word, p.field) for p in trying.rehearse(tx, _draft(tx, key))]
        return _show(page, house, caller, key, person=person, rehearsed=found)
    if do != "save":
        return _show(page, house, caller, key, person=person)
    caller.must(CHANGES)
    with house.look(caller.shop) as tx:
        draft = _draft(tx, key)
    try:
        told = editing.read(draft, form)
    except ValidationError as failure:
        found_ = editing.problems(failure)
        return _show(page, house, caller, key, person=person, problems=found_, status=422)
    by = caller.viewer.user_id
    house.do(caller.shop, lambda tx: library.save(tx, told, by=by))
    return _show(page, house, caller, key, person=person, saved=True)


def _test(
    page: Page,
    house: House,
    caller: Caller,
    key: str,
    form: Mapping[str, str],
    *,
    world: Callable[[ShopId], World],
) -> HTMLResponse:
    """SS-5: to the staff member who asks, and to nobody else."""
    person, to = form.get("person", ""), caller.viewer.email
    with house.look(caller.shop) as tx:
        draft, somebody = _draft(tx, key), _somebody(tx, person)
    problems: dict[str, str] = {}
    tested = ""
    if somebody is None or not to:
        problems[""] = "nobody"
    else:
        try:
            trying.send_test(
                world(caller.shop), draft, to=to, person=somebody.id or 0,
                language=form.get("language", ""),
            )  # fmt: skip
            tested = to
        except (RefusedError, NotTakenError) as failure:
            problems[""] = str(failure)
    return _show(page, house, caller, key, person=person, problems=problems, tested=tested)


def _draft(tx: Tx, key: str) -> Draft:
    draft = library.find(tx, key)
    if draft is None and key in (readymade.CONFIRM, readymade.GOODBYE):
        draft = next(d for d in (readymade.QUESTION, readymade.BYE) if d.key == key)
    if draft is None:
        raise HTTPException(404, "There is no such message.")
    return draft


def _somebody(tx: Tx, email: str) -> Person | None:
    """Whose data is shown: who was asked for, else whoever bought last."""
    if email.strip():
        found = people.by_email(tx, email)
        return found[0] if found else None
    sample = trying.sample(tx, 1)
    return sample[0] if sample else None


def _show(
    page: Page,
    house: House,
    caller: Caller,
    key: str,
    *,
    person: str,
    status: int = 200,
    **other: Any,  # noqa: ANN401  # fields of Editor
) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        draft, somebody = _draft(tx, key), _somebody(tx, person)
        row = library.newest(tx, key)
        look = _looks(tx, house, key, draft, somebody) if somebody else {}
        if person.strip() and somebody is None:
            other["problems"] = {**other.get("problems", {}), "person": "unknown"}
        editor = Editor(
            key=key, name=draft.name, purpose=draft.purpose, version=row.version if row else 0,
            words=editing.shown(draft, look=look, channels=queries.channels(tx)),
            missing=draft.missing(),
            plain_links=draft.plain_links,
            may_change=caller.may(CHANGES), person=(somebody.email or "") if somebody else person,
            **other,
        )  # fmt: skip
    return page("messages/message.html", status=status, editor=editor)


def _looks(
    tx: Tx, house: House, key: str, draft: Draft, person: Person
) -> Mapping[tuple[str, str], str]:
    """An address for each look, good for minutes: a window of its own has no Dashboard's token."""
    secret = house.secrets.open(this_shop(tx).code_secret)
    till = real_now() + LOOK_FOR
    found = {}
    for channel, languages in draft.variants.items():
        for language in languages:
            what = f"{key}/{channel}/{language}/{person.id}"
            mark = trying.pass_for(secret, shop=int(tx.shop), what=what, till=till)
            found[channel, language] = f"/look/{mark}/{what}"
    return found


@router.get("/look/{mark}/{what:path}")
def look(mark: str, what: str, house: TheHouse) -> Response:
    """A message as one real customer would get it. Nothing is written down."""
    shop = _passed(mark, what, house)
    key, channel, language, number = what.split("/")
    with house.look(shop) as tx:
        draft, row = _draft(tx, key), queries.whole(tx, int(number))
        if row is None:
            raise HTTPException(404)
        try:
            shown = trying.preview(tx, draft, row, channel=channel, language=language)
        except RefusedError as refusal:
            return Response(f"{refusal}: {getattr(refusal, 'name', '')}", 409, SHOWN, "text/plain")
    if shown.html:
        return HTMLResponse(shown.html, headers=SHOWN)
    return Response(shown.text, 200, SHOWN, "text/plain")


@router.get("/letter/{mark}/{number}")
def letter(mark: str, number: int, house: TheHouse) -> Response:
    """One message of the local mailbox."""
    shop = _passed(mark, f"letter/{number}", house)
    with house.look(shop) as tx:
        copy = tx.exec(select(Posted).where(Posted.id == number)).first()
    if copy is None:
        raise HTTPException(404)
    if copy.html:
        return HTMLResponse(copy.html, headers=SHOWN)
    return Response(copy.text, 200, SHOWN, "text/plain")


def _passed(mark: str, what: str, house: House) -> ShopId:
    """404 for a pass that is forged, of another thing, or has run out."""
    shop, _, rest = mark.partition("-")
    seconds, _, signature = rest.partition("-")
    if not (shop.isdecimal() and seconds.isdecimal()):
        raise HTTPException(404)
    id_ = shop_named(int(shop))
    with house.look(id_) as tx:
        sealed = tx.exec(select(Shop.code_secret).where(Shop.id == id_)).first()
    good = sealed is not None and hashing.signed(
        house.secrets.open(sealed), signature, "preview", int(shop), int(seconds), what
    )
    if not good or real_now() > datetime.fromtimestamp(int(seconds), UTC):
        raise HTTPException(404, "This look has run out. Open it again from the Dashboard.")
    return id_


@router.get("/app/mailbox", dependencies=[needs(SEES_PEOPLE)])
def mailbox(visit: Viewing, page: Rendered) -> HTMLResponse:
    """What would have gone out, where the shop sends into the app's own mailbox."""
    tx = visit.tx
    secret = visit.house.secrets.open(this_shop(tx).code_secret)
    till = real_now() + LOOK_FOR
    rows = tx.exec(select(Posted).order_by(col(Posted.id).desc()).limit(NEWEST)).all()
    copies = [
        Copy(
            at=row.at, channel=row.channel, recipient=row.recipient,
            subject=row.subject or row.text[:80],
            look=_letter(tx, secret, row.id or 0, till),
        )
        for row in rows
    ]  # fmt: skip
    shown = MailboxPage(copies=copies, now=tx.now, zone=this_shop(tx).zone)
    return page("messages/mailbox.html", shown=shown)


def _letter(tx: Tx, secret: str, number: int, till: datetime) -> str:
    what = f"letter/{number}"
    return f"/letter/{trying.pass_for(secret, shop=int(tx.shop), what=what, till=till)}/{number}"


@router.get("/app/people/{person}/messages.json", dependencies=[needs(SEES_PEOPLE)])
def take_away(person: int, visit: Viewing) -> JSONResponse:
    """PR-2, CO-7: consents with their proof, and every message with its story."""
    return JSONResponse(dict(exporting.export(visit.tx, person)))

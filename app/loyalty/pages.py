"""DOOR 3 of the programme: its settings, and the widget beside a customer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from app.kit.house import House
from app.kit.tx import Tx
from app.loyalty import form, queries, settings, widget
from app.loyalty.form import Draft
from app.loyalty.queries import Terms
from app.loyalty.view import Preview, Proposal, Saved, SettingsForm, Sight, Widget
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing, caller_of
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

TEMPLATE = "loyalty/settings.html"
CHANGES = "MANAGE_APPS"
SEES_PEOPLE = "MANAGE_USERS"
AT_ONCE: Mapping[str, Callable[..., None]] = {
    "stop": settings.stop_offers,
    "resume": settings.resume_offers,
}
"""MG-8: done with one press, whatever stands in the form."""


async def whoever(request: Request) -> Caller | None:
    """A widget shows its own words where the token is no good."""
    try:
        return await caller_of(request)
    except HTTPException:
        return None


@router.get("/app/offers")
def settings_page(visit: Viewing, page: Rendered) -> HTMLResponse:
    terms = known_terms(visit.tx)
    return _show(page, visit.tx, visit.caller, settings.stored(visit.tx, terms))


@router.post("/app/offers")
def change_settings(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """One form and its buttons: `do` this, or `remove` a tier."""
    caller.must(CHANGES)
    do, by = str(fields.get("do", "")), caller.viewer.user_id
    if do == "undo":
        return _undo(fields, caller, house, page)
    if do in AT_ONCE:
        house.do(caller.shop, lambda tx: AT_ONCE[do](tx, by=by))
        return _afresh(page, caller, house, None)
    with house.look(caller.shop) as tx:
        terms = known_terms(tx)
        draft = form.read(fields, settings.stored(tx, terms), page.locale)
        if do == "save" and draft.wrong:
            return _show(page, tx, caller, draft, status=422)
        if do != "save":
            draft = _filled_in(terms, draft, fields)
            return _show(page, tx, caller, draft, preview=settings.preview(tx, terms, draft))
    version = house.do(caller.shop, lambda tx: settings.save(tx, draft, by=by))
    return _afresh(page, caller, house, Saved(undo=str(version)))


def _filled_in(terms: Terms, draft: Draft, fields: FormData) -> Draft:
    """What a button does to a form that is not saved."""
    if removed := fields.get("remove"):
        return form.without(draft, str(removed))
    match fields.get("do"):
        case "add":
            return form.added(draft)
        case "propose":
            return settings.with_proposals(draft, settings.proposals(terms))
        case _:
            return draft


def _undo(fields: FormData, caller: Caller, house: House, page: Page) -> HTMLResponse:
    version = str(fields.get("undo", ""))
    number = int(version) if version.isdecimal() else -1
    by = caller.viewer.user_id
    undone = house.do(caller.shop, lambda tx: settings.undo(tx, number, by=by))
    return _afresh(page, caller, house, Saved(undo=None) if undone else None)


def _afresh(page: Page, caller: Caller, house: House, saved: Saved | None) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        terms = known_terms(tx)
        return _show(page, tx, caller, settings.stored(tx, terms), saved=saved)


def _show(
    page: Page,
    tx: Tx,
    caller: Caller,
    draft: Draft,
    *,
    preview: Preview | None = None,
    saved: Saved | None = None,
    status: int = 200,
) -> HTMLResponse:
    terms = known_terms(tx)
    people = queries.people_by_tier(tx, terms) if terms.open else None
    draft = settings.with_people(draft, people)
    shown = SettingsForm(
        rungs=draft.rungs,
        now=tx.now,
        currency=draft.currency,
        currencies=tuple(sorted({terms.currency, draft.currency, *draft.rates})),
        channels=draft.channels,
        months=draft.months,
        zone=draft.zone,
        zones=tuple(sorted(available_timezones())),
        excluded=draft.excluded,
        rates=draft.rates,
        problems=draft.problems,
        proposals=_news(settings.proposals(terms), draft) if terms.open else (),
        preview=preview,
        saved=saved,
        stopped_at=terms.programme.stopped_at,
        may_change=caller.may(CHANGES),
    )
    return page(TEMPLATE, status=status, form=shown)


def _news(proposals: Sequence[Proposal], draft: Draft) -> tuple[Proposal, ...]:
    """Proposals that say something else than the form."""
    have = [rung.threshold for rung in draft.rungs[1:]]
    return () if [p.threshold for p in proposals] == have else tuple(proposals)


def known_terms(tx: Tx) -> Terms:
    terms = queries.terms(tx)
    if terms is None:
        raise HTTPException(404, "The app has not settled in yet.")
    return terms


@router.get("/app/customer")
def customer_popup(
    request: Request,
    caller: Called,
    house: TheHouse,
    page: Rendered,
    customerId: str = "",  # noqa: N803
) -> HTMLResponse:
    """Saleor before 3.22 has no widgets: the same, opened from the customer's menu."""
    asked = {"customerId": customerId}
    seen = _widget(asked, caller, house)
    share, purse = _beside(request, asked, caller, house)
    return page("loyalty/customer.html", widget=seen, share=share, purse=purse)


@router.post("/app/widgets/customer")
def customer_widget(
    request: Request,
    fields: Typed,
    caller: Annotated[Caller | None, Depends(whoever)],
    house: TheHouse,
    page: Rendered,
) -> HTMLResponse:
    seen = _widget(fields, caller, house)
    share, purse = _beside(request, fields, caller, house)
    return page("loyalty/widget.html", widget=seen, share=share, purse=purse)


def _beside(
    request: Request, fields: Mapping[str, object], caller: Caller | None, house: House
) -> tuple[object, object]:
    """What she may pass on to friends, and her points: of other rooms, which the roots hand in."""
    if caller is None or not caller.may(SEES_PEOPLE):
        return None, None
    base = house.settings.base_url or str(request.base_url)
    with house.look(caller.shop) as tx:
        person = queries.by_account(tx, str(fields.get("customerId", "")))
        ask = request.app.state
        share = ask.share(tx, person, base=base, open_=house.secrets.open)
        return share, ask.purse(tx, person)


def _widget(fields: Mapping[str, object], caller: Caller | None, house: House) -> Widget:
    now = house.clock.now()
    if caller is None:
        return Widget(sight=Sight.STALE, now=now)
    if not caller.may(SEES_PEOPLE):
        return Widget(sight=Sight.FORBIDDEN, now=now)
    account = str(fields.get("customerId", ""))
    with house.look(caller.shop) as tx:
        lacks_code = widget.deserves_code(tx, account)
    if lacks_code:
        house.do(caller.shop, lambda tx: widget.mint_shown(tx, account, house.secrets.open))
    with house.look(caller.shop) as tx:
        return widget.sight(tx, account)

"""DOOR 3 of sending: which servers and services a shop sends with, and how its domain stands."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.kit.house import House
from app.kit.tx import Tx
from app.messages import bringing_pages, queries, rules_pages, setting_up
from app.messages.blocks import safe_link
from app.messages.hooks import flows as hooks
from app.messages.hooks.flows import EVENTS
from app.messages.hooks.tables import Hook
from app.messages.reputation import Mood
from app.messages.rules import Channel
from app.messages.setting_up import Setup
from app.shops.flows import this_shop
from app.web.asked import Typed
from app.web.door import Called, Caller, PatientRoute, Viewing, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)
router.include_router(rules_pages.router)
router.include_router(bringing_pages.router)

CHANGES = "MANAGE_APPS"
SHOWN = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP)
TEXTS = (
    "url", "sender", "service_sender", "reply_to", "return_path", "postal", "inbox", "selector",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One channel. Addresses with passwords are never shown once they are stored: only that there
    is one. What was typed and refused stays in its field."""

    channel: str
    known: bool = False
    reads_mail: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    warm: bool = False
    active: bool = True
    problems: Mapping[str, str] = field(default_factory=dict)
    lights: Mapping[str, str] = field(default_factory=dict)
    checked_at: datetime | None = None
    mood: str = Mood.GOOD.value
    reports: str = ""
    """Where the provider posts what comes back."""
    secret: str = ""
    """What it signs that with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """Another app that is told of events."""

    id: int
    url: str
    events: tuple[str, ...]
    active: bool
    secret: str
    last_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    forms: tuple[Form, ...]
    may_change: bool
    house_sends: bool
    """Without an outlet of its own the shop sends e-mail with the house's."""
    now: datetime
    zone: str
    saved: str = ""
    hooks: tuple[Ear, ...] = ()
    events: tuple[str, ...] = EVENTS
    wrong_hook: bool = False
    hook_url: str = ""
    """As it was typed and refused, and the events that were chosen with it."""
    hook_events: tuple[str, ...] = ()


@router.get("/app/sending", dependencies=[needs(CHANGES)])
def sending(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _show(page, visit.house, visit.caller)


@router.post("/app/sending", dependencies=[needs(CHANGES)])
def set_up(fields: Typed, caller: Called, page: Rendered, request: Request) -> HTMLResponse:
    house: House = request.app.state.house
    channel = str(fields.get("channel", ""))
    if channel not in SHOWN:
        raise HTTPException(404, "There is no such channel.")
    told = {name: str(fields.get(name, "")).strip() for name in TEXTS}
    setup = Setup(**told, warm="warm" in fields, active="active" in fields)
    with house.look(caller.shop) as tx:
        known = queries.any_outlet(tx, channel) is not None
    if wrong := setting_up.problems(setup, channel, known=known):
        form = Form(
            channel=channel, known=known, told=told, warm=setup.warm, active=setup.active,
            problems=wrong,
        )  # fmt: skip
        return _show(page, house, caller, instead=form, status=422)
    house.do(caller.shop, lambda tx: setting_up.save(tx, house, channel, setup))
    return _show(page, house, caller, saved=channel)


@router.post("/app/sending/hooks", dependencies=[needs(CHANGES)])
def change_hooks(fields: Typed, caller: Called, page: Rendered, request: Request) -> HTMLResponse:
    """Add an address, or `drop` one."""
    house: House = request.app.state.house
    number = str(fields.get("drop", ""))
    if number.isdecimal():
        house.do(caller.shop, lambda tx: hooks.drop(tx, int(number)))
        return _show(page, house, caller)
    url, wanted = str(fields.get("url", "")).strip(), [str(e) for e in fields.getlist("event")]
    try:
        safe_link(url)
    except ValueError:
        return _show(page, house, caller, refused=(url, *wanted), status=422)
    sealed = house.secrets.seal(secrets.token_urlsafe(32))
    house.do(caller.shop, lambda tx: hooks.add(tx, url, events=wanted, sealed=sealed))
    return _show(page, house, caller)


def _show(
    page: Page,
    house: House,
    caller: Caller,
    *,
    instead: Form | None = None,
    status: int = 200,
    saved: str = "",
    refused: tuple[str, ...] = (),
) -> HTMLResponse:
    with house.look(caller.shop) as tx:
        forms = tuple(
            instead if instead and instead.channel == channel else _form(tx, house, channel)
            for channel in SHOWN
        )
        shown = Sending(
            forms=forms, may_change=caller.may(CHANGES), now=tx.now, zone=this_shop(tx).zone,
            house_sends=house.settings.smtp_url is not None, saved=saved,
            hooks=_ears(tx, house), wrong_hook=bool(refused), hook_url="".join(refused[:1]),
            hook_events=refused[1:],
        )  # fmt: skip
    return page("messages/sending.html", status=status, shown=shown)


def _ears(tx: Tx, house: House) -> tuple[Ear, ...]:
    rows = tx.exec(select(Hook).order_by(col(Hook.id))).all()
    return tuple(
        Ear(
            id=row.id or 0, url=row.url, events=tuple(row.events), active=row.active,
            secret=house.secrets.open(row.secret), last_status=row.last_status,
        )
        for row in rows
    )  # fmt: skip


def _form(tx: Tx, house: House, channel: str) -> Form:
    row = queries.any_outlet(tx, channel)
    reports = f"{(house.settings.base_url or '').rstrip('/')}/api/reports/{tx.shop}/{channel}"
    if row is None:
        return Form(channel=channel, reports=reports)
    told = {
        "sender": row.sender, "service_sender": row.service_sender, "reply_to": row.reply_to,
        "return_path": row.return_path, "postal": row.postal,
        "selector": str(row.checks.get("selector") or ""),
    }  # fmt: skip
    return Form(
        channel=channel, known=True, reads_mail=row.inbox is not None, told=told,
        warm=bool(row.checks.get("warm")), active=row.active,
        lights=row.checks.get("domain", {}), checked_at=row.checked_at,
        mood=str(row.checks.get("mood", Mood.GOOD)), reports=reports,
        secret=house.secrets.open(row.secret) if row.secret else "",
    )  # fmt: skip

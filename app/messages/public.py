"""What the customers of a shop see of us: a way out, their choices, links that lead on.

Nobody is proved here but by what stood in a message. GET never changes anything (UN-3).
"""

import re
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlmodel import select
from starlette.concurrency import run_in_threadpool

from app.kit.house import House
from app.kit.tx import ShopId, Tx, shop_named
from app.messages import hashing, joining, leaving, queries, reports, touches, ways_out
from app.messages.blocks import safe_link
from app.messages.leaving import TOPICS, Choice
from app.messages.tables import Send
from app.messages.touches import Visitor
from app.shops.tables import Shop
from app.web.door import PatientRoute
from app.web.page import Page

router = APIRouter(route_class=PatientRoute)

TOKEN = re.compile(r"(\d{1,12})\.([a-z2-7]{52})")
SIGNED = re.compile(r"(\d{1,12})-(\d{1,18})-([0-9a-f]{20})")
WAY_BACK = re.compile(r"[0-9a-f]{1,12}-[\w-]{43,}")
"""RL-2: the token of a recovery link, where a storefront has it in its path, as we do."""
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
Agent = Annotated[str, Header(alias="User-Agent")]


class Place(NamedTuple):
    """A shop and the token that was shown for it."""

    shop: ShopId
    token: str


class Shown(NamedTuple):
    """What a page about a message needs."""

    shop: str
    language: str
    choice: Choice | None
    done: bool = False


def _place(token: str) -> Place:
    found = TOKEN.fullmatch(token)
    if found is None:
        raise HTTPException(404)
    return Place(shop_named(int(found[1])), found[2])


def _send(tx: Tx, place: Place) -> Send:
    send = queries.send_with_token(tx, place.token)
    if send is None:
        raise HTTPException(404)
    return send


def shop_name(tx: Tx) -> str:
    return tx.exec(select(Shop.name).where(Shop.id == tx.shop)).first() or ""


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def page_in(request: Request, language: str) -> Page:
    """In the language of the message, unless the reader chose another."""
    wish = request.query_params.get("locale") or language.replace("_", "-")
    return Page(locale=wish, browser=request.headers.get("accept-language"))


def _shown(tx: Tx, place: Place, *, done: bool = False) -> Shown:
    send = _send(tx, place)
    return Shown(shop_name(tx), send.language, leaving.chosen(tx, send), done)


@router.get("/u/{token}")
def ask(token: str, request: Request) -> HTMLResponse:
    """UN-3: a page with one button."""
    place = _place(token)
    with _house(request).look(place.shop) as tx:
        old = ways_out.find(tx, place.token)
        shown = Shown(shop_name(tx), "", None) if old else _shown(tx, place)
    return page_in(request, shown.language)("messages/unsubscribe.html", shown=shown, token=token)


@router.post("/u/{token}")
async def leave(token: str, request: Request) -> HTMLResponse:
    """UN-2: RFC 8058, and the page's own button. No cookie, no login, no redirect."""
    form = await request.form()
    place, reason = _place(token), str(form.get("reason", ""))[:500]

    def gone(tx: Tx) -> Shown:
        if old := ways_out.find(tx, place.token):  # UN-5: all else of the message is forgotten
            ways_out.take(tx, old)
            return Shown(shop_name(tx), "", None, done=True)
        leaving.unsubscribe(tx, _send(tx, place), reason=reason)
        return _shown(tx, place, done=True)

    shown = await run_in_threadpool(_house(request).do, place.shop, gone)
    return page_in(request, shown.language)("messages/unsubscribe.html", shown=shown, token=token)


@router.get("/preferences/{token}")
def choices(token: str, request: Request) -> HTMLResponse:
    place = _place(token)
    with _house(request).look(place.shop) as tx:
        shown = _shown(tx, place)
    return _choices(request, shown, token)


@router.post("/preferences/{token}")
async def choose(token: str, request: Request) -> HTMLResponse:
    form = await request.form()
    place, do = _place(token), str(form.get("do", "save"))

    def apply(tx: Tx) -> Shown:
        send = _send(tx, place)
        if do == "stop":
            leaving.stop_everything(tx, send, reason=str(form.get("reason", "")))
        elif do in ("object", "allow"):
            leaving.change_profile(tx, send, objects=do == "object")
        else:
            choice = Choice(
                subscribed=True,
                topics=frozenset(map(str, form.getlist("topic"))) & frozenset(TOPICS),
                fewer="fewer" in form,
                paused="pause" in form,
                language=str(form.get("language", ""))[:8],
                reason=str(form.get("reason", "")),
            )
            leaving.choose(tx, send, choice)
        return _shown(tx, place, done=True)

    shown = await run_in_threadpool(_house(request).do, place.shop, apply)
    return _choices(request, shown, token)


def _choices(request: Request, shown: Shown, token: str) -> HTMLResponse:
    page = page_in(request, shown.choice.language if shown.choice else shown.language)
    return page("messages/preferences.html", shown=shown, token=token, topics=TOPICS)


@router.get("/confirm/{token}")
def ask_once_more(token: str, request: Request) -> HTMLResponse:
    """CO-4: opening the link says nothing; a press does."""
    place = _place(token)
    with _house(request).look(place.shop) as tx:
        asked = joining.with_token(tx, place.token)
        shown = Shown(shop_name(tx), asked.language if asked else "", None)
    page = page_in(request, shown.language)
    status = 200 if asked else 410
    return page(
        "messages/confirm.html", status=status, shown=shown, token=token, open=asked is not None
    )


@router.post("/confirm/{token}")
def confirm(token: str, request: Request) -> HTMLResponse:
    place = _place(token)

    def yes(tx: Tx) -> Shown | None:
        asked = joining.with_token(tx, place.token)
        if asked is None:
            return None
        language = asked.language
        joining.confirm(tx, asked)
        return Shown(shop_name(tx), language, None, done=True)

    shown = _house(request).do(place.shop, yes)
    page = page_in(request, shown.language if shown else "")
    status = 200 if shown else 410
    shown = shown or Shown("", "", None)
    return page("messages/confirm.html", status=status, shown=shown, token=token, open=shown.done)


@router.post("/api/reports/{shop}/{channel}")
async def take_reports(shop: int, channel: str, request: Request) -> Response:
    """BO: what a provider tells, signed with the outlet's secret. 401 else; nothing is believed
    that names no message of ours (BO-4).
    """
    house, body = _house(request), await request.body()
    signature = request.headers.get("x-perennial-signature", "")

    def take(tx: Tx) -> int | None:
        outlet = queries.outlet(tx, channel)
        if outlet is None or not outlet.secret:
            return None
        if not reports.signed(house.secrets.open(outlet.secret), body, signature):
            return None
        secret = tx.exec(select(Shop.code_secret).where(Shop.id == tx.shop)).one()
        return reports.take_in(
            tx, reports.events(body), secret=house.secrets.open(secret), channel=channel
        )

    try:
        taken = await run_in_threadpool(house.do, shop_named(shop), take)
    except ValueError as failure:
        raise HTTPException(400, "Not a list of events.") from failure
    if taken is None:
        raise HTTPException(401)
    return JSONResponse({"taken": taken})


def _signed(house: House, mark: str, what: str, link: str) -> tuple[ShopId, int]:
    found = SIGNED.fullmatch(mark)
    if found is None:
        raise HTTPException(404)
    shop, send = shop_named(int(found[1])), int(found[2])
    with house.look(shop) as tx:
        sealed = tx.exec(select(Shop.code_secret).where(Shop.id == shop)).first()
    if sealed is None or not hashing.signed(
        house.secrets.open(sealed), found[3], what, shop, send, link
    ):
        raise HTTPException(404)
    return shop, send


@router.api_route("/c/{mark}", methods=["GET", "HEAD"])
def follow(
    mark: str, request: Request, to: Annotated[str, Query()] = "", agent: Agent = ""
) -> Response:
    """A link of a message: only where we signed that it leads there."""
    house, trap = _house(request), not to
    shop, id_ = _signed(house, mark, "trap" if trap else "click", to)

    def note(tx: Tx) -> None:
        if send := queries.send_by_id(tx, id_):
            visitor = _visitor(request, agent)
            touches.clicked(tx, send, link=_bare(to), visitor=visitor, trap=trap)

    house.do(shop, note)
    if trap:
        raise HTTPException(404)
    return RedirectResponse(safe_link(to), status_code=302, headers={"Cache-Control": "no-store"})


@router.get("/o/{mark}.gif")
def opened(mark: str, request: Request, agent: Agent = "") -> Response:
    house = _house(request)
    shop, id_ = _signed(house, mark, "open", "")

    def note(tx: Tx) -> None:
        if send := queries.send_by_id(tx, id_):
            touches.opened(tx, send, visitor=_visitor(request, agent))

    house.do(shop, note)
    return Response(PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store"})


def _visitor(request: Request, agent: str) -> Visitor:
    """OP-4: for the verdict alone; neither is written anywhere."""
    address = request.client.host if request.client else ""
    return Visitor(agent, address, head=request.method == "HEAD")


def _bare(url: str) -> str:
    """A link without what might be personal in it: a recovery token is nobody's business here."""
    parts = urlsplit(url)
    path = "/".join("…" if WAY_BACK.fullmatch(one) else one for one in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc}{path}"

"""DOOR 3, outside: a friend opens a link and takes a code; an advocate's storefront asks for hers.

Nobody is proved here but the holder of a link, who is told what the shop promises and no more: not
whose link it is. A GET changes nothing. Of an advocate's own, her Saleor access token is asked.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field

from app.customers import queries as customers
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.loyalty import vouchers
from app.loyalty.tables import Code
from app.loyalty.vouchers import VoucherGoneError
from app.recommend import storefront
from app.recommend.storefront import Outside
from app.referrals import flows, links, queries, view
from app.referrals.flows import Sight
from app.referrals.view import Promise, Share
from app.saleor.errors import SaleorError
from app.shops.flows import this_shop
from app.web.page import Page

router = APIRouter()

STATUS: Mapping[Sight, int] = {
    Sight.READY: HTTPStatus.OK,
    Sight.UNKNOWN: HTTPStatus.NOT_FOUND,
    Sight.RESTING: HTTPStatus.GONE,
    Sight.TOO_OFTEN: HTTPStatus.TOO_MANY_REQUESTS,
}
ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
"""A storefront is of another origin. No cookie and no token of ours is ever sent along."""
A_FRIEND = {"rate": 0.1, "burst": 20.0}
"""How often one address may ask for codes: each is made in Saleor."""
TURN = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9_-]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a friend sees."""

    sight: Sight
    shop: str = ""
    promise: Promise | None = None
    zone: str = "UTC"
    code: str = ""
    ends_at: datetime | None = None
    again: bool = False
    """Saleor could not be asked: press once more."""


class Asked(BaseModel):
    rt: str = Field(max_length=100)
    turn: str = TURN


@router.get("/f/{token}")
def invitation(request: Request, token: str, locale: str | None = None) -> HTMLResponse:
    house: House = request.app.state.house
    with house.look(links.shop_of(token)) as tx:
        offered = _seen(tx, token, house)
    return _page(request, locale, offered, turn=secrets.token_urlsafe(12), token=token)


@router.post("/f/{token}")
def accept(
    request: Request,
    token: str,
    locale: str | None = None,
    turn: Annotated[str, Form(max_length=60)] = "",
) -> HTMLResponse:
    """RF-1. Pressed twice, or sent again by a browser that goes back, it is one code."""
    offered = _taken(request, token, turn)
    return _page(request, locale, offered, turn=turn or secrets.token_urlsafe(12), token=token)


@router.get("/public/v1/friend")
def invitation_as_data(request: Request, rt: Annotated[str, Query()] = "") -> JSONResponse:
    house: House = request.app.state.house
    with house.look(links.shop_of(rt)) as tx:
        offered = _seen(tx, rt, house)
    return JSONResponse(_told(offered), STATUS[offered.sight], ANYWHERE)


@router.post("/public/v1/friend")
def accept_as_data(request: Request, asked: Asked) -> JSONResponse:
    """A storefront that shows a page of its own. `turn` is anything that is the same for one
    friend: with it a second press brings the same code."""
    offered = _taken(request, asked.rt, asked.turn or secrets.token_urlsafe(12))
    if offered.again:
        return JSONResponse({"state": "try_again"}, HTTPStatus.SERVICE_UNAVAILABLE, ANYWHERE)
    return JSONResponse(_told(offered), STATUS[offered.sight], ANYWHERE)


@router.options("/public/v1/friend")
def may_ask() -> Response:
    asked = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "86400"}
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={**ANYWHERE, **asked, "Access-Control-Allow-Headers": "content-type"},
    )


@router.get("/public/v1/referral")
def own_link(
    request: Request,
    key: Annotated[str, Query(max_length=120)],
    authorization: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """The signed-in customer's own link, text and rewards. 401 without a token of hers."""
    outside: Outside = request.app.state.outside
    tenant = storefront.tenant_of(outside, key)
    base = request.app.state.house.settings.base_url or str(request.base_url)
    with outside.house.look(tenant.id) as tx:
        visit = storefront.come_in(tx, tenant, request, key)
        account = storefront.proved(outside, visit, authorization)
        if account is None:
            raise storefront.refused(HTTPStatus.UNAUTHORIZED, visit)
        person = customers.by_account(tx, account)
        share = view.share_of(tx, person, base=base, open_=outside.house.secrets.open)
    headers = {**visit.cors, "Cache-Control": "private, no-store"}
    return JSONResponse(_own(share), headers=headers)


@router.options("/public/v1/referral")
def may_ask_for_own(request: Request, key: Annotated[str, Query(max_length=120)]) -> Response:
    return storefront.ask_first(request, key)


def _own(share: Share | None) -> dict[str, Any]:
    if share is None or not share.on:
        return {"state": "off"}
    return {
        "state": "on",
        "link": share.link,
        "texts": dict(share.texts),
        "friends": share.friends,
        "waiting": share.waiting,
        "rewards": [
            {
                "code": one.code,
                "amount": str(one.worth.amount) if one.worth else None,
                "currency": one.worth.currency if one.worth else None,
                "endsAt": one.ends_at.isoformat() if one.ends_at else None,
                "used": one.used,
            }
            for one in share.rewards
        ],
    }


def _seen(tx: Tx, token: str, house: House) -> Offered:
    sight = flows.come_in(tx, token, house.secrets.open).sight
    if sight is Sight.UNKNOWN:
        return Offered(sight=sight)
    shop, terms = this_shop(tx), queries.terms(tx)
    return Offered(
        sight=sight,
        shop=shop.name,
        promise=view.promise_of(terms, shop.currency) if terms else None,
        zone=shop.zone,
    )


def _taken(request: Request, token: str, turn: str) -> Offered:
    house: House = request.app.state.house
    shop, open_ = links.shop_of(token), house.secrets.open
    address = request.client.host if request.client else ""
    with house.look(shop) as tx:
        seen = _seen(tx, token, house)
    if seen.sight is not Sight.READY:
        return seen
    if request.app.state.friends.wait(address):
        return Offered(sight=Sight.TOO_OFTEN)
    take = partial(flows.take, token=token, turn=turn, address=address, open_=open_)
    sight, code = house.do(shop, take)
    if code is None:
        return Offered(sight=sight)
    there = _works(request, shop, code)
    return Offered(
        sight=Sight.READY, shop=seen.shop, promise=seen.promise, zone=seen.zone,
        code=code.code if there else "", ends_at=code.ends_at, again=not there,
    )  # fmt: skip


def _works(request: Request, shop: ShopId, code: Code) -> bool:
    """What is shown has to work when it is typed."""
    try:
        vouchers.bring(request.app.state.saleors.world(shop), code.id or 0)
    except (SaleorError, VoucherGoneError):
        return False
    return True


def _told(offered: Offered) -> dict[str, Any]:
    body: dict[str, Any] = {"state": offered.sight.value}
    if promise := offered.promise:
        body |= {"percent": str(promise.percent * 100)}
        if promise.least:
            body |= {"least": str(promise.least.amount), "currency": promise.least.currency}
    if offered.code and offered.ends_at:
        body |= {"code": offered.code, "endsAt": offered.ends_at.isoformat()}
    return body


def _page(
    request: Request, asked: str | None, offered: Offered, *, turn: str, token: str
) -> HTMLResponse:
    browser = request.headers.get("accept-language")
    page = Page(locale=asked or browser, browser=browser)
    status = HTTPStatus.SERVICE_UNAVAILABLE if offered.again else STATUS[offered.sight]
    return page("referrals/friend.html", status=status, shown=offered, turn=turn, token=token)

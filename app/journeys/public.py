"""DOOR 3, outside: the recovery page of our own, and the same for a storefront that has its own.

Nobody is proved here but the holder of a link, and a link shows a cart's lines and nothing else of
a person (RL-3). A GET changes nothing (RL-4).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field

from app.journeys import links, redeeming, renewing, wishes
from app.journeys.redeeming import Redeemed, Shown, Sight
from app.kit.house import House
from app.saleor.address import AddressRefusedError, normalised
from app.saleor.client import SaleorError
from app.shops.flows import this_shop
from app.web.page import Page

router = APIRouter()

STATUS: Mapping[Sight, int] = {
    Sight.READY: HTTPStatus.OK,
    Sight.UNKNOWN: HTTPStatus.NOT_FOUND,
    Sight.EXPIRED: HTTPStatus.GONE,
    Sight.BOUGHT: HTTPStatus.GONE,
    Sight.TOO_OFTEN: HTTPStatus.TOO_MANY_REQUESTS,
}
ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
"""A storefront is of another origin. No cookie and no token of ours is ever sent along."""
MOST = 200
"""Letters of a token: what is longer is none, and is not even looked up whole."""


class Asked(BaseModel):
    rt: str


@router.get("/r/{token}")
def recovery_page(request: Request, token: str, locale: str | None = None) -> HTMLResponse:
    shown = _show(request, token)
    page = _page(request, locale, shown.language)
    return page(
        "journeys/recover.html", status=STATUS[shown.sight], shown=shown, token=token, done=None
    )


@router.post("/r/{token}")
def recover_here(
    request: Request,
    token: str,
    locale: str | None = None,
    do: Annotated[str, Form()] = "continue",
) -> HTMLResponse:
    """The page's one button; for a link that has run out, the one that asks for another."""
    if do == "again":
        shown = _show(request, token)
        renewed = _renew(request, token)
        page = _page(request, locale, shown.language)
        return page("journeys/renewed.html", shown=shown, renewed=renewed, token=token)
    done = _redeem(request, token)
    shown = _show(request, token)
    page = _page(request, locale, shown.language or (done.language if done else ""))
    status = STATUS[done.sight] if done else HTTPStatus.SERVICE_UNAVAILABLE
    return page("journeys/recover.html", status=status, shown=shown, token=token, done=done)


@router.get("/public/v1/recover")
def recovery_as_data(request: Request, rt: Annotated[str, Query()] = "") -> JSONResponse:
    """RL-1: what a storefront's own page shows before its button is pressed."""
    shown = _show(request, rt)
    body: dict[str, Any] = {"state": shown.sight.value}
    if shown.items:
        body |= {
            "languageCode": shown.language,
            "email": shown.email,
            "lines": [{"name": item.name, "quantity": item.quantity} for item in shown.items],
        }
    return JSONResponse(body, STATUS[shown.sight], ANYWHERE)


@router.post("/public/v1/recover")
def recover(request: Request, asked: Asked) -> JSONResponse:
    """RL-5, RL-6."""
    done = _redeem(request, asked.rt)
    if done is None:
        return JSONResponse({"state": "try_again"}, HTTPStatus.SERVICE_UNAVAILABLE, ANYWHERE)
    if done.sight is not Sight.READY:
        return JSONResponse({"state": done.sight.value}, STATUS[done.sight], ANYWHERE)
    body = {
        "checkoutId": done.checkout,
        "languageCode": done.language,
        "problems": [problem.told() for problem in done.problems],
    }
    return JSONResponse(body, headers=ANYWHERE)


class Waiting(BaseModel):
    """J9: which shop, what, where, and who wants to know."""

    saleorApiUrl: str  # noqa: N815  # as Saleor calls it
    variant: str = Field(max_length=200)
    channel: str = Field(max_length=200)
    email: str = Field(max_length=254)


A_VISITOR = {"rate": 0.1, "burst": 30.0}
"""How often one may ask to be told: each wish makes somebody known to the shop."""


@router.post("/public/v1/back-in-stock")
def tell_me(request: Request, asked: Waiting) -> JSONResponse:
    """Always the same answer: whether an address is known is nobody's business. But 429 to whoever
    asks for one after the other.
    """
    house: House = request.app.state.house
    visitor = request.client.host if request.client else ""
    if wait := request.app.state.wishers.wait(visitor):
        headers = {**ANYWHERE, "Retry-After": str(int(wait) + 1)}
        return JSONResponse({"state": "too_often"}, HTTPStatus.TOO_MANY_REQUESTS, headers)
    try:
        shop = request.app.state.directory.find(normalised(asked.saleorApiUrl))
    except AddressRefusedError:
        shop = None
    if shop is not None:
        house.do(
            shop.id,
            lambda tx: wishes.ask(
                tx, email=asked.email, variant=asked.variant, channel=asked.channel
            ),
        )
    return JSONResponse({"state": "noted"}, HTTPStatus.ACCEPTED, ANYWHERE)


@router.options("/public/v1/back-in-stock")
@router.options("/public/v1/recover")
def may_ask() -> Response:
    asked = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "86400"}
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={**ANYWHERE, **asked, "Access-Control-Allow-Headers": "content-type"},
    )


def _show(request: Request, token: str) -> Shown:
    """The same questions are asked for a token that is none: how long it takes tells nothing."""
    house: House = request.app.state.house
    with house.look(links.shop_of(token)) as tx:
        shown = redeeming.show(tx, token[:MOST])
        if shown.sight is Sight.UNKNOWN:
            return shown
        shop = this_shop(tx)
        return redeeming.of_shop(shown, shop=shop.name, zone=shop.zone)


def _redeem(request: Request, token: str) -> Redeemed | None:
    """None: Saleor cannot be asked right now."""
    house: House = request.app.state.house
    shop = links.shop_of(token)
    with house.look(shop) as tx:
        if (sight := redeeming.look(tx, token[:MOST]).sight) is not Sight.READY:
            return Redeemed(sight)
    try:
        return redeeming.redeem(request.app.state.saleors.world(shop), token)
    except SaleorError:
        return None


def _renew(request: Request, token: str) -> bool:
    house: House = request.app.state.house
    return house.do(links.shop_of(token), lambda tx: renewing.ask_again(tx, token[:MOST]))


def _page(request: Request, asked: str | None, own: str) -> Page:
    """In the person's language, unless she asks for another."""
    browser = request.headers.get("accept-language")
    return Page(locale=asked or own.replace("_", "-") or browser, browser=browser)

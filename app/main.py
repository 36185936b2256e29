"""The web: every door that answers HTTP, put together around one house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import httpx
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from sqlalchemy import text
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.agenda import AGENDA
from app.api import door as machines
from app.api import pages as keys
from app.carts import queries as carts
from app.feedback import pages as feedback
from app.feedback import public as surveys
from app.journeys import pages as journeys
from app.journeys import public as recovery
from app.journeys import segment_pages as segments
from app.kit.house import House, open_engine
from app.kit.intake import Intake
from app.kit.tx import Tx
from app.loyalty import pages as loyalty
from app.ltv import pages as value
from app.messages import pages as message_pages
from app.messages import public as messages
from app.messages import sending_pages
from app.people import care_pages as care
from app.people import pages as people
from app.points import pages as points
from app.points import public as spending
from app.points.view import purse_of
from app.privacy import pages as privacy
from app.proof import attribution_pages as attribution
from app.proof import pages as proof
from app.recommend import pages as recommend
from app.recommend import storefront
from app.recommend.stall import close_stalls
from app.recommend.storefront import Outside
from app.recommend.turnstile import Turnstile
from app.referrals import pages as referrals
from app.referrals import public as friends
from app.referrals.view import share_of
from app.saleor.outward import Resolve
from app.setup import pages as setup
from app.shops import pages as shops
from app.shops.directory import Directory
from app.shops.keyring import Keyring
from app.shops.reach import Reach
from app.today import pages as today
from app.web.files import Kept
from app.web.frame import Frame
from app.web.limits import Bounded
from app.web.page import STATIC
from app.widgets import pages as widgets
from app.worker import PROBATION, Worker
from webhooks import install
from webhooks.door import PREFIX, Door

ROOMS = (
    install, shops, today, setup, people, care, value, proof, attribution, journeys, segments,
    recovery, messages, message_pages, sending_pages, loyalty, recommend, widgets, keys, privacy,
    feedback, surveys,
    referrals, friends, points, spending,
)  # fmt: skip
"""Who has pages, or answers links."""
plumbing = APIRouter()
"""Functions that close over nothing: FastAPI remembers every one it was ever given."""


class Perennial:
    """The running app: the pages, the webhook door, the intake's writer and the loop."""

    def __init__(
        self,
        house: House,
        *,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve | None = None,
        works: bool = True,
    ) -> None:
        self.house = house
        self.directory = Directory(house)
        self.reach = Reach(house, transport=transport, resolve=resolve)
        self.keyring = Keyring(house, self.directory, self.reach.jwks)
        durable = open_engine(house.settings.database_url, synchronous="FULL")
        self.intake = Intake(durable, house.gate, house.clock, wake=self._wake)
        self.worker = Worker(
            house,
            AGENDA,
            self.reach.world,
            probation=PROBATION if works else 0.0,
            pressed=self.intake.pressed,
        )
        self.works = works
        self.door = Door(house, self.directory, self.keyring, self.intake)
        self.pages = _pages(self)
        framed = Frame(Bounded(self.pages), frame_ancestors=house.settings.frame_ancestors)
        self.asgi = _front(self.door, framed)

    def _wake(self) -> None:
        self.worker.wake()

    def close(self) -> None:
        self.intake.close()
        self.worker.stop()
        self.reach.close()
        close_stalls(self.house)


def _front(door: Door, pages: ASGIApp) -> ASGIApp:
    """The webhook door stands before the framework: nothing slows it down."""

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await door(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return front


def _pages(perennial: Perennial) -> FastAPI:
    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        if perennial.works:
            perennial.worker.start()
        yield
        perennial.close()

    pages = FastAPI(title="Perennial", openapi_url=None, lifespan=living, routes=_routes())
    pages.state.house = perennial.house
    pages.state.directory = perennial.directory
    pages.state.saleors = perennial.reach
    pages.state.keyring = perennial.keyring
    pages.state.worker = perennial.worker
    pages.state.wishers = Turnstile(**recovery.A_VISITOR)
    pages.mount("/static", Kept(directory=STATIC))
    pages.state.share = share_of
    pages.state.purse = purse_of
    pages.state.spenders = Turnstile(**spending.A_SHOPPER)
    pages.state.friends = Turnstile(**friends.A_FRIEND)
    pages.state.outside = _outside(perennial)
    pages.mount("/public/v1", storefront.application(pages.state.outside))
    pages.mount("/api/v1", machines.application(perennial.house))
    return pages


@cache
def _routes() -> list[BaseRoute]:
    """The rooms' routes, of no house: FastAPI works out what a function takes anew wherever its
    router is included, and that takes longer than most answers.
    """
    table = APIRouter()
    for room in ROOMS:
        table.include_router(room.router)
    table.include_router(plumbing)
    return table.routes


def _outside(perennial: Perennial) -> Outside:
    """What the storefronts' door stands on; carts are another room's, which it does not know."""
    reach = perennial.reach

    def basket(tx: Tx, checkout: str) -> list[str] | None:
        cart = carts.by_checkout(tx, checkout)
        return [line["product"] for line in cart.lines if line.get("product")] if cart else None

    return Outside(
        house=perennial.house,
        shops=perennial.directory,
        keys=perennial.keyring,
        saleor=lambda shop: reach.world(shop).saleor,
        basket=basket,
    )


@plumbing.get("/logo.png")
def logo() -> Response:
    return FileResponse(STATIC / "logo.png", media_type="image/png")


@plumbing.get("/healthz")
def alive() -> JSONResponse:
    return JSONResponse({"alive": True})


@plumbing.get("/readyz")
def ready(request: Request) -> JSONResponse:
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return JSONResponse({"ready": True})

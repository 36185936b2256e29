"""DOOR 1, the handshake: what Saleor asks before it installs the app, and the token it brings."""

from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from app.history import flows as history
from app.kit.house import House
from app.kit.tx import Tx
from app.loyalty import flows as tiers
from app.saleor import manifest
from app.shops import registering
from app.shops.flows import Daily, LearnShop, Reconcile
from app.shops.registering import NotRegisteredError, Registered

log = structlog.get_logger()
router = APIRouter()


def base_url(request: Request) -> str:
    """Where this app is, as the outside sees it: configured, else as the request came."""
    configured: str | None = request.app.state.house.settings.base_url
    if configured:
        return configured.rstrip("/")
    schemes = request.headers.get("x-forwarded-proto", request.url.scheme).split(",")
    scheme = "https" if "https" in (s.strip() for s in schemes) else schemes[0].strip()
    return f"{scheme}://{request.headers.get('host', request.url.netloc)}"


@router.get("/api/manifest")
def get_manifest(request: Request) -> dict[str, Any]:
    version = request.headers.get("saleor-schema-version")
    settings = request.app.state.house.settings
    asked = {"home": settings.home_widget, "search": settings.search_actions}
    extras = [name for name, wanted in asked.items() if wanted]
    return manifest.build(base_url(request), version, extras=extras)


@router.post("/api/register")
async def register(request: Request) -> JSONResponse:
    house: House = request.app.state.house
    body = await request.body()
    try:
        api_url = registering.permitted_address(request.headers.get("saleor-api-url"), house=house)
        token = registering.offered_token(body)
        done = await run_in_threadpool(
            registering.register, house, request.app.state.saleors, api_url=api_url, token=token
        )
        await run_in_threadpool(house.do, done.shop, lambda tx: welcome(tx, done))
    except NotRegisteredError as failure:
        log.warning("register.refused", code=failure.code)
        return _answer(failure.status, failure.code, failure.message)
    except Exception:  # whatever it was, the merchant gets words and Saleor gets an error
        log.exception("register.failed")
        return _answer(
            500, "REGISTRATION_FAILED", "Registration failed: could not save the auth data."
        )
    request.app.state.directory.forget()
    return JSONResponse({"success": True})


def welcome(tx: Tx, done: Registered) -> None:
    """What follows an installation: learn the shop, complete its webhooks, read its history."""
    occasion = tx.now.isoformat()
    tx.later(LearnShop(occasion=occasion))
    tx.later(Reconcile(version=manifest.VERSION, occasion=occasion))
    tx.later(Daily.of(tx.now))
    if done.fresh:
        tiers.begin(tx)
        history.begin(tx)


def _answer(status: int, code: str, message: str) -> JSONResponse:
    body = {"success": False, "error": {"code": code, "message": message}}
    return JSONResponse(body, status_code=status)

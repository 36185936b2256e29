"""DOOR 3, outside: a signed-in shopper's own points, and a press that turns some into a code."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from app.customers import queries as customers
from app.kit.house import House
from app.kit.tx import Tx
from app.points import spending, view
from app.points.rules import Word
from app.points.view import Given, Purse
from app.recommend import storefront
from app.recommend.storefront import Outside, Visit

router = APIRouter()

A_SHOPPER = {"rate": 0.1, "burst": 20.0}
"""How often one address may ask: each press is written down."""
Key = Annotated[str, Query(max_length=120)]


class Asked(BaseModel):
    points: int = Field(gt=0, le=1_000_000)
    turn: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")
    """Anything that stays the same for one press: sent twice, it is one code."""


@router.get("/public/v1/points")
def own_points(
    request: Request, key: Key, authorization: Annotated[str | None, Header()] = None
) -> JSONResponse:
    """401 without a token of hers."""
    outside: Outside = request.app.state.outside
    tenant = storefront.tenant_of(outside, key)
    with outside.house.look(tenant.id) as tx:
        visit, account = _who(tx, request, key, authorization)
        purse = view.purse_of(tx, customers.by_account(tx, account))
    return JSONResponse(_told(purse), headers=_private(visit))


@router.post("/public/v1/points")
def spend_own(
    request: Request,
    asked: Asked,
    key: Key,
    authorization: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """PT-6. 409 with the reason where it cannot be; the code follows with the next question."""
    outside: Outside = request.app.state.outside
    house: House = outside.house
    tenant = storefront.tenant_of(outside, key)
    if request.app.state.spenders.wait(request.client.host if request.client else ""):
        return JSONResponse({"answer": "too_often"}, HTTPStatus.TOO_MANY_REQUESTS)

    def spend(tx: Tx) -> tuple[Visit, Word, Purse | None]:
        visit, account = _who(tx, request, key, authorization)
        person = customers.by_account(tx, account)
        if person is None:
            return visit, Word.NO_ACCOUNT, None
        word, _ = spending.spend(tx, person, asked.points, key=f"own:{asked.turn}")
        return visit, word, view.purse_of(tx, person)

    visit, word, purse = house.do(tenant.id, spend)
    status = HTTPStatus.ACCEPTED if word is Word.GIVE else HTTPStatus.CONFLICT
    return JSONResponse({"answer": word.value, **_told(purse)}, status, _private(visit))


@router.options("/public/v1/points")
def may_ask(request: Request, key: Key) -> Response:
    answer = storefront.ask_first(request, key)
    answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
    answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    return answer


def _who(tx: Tx, request: Request, key: str, authorization: str | None) -> tuple[Visit, str]:
    outside: Outside = request.app.state.outside
    visit = storefront.come_in(tx, storefront.tenant_of(outside, key), request, key)
    account = storefront.proved(outside, visit, authorization)
    if account is None:
        raise storefront.refused(HTTPStatus.UNAUTHORIZED, visit)
    return visit, account


def _private(visit: Visit) -> dict[str, str]:
    return {**visit.cors, "Cache-Control": "private, no-store"}


def _told(purse: Purse | None) -> dict[str, Any]:
    if purse is None or not purse.on:
        return {"state": "off"}
    return {
        "state": "on",
        "points": purse.available,
        "pending": purse.pending,
        "worth": str(purse.worth.amount) if purse.worth else None,
        "currency": purse.worth.currency if purse.worth else None,
        "endsAt": purse.ends_at.isoformat() if purse.ends_at else None,
        "least": purse.least,
        "most": purse.most,
        "codes": [_code(one) for one in purse.given if one.state != "returned"],
    }


def _code(one: Given) -> dict[str, Any]:
    return {
        "code": one.code,
        "amount": str(one.worth.amount),
        "least": str(one.least.amount),
        "currency": one.worth.currency,
        "endsAt": one.ends_at.isoformat() if one.ends_at else None,
        "used": one.used,
    }

"""DOOR 3 for machines: `GET /api/v1/…` with a bearer key, of the key's own shop. One thing may be
handed in, by a key that says so: what was sold elsewhere.

JSON comes a page at a time (`next` is the cursor of the following one); CSV and Parquet are the
whole table, sent while it is read, so that a million customers need no memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.params import Depends as DependsMarker
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, Field

from app.api import keys, lists, writing
from app.api.lists import Reader, Row
from app.kit.house import House
from app.kit.tx import ShopId
from app.recommend.turnstile import Turnstile
from app.shops.flows import awake
from app.till import flows as till
from app.till.rules import MOST, Sale

AT_ONCE = 1000
A_KEY = {"rate": 5.0, "burst": 60.0}


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


KINDS = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv; charset=utf-8",
    Form.PARQUET: "application/vnd.apache.parquet",
}
BEARER: DependsMarker = DependsMarker(HTTPBearer(auto_error=False))
"""For the description alone: `come_in` judges the key."""
door = APIRouter(dependencies=[BEARER])

As = Annotated[Form, Query(alias="format", description="`parquet` where the extra is installed")]
After = Annotated[int, Query(ge=0, description="JSON: the `next` of the page before")]
Many = Annotated[int, Query(ge=1, le=AT_ONCE, description="JSON: rows a page")]
Key = Annotated[str | None, Header(alias="Authorization", include_in_schema=False)]


class Wish:
    """In which form, and from where on."""

    def __init__(self, form: As = Form.JSON, after: After = 0, limit: Many = 100) -> None:
        self.form, self.after, self.limit = form, after, limit


class Seat(NamedTuple):
    """A shop whose key was shown."""

    house: House
    shop: ShopId
    writes: bool = False


def come_in(request: Request, authorization: Key = None) -> Seat:
    """Whose key it is: 401 for one that does not work, 429 for one that asks too often."""
    house: House = request.app.state.house
    scheme, key = get_authorization_scheme_param(authorization)
    shop = keys.shop_in(key) if scheme.lower() == "bearer" else None
    row = None
    if shop is not None:
        with house.look(shop) as tx:
            row = keys.opens(tx, key) if awake(tx) else None
    if shop is None or row is None:
        raise HTTPException(
            401, "A key that works is needed.", headers={"WWW-Authenticate": "Bearer"}
        )
    turnstile: Turnstile = request.app.state.turnstile
    if wait := turnstile.wait((shop, row.id)):
        raise HTTPException(429, "Too many requests.", headers={"Retry-After": str(int(wait) + 1)})
    return Seat(house, shop, row.writes)


Seated = Annotated[Seat, Depends(come_in)]
Wished = Annotated[Wish, Depends()]


def application(house: House) -> FastAPI:
    """Mounted by the roots; its functions close over nothing, the house is in its state."""
    app = FastAPI(
        title="Perennial", version="1", docs_url=None, redoc_url=None,
        description="What the pages show, for machines; and sales that tills hand in.",
        routes=door.routes,
    )  # fmt: skip
    app.state.house = house
    app.state.turnstile = Turnstile(**A_KEY)
    return app


@door.get("/customers", summary="Everybody who bought: value, tier, group")
def customers(seat: Seated, wish: Wished) -> Response:
    return answer(seat, wish, lists.customers, name="customers")


@door.get("/segments", summary="Segments and how many are in them")
def segments(seat: Seated, wish: Wished) -> Response:
    return answer(seat, wish, lists.groups, name="segments")


@door.get("/segments/{key}/members", summary="Who is in a segment now")
def members(seat: Seated, wish: Wished, key: str) -> Response:
    return answer(seat, wish, lists.members, name="members", asked={"key": key})


@door.get("/cohorts", summary="Cohorts by age in periods of 30 days")
def cohorts(
    seat: Seated, wish: Wished, by: Annotated[str, Query(max_length=20)] = "month"
) -> Response:
    return answer(seat, wish, lists.cohorts, name="cohorts", asked={"by": by})


@door.get("/rfm", summary="Recency, frequency and money")
def rfm(seat: Seated, wish: Wished) -> Response:
    return answer(seat, wish, lists.rfm, name="rfm")


@door.get("/journeys", summary="Automations and who is in them")
def journeys(seat: Seated, wish: Wished) -> Response:
    return answer(seat, wish, lists.automations, name="journeys")


@door.get("/offers", summary="Vouchers: codes given and used, and what they brought")
def offers(seat: Seated, wish: Wished) -> Response:
    return answer(seat, wish, lists.offers, name="offers")


class HandedIn(BaseModel):
    """Some of them, or nothing where one cannot be."""

    sales: list[Sale] = Field(min_length=1, max_length=MOST)


class Kept(BaseModel):
    taken: int = Field(description="New, or other than they were")
    same: int = Field(description="Known just so")


@door.post("/sales", summary="What was sold elsewhere", responses={403: {}})
def sales(seat: Seated, told: HandedIn) -> Kept:
    """D8: a receipt is taken once under its `id` of its `place`; handed in again it takes the place
    of what it was. It is in the books a moment later."""
    if not seat.writes:
        raise HTTPException(403, "This key only reads.")
    try:
        taken = seat.house.do(seat.shop, partial(till.take, sales=told.sales))
    except till.AheadError as ahead:
        raise HTTPException(422, f"{ahead} is sold in the future.") from ahead
    return Kept(taken=taken.news, same=taken.same)


def answer(
    seat: Seat, wish: Wish, read: Reader, *, name: str, asked: Mapping[str, str] | None = None
) -> Response:
    """The table in the form wished for. 404 where it is about something that is not there."""
    form = wish.form
    if form is Form.PARQUET and not writing.PARQUET:
        raise HTTPException(406, 'Parquet needs the extra: pip install "perennial[parquet]".')
    size = wish.limit if form is Form.JSON else AT_ONCE
    try:
        with seat.house.look(seat.shop) as tx:
            first = read(tx, asked or {}, wish.after, size)
    except LookupError as failure:
        raise HTTPException(404, "There is no such thing.") from failure
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if form is Form.JSON:
        body = writing.as_json(first.rows, cursor=first.cursor)
        return Response(body, media_type=KINDS[form], headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}.{form.value}"'
    write = writing.as_csv if form is Form.CSV else writing.as_parquet
    chunks = _chunks(seat, read, asked or {}, first)
    return StreamingResponse(write(chunks), media_type=KINDS[form], headers=headers)


def _chunks(
    seat: Seat, read: Reader, asked: Mapping[str, str], first: lists.Some
) -> Iterator[Sequence[Row]]:
    """The first rows, and each time the next ones in a unit of work of their own."""
    some = first
    yield some.rows
    while some.cursor is not None:
        with seat.house.look(seat.shop) as tx:
            some = read(tx, asked, some.cursor, AT_ONCE)
        yield some.rows

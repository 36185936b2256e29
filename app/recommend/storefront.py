"""DOOR 3 for storefronts: `GET /public/v1/recommendations`. Nobody is shown anything but lists.

A shop is named by its public key. A customer is proved by the access token that Saleor gave her at
the storefront, a cart by its checkout id, which proves its own lines and nothing of a person.
Whatever is not proved is refused: a bad token never becomes a guest.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, Protocol

from fastapi import APIRouter, FastAPI, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from app.kit.clock import real_now
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.recommend import asking, plain, queries, rules
from app.recommend.asking import Asked, Line, NoSuchChannelError
from app.recommend.rules import Slot
from app.recommend.sale import NobodyKnowsError
from app.recommend.stall import Stall, stalls_of
from app.recommend.turnstile import Turnstile
from app.saleor.client import Saleor
from app.saleor.token import TokenRejectedError, UnknownKeyError, shopper_of
from app.web.door import Tenant

PATIENCE = 0.5
"""Seconds a shopper waits for the first list after a start; then it is the plain one."""
MAX_AGE = 5
"""Seconds a list that is nobody's own may be kept by whoever stands between."""
A_VISITOR = {"rate": 10.0, "burst": 60.0}
A_SHOP = {"rate": 200.0, "burst": 1000.0}

Basket = Callable[[Tx, str], list[str] | None]
"""The products of a checkout, as Saleor calls them; None where there is no such checkout."""


class Shops(Protocol):
    def of(self, shop: int) -> "Door | None": ...


class Door(Tenant, Protocol):
    @property
    def status(self) -> str: ...


class Keys(Protocol):
    def refetch(self, entry: Any, /) -> Mapping[str, Any] | None: ...  # noqa: ANN401  # the directory's own entry


class Outside(NamedTuple):
    """What this door stands on, put together by the roots."""

    house: House
    shops: Shops
    keys: Keys
    saleor: Callable[[ShopId], Saleor]
    basket: Basket


class Reason(BaseModel):
    """Why a product is in the list; always true of the shop's own orders."""

    code: str = Field(
        description="`pinned`, `bought`, `often_with`, `popular_in`, `popular`, `new_in`, `likes`"
        " or `shelf`"
    )
    times: int | None = Field(None, description="`bought`: in how many orders of this customer")
    product: str | None = Field(None, description="`often_with`: the id of that product")
    name: str | None = Field(None, description="`often_with`: its name")
    category: str | None = Field(
        None, description="`popular_in`, `new_in`, `likes`: the category's name"
    )


class Product(BaseModel):
    id: str = Field(description="Saleor's id of the product")
    variant: str | None = Field(description="Saleor's id of its first variant in this channel")
    slug: str
    name: str
    thumbnail: str | None
    reason: Reason


class Recommendations(BaseModel):
    channel: str
    slot: Slot
    personal: bool = Field(description="Made for the customer whom the token proves")
    products: list[Product]


class Refused(BaseModel):
    detail: str


Key = Annotated[str, Query(max_length=120, description="The shop's public key")]
OfChannel = Annotated[str, Query(max_length=255, description="The channel's slug")]
Wished = Annotated[Slot, Query(description="Which list")]
Beside = Annotated[
    list[str] | None,
    Query(description="Saleor's ids of products: `together` goes with them, no list names them"),
]
OfCheckout = Annotated[
    str | None, Query(max_length=255, description="A checkout's id: its lines are such products")
]
Many = Annotated[int, Query(ge=1, le=rules.MOST)]


REFUSALS = {
    401: "The key opens no shop, or the token is not that of a customer of this shop",
    403: "The app rests in this shop, or the page that asks is not among those it allows",
    404: "There is no such channel, or no such checkout",
    429: "Too often; Retry-After says when",
    503: "Not just now; Retry-After says when",
}


door = APIRouter()
"""Its doors close over nothing: FastAPI remembers every function it was ever given."""


def application(outside: Outside) -> FastAPI:
    """Mounted at /public/v1; its description is at /public/v1/openapi.json."""
    app = FastAPI(
        title="Perennial for storefronts",
        version="1",
        docs_url=None,
        redoc_url=None,
        description="What to show a shopper next. See docs/storefront-recommendations.md.",
        routes=door.routes,
    )
    app.state.outside = outside
    app.state.visitors, app.state.whole = Turnstile(**A_VISITOR), Turnstile(**A_SHOP)
    return app


@door.options("/recommendations", include_in_schema=False)
def ask_first(request: Request, key: Key) -> Response:
    """CORS: may a page of this origin ask?"""
    outside: Outside = request.app.state.outside
    tenant = tenant_of(outside, key)
    with outside.house.look(tenant.id) as tx:
        visit = come_in(tx, tenant, request, key)
    headers = visit.cors | {
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "Authorization",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=headers)


@door.get(
    "/recommendations",
    response_model=Recommendations,
    response_model_exclude_none=True,
    responses={code: {"model": Refused, "description": words} for code, words in REFUSALS.items()},
)
def recommendations(
    request: Request,
    key: Key,
    channel: OfChannel,
    slot: Wished = Slot.FOR_YOU,
    product: Beside = None,
    checkout: OfCheckout = None,
    limit: Many = 10,
    authorization: Annotated[
        str | None, Header(description="`Bearer` and the shopper's own Saleor access token")
    ] = None,
) -> Response:
    """The list for this shopper and place, the best first; all of it can be bought."""
    state = request.app.state
    outside: Outside = state.outside
    tenant = tenant_of(outside, key)
    host = request.client.host if request.client else ""
    wait = state.whole.wait(tenant.id) or state.visitors.wait((tenant.id, host))
    wish = Spoken(channel, slot, tuple(product or ())[: rules.MOST], checkout, limit)
    with outside.house.look(tenant.id) as tx:
        visit = come_in(tx, tenant, request, key)
        if wait:
            raise refused(429, visit, retry=wait)
        account = proved(outside, visit, authorization)
        stalls = stalls_of(outside.house)
        stall = stalls.ready(tenant.id, patience=PATIENCE)
        if stall is None:
            plainly = _plain(outside, visit, wish, tx)
        else:
            stall.refresh(tx)
            person = queries.person_of(tx, account) if account else None
            asked = _asked(outside, visit, stall, wish, person, tx)
    if stall is None:
        return _answer(request, visit, _listed_plainly(outside, visit, wish, plainly))
    return _answer(request, visit, _list(outside, visit, stall, asked))


class Visit(NamedTuple):
    """A shop whose key was shown, to a page that it allows."""

    tenant: Door
    cors: dict[str, str]


class Spoken(NamedTuple):
    channel: str
    slot: Slot
    products: tuple[str, ...]
    checkout: str | None
    limit: int


def refused(status: int, visit: Visit | None = None, *, retry: float = 0) -> HTTPException:
    headers = dict(visit.cors) if visit else {}
    headers["Cache-Control"] = "no-store"
    if retry:
        headers["Retry-After"] = str(max(1, round(retry)))
    return HTTPException(status, REFUSALS[status], headers)


def tenant_of(outside: Outside, key: str) -> Door:
    """The shop that a key claims to be of."""
    shop = rules.shop_of(key)
    tenant = outside.shops.of(shop) if shop is not None else None
    if tenant is None:
        raise refused(401)
    return tenant


def come_in(tx: Tx, tenant: Door, request: Request, key: str) -> Visit:
    counsel = queries.counsel(tx)
    if counsel is None or not rules.same_key(key, counsel.public_key):
        raise refused(401)
    origin = request.headers.get("origin")
    if tenant.status != "active" or not rules.allowed(origin, counsel.origins):
        raise refused(403)
    cors = {"Vary": "Origin, Authorization"}
    return Visit(tenant, cors | ({"Access-Control-Allow-Origin": origin} if origin else {}))


def proved(outside: Outside, visit: Visit, authorization: str | None) -> str | None:
    """The account of the shopper; None where nobody claims to be anybody."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refused(401, visit)
    tenant = visit.tenant

    def judge(jwks: Mapping[str, Any]) -> str:
        return shopper_of(token.strip(), jwks=jwks, api_url=tenant.api_url, now=real_now())

    try:
        try:
            return judge(tenant.jwks)
        except UnknownKeyError:
            fresh = outside.keys.refetch(tenant)
            if fresh is None:
                raise
            return judge(fresh)
    except TokenRejectedError as failure:
        raise refused(401, visit) from failure


def _named(outside: Outside, visit: Visit, wish: Spoken, tx: Tx) -> list[str]:
    """Saleor's ids of what the list is to go with."""
    named = list(wish.products)
    if wish.checkout is not None:
        held = outside.basket(tx, wish.checkout)
        if held is None:
            raise refused(404, visit)
        named += held
    return named


def _plain(outside: Outside, visit: Visit, wish: Spoken, tx: Tx) -> plain.Proposal:
    """While the adviser is being opened: what others bought."""
    try:
        return plain.propose(tx, wish.channel, without=_named(outside, visit, wish, tx))
    except NoSuchChannelError as failure:
        raise refused(404, visit) from failure


def _listed_plainly(
    outside: Outside, visit: Visit, wish: Spoken, proposal: plain.Proposal
) -> Recommendations:
    id_ = visit.tenant.id
    known = stalls_of(outside.house).sale_of(id_)
    try:
        lines = plain.make(proposal, known, wish.limit, lambda: outside.saleor(id_))
    except NobodyKnowsError as failure:
        raise refused(503, visit, retry=10) from failure
    return Recommendations(
        channel=wish.channel,
        slot=Slot.POPULAR,
        personal=False,
        products=[_shown(line) for line in lines],
    )


def _list(outside: Outside, visit: Visit, stall: Stall, asked: Asked) -> Recommendations:
    try:
        lines = asking.make(stall, asked, lambda: outside.saleor(visit.tenant.id))
    except NoSuchChannelError as failure:
        raise refused(404, visit) from failure
    except NobodyKnowsError as failure:
        raise refused(503, visit, retry=10) from failure
    return Recommendations(
        channel=asked.channel,
        slot=asked.slot,
        personal=asked.person is not None and asked.slot in rules.PERSONAL,
        products=[_shown(line) for line in lines],
    )


def _asked(
    outside: Outside, visit: Visit, stall: Stall, wish: Spoken, person: int | None, tx: Tx
) -> Asked:
    named = _named(outside, visit, wish, tx)
    products = tuple(stall.by_saleor[one] for one in named if one in stall.by_saleor)
    slot = wish.slot
    if slot is Slot.TOGETHER and not products:
        slot = Slot.POPULAR  # nothing that we know of: what goes with anything
    return Asked(wish.channel, slot, person=person, products=products, n=wish.limit)


def _shown(line: Line) -> Product:
    reason = Reason(
        code=line.why,
        times=line.times or None,
        product=line.other_id,
        name=line.other,
        category=line.category,
    )
    return Product(
        id=line.saleor_id,
        variant=line.variant,
        slug=line.slug,
        name=line.name,
        thumbnail=line.picture,
        reason=reason,
    )


def _answer(request: Request, visit: Visit, found: Recommendations) -> Response:
    """Somebody's own list is for her alone, and asked for anew each time."""
    body = found.model_dump_json(exclude_none=True).encode()
    proved = request.headers.get("authorization") is not None
    headers = visit.cors | {
        "Cache-Control": "private, no-cache" if proved else f"public, max-age={MAX_AGE}",
        "ETag": f'"{sha256(body).hexdigest()[:24]}"',
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)

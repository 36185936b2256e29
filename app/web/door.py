"""DOOR 3: a person looks. A page is given a unit of work of the viewer's own shop, and no other.

The viewer is proved by the Dashboard's token (header `authorization-bearer`, or the form field
`accessToken` of a POST widget), verified with the keys stored for the shop it names.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, HTTPException, Request, Response
from fastapi.params import Depends as DependsMarker
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from app.kit.clock import real_now
from app.kit.house import House, conflicts
from app.kit.tx import ShopId, Tx
from app.saleor.address import AddressRefusedError, normalised
from app.saleor.token import TokenRejectedError, UnknownKeyError, Viewer, viewer_of
from app.web.limits import BEARER

AGAIN = 3


class Tenant(Protocol):
    """What this door sees of a shop; app.shops.directory knows them all."""

    @property
    def id(self) -> ShopId: ...
    @property
    def api_url(self) -> str: ...
    @property
    def app_id(self) -> str: ...
    @property
    def jwks(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Caller:
    """Somebody of the shop's staff, proved."""

    shop: ShopId
    viewer: Viewer

    def may(self, permission: str) -> bool:
        return permission in self.viewer.permissions

    def must(self, *permissions: str) -> None:
        """403, with words for a person, unless they have every one of these."""
        if missing := [one for one in permissions if not self.may(one)]:
            raise HTTPException(403, f"Your account lacks the permission {', '.join(missing)}.")


@dataclass(frozen=True)
class Visit:
    """A caller and a unit of work of the caller's shop."""

    tx: Tx
    caller: Caller
    house: House

    @property
    def viewer(self) -> Viewer:
        return self.caller.viewer


async def caller_of(request: Request) -> Caller:
    """Who is asking. 401 with words for a person, whatever is wrong with the token."""
    api_url, token = await _presented(request)
    if not token:
        raise HTTPException(401, "Open this page from your Saleor Dashboard.")
    try:
        tenant: Tenant | None = request.app.state.directory.find(normalised(api_url))
        if tenant is None:
            raise HTTPException(401, "The app is not installed in this shop.")
        viewer = await _proved(request, tenant, token)
    except AddressRefusedError as failure:
        raise HTTPException(401, "Open this page from your Saleor Dashboard.") from failure
    except TokenRejectedError as failure:
        raise HTTPException(401, "Your session has run out. Reload the page.") from failure
    return Caller(tenant.id, viewer)


async def _proved(request: Request, tenant: Tenant, token: str) -> Viewer:
    """The viewer, after one fresh look at the shop's keys where the token names another."""

    def judge(jwks: Mapping[str, Any]) -> Viewer:
        return viewer_of(
            token, jwks=jwks, api_url=tenant.api_url, app_id=tenant.app_id, now=real_now()
        )

    try:
        return judge(tenant.jwks)
    except UnknownKeyError:
        fresh = await run_in_threadpool(request.app.state.keyring.refetch, tenant)
        if fresh is None:
            raise
        return judge(fresh)


async def _presented(request: Request) -> tuple[str, str]:
    """A form is only looked into where the header says nothing: it may be a whole table."""
    headers = request.headers
    if BEARER in headers:
        return headers.get("saleor-api-url", ""), headers[BEARER]
    form = await request.form()
    return str(form.get("saleorApiUrl", "")), str(form.get("accessToken", ""))


Called = Annotated[Caller, Depends(caller_of)]


def needs(*permissions: str) -> DependsMarker:
    """A route dependency: the staff member must have every one of these permissions."""

    def check(caller: Called) -> None:
        caller.must(*permissions)

    marker: DependsMarker = Depends(check)
    return marker


def _look(request: Request, caller: Called) -> Iterator[Visit]:
    house: House = request.app.state.house
    with house.look(caller.shop) as tx:
        yield Visit(tx, caller, house)


def _work(request: Request, caller: Called) -> Iterator[Visit]:
    house: House = request.app.state.house
    with house.work(caller.shop) as tx:
        yield Visit(tx, caller, house)


# `function`: commit first, answer after; FastAPI's default is the other way round
Viewing = Annotated[Visit, Depends(_look, scope="function")]
Working = Annotated[Visit, Depends(_work, scope="function")]


class PatientRoute(APIRoute):
    """Does a request again when PostgreSQL saw two units of work at the same rows."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def patient(request: Request) -> Response:
            for _ in range(AGAIN):
                try:
                    return await handle(request)
                except DBAPIError as failure:
                    if not conflicts(failure):
                        raise
            return await handle(request)

        return patient

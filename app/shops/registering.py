"""The handshake: Saleor hands us a token for a shop. The request itself proves nothing.

Codes and statuses answer as @saleor/app-sdk's register handler does; the defences beyond it are
ours: an anchored allow-list, no reach into private networks, our own identifier, and a working
installation that nobody can overwrite.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session, select

from app.kit.clock import real_now
from app.kit.house import House
from app.kit.secret import SecretLostError
from app.kit.tx import ShopId
from app.saleor.address import AddressRefusedError, allowed, normalised
from app.saleor.manifest import IDENTIFIER, VERSION
from app.saleor.outward import OutwardError
from app.shops.tables import Shop, Status


class NotRegisteredError(Exception):
    """Why not: `status`, `code` for machines, the message for the merchant."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Identity:
    """What Saleor says of the token it gave us."""

    app_id: str
    identifier: str
    name: str


class Saleors(Protocol):
    """The two questions registration asks, without following anybody anywhere."""

    def identify(self, api_url: str, token: str) -> Identity | None: ...
    def jwks(self, api_url: str) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Registered:
    shop: ShopId
    fresh: bool
    """The first time, or back after an uninstall; False where the same app asked again."""


def offered_token(raw: bytes) -> str:
    """The token in the request's body. Other keys are tolerated."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as failure:
        raise NotRegisteredError(400, "INVALID_JSON", "Invalid request json.") from failure
    token = body.get("auth_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token or not token.isascii():
        raise NotRegisteredError(400, "MISSING_AUTH_TOKEN", "Missing auth token.")
    return token


def permitted_address(header: str | None, *, house: House) -> str:
    """The shop's key, if it may install the app at all."""
    if not header:
        raise NotRegisteredError(400, "MISSING_API_URL", "Missing saleor-api-url header")
    settings = house.settings
    try:
        api_url = normalised(header)
    except AddressRefusedError as failure:
        raise NotRegisteredError(403, "SALEOR_URL_PROHIBITED", str(failure)) from failure
    if not allowed(api_url, settings.allowed_shops, development=settings.development):
        raise NotRegisteredError(403, "SALEOR_URL_PROHIBITED", f"{api_url} {_why_not(api_url)}")
    return api_url


def _why_not(api_url: str) -> str:
    if api_url.startswith("http://"):
        return (
            "may not install this app: it is not under https://. That is only for development, "
            "with PERENNIAL_DEVELOPMENT=1."
        )
    return (
        "may not install this app. Whoever runs the app adds the address to "
        "PERENNIAL_ALLOWED_SHOPS."
    )


def register(house: House, saleors: Saleors, *, api_url: str, token: str) -> Registered:
    """Prove the token, then store it. Raises NotRegisteredError; nothing half done."""
    try:
        identity = saleors.identify(api_url, token)
    except OutwardError as failure:
        raise NotRegisteredError(
            401, "UNKNOWN_APP_ID", f"The shop could not be asked: {failure}."
        ) from failure
    if identity is None:
        raise NotRegisteredError(
            401, "UNKNOWN_APP_ID", "The shop does not know the token it gave. Install the app anew."
        )
    if identity.identifier != IDENTIFIER:
        raise NotRegisteredError(
            401, "UNKNOWN_APP_ID", "That token is of another app, so it was not taken."
        )
    _refuse_to_overwrite(house, saleors, api_url=api_url, app_id=identity.app_id)
    try:
        jwks = saleors.jwks(api_url)
    except OutwardError as failure:
        raise NotRegisteredError(
            401, "JWKS_NOT_AVAILABLE", "The shop's public keys could not be read."
        ) from failure
    return _store(house, api_url, token=token, identity=identity, jwks=jwks)


def _refuse_to_overwrite(house: House, saleors: Saleors, *, api_url: str, app_id: str) -> None:
    """A second app id only takes over once the first one's token no longer works."""
    with Session(house.engine.execution_options(reads_only=True)) as session:
        known = session.exec(select(Shop).where(Shop.api_url == api_url)).first()
    if known is None or known.app_id == app_id or known.status == Status.DELETED:
        return
    if _still_works(house, saleors, known):
        raise NotRegisteredError(
            409,
            "ALREADY_REGISTERED",
            "The app is already installed in this shop and works. Remove that installation first.",
        )


def _still_works(house: House, saleors: Saleors, known: Shop) -> bool:
    """Where it cannot be told, the installation we have is taken to work."""
    try:
        return saleors.identify(known.api_url, house.secrets.open(known.token)) is not None
    except OutwardError:
        return True
    except SecretLostError:
        return False


def _store(
    house: House, api_url: str, *, token: str, identity: Identity, jwks: Mapping[str, Any]
) -> Registered:
    now, real = house.clock.now(), real_now()
    with house.gate.through(), Session(house.engine) as session, session.begin():
        shop = session.exec(select(Shop).where(Shop.api_url == api_url)).first()
        fresh = shop is None or shop.status == Status.DELETED or shop.app_id != identity.app_id
        if shop is None:
            shop = Shop(
                api_url=api_url, app_id="", token="", jwks={}, jwks_at=real, status_at=now,
                registered_at=now, code_secret="",
            )  # fmt: skip
        if not house.secrets.opens(shop.code_secret):  # the first time, or its key was lost
            shop.code_secret = house.secrets.seal(secrets.token_urlsafe(32))
        shop.app_id, shop.token = identity.app_id, house.secrets.seal(token)
        shop.jwks, shop.jwks_at = dict(jwks), real
        shop.status, shop.status_at = Status.ACTIVE.value, now
        shop.name, shop.app_version = identity.name, VERSION
        if fresh:
            shop.registered_at = now
        session.add(shop)
        session.flush()
        assert shop.id is not None  # noqa: S101  # flushed
        return Registered(ShopId(shop.id), fresh)

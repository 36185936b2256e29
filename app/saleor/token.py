"""Saleor's tokens: who looks at a page of ours, and who shops at a storefront."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.saleor.address import AddressRefusedError, normalised
from app.saleor.signature import key_of

LEEWAY = timedelta(seconds=10)
CLAIMS = ("exp", "iat", "iss", "app", "type", "owner", "is_staff", "user_id", "user_permissions")


OF_SHOPPERS = ("exp", "iat", "iss", "type", "owner", "is_staff", "user_id")


class TokenRejectedError(Exception):
    """Not a token of this shop's Dashboard for this app, or not any more."""


class UnknownKeyError(TokenRejectedError):
    """Signed with a key that is not among the stored ones: fetch them anew and ask again."""


@dataclass(frozen=True)
class Viewer:
    """A member of the shop's staff.

    `permissions` are all of the person's, not only those shared with the app: what somebody may
    see and change is decided by what Saleor lets that person do.
    """

    user_id: str
    email: str | None
    permissions: frozenset[str]
    expires: datetime


def viewer_of(
    token: str, *, jwks: Mapping[str, Any], api_url: str, app_id: str, now: datetime
) -> Viewer:
    """Everything checked: signature, times, shop, app, kind and staff. `now` is real time."""
    claims = _signed(token, jwks, CLAIMS)
    expires = _instant(claims, "exp")
    _demand(expires + LEEWAY > now, "expired")
    _demand(_instant(claims, "iat") - LEEWAY <= now, "issued in the future")
    _demand(_same_shop(claims["iss"], api_url), "of another shop")
    _demand(claims["app"] == app_id, "for another app")
    _demand((claims["owner"], claims["type"]) == ("saleor", "thirdparty"), "of another kind")
    _demand(claims["is_staff"] is True, "not of the staff")
    permissions = claims["user_permissions"]
    _demand(isinstance(permissions, list), "without permissions")
    return Viewer(
        user_id=str(claims["user_id"]),
        email=claims.get("email"),
        permissions=frozenset(map(str, permissions)),
        expires=expires,
    )


def shopper_of(token: str, *, jwks: Mapping[str, Any], api_url: str, now: datetime) -> str:
    """The account of a customer who has signed in at the storefront, as Saleor calls it.

    Only an access token will do: not a refresh token, not one for an app, and none of the staff,
    whose own orders teach nothing and whose token opens more than a list. `now` is real time.
    """
    claims = _signed(token, jwks, OF_SHOPPERS)
    _demand(_instant(claims, "exp") > now, "expired")
    _demand(_instant(claims, "iat") - LEEWAY <= now, "issued in the future")
    _demand(_same_shop(claims["iss"], api_url), "of another shop")
    _demand((claims["owner"], claims["type"]) == ("saleor", "access"), "of another kind")
    _demand(claims["is_staff"] is False, "of the staff")
    _demand("app" not in claims, "for an app")
    account = claims["user_id"]
    _demand(isinstance(account, str) and bool(account), "of nobody")
    return str(account)


def _signed(token: str, jwks: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    try:
        key = key_of(jwks, str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise UnknownKeyError("signed with an unknown key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            # times are ours to judge: the clock is an argument
            options={
                "require": list(required),
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as failure:
        raise TokenRejectedError(type(failure).__name__) from failure
    return claims


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromtimestamp(claims[name], UTC)
    except (TypeError, ValueError, OverflowError) as failure:
        raise TokenRejectedError(f"{name} is no instant") from failure


def _same_shop(issuer: object, api_url: str) -> bool:
    try:
        return normalised(str(issuer)) == api_url
    except AddressRefusedError:
        return False


def _demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise TokenRejectedError(otherwise)

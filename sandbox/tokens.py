"""JSON web tokens as Saleor makes them: for staff, shoppers, and staff inside an app."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from sandbox.apps import App, Extension
from sandbox.keys import KeyRing
from sandbox.people import User

ACCESS_LIFE = timedelta(hours=24)
APP_LIFE = timedelta(minutes=5)


def access_token(ring: KeyRing, user: User, *, issuer: str) -> str:
    """What tokenCreate gives: signs a user in at the API."""
    return encode(ring, claims(user, issuer=issuer, life=ACCESS_LIFE) | {"type": "access"})


def app_user_token(
    ring: KeyRing, user: User, app: App, *, issuer: str, extension: Extension | None = None
) -> str:
    """What the Dashboard hands an app in its iframe. `permissions` is what the token may do at
    the API, `user_permissions` what the person may do at all."""
    extra: dict[str, Any] = {
        "type": "thirdparty",
        "app": app.id,
        "permissions": sorted(
            extension.permissions if extension else app.permissions & user.permissions
        ),
        "user_permissions": sorted(user.permissions),
    }
    if extension:
        extra["app_extension"] = extension.id
    return encode(ring, claims(user, issuer=issuer, life=APP_LIFE) | extra)


def claims(user: User, *, issuer: str, life: timedelta) -> dict[str, Any]:
    """Tokens live on real time, whatever the business clock says."""
    now = datetime.now(UTC)
    return {
        "iat": int(now.timestamp()),
        "owner": "saleor",
        "iss": issuer,
        "exp": int((now + life).timestamp()),
        "token": secrets.token_urlsafe(9),
        "email": user.email,
        "user_id": user.id,
        "is_staff": user.is_staff,
    }


def encode(ring: KeyRing, payload: dict[str, Any]) -> str:
    headers = {"kid": ring.current.kid}
    return jwt.encode(payload, ring.current.private, algorithm="RS256", headers=headers)


def decode(ring: KeyRing, token: str, *, issuer: str) -> dict[str, Any]:
    """The claims of one of our own tokens. Raises jwt.InvalidTokenError."""
    public = ring.current.private.public_key()
    return jwt.decode(token, public, algorithms=["RS256"], issuer=issuer)

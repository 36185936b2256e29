"""The two questions before a shop is taken in: whose token is this, and which keys sign for you."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.saleor import documents
from app.saleor.operations import APP_IDENTITY
from app.saleor.outward import Outward, OutwardError, origin
from app.saleor.shapes.answers import AppIdentity
from app.saleor.signature import public_key

MOST_KEYS = 16


def identify(outward: Outward, api_url: str, token: str) -> AppIdentity | None:
    """Who we are there, or None where the token is not known. Raises OutwardError."""
    answer = outward.post(api_url, {"query": documents.text(APP_IDENTITY.name)}, token=token)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not data.get("app"):
        return None
    try:
        return AppIdentity.model_validate(data)
    except ValidationError as failure:
        raise OutwardError("it did not answer as a Saleor does") from failure


def jwks(outward: Outward, api_url: str) -> Mapping[str, Any]:
    """The shop's signing keys, and nothing else that came with them. Raises OutwardError."""
    answer = outward.get(f"{origin(api_url)}/.well-known/jwks.json")
    told = answer.get("keys") if isinstance(answer, dict) else None
    keys = [key for key in told or () if _signs(key)] if isinstance(told, list) else []
    if not keys:
        raise OutwardError("it publishes no key that signs webhooks")
    return {"keys": keys[:MOST_KEYS]}


def _signs(key: object) -> bool:
    """An RSA key with a name, and numbers that make one."""
    if not isinstance(key, dict) or key.get("kty") != "RSA":
        return False
    texts = [key.get(name) for name in ("kid", "n", "e")]
    return all(isinstance(text, str) for text in texts) and (
        public_key(key["n"], key["e"]) is not None
    )

"""Saleor signs the raw body of each delivery: a detached JWS, RS256, not encoded (RFC 7797).

This runs for every delivery, before anything is believed, so keys are read once and kept.
"""

import base64
import json
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

PADDING, DIGEST = PKCS1v15(), SHA256()
LONGEST_HEADER = 1024


class Verdict(Enum):
    GOOD = "good"
    BAD = "bad"
    """Not a signature of this body by the key it names, or no signature at all."""
    UNKNOWN_KEY = "unknown key"
    """It names a key that is not among the stored ones: fetch them anew before refusing it."""


def verify(body: bytes, signature: str, jwks: Mapping[str, Any]) -> Verdict:
    """Whether a shop signed this body. The algorithm is ours, never the header's to choose."""
    header, _, rest = signature.partition(".")
    middle, _, sealed = rest.partition(".")
    if middle or (kid := _kid(header)) is None:
        return Verdict.BAD
    key = key_of(jwks, kid)
    if key is None:
        return Verdict.UNKNOWN_KEY
    try:
        key.verify(_decoded(sealed), header.encode() + b"." + body, PADDING, DIGEST)
    except (InvalidSignature, ValueError):
        return Verdict.BAD
    return Verdict.GOOD


@lru_cache(maxsize=1024)
def _kid(header: str) -> str | None:
    """The key a header names, if it is one of Saleor's; the same header comes again and again."""
    if len(header) > LONGEST_HEADER:
        return None
    try:
        told = json.loads(_decoded(header))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("alg") != "RS256":
        return None
    if told.get("b64") is not False or told.get("crit") != ["b64"]:
        return None
    kid = told.get("kid")
    return kid if isinstance(kid, str) else None


def key_of(jwks: Mapping[str, Any], kid: str) -> RSAPublicKey | None:
    """The stored key of that name."""
    for told in jwks.get("keys", ()):
        if isinstance(told, dict) and told.get("kid") == kid and told.get("kty") == "RSA":
            return public_key(str(told.get("n")), str(told.get("e")))
    return None


@lru_cache(maxsize=4096)
def public_key(modulus: str, exponent: str) -> RSAPublicKey | None:
    """A JWK's numbers as a key, built once; None for numbers that make none."""
    try:
        return RSAPublicNumbers(_number(exponent), _number(modulus)).public_key()
    except ValueError:
        return None


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

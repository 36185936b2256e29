"""Whose word a delivery is, with keys of our own; Saleor's are in test_recordings."""

import base64
import json

import pytest

from app.saleor.signature import Verdict, verify
from tests.support.keys import jwks, key, sign, token

BODY = '{"issuedAt": "2026-01-01T12:00:00+00:00", "order": {"name": "Zoë"}}'.encode()


def test_what_the_shop_signed_is_good() -> None:
    assert verify(BODY, sign(BODY), jwks()) is Verdict.GOOD


def test_an_empty_body_can_be_signed_too() -> None:
    assert verify(b"", sign(b""), jwks()) is Verdict.GOOD


def test_the_right_key_is_found_among_several() -> None:
    assert verify(BODY, sign(BODY, "new"), jwks("old", "new")) is Verdict.GOOD


@pytest.mark.parametrize("at", [0, len(BODY) // 2, len(BODY) - 1])
def test_one_changed_byte_is_bad(at: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= 1
    assert verify(bytes(changed), sign(BODY), jwks()) is Verdict.BAD


def test_the_same_json_in_other_bytes_is_bad() -> None:
    again = json.dumps(json.loads(BODY)).encode()
    assert again != BODY
    assert verify(again, sign(BODY), jwks()) is Verdict.BAD


def test_a_key_that_is_not_stored_is_told_from_a_bad_signature() -> None:
    assert verify(BODY, sign(BODY, "new"), jwks("old")) is Verdict.UNKNOWN_KEY
    assert verify(BODY, sign(BODY, "new"), {}) is Verdict.UNKNOWN_KEY


def test_another_key_under_a_known_name_is_bad() -> None:
    """IN-1: bad under a stored kid is 401, whoever made it."""
    assert verify(BODY, sign(BODY, "thief", kid="shop"), jwks()) is Verdict.BAD


def test_a_body_signed_inside_the_signature_is_bad() -> None:
    header, _, seal = sign(BODY).split(".")
    inside = base64.urlsafe_b64encode(BODY).decode()
    assert verify(BODY, f"{header}.{inside}.{seal}", jwks()) is Verdict.BAD


def test_a_token_of_the_same_key_is_no_signature_of_its_claims() -> None:
    """Every shopper has one: its claims would pass for a body that the shop has signed."""
    header, claims, seal = token(user_id="VXNlcjox").split(".")
    assert verify(claims.encode(), f"{header}..{seal}", jwks()) is Verdict.BAD


def encoded(header: object) -> str:
    text = header if isinstance(header, str) else json.dumps(header)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


FINE = {"alg": "RS256", "b64": False, "crit": ["b64"], "kid": "shop", "typ": "JWT"}


@pytest.mark.parametrize(
    "signature",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        f"{encoded(FINE)}..",
        f"{encoded(FINE)}..AAAA",
        f"{encoded(FINE)}..{'A' * 100_000}",
        f"{encoded(FINE)}..ÿ",
        f"{encoded('nonsense')}..AAAA",
        f"{encoded([])}..AAAA",
        f"{encoded('[' * 300)}..AAAA",
        f"{encoded(FINE | {'pad': 'x' * 10_000})}..AAAA",
        f"{encoded(FINE | {'alg': 'none'})}..",
        f"{encoded(FINE | {'kid': 7})}..AAAA",
        "deadbeef" * 8,
    ],
)
def test_what_is_no_signature_is_bad(signature: str) -> None:
    assert verify(BODY, signature, jwks()) is Verdict.BAD


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"b64": True},
        {"b64": None},
        {"crit": None},
        {"crit": []},
        {"crit": ["b64", "exp"]},
        {"kid": None},
    ],
    ids=str,
)
def test_the_header_chooses_nothing(change: dict[str, object]) -> None:
    """Signed well by the shop's own key, but under a header Saleor would not write."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    header = encoded({k: v for k, v in (FINE | change).items() if v is not None})
    seal = key().sign(f"{header}.".encode() + BODY, PKCS1v15(), SHA256())
    signature = f"{header}..{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    assert verify(BODY, signature, jwks()) is Verdict.BAD


def test_a_dashboard_token_is_no_signature() -> None:
    assert verify(BODY, token(app="QXBwOjE="), jwks()) is Verdict.BAD


@pytest.mark.parametrize(
    "stored",
    [{"keys": [7, None]}, {"keys": [{"kid": "shop", "kty": "RSA", "n": 7, "e": None}]},
     {"keys": []}, {"keys": [{"kid": "shop"}]}, {"keys": [{"kid": "shop", "kty": "EC"}]},
     {"keys": [{"kid": "shop", "kty": "RSA"}]},
     {"keys": [{"kid": "shop", "kty": "RSA", "n": "AQ", "e": "AQ"}]}],
)  # fmt: skip
def test_a_stored_key_that_is_none_is_fetched_anew(stored: dict[str, object]) -> None:
    assert verify(BODY, sign(BODY), stored) is Verdict.UNKNOWN_KEY

"""The Dashboard's token (protocol §4.5): every claim is demanded, and each alone keeps one out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.saleor.token import TokenRejectedError, UnknownKeyError, Viewer, viewer_of
from tests.support.keys import jwks, key, token

API_URL = "https://shop.example/graphql/"
APP_ID = "QXBwOjE="
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def claims(**changes: object) -> dict[str, Any]:
    told = {
        "iss": API_URL,
        "owner": "saleor",
        "type": "thirdparty",
        "app": APP_ID,
        "user_id": "VXNlcjox",
        "email": "owner@example.com",
        "is_staff": True,
        "permissions": ["MANAGE_ORDERS"],
        "user_permissions": ["MANAGE_ORDERS", "MANAGE_APPS"],
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    } | changes
    return {name: value for name, value in told.items() if value is not None}


def read(text: str, *, keys: dict[str, Any] | None = None, now: datetime = NOW) -> Viewer:
    return viewer_of(text, jwks=keys or jwks(), api_url=API_URL, app_id=APP_ID, now=now)


def test_a_good_token_names_a_viewer_with_all_that_person_may_do() -> None:
    assert read(token(**claims())) == Viewer(
        user_id="VXNlcjox",
        email="owner@example.com",
        permissions=frozenset({"MANAGE_ORDERS", "MANAGE_APPS"}),
        expires=NOW + timedelta(minutes=5),
    )


def test_an_extension_token_is_a_viewer_too() -> None:
    assert read(token(**claims(app_extension="QXBwRXh0ZW5zaW9uOjE=", permissions=[])))


def test_the_issuer_is_compared_as_a_shop_and_not_as_text() -> None:
    assert read(token(**claims(iss="https://SHOP.example:443/graphql/")))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://other.example/graphql/"}, "another shop"),
        ({"iss": "nonsense"}, "another shop"),
        ({"iss": None}, "MissingRequiredClaim"),
        ({"app": "QXBwOjI="}, "another app"),
        ({"app": None}, "MissingRequiredClaim"),
        ({"owner": "somebody"}, "another kind"),
        ({"owner": None}, "MissingRequiredClaim"),
        ({"type": "access"}, "another kind"),
        ({"type": "refresh"}, "another kind"),
        ({"type": None}, "MissingRequiredClaim"),
        ({"is_staff": False}, "not of the staff"),
        ({"is_staff": 1}, "not of the staff"),
        ({"is_staff": None}, "MissingRequiredClaim"),
        ({"user_id": None}, "MissingRequiredClaim"),
        ({"user_permissions": None}, "MissingRequiredClaim"),
        ({"user_permissions": "MANAGE_APPS"}, "without permissions"),
        ({"exp": None}, "MissingRequiredClaim"),
        ({"exp": "soon"}, "DecodeError|no instant|Invalid"),
        ({"exp": 1e300}, "no instant"),
        ({"iat": None}, "MissingRequiredClaim"),
        ({"iat": int((NOW + timedelta(minutes=1)).timestamp())}, "in the future"),
        ({"aud": "another app"}, "Audience"),
    ],
)
def test_each_claim_alone_keeps_one_out(change: dict[str, object], why: str) -> None:
    with pytest.raises(TokenRejectedError, match=why):
        read(token(**claims(**change)))


@pytest.mark.parametrize(("late", "taken"), [(0, True), (309, True), (311, False), (86_400, False)])
def test_a_token_lives_five_minutes_and_a_little(late: int, *, taken: bool) -> None:
    text = token(**claims())
    if taken:
        assert read(text, now=NOW + timedelta(seconds=late))
        return
    with pytest.raises(TokenRejectedError, match="expired"):
        read(text, now=NOW + timedelta(seconds=late))


def test_a_key_that_is_not_stored_is_worth_a_second_look() -> None:
    with pytest.raises(UnknownKeyError):
        read(token("new", **claims()))


def test_another_key_under_a_known_name_is_refused() -> None:
    text = jwt.encode(claims(), key("thief"), algorithm="RS256", headers={"kid": "shop"})
    with pytest.raises(TokenRejectedError, match="InvalidSignature"):
        read(text)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_header_does_not_choose_the_algorithm(algorithm: str) -> None:
    secret = jwks()["keys"][0]["n"] if algorithm == "HS256" else ""
    text = jwt.encode(claims(), secret, algorithm=algorithm, headers={"kid": "shop"})
    with pytest.raises(TokenRejectedError):
        read(text)


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "ÿ.ÿ.ÿ", "." * 9])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRejectedError):
        read(text)

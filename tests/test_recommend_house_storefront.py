"""The storefronts' door: who may ask, for whom, from where, how often, and what is never said."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest

from app.kit.clock import real_now
from app.kit.house import House
from app.recommend import flows, rules, turnstile
from app.recommend.stall import close_stalls, stalls_of
from app.recommend.turnstile import Turnstile
from app.shops import flows as shops
from sandbox.keys import new_key
from sandbox.tokens import app_user_token, encode
from tests.support.market import Market, Opens

ANA, BEN = "ana@example.com", "ben@example.com"
PAGE = "https://storefront.example"


def two_buy(market: Market) -> None:
    for email, slug in ((ANA, "earl-grey"), (BEN, "moka-pot")):
        market.sandbox.customer(email, "br").fills_cart({slug: 1}).pays()
    market.settles()


@pytest.fixture
def market(markets: Opens) -> Iterator[Market]:
    with markets(customers=6, orders=24, after=two_buy) as market:
        yield market


def slugs(answer: Any) -> list[str]:  # noqa: ANN401  # JSON
    assert answer.status_code == 200, answer.text
    return [one["slug"] for one in answer.json()["products"]]


def claims(market: Market, **changes: object) -> dict[str, Any]:
    """Of a good access token of Ana's, with changes; None takes a claim away."""
    now = int(real_now().timestamp())
    user = market.sandbox.store.users_by_email[ANA]
    told: dict[str, Any] = {
        "iat": now, "exp": now + 300, "owner": "saleor", "iss": market.sandbox.api_url,
        "type": "access", "token": "x", "email": ANA, "user_id": user.id, "is_staff": False,
    } | changes  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def signed(market: Market, **changes: object) -> dict[str, str]:
    return bearer(encode(market.sandbox.shop.ring, claims(market, **changes)))


def test_her_own_token_opens_her_own_list_and_nobody_elses(market: Market) -> None:
    """RC-1."""
    assert slugs(market.asks(signed(market), slot="again")) == ["earl-grey"]
    ben = bearer(market.shopper(BEN))
    assert slugs(market.asks(ben, slot="again")) == ["moka-pot"]
    assert slugs(market.asks(slot="again")) == [], "a guest bought nothing"
    assert market.asks(signed(market)).json()["personal"] is True
    assert market.asks().json()["personal"] is False


WRONG: list[dict[str, object]] = [
    {"type": "refresh"},
    {"type": "thirdparty", "app": "QXBwOjE="},
    {"type": None},
    {"app": "QXBwOjE="},
    {"owner": "somebody"},
    {"is_staff": True},
    {"is_staff": None},
    {"is_staff": 0},
    {"exp": 1},
    {"exp": None},
    {"exp": "tomorrow"},
    {"iat": 4_000_000_000},
    {"iss": "https://other.example/graphql/"},
    {"iss": None},
    {"user_id": None},
    {"user_id": ""},
    {"user_id": 7},
]


def test_a_token_that_proves_no_customer_of_this_shop_is_refused(market: Market) -> None:
    """Fail closed: a bad token is no guest."""
    for changes in WRONG:
        answer = market.asks(signed(market, **changes))
        assert answer.status_code == 401, changes
        assert "products" not in answer.json()
        assert answer.headers["cache-control"] == "no-store"


def test_a_forged_unsigned_or_mangled_token_is_refused(market: Market) -> None:
    stranger = new_key()
    kid = market.sandbox.shop.ring.current.kid
    forged = jwt.encode(claims(market), stranger.private, algorithm="RS256", headers={"kid": kid})
    unsigned = jwt.encode(claims(market), "", algorithm="none", headers={"kid": kid})
    shared = jwt.encode(claims(market), "s" * 32, algorithm="HS256", headers={"kid": kid})
    good = encode(market.sandbox.shop.ring, claims(market))
    for token in (forged, unsigned, shared, good[:-4] + "AAAA", "x.y.z", "", "é"):
        headers = {"authorization": f"Bearer {token}".encode()}
        assert market.asks(headers).status_code == 401, token  # type: ignore[arg-type]
    assert market.asks({"authorization": good}).status_code == 401, "no scheme"
    assert market.asks({"authorization": f"Basic {good}"}).status_code == 401


def test_a_token_for_the_dashboard_or_of_the_staff_opens_nothing(market: Market) -> None:
    sandbox = market.sandbox
    assert market.asks(bearer(sandbox.staff_token())).status_code == 401
    of_app = app_user_token(sandbox.shop.ring, sandbox.owner, market.app, issuer=sandbox.api_url)
    assert market.asks(bearer(of_app)).status_code == 401


def test_a_key_that_saleor_has_renewed_is_fetched_once(market: Market) -> None:
    market.sandbox.shop.ring.rotate()
    with market.work() as tx:
        shops.this_shop(tx).jwks_at = real_now() - timedelta(hours=1)
    assert slugs(market.asks(signed(market), slot="again")) == ["earl-grey"]


def test_an_account_that_nobody_knows_is_shown_what_everybody_is(market: Market) -> None:
    stranger = signed(market, user_id="VXNlcjo5OTk5OTk=")
    answer = market.asks(stranger)
    assert answer.json()["personal"] is False
    assert answer.json()["products"] == market.asks().json()["products"]


def test_a_key_that_is_none_opens_no_shop(market: Market) -> None:
    long = "a" * 32
    for key in ("", "pk_1_x", "nonsense", f"pk_{market.id}_{long}", f"pk_999_{long}", "é" * 40):
        answer = market.asks(key=key)
        assert answer.status_code == 401, key
        assert "access-control-allow-origin" not in answer.headers


def test_a_renewed_key_ends_the_old_one(market: Market) -> None:
    old = market.key
    with market.work() as tx:
        flows.renew_key(tx)
    assert market.asks(key=old).status_code == 401
    assert market.asks().status_code == 200


def test_two_shops_see_nothing_of_each_other(market: Market, house: House) -> None:
    with Market(
        house, url="https://other.example", customers=3, orders=6, seed=2,
    ) as other:  # fmt: skip
        other.sandbox.customer(ANA, "br").fills_cart({"camomile": 1}).pays()
        other.settles()
        assert other.id != market.id
        assert slugs(other.asks(bearer(other.shopper(ANA)), slot="again")) == ["camomile"]
        assert other.asks(signed(market)).status_code == 401, "a token of the other shop"
        mixed = market.key.replace(f"pk_{market.id}_", f"pk_{other.id}_")
        assert other.asks(key=mixed).status_code == 401, "a key of the other shop"


def test_only_pages_that_the_shop_allows_may_ask_from_a_browser(market: Market) -> None:
    assert market.asks({"origin": PAGE}).status_code == 403
    with market.work() as tx:
        flows.open_to(tx, [PAGE])
    answer = market.asks({"origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "Origin" in answer.headers["vary"]
    for stranger in ("https://evil.example", PAGE + ".evil.example", "null", PAGE + ":444"):
        answer = market.asks({"origin": stranger})
        assert answer.status_code == 403, stranger
        assert "access-control-allow-origin" not in answer.headers


def test_a_browser_asks_first_and_is_told_what_it_may_send(market: Market) -> None:
    with market.work() as tx:
        flows.open_to(tx, [PAGE])
    path = f"/public/v1/recommendations?key={market.key}&channel=br"
    asking = {"access-control-request-method": "GET"}
    answer = market.http.options(path, headers=asking | {"origin": PAGE})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-headers"] == "Authorization"
    assert market.http.options(path, headers=asking | {"origin": "https://x.y"}).status_code == 403


def test_a_shop_that_has_switched_the_app_off_answers_nobody(market: Market) -> None:
    with market.work() as tx:
        shops.pause(tx)
    market.perennial.directory.forget()
    assert market.asks().status_code == 403


def test_a_checkout_proves_its_own_lines_and_nobody(market: Market) -> None:
    """RC-1."""
    cart = market.sandbox.customer(ANA, "br").fills_cart({"matcha-ceremonial": 1})
    market.settles()
    answer = market.asks(slot="again", checkout=cart.id)
    assert slugs(answer) == [], "the cart's owner is not proved by it"
    beside = market.asks(slot="together", checkout=cart.id, limit=50)
    assert "matcha-ceremonial" not in slugs(beside), "it is in the cart already"
    assert beside.json()["personal"] is False
    assert market.asks(slot="together", checkout="Q2hlY2tvdXQ6eA==").status_code == 404


def test_what_is_asked_wrongly_is_said(market: Market) -> None:
    assert market.asks(channel="mars").status_code == 404
    for wrong in ({"limit": 0}, {"limit": 51}, {"slot": "secret"}, {"limit": "x"}):
        assert market.asks(**wrong).status_code == 422, wrong
    assert market.http.post("/public/v1/recommendations").status_code == 405


def test_while_saleor_cannot_be_asked_nothing_is_claimed_to_be_for_sale(market: Market) -> None:
    market.away = True
    answer = market.asks()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


def test_while_the_adviser_is_being_opened_everybody_gets_what_others_buy(market: Market) -> None:
    """After a start, when loops are still being compiled: no shopper waits, none gets an error."""
    close_stalls(market.house)
    stalls = stalls_of(market.house)
    with stalls.opening(market.id):
        stalls.sale_of(market.id).good_for = 0
        answer = market.asks(signed(market), slot="again", limit=4)
        told = answer.json()
        assert (told["slot"], told["personal"], len(told["products"])) == ("popular", False, 4)
        assert {one["reason"]["code"] for one in told["products"]} == {"popular"}
        first = told["products"][0]["id"]
        market.lists(first, "br", isPublished=False)
        assert first not in market.ids(limit=4)
        assert market.asks(channel="nowhere").status_code == 404
        market.away = True
        assert market.asks().status_code == 503, "what cannot be asked about is not shown"
        market.away = False
    assert market.stall
    assert slugs(market.asks(signed(market), slot="again")) == ["earl-grey"]


def test_somebodys_own_list_is_kept_by_nobody_between(market: Market) -> None:
    assert market.asks().headers["cache-control"] == "public, max-age=5"
    answer = market.asks(signed(market))
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in answer.headers["vary"]
    again = signed(market) | {"if-none-match": answer.headers["etag"]}
    assert market.asks(again).status_code == 304
    assert market.asks(again).content == b""


def test_who_asks_too_often_is_told_when_to_come_back(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "stopwatch", lambda: 0.0)  # whatever the machine's speed
    answers = [market.asks(limit=1) for _ in range(62)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_turnstile_knows_one_from_another() -> None:
    gate = Turnstile(rate=1e-6, burst=2)
    assert [gate.wait("a") > 0 for _ in range(3)] == [False, False, True]
    assert gate.wait("b") == 0


def test_the_door_describes_itself(market: Market) -> None:
    told = market.http.get("/public/v1/openapi.json").json()
    asked = told["paths"]["/recommendations"]["get"]
    assert {one["name"] for one in asked["parameters"]} == {
        "key", "channel", "slot", "product", "checkout", "limit", "authorization"
    }  # fmt: skip
    assert set(asked["responses"]) == {"200", "401", "403", "404", "422", "429", "503"}
    assert list(told["paths"]) == ["/recommendations"], "nothing else of the app is told"


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ("https://Shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://shop.example/path", None),
        ("https://*.example", None),
        ("*", None),
        ("null", None),
        ("https://me@shop.example", None),
        ("https://shop.example:x", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_an_origin_is_written_as_a_browser_writes_it(told: str, origin: str | None) -> None:
    assert rules.origin(told) == origin


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Earl Grey, 100 g", "Earl Grey (tin)", True),
        ("Moka pot 3 cups", "Moka pot 6 cups", True),
        ("T-shirt – blue", "T-shirt – red", True),
        ("Green tea", "Green tea cup", False),
        ("7 Herbs", "7 Spices", False),
    ],
)
def test_a_family_is_one_thing_in_several_sizes(one: str, other: str, *, same: bool) -> None:
    assert (rules.family(one) == rules.family(other)) is same

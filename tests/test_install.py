"""The handshake: whom the app lets itself be installed by, and what it answers."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlmodel import Session, select

from app.kit.house import House
from app.kit.promises import Promise
from app.kit.secret import Secrets
from app.shops import flows
from app.shops.tables import Shop as Row
from app.shops.tables import Status
from tests.support.keys import jwks
from tests.support.story import APP_ID, Shop

URL = "https://new.example/graphql/"


class Saleor:
    """A Saleor that knows some tokens, and publishes its keys."""

    def __init__(self) -> None:
        self.tokens = {"good": ("APP1", "perennial"), "other app": ("APP2", "somebody.else")}
        self.publishes = True
        self.asked: list[httpx.URL] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if request.url.path == "/.well-known/jwks.json":
            return httpx.Response(200 if self.publishes else 404, json=jwks())
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return httpx.Response(200, json={"data": self.identity(token)})

    def identity(self, token: str) -> dict[str, Any]:
        shop = {"name": "New", "domain": {"host": "new.example", "url": "https://new.example"}}
        if token not in self.tokens:
            return {"app": None, "shop": shop}
        id_, identifier = self.tokens[token]
        app = {"id": id_, "identifier": identifier, "isActive": True, "permissions": []}
        return {"app": app | {"version": "1"}, "shop": shop}


@pytest.fixture
def saleor() -> Saleor:
    return Saleor()


@pytest.fixture
def shop(house: House, saleor: Saleor) -> Iterator[Shop]:
    with Shop(house, transport=httpx.MockTransport(saleor.answer)) as shop:
        yield shop


def register(shop: Shop, body: object, **headers: str) -> httpx.Response:
    sent = {"saleor-api-url": URL} | {k.replace("_", "-"): v for k, v in headers.items()}
    return shop.http.post("/api/register", json=body, headers={k: v for k, v in sent.items() if v})


def row(house: House, url: str = URL) -> Row | None:
    with Session(house.engine) as session:
        return session.exec(select(Row).where(Row.api_url == url)).first()


def test_a_good_token_is_taken_and_sealed(shop: Shop, house: House) -> None:
    answer = register(shop, {"auth_token": "good", "additional_data": {}})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    stored = row(house)
    assert stored is not None
    assert (stored.app_id, stored.status) == ("APP1", Status.ACTIVE)
    assert "good" not in stored.token
    assert house.secrets.open(stored.token) == "good"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ({"auth_token": "good"}, {"saleor_api_url": ""}, 400, "MISSING_API_URL"),
        ([], {}, 400, "MISSING_AUTH_TOKEN"),
        ({}, {}, 400, "MISSING_AUTH_TOKEN"),
        ({"auth_token": 7}, {}, 400, "MISSING_AUTH_TOKEN"),
        ({"auth_token": "unknown"}, {}, 401, "UNKNOWN_APP_ID"),
        ({"auth_token": "other app"}, {}, 401, "UNKNOWN_APP_ID"),
        ({"auth_token": "good"}, {"saleor_api_url": "gopher://x"}, 403, "SALEOR_URL_PROHIBITED"),
    ],
)
def test_what_is_wrong_is_answered_as_app_sdk_does_and_in_words(
    shop: Shop, house: House, body: object, headers: dict[str, str], status: int, code: str
) -> None:
    answer = register(shop, body, **headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert len(error["message"]) > 10
    assert row(house) is None


def test_a_body_that_is_no_json_is_refused(shop: Shop) -> None:
    answer = shop.http.post("/api/register", content=b"{", headers={"saleor-api-url": URL})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_JSON")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 100_000, "INVALID_JSON"),
        (b'{"auth_token": "\\ud800"}', "MISSING_AUTH_TOKEN"),
        ('{"auth_token": "é"}'.encode(), "MISSING_AUTH_TOKEN"),
    ],
    ids=["deep", "half a letter", "no letter of a header"],
)
def test_what_no_saleor_sends_is_the_callers_fault_and_not_ours(
    shop: Shop, body: bytes, code: str
) -> None:
    answer = shop.http.post("/api/register", content=body, headers={"saleor-api-url": URL})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("said", ["[" * 60_000, '{"data": "yes"}', '{"data": {"app": 7}}'])
def test_whoever_answers_as_no_saleor_does_is_not_known(house: House, said: str) -> None:
    with Shop(house, transport=httpx.MockTransport(lambda _: httpx.Response(200, text=said))) as s:
        answer = register(s, {"auth_token": "good"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNKNOWN_APP_ID")


def test_only_a_post_registers(shop: Shop) -> None:
    assert shop.http.get("/api/register").status_code == 405


def test_a_shop_whose_keys_cannot_be_read_is_refused(shop: Shop, saleor: Saleor) -> None:
    saleor.publishes = False
    answer = register(shop, {"auth_token": "good"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "JWKS_NOT_AVAILABLE")


def test_in_production_nobody_installs_who_is_not_on_the_list(shop: Shop, house: House) -> None:
    strict = house.settings.model_copy(update={"development": False, "allowed_shops": ()})
    object.__setattr__(house, "settings", strict)
    answer = register(shop, {"auth_token": "good"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "SALEOR_URL_PROHIBITED")
    assert "PERENNIAL_ALLOWED_SHOPS" in answer.json()["error"]["message"]


def test_a_shop_on_the_list_that_is_not_under_https_is_told_that_this_is_why(
    shop: Shop, house: House
) -> None:
    url = "http://localhost:8000/graphql/"
    strict = house.settings.model_copy(update={"development": False, "allowed_shops": (url,)})
    object.__setattr__(house, "settings", strict)
    told = register(shop, {"auth_token": "good"}, saleor_api_url=url).json()["error"]["message"]
    assert told.startswith(f"{url} may not install this app: it is not under https://")


def test_the_same_app_may_register_again(shop: Shop, house: House) -> None:
    """CP-2: and its codes stay what they are."""
    secrets = set()
    for _ in range(2):
        assert register(shop, {"auth_token": "good"}).status_code == 200
        installed = row(house)
        assert installed is not None
        secrets.add(house.secrets.open(installed.code_secret))
    assert len(secrets) == 1
    with Session(house.engine) as session:
        assert len(session.exec(select(Row).where(Row.api_url == URL)).all()) == 1


def test_a_working_installation_is_not_overwritten_and_a_dead_one_is(
    shop: Shop, saleor: Saleor, house: House
) -> None:
    assert register(shop, {"auth_token": "good"}).status_code == 200
    saleor.tokens["second"] = ("APP9", "perennial")
    answer = register(shop, {"auth_token": "second"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ALREADY_REGISTERED")
    del saleor.tokens["good"]
    assert register(shop, {"auth_token": "second"}).status_code == 200
    stored = row(house)
    assert stored is not None
    assert stored.app_id == "APP9"


def test_an_installation_whose_key_was_lost_is_made_good_by_another(
    shop: Shop, house: House
) -> None:
    """A database came back from a backup, and its key did not."""
    register(shop, {"auth_token": "good"})
    lost = Secrets(["lost"]).seal("x")
    with Session(house.engine) as session, session.begin():
        stored = session.exec(select(Row).where(Row.api_url == URL)).one()
        stored.token = stored.code_secret = lost
    assert register(shop, {"auth_token": "good"}).status_code == 200
    stored = row(house)
    assert stored is not None
    assert house.secrets.open(stored.token) == "good"
    assert house.secrets.opens(stored.code_secret)


def test_spellings_of_one_address_are_one_shop(shop: Shop, house: House) -> None:
    assert register(shop, {"auth_token": "good"}).status_code == 200
    spelt = "HTTPS://New.Example:443/graphql/"
    assert register(shop, {"auth_token": "good"}, saleor_api_url=spelt).status_code == 200
    with Session(house.engine) as session:
        urls = [row.api_url for row in session.exec(select(Row))]
    assert sorted(urls) == sorted([shop.api_url, URL])


def state(shop: Shop) -> Status:
    found = row(shop.house, shop.api_url)
    assert found is not None
    return Status(found.status)


def told(kind: str, at: str = "2026-03-02T09:00:00Z", **app: object) -> dict[str, object]:
    return {"__typename": kind, "issuedAt": at, "app": {"id": APP_ID} | app}


def test_a_deactivated_app_pauses_and_resumes(shop: Shop) -> None:
    shop.hears("APP_STATUS_CHANGED", told("AppStatusChanged", isActive=False))
    assert state(shop) is Status.PAUSED
    back = told("AppStatusChanged", at="2026-03-02T10:00:00Z", isActive=True)
    shop.perennial.directory.forget()
    shop.hears("APP_STATUS_CHANGED", back)
    assert state(shop) is Status.ACTIVE


def test_a_word_about_the_app_that_comes_late_undoes_no_later_one(shop: Shop) -> None:
    """IN-3: switched off and on again at once, and the first of the two delivered on the second
    try: the shop is on, or everything that follows would be dropped for good.
    """
    off = told("AppStatusChanged", at="2026-03-02T10:00:00Z", isActive=False)
    shop.hears(
        "APP_STATUS_CHANGED", told("AppStatusChanged", at="2026-03-02T10:00:05Z", isActive=True)
    )
    shop.hears("APP_STATUS_CHANGED", off)
    assert state(shop) is Status.ACTIVE


@pytest.mark.parametrize("on", [True, False])
def test_after_an_uninstall_no_late_word_brings_the_app_back(shop: Shop, *, on: bool) -> None:
    """Or it would never be erased."""
    shop.hears("APP_DELETED", told("AppDeleted", at="2026-03-02T10:00:00Z"))
    late = told("AppStatusChanged", at="2026-03-02T12:00:00Z", isActive=on)
    shop.hears("APP_STATUS_CHANGED", late)
    assert state(shop) is Status.DELETED
    shop.waits(days=31)
    assert row(shop.house, shop.api_url) is None


def test_a_shop_that_takes_our_token_again_is_back_by_itself(house: House) -> None:
    """Before 3.23.5 no event says that an app was switched on again: the token is tried."""
    refused = [True]

    def answer(request: httpx.Request) -> httpx.Response:
        app = None if refused[0] else {"id": APP_ID, "identifier": "perennial", "permissions": []}
        told = {"name": "Shop", "domain": {"host": "shop.example", "url": "https://shop.example"}}
        return httpx.Response(200, json={"data": {"app": app, "shop": told}})

    with Shop(house, transport=httpx.MockTransport(answer)) as shop:
        with shop.work() as tx:
            flows.refuse(tx)
        shop.perennial.directory.forget()
        assert shop.delivers("ORDER_CREATED", {"order": None}) == 202
        assert [p.kind for p in shop.all(Promise) if p.kind == "webhook.heard"]  # IN-1: written
        shop.waits(hours=5)
        assert state(shop) is Status.REFUSED
        refused[0] = False
        shop.waits(hours=1)
        assert state(shop) is Status.ACTIVE
        assert sweeps(shop) == {"orders", "customers", "checkouts", "products"}


def test_who_comes_back_asks_at_once_for_what_was_missed(shop: Shop) -> None:
    """IN-4: while the app was off, Saleor told it nothing and keeps nothing for it."""
    shop.hears("APP_STATUS_CHANGED", told("AppStatusChanged", isActive=False))
    assert sweeps(shop) == set()
    shop.perennial.directory.forget()
    back = told("AppStatusChanged", at="2026-03-02T10:00:00Z", isActive=True)
    shop.hears("APP_STATUS_CHANGED", back)
    assert sweeps(shop) == {"orders", "customers", "checkouts", "products"}


def sweeps(shop: Shop) -> set[str]:
    return {promise.body["of"] for promise in shop.all(Promise) if promise.kind == "history.sweep"}


def test_a_removed_app_stops_and_is_erased_after_a_month(shop: Shop) -> None:
    shop.hears("APP_DELETED", told("AppDeleted"))
    assert state(shop) is Status.DELETED
    shop.waits(days=29)
    assert state(shop) is Status.DELETED
    shop.waits(days=2)
    assert row(shop.house, shop.api_url) is None


def test_another_apps_end_is_not_ours(shop: Shop) -> None:
    shop.hears("APP_DELETED", {"__typename": "AppDeleted", "app": {"id": "QXBwOjk="}})
    assert state(shop) is Status.ACTIVE


def test_another_apps_switch_is_not_ours(shop: Shop) -> None:
    shop.hears("APP_STATUS_CHANGED", told("AppStatusChanged", id="QXBwOjk=", isActive=False))
    assert state(shop) is Status.ACTIVE


def test_who_was_back_meanwhile_has_a_whole_month_again(shop: Shop) -> None:
    """Removed, installed again and removed once more: the first month ends in the second."""
    shop.hears("APP_DELETED", told("AppDeleted"))
    shop.waits(days=10)
    again = register(shop, {"auth_token": "good"}, saleor_api_url=shop.api_url)
    assert again.status_code == 200
    assert state(shop) is Status.ACTIVE
    for app in (APP_ID, "APP1"):  # the word about the first comes late, and changes nothing
        shop.delivers("APP_DELETED", told("AppDeleted", at="2026-03-12T10:00:00Z", id=app))
    shop.settles()
    assert state(shop) is Status.DELETED
    shop.waits(days=21)
    assert state(shop) is Status.DELETED
    shop.waits(days=10)
    assert row(shop.house, shop.api_url) is None


def test_the_number_of_an_erased_shop_is_nobody_elses(shop: Shop, house: House) -> None:
    """What old links and keys say, and what this process remembers, was of that shop."""
    with shop.work() as tx:
        flows.forget(tx)
    assert register(shop, {"auth_token": "good"}).status_code == 200
    installed = row(house)
    assert installed is not None
    assert (installed.id or 0) > shop.id

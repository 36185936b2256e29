"""The served sandbox: one click to be the owner, frames as the Dashboard's, controls for this
machine alone."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from starlette.testclient import TestClient

from sandbox import Sandbox
from sandbox.calls import over
from sandbox.probe import BASE, Probe, verify
from sandbox.served import Served
from sandbox.web.server import create_app

ORDER = "subscription { event { ... on OrderCreated { issuedAt order { number } } } }"
HERE = {"Sandbox-Control": "test"}
EXTENSIONS = [
    {"label": "Loyal", "mount": "NAVIGATION_CUSTOMERS", "target": "APP_PAGE", "url": "/people"},
    {
        "label": "Worth",
        "mount": "CUSTOMER_DETAILS_WIDGETS",
        "target": "WIDGET",
        "url": f"{BASE}/app/widgets/customer",
        "permissions": ["MANAGE_USERS"],
        "options": {"widgetTarget": {"method": "POST"}},
    },
]


class Extended(Probe):
    @property
    def manifest(self) -> dict[str, object]:
        return super().manifest | {"extensions": EXTENSIONS}


@pytest.fixture
def probe() -> Probe:
    return Extended({"ORDER_CREATED": ORDER})


@pytest.fixture
def served(probe: Probe) -> Served:
    sandbox = Sandbox(url="http://testserver", latency=(0.001, 0.002))
    return Served(sandbox, pace=1000, call=over(probe))


@pytest.fixture
def client(served: Served) -> Iterator[TestClient]:
    with TestClient(create_app(served)) as client:
        yield client


@pytest.fixture
def owner(client: TestClient) -> TestClient:
    client.post("/enter?next=/")
    client.post("/control/install", json={"manifest_url": f"{BASE}/api/manifest"}, headers=HERE)
    return client


def frame(html: str) -> dict[str, str]:
    [tag] = re.findall(r"<iframe[^>]*>", html)
    return {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)} | {
        name: unescape(value) for name, value in re.findall(r"([\w-]+)='([^']*)'", tag)
    }


def test_one_click_makes_you_the_owner(client: TestClient) -> None:
    assert "You are the owner of this shop" in client.get("/customers").text
    landed = client.post("/enter?next=/customers")
    assert landed.url.path == "/customers"
    assert "All customers" in landed.text
    assert "SameSite=strict" in client.post("/enter", follow_redirects=False).headers["set-cookie"]


def test_nobody_enters_from_elsewhere(client: TestClient) -> None:
    headers = {"Origin": "http://evil.example.com"}
    assert client.post("/enter", headers=headers).status_code == 403
    away = client.post("/enter?next=//evil.example.com", follow_redirects=False)
    assert away.headers["location"] == "/"


def test_every_page_opens_in_every_language_and_theme(owner: TestClient, served: Served) -> None:
    order = served.sandbox.customer("ana@example.com").buys()
    user = order.user
    assert user is not None
    pages = [
        "/",
        "/customers",
        "/orders",
        "/products",
        "/discounts",
        "/extensions/installed",
        "/extensions/app/install",
        f"/orders/{order.id}",
        f"/customers/{user.id}",
        "/orders/none",
    ]
    for locale in ("en", "pt-BR", "pl"):
        owner.cookies.set("sandbox_locale", locale)
        owner.cookies.set("sandbox_theme", "dark")
        for page in pages:
            answer = owner.get(page)
            assert answer.status_code == 200, page
            assert f'<html lang="{locale}" data-theme="dark">' in answer.text
    assert "Wszyscy klienci" in owner.get("/customers").text


def test_the_app_stands_in_a_frame_with_the_dashboards_query_in_front(owner: TestClient) -> None:
    found = frame(owner.get("/extensions/app/QXBwOjE=/people?saleorApiUrl=evil").text)
    address = urlsplit(found["data-address"])
    assert address.path == "/app/people"
    query = parse_qsl(address.query)
    assert query[0] == ("saleorApiUrl", "evil")
    assert ("saleorApiUrl", "http://testserver/graphql/") in query
    assert ("id", "QXBwOjE=") in query
    assert "theme" not in dict(query)
    assert found["sandbox"].split() == [
        "allow-same-origin",
        "allow-forms",
        "allow-scripts",
        "allow-downloads",
        "allow-popups",
    ]


def test_an_app_page_hangs_in_the_menu_it_names(owner: TestClient) -> None:
    assert 'href="/extensions/app/QXBwOjE%3D/people"' in owner.get("/customers").text


def test_a_post_widget_gets_a_form_and_no_address_with_a_token(
    owner: TestClient, served: Served
) -> None:
    user = served.sandbox.customer("ana@example.com").user
    assert user is not None
    found = frame(owner.get(f"/customers/{user.id}").text)
    assert found["data-method"] == "POST"
    assert found["data-address"] == f"{BASE}/app/widgets/customer"
    assert user.id in found["data-context"]
    answer = owner.post(f"/dashboard/token?app=QXBwOjE=&extension={found['data-extension']}")
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert claims["app_extension"] == found["data-extension"]
    assert claims["permissions"] == ["MANAGE_USERS"]


def test_a_token_is_only_for_the_owner(client: TestClient) -> None:
    answer = client.post("/dashboard/token?app=QXBwOjE=")
    assert "token" not in answer.headers["content-type"]
    assert "You are the owner" in answer.text


def test_installing_shows_the_permissions_first_and_the_reason_when_it_fails(
    client: TestClient, probe: Probe
) -> None:
    client.post("/enter")
    address = f"/extensions/app/install?manifestUrl={BASE}/api/manifest"
    assert "Manage customers." in client.get(address).text
    probe.refusal = 403, {"error": {"message": "This shop may not."}}
    assert "This shop may not." in client.post(address).text
    probe.refusal = None
    assert client.post(address).url.path == "/extensions/app/QXBwOjI="
    client.post("/extensions/app/QXBwOjI%3D/do/delete")
    assert "Nothing is installed yet." in client.get("/extensions/installed").text


def test_carriers_bring_what_happens_while_the_shop_is_served(
    owner: TestClient, served: Served, probe: Probe
) -> None:
    served.sandbox.guest("a@example.com").buys()
    outbox = served.sandbox.outbox
    with outbox.ready:
        assert outbox.ready.wait_for(lambda: len(outbox) == 0, timeout=60)
    assert probe.events() == ["ORDER_CREATED"]
    jwks = owner.get("/.well-known/jwks.json").json()
    verify(probe.heard[0].raw, probe.heard[0].headers["saleor-signature"], jwks)


def test_the_api_answers_and_breaks_on_request(owner: TestClient) -> None:
    ask = {"query": "{ shop { name } }"}
    assert owner.post("/graphql/", json=ask).json()["data"]["shop"]["name"]
    owner.post("/control/faults", json={"kind": "throttle", "value": 3}, headers=HERE)
    assert owner.post("/graphql/", json=ask).headers["retry-after"] == "3"
    owner.post("/control/faults", json={"kind": "error", "value": 502}, headers=HERE)
    assert [owner.post("/graphql/", json=ask).status_code for _ in range(2)] == [502, 200]
    told = owner.post("/control/faults", json={"kind": "moon"}, headers=HERE)
    assert (told.status_code, told.json()) == (400, {"error": "no such fault: moon"})


def test_the_controls_are_for_this_machine_and_ask_for_a_header(client: TestClient) -> None:
    assert client.get("/control/status").status_code == 403
    assert client.get("/control/status", headers=HERE).json()["orders"] == 0


def test_the_controls_tell_and_do(owner: TestClient, served: Served) -> None:
    served.sandbox.guest("a@example.com", "pt").buys()
    status = owner.get("/control/status", headers=HERE).json()
    assert status["books"]["pt"]["orders"] == 1
    assert status["apps"] == [{"id": "QXBwOjE=", "identifier": "probe.local"}]
    token = owner.post("/control/token", json={}, headers=HERE).json()["token"]
    assert jwt.decode(token, options={"verify_signature": False})["app"] == "QXBwOjE="
    number = next(iter(served.sandbox.store.orders.values())).number
    owner.post("/control/faults", json={"kind": "bad_order", "number": number}, headers=HERE)
    assert next(iter(served.sandbox.store.orders.values())).origin == ""
    owner.post("/control/revoke", json={"app": "probe.local"}, headers=HERE)
    assert served.sandbox.store.app_tokens == {}
    owner.post("/control/uninstall", json={}, headers=HERE)
    assert owner.get("/control/status", headers=HERE).json()["apps"] == []


def test_a_product_has_a_picture(client: TestClient) -> None:
    answer = client.get("/media/products/moka-pot.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")

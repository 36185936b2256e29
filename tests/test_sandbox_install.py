"""Installing into the sandbox: the real handshake, tokens, keys, and how an app is let go."""

import json

import httpx
import jwt
import pytest

from sandbox import Sandbox
from sandbox.install import InstallFailed
from sandbox.manifest import satisfies
from sandbox.probe import BASE, Probe, verify
from sandbox.tokens import app_user_token
from sandbox.wire import transport

URL = f"{BASE}/api/manifest"
APP_EVENT = """subscription { event { ... on Event { issuedAt issuingPrincipal { __typename } }
  ... on AppInstalled { app { id } } ... on AppDeleted { app { id } }
  ... on AppStatusChanged { app { id isActive } } } }"""
ORDER = "subscription { event { ... on OrderCreated { issuedAt order { id number } } } }"
WHO = "{ app { id identifier isActive permissions { code } } }"


def probe(**queries: str) -> Probe:
    return Probe(queries or {"ORDER_CREATED": ORDER})


def test_the_manifest_is_fetched_and_the_token_handed_over() -> None:
    sandbox, app = Sandbox(), probe()
    installed = sandbox.install(via=app, manifest_url=URL)
    fetched, registered = app.asked
    assert fetched["saleor-schema-version"] == "3.23"
    assert registered["saleor-api-url"] == "https://sandbox.example.com/graphql/"
    assert registered["saleor-domain"] == "sandbox.example.com"
    assert app.token == installed.token
    answer = sandbox.gql(WHO, token=app.token)["data"]["app"]
    assert answer["id"] == installed.id
    assert {one["code"] for one in answer["permissions"]} == set(app.permissions)


def test_the_token_works_and_webhooks_are_live_while_it_is_handed_over() -> None:
    sandbox, app = Sandbox(), probe()
    seen = {}

    def meanwhile(token: str) -> None:
        seen["app"] = sandbox.gql(WHO, token=token)["data"]["app"]
        sandbox.guest("early@example.com").buys()

    app.on_register = meanwhile
    sandbox.install(via=app, manifest_url=URL)
    assert seen["app"]["isActive"]
    sandbox.deliver_all(app)
    assert app.events() == ["ORDER_CREATED"]


def test_an_app_that_refuses_is_not_installed_and_its_words_are_shown() -> None:
    sandbox, app = Sandbox(), probe()
    app.refusal = 403, {"success": False, "error": {"code": "X", "message": "Not this shop."}}
    with pytest.raises(InstallFailed, match="Not this shop"):
        sandbox.install(via=app, manifest_url=URL)
    assert sandbox.store.apps == {}
    assert sandbox.store.app_tokens == {}


def test_a_second_install_of_the_same_app_is_refused() -> None:
    sandbox = Sandbox()
    sandbox.install(via=probe(), manifest_url=URL)
    with pytest.raises(InstallFailed, match="already installed"):
        sandbox.install(via=probe(), manifest_url=URL)


def test_a_reinstall_has_a_new_id_and_a_new_token() -> None:
    sandbox, app = Sandbox(), probe()
    first = sandbox.install(via=app, manifest_url=URL)
    sandbox.uninstall(first)
    second = sandbox.install(via=app, manifest_url=URL)
    assert (first.id, first.token) != (second.id, second.token)
    assert sandbox.gql(WHO, token=first.token)["data"]["app"] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "name"),
        ({"permissions": ["MANAGE_APPS"]}, "permissions"),
        ({"permissions": ["MANAGE_MOON"]}, "permissions"),
        ({"requiredSaleorVersion": ">=3.24 <4"}, "not supported"),
        ({"author": " "}, "author"),
        ({"appUrl": "nowhere"}, "appUrl"),
        ({"brand": {"logo": {"default": "http://x/logo.svg"}}}, "PNG"),
        ({"extensions": [{"label": "x", "url": "/x", "mount": "MOON"}]}, "mount"),
        (
            {
                "extensions": [
                    {
                        "label": "x",
                        "url": "http://x",
                        "mount": "SEARCH_ACTION",
                        "target": "APP_PAGE",
                    }
                ]
            },
            "url",
        ),
        (
            {
                "extensions": [
                    {
                        "label": "x",
                        "url": "/x",
                        "mount": "NAVIGATION_ORDERS",
                        "permissions": ["MANAGE_APPS"],
                    }
                ]
            },
            "permission",
        ),
        (
            {"webhooks": [{"name": "x", "targetUrl": "http://x", "query": "{ shop { name } }"}]},
            "Subscription",
        ),
        (
            {
                "webhooks": [
                    {"name": "x", "targetUrl": "http://x", "query": ORDER.replace("number", "mood")}
                ]
            },
            "mood",
        ),
    ],
)
def test_a_manifest_saleor_would_refuse_is_refused(change: dict[str, object], words: str) -> None:
    sandbox = Sandbox()
    with pytest.raises(InstallFailed, match=words):
        sandbox.install(probe().manifest | change, via=probe())


def test_customer_deleted_in_a_manifest_fails_before_3_23_5() -> None:
    query = "subscription { event { ... on CustomerDeleted { user { id } } } }"
    Sandbox(version="3.23.5").install(via=probe(CUSTOMER_DELETED=query), manifest_url=URL)
    with pytest.raises(InstallFailed, match="CustomerDeleted"):
        Sandbox(version="3.23.4").install(via=probe(CUSTOMER_DELETED=query), manifest_url=URL)


@pytest.mark.parametrize(
    ("version", "wanted", "so"),
    [
        ("3.23.28", ">=3.21 <4", True),
        ("3.20.1", ">=3.21 <4", False),
        ("4.0.0", ">=3.21 <4", False),
        ("3.22.4", "3.21 || 3.22", True),
        ("3.23.0", "^3.21", True),
        ("3.23.0", "~3.21", False),
    ],
)
def test_a_version_range_means_what_node_means(version: str, wanted: str, so: bool) -> None:  # noqa: FBT001
    assert satisfies(version, wanted) is so


def test_the_app_hears_of_its_own_life_and_of_nothing_else_while_it_is_off() -> None:
    sandbox = Sandbox()
    app = probe(
        APP_DELETED=APP_EVENT,
        APP_STATUS_CHANGED=APP_EVENT,
        APP_INSTALLED=APP_EVENT,
        ORDER_CREATED=ORDER,
    )
    installed = sandbox.install(via=app, manifest_url=URL)
    sandbox.deliver_all(app)
    sandbox.deactivate(installed)
    sandbox.guest("a@example.com").buys()
    assert sandbox.gql(WHO, token=app.token)["data"]["app"] is None
    sandbox.activate(installed)
    assert sandbox.gql(WHO, token=app.token)["data"]["app"]["isActive"]
    sandbox.uninstall(installed)
    sandbox.deliver_all(app)
    assert sorted(app.events()) == [
        "APP_DELETED",
        "APP_INSTALLED",
        "APP_STATUS_CHANGED",
        "APP_STATUS_CHANGED",
    ]
    statuses = [one.body["app"]["isActive"] for one in app.heard if "status" in one.event]
    assert sorted(statuses) == [False, True]


def test_a_revoked_token_is_nobody_with_http_200() -> None:
    sandbox, app = Sandbox(), probe()
    sandbox.revoke_token(sandbox.install(via=app, manifest_url=URL))
    client = httpx.Client(transport=transport(sandbox))
    headers = {"Authorization": f"Bearer {app.token}"}
    answer = client.post(
        sandbox.api_url,
        json={"query": "{ app { id } orders(first: 1) { totalCount } }"},
        headers=headers,
    )
    assert answer.status_code == 200
    assert answer.json()["data"] == {"app": None, "orders": None}
    [error] = answer.json()["errors"]
    assert error["extensions"]["exception"]["code"] == "PermissionDenied"


def test_a_signature_verifies_over_the_raw_body_and_over_nothing_else() -> None:
    sandbox, app = Sandbox(), probe()
    sandbox.install(via=app, manifest_url=URL)
    sandbox.guest("a@example.com").buys()
    sandbox.deliver_all(app)
    jwks = (
        httpx.Client(transport=transport(sandbox))
        .get("https://sandbox.example.com/.well-known/jwks.json")
        .json()
    )
    [heard] = app.heard
    signature = heard.headers["saleor-signature"]
    verify(heard.raw, signature, jwks)
    header = jwt.api_jws.get_unverified_header(signature)
    assert header == {
        "alg": "RS256",
        "b64": False,
        "crit": ["b64"],
        "kid": jwks["keys"][0]["kid"],
        "typ": "JWT",
    }
    assert signature == heard.headers["x-saleor-signature"]
    altered = heard.raw.replace(b"order", b"orders", 1)
    for wrong in (altered, json.dumps(json.loads(heard.raw), separators=(",", ":")).encode()):
        with pytest.raises(jwt.InvalidSignatureError):
            verify(wrong, signature, jwks)


def test_after_a_rotation_only_the_new_key_is_shown() -> None:
    sandbox, app = Sandbox(), probe()
    sandbox.install(via=app, manifest_url=URL)
    before = sandbox.shop.ring.jwks
    sandbox.guest("a@example.com").buys()
    sandbox.deliver_all(app)
    sandbox.shop.ring.rotate()
    sandbox.guest("b@example.com").buys()
    sandbox.deliver_all(app)
    verify(app.heard[0].raw, app.heard[0].headers["saleor-signature"], before)
    verify(app.heard[1].raw, app.heard[1].headers["saleor-signature"], sandbox.shop.ring.jwks)
    with pytest.raises(KeyError):
        verify(app.heard[1].raw, app.heard[1].headers["saleor-signature"], before)


def test_a_wrong_key_signs_as_often_as_asked() -> None:
    sandbox, app = Sandbox(), probe()
    sandbox.install(via=app, manifest_url=URL)
    sandbox.shop.ring.sign_wrongly(1)
    for name in ("a", "b"):
        sandbox.guest(f"{name}@example.com").buys()
        sandbox.deliver_all(app)
    with pytest.raises(KeyError):
        verify(app.heard[0].raw, app.heard[0].headers["saleor-signature"], sandbox.shop.ring.jwks)
    verify(app.heard[1].raw, app.heard[1].headers["saleor-signature"], sandbox.shop.ring.jwks)


def test_the_dashboards_token_carries_saleors_claims() -> None:
    sandbox, app = Sandbox(), probe()
    installed = sandbox.install(via=app, manifest_url=URL)
    token = app_user_token(sandbox.shop.ring, sandbox.owner, installed, issuer=sandbox.api_url)
    key = jwt.PyJWKSet.from_dict(sandbox.shop.ring.jwks).keys[0]
    claims = jwt.decode(token, key, algorithms=["RS256"])
    assert claims["iss"] == sandbox.api_url
    assert claims["app"] == installed.id
    assert (claims["type"], claims["owner"], claims["is_staff"]) == ("thirdparty", "saleor", True)
    assert claims["exp"] - claims["iat"] == 300
    assert "MANAGE_APPS" in claims["user_permissions"]
    assert "MANAGE_APPS" not in claims["permissions"]
    assert (
        sandbox.gql("{ me { email } }", token=token)["data"]["me"]["email"] == "owner@example.com"
    )
    assert "errors" in sandbox.gql(
        "{ apps(first: 1) { totalCount } appsInstallations { id } }", token=token
    )

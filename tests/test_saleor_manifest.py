"""The manifest each Saleor can take (protocol §1), and the webhooks it should have afterwards."""

import itertools
import json

import pytest
from graphql import parse

from app.saleor import documents, manifest, shapes
from app.saleor.documents import Version
from tests.support.saleor import SCHEMAS, complaints
from tests.support.shared import needs_shared

BASE = "https://perennial.example"
EVERYWHERE = [
    "NAVIGATION_CUSTOMERS", "NAVIGATION_DISCOUNTS", "NAVIGATION_ORDERS",
    "CUSTOMER_OVERVIEW_MORE_ACTIONS",
]  # fmt: skip
NARROW = [*EVERYWHERE, "CUSTOMER_DETAILS_MORE_ACTIONS"]
WIDE = [
    *EVERYWHERE, "CUSTOMER_DETAILS_WIDGETS", "ORDER_DETAILS_WIDGETS",
    "DRAFT_ORDER_DETAILS_WIDGETS", "PRODUCT_DETAILS_WIDGETS", "VOUCHER_DETAILS_WIDGETS",
    "GIFT_CARD_DETAILS_WIDGETS",
]  # fmt: skip
VERSIONS = [None, "", "nonsense", "2.11", "3.20", "3.21", "3.22", "3.23", "3.24", "3.30"]


@pytest.mark.parametrize(
    ("asked", "mounts", "hears_deleted"),
    [
        (None, NARROW, False),
        ("nonsense", NARROW, False),
        ("3.20", NARROW, False),
        ("3.21", NARROW, False),
        ("3.22", WIDE, False),
        ("3.23", WIDE, False),  # may be 3.23.4, which has no CustomerDeleted
        ("3.24", WIDE, True),
    ],
)
def test_each_saleor_gets_what_it_can_take(
    asked: str | None, mounts: list[str], *, hears_deleted: bool
) -> None:
    built = manifest.build(BASE, asked)
    assert [extension["mount"] for extension in built["extensions"]] == mounts
    named = {webhook["name"] for webhook in built["webhooks"]}
    assert ("customer_deleted" in named) is hears_deleted
    assert {"order_created", "checkout_updated", "app_deleted"} <= named


@pytest.mark.parametrize(("asked", "there"), [("3.22", False), ("3.23", True), ("3.24", True)])
def test_what_an_older_dashboard_refuses_is_asked_for_only_where_somebody_says_so(
    asked: str, *, there: bool
) -> None:
    def mounts(*extras: str) -> list[str]:
        return [one["mount"] for one in manifest.build(BASE, asked, extras=extras)["extensions"]]

    for extra, mount in (("home", "HOMEPAGE_WIDGETS"), ("search", "SEARCH_ACTION")):
        assert mount not in mounts()
        assert (mount in mounts(extra)) is there
    every = manifest.build(BASE, asked, extras=["home", "search"])["extensions"]
    assert all("only" not in one for one in every)


@pytest.mark.parametrize("asked", VERSIONS)
def test_what_every_saleor_is_told(asked: str | None) -> None:
    built = manifest.build(BASE + "/", asked)
    assert built["id"] == manifest.IDENTIFIER == "perennial"
    assert built["version"] == manifest.VERSION
    assert (built["name"], built["author"]) == ("Perennial", "Perennial contributors")
    assert built["requiredSaleorVersion"] == ">=3.21 <4"
    assert built["appUrl"] == f"{BASE}/app"
    assert built["tokenTargetUrl"] == f"{BASE}/api/register"
    assert built["dataPrivacyUrl"] == f"{BASE}/privacy"
    assert built["supportUrl"] == f"{BASE}/support"
    assert built["brand"]["logo"]["default"] == f"{BASE}/logo.png"
    assert "audience" not in built
    assert json.loads(json.dumps(built)) == built


@pytest.mark.parametrize("asked", VERSIONS)
def test_lengths_and_permissions_stay_within_saleors_rules(asked: str | None) -> None:
    """Protocol §1.2, §1.3, §1.5: what else would fail the installation."""
    built = manifest.build(BASE, asked)
    assert all(len(built[key]) <= 60 for key in ("name", "version", "author"))
    assert set(built["permissions"]) == {
        "MANAGE_ORDERS", "MANAGE_CHECKOUTS", "MANAGE_USERS", "MANAGE_DISCOUNTS"
    }  # fmt: skip
    for extension in built["extensions"]:
        assert set(extension["permissions"]) <= set(built["permissions"])
        assert "saleor" not in extension
        whole = extension["url"].startswith(BASE)
        assert whole is (extension["target"] != "APP_PAGE")
    for webhook in built["webhooks"]:
        assert webhook["targetUrl"] == f"{BASE}/api/webhooks/{webhook['name']}"
        assert webhook["asyncEvents"] == [webhook["name"].upper()]
        assert parse(webhook["query"])


def test_building_one_manifest_leaves_the_next_alone() -> None:
    manifest.build(BASE, "3.23")["extensions"][0]["label"] = "spoilt"
    assert manifest.build(BASE, "3.23")["extensions"][0]["label"] == "Perennial"


def test_every_subscription_is_in_the_manifest_and_every_webhook_has_one() -> None:
    named = {name.removeprefix("subscriptions/") for name in documents.names("subscriptions")}
    every = [*manifest.BASE["webhooks"], *itertools.chain(*manifest.OPTIONAL.values())]
    assert set(every) == named
    assert len(every) == len(named)


def test_what_needs_a_further_permission_is_heard_once_it_is_granted() -> None:
    assert not set(manifest.OPTIONAL) & set(manifest.BASE["permissions"])
    asked = {w["name"] for w in manifest.wanted_webhooks(BASE, "3.21.0")}
    given = {w["name"] for w in manifest.wanted_webhooks(BASE, "3.21.0", ["MANAGE_PRODUCTS"])}
    assert given - asked == {"product_updated", "product_deleted"}


@needs_shared
@pytest.mark.parametrize("version", SCHEMAS, ids=lambda v: f"{v.major}.{v.minor}")
def test_no_webhook_of_a_manifest_fails_the_installation(version: Version) -> None:
    """Saleor checks each query against its live schema, and one bad one stops the install."""
    built = manifest.build(BASE, f"{version.major}.{version.minor}")
    wrong = {w["name"]: complaints(parse(w["query"]), version) for w in built["webhooks"]}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    ("version", "with_document"),
    [
        ("3.21.0", False),
        ("3.22.67", False),
        ("3.23.0", False),
        ("3.23.4", False),
        ("3.23.5", True),
        ("3.23.28", True),
        ("3.24.0-a.0", True),
    ],
)
def test_customer_deleted_is_heard_on_every_saleor(version: str, *, with_document: bool) -> None:
    """Before 3.23.5 there is no subscription type: a webhook without a query hears it."""
    wanted = {w["name"]: w for w in manifest.wanted_webhooks(BASE, version)}
    assert set(wanted) == set(manifest.BASE["webhooks"])
    assert (wanted["customer_deleted"]["query"] is not None) is with_document
    assert all(w["query"] for name, w in wanted.items() if name != "customer_deleted")


def test_a_version_that_is_none_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="not a version"):
        manifest.wanted_webhooks(BASE, "latest")


def webhook(**changes: object) -> shapes.Webhook:
    wanted = manifest.wanted_webhooks(BASE, "3.23.28")[0]
    told = {
        "id": "W1",
        "name": wanted["name"],
        "isActive": True,
        "targetUrl": wanted["targetUrl"],
        "subscriptionQuery": "\n  " + wanted["query"].replace("\n", "\n\t"),
        "asyncEvents": [{"eventType": event} for event in wanted["asyncEvents"]],
    }
    return shapes.Webhook.model_validate(told | changes)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"name": "renamed"}, True),
        ({"isActive": False}, False),
        ({"targetUrl": "https://old.example/api/webhooks/order_created"}, False),
        (
            {"subscriptionQuery": "subscription { event { ... on OrderCreated { version } } }"},
            False,
        ),
        ({"subscriptionQuery": None}, False),
        ({"subscriptionQuery": "nonsense {"}, False),
        ({"asyncEvents": []}, False),
    ],
)
def test_only_a_webhook_that_differs_is_written_again(
    changes: dict[str, object], *, same: bool
) -> None:
    wanted = manifest.wanted_webhooks(BASE, "3.23.28")[0]
    assert manifest.same_webhook(webhook(**changes), wanted) is same


def test_a_webhook_goes_to_saleor_as_its_input_names_it() -> None:
    wanted = manifest.wanted_webhooks(BASE, "3.21.0")
    for one in wanted:
        assert set(manifest.webhook_input(one)) == {
            "name", "targetUrl", "asyncEvents", "query", "isActive"
        }  # fmt: skip

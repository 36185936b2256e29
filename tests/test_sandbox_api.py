"""The sandbox's API: who may ask what, how much at once, and how it says no."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.saleor import documents
from sandbox import Sandbox
from sandbox.api.lean import LeanExecutor
from sandbox.apps import Principal
from sandbox.probe import BASE, Probe
from sandbox.shopper import SHOPPERS_PASSWORD
from sandbox.wire import transport

ORDERS = """query($first: Int, $after: String, $since: DateTime) { orders(first: $first,
  after: $after, filter: {updatedAt: {gte: $since}}, sortBy: {field: LAST_MODIFIED_AT,
  direction: ASC}) { totalCount edges { cursor node { id number origin updatedAt voucherCode
  user { id email } channel { slug } total { gross { amount currency } net { amount } }
  totalCharged { amount } metadata { key } decision: privateMetafield(key: "x")
  discounts { name total { amount } } fulfillments { status lines { quantity } }
  lines { id quantity unitPrice { gross { amount } } variant { id name product { id name
  category { name } collections { name } } } } } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture(scope="module")
def grown() -> Sandbox:
    return Sandbox(seed=5, customers=60, orders=250)


def installed(sandbox: Sandbox, *permissions: str) -> str:
    probe = Probe({}, permissions=permissions)
    sandbox.install(via=probe, manifest_url=f"{BASE}/api/manifest")
    return probe.token or ""


def words(body: dict[str, Any]) -> str:
    return " ".join(one["message"] for one in body["errors"])


def test_every_order_comes_once_page_by_page(grown: Sandbox) -> None:
    token, after, numbers = grown.staff_token(), None, []
    while True:
        page = grown.gql(ORDERS, {"first": 40, "after": after}, token=token)["data"]["orders"]
        numbers += [one["node"]["number"] for one in page["edges"]]
        moments = [one["node"]["updatedAt"] for one in page["edges"]]
        assert moments == sorted(moments)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert page["totalCount"] == len(numbers) == len(set(numbers)) == 250


def test_a_page_that_is_added_to_while_it_is_read_loses_nothing() -> None:
    sandbox = Sandbox(seed=5, customers=20, orders=50)
    token, facts = sandbox.staff_token(), {"first": 20}
    first = sandbox.gql(ORDERS, facts, token=token)["data"]["orders"]
    moved = sandbox.store.orders[first["edges"][3]["node"]["id"]]
    sandbox.staff.refunds(moved, "0.01") if moved.charged else moved
    new = sandbox.guest("new@example.com").buys()
    seen = {one["node"]["number"] for one in first["edges"]}
    after = first["pageInfo"]["endCursor"]
    while after:
        page = sandbox.gql(ORDERS, {**facts, "after": after}, token=token)["data"]["orders"]
        seen |= {one["node"]["number"] for one in page["edges"]}
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert seen == {one.number for one in sandbox.store.orders.values()}
    assert new.number in seen


@pytest.mark.parametrize(
    ("first", "said"), [(101, "exceeds the `first` limit"), (None, "You must")]
)
def test_a_page_has_at_most_a_hundred_and_a_size(
    grown: Sandbox, first: int | None, said: str
) -> None:
    body = grown.gql(ORDERS, {"first": first}, token=grown.staff_token())
    assert body["data"]["orders"] is None
    assert said in words(body)


def test_a_bad_cursor_is_an_error(grown: Sandbox) -> None:
    body = grown.gql(ORDERS, {"first": 1, "after": "nonsense"}, token=grown.staff_token())
    assert "cursor is invalid" in words(body)


def test_an_empty_origin_takes_its_whole_page_and_says_where() -> None:
    sandbox = Sandbox(seed=5, customers=20, orders=50)
    token = sandbox.staff_token()
    page = sandbox.gql(ORDERS, {"first": 20}, token=token)["data"]["orders"]["edges"]
    sandbox.spoil(sandbox.store.orders[page[7]["node"]["id"]])
    body = sandbox.gql(ORDERS, {"first": 20}, token=token)
    assert body["data"]["orders"] is None
    [error] = body["errors"]
    assert error["path"] == ["orders", "edges", 7, "node", "origin"]
    without = ORDERS.replace("origin ", "")
    assert len(sandbox.gql(without, {"first": 20}, token=token)["data"]["orders"]["edges"]) == 20


def test_the_short_cut_answers_as_the_whole_machinery_does(
    grown: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = Principal(user=grown.owner, permissions=grown.owner.permissions)
    ask = {"query": ORDERS, "variables": {"first": 100}}
    quick = grown.api.ask(ask, who).body
    monkeypatch.setattr(LeanExecutor, "plan_for", lambda *_: None)
    assert grown.api.ask(ask, who).body == quick
    assert quick["data"]["orders"]["edges"]


def test_a_cost_is_told_and_too_much_is_refused(grown: Sandbox) -> None:
    token = grown.staff_token()
    body = grown.gql(ORDERS, {"first": 100}, token=token)
    assert body["extensions"]["cost"] == {"requestedQueryCost": 1000, "maximumAvailable": 50_000}
    dear = """{ products(first: 100) { edges { node { productVariants(first: 100) { edges {
      node { product { productVariants(first: 100) { totalCount } } } } } } } } }"""
    reading = grown.answer({}, b"{}")
    assert reading.status == 400
    client = httpx.Client(transport=transport(grown))
    answer = client.post(grown.api_url, json={"query": dear})
    assert answer.status_code == 400
    assert "exceeds the maximum cost" in words(answer.json())


def test_five_mutations_are_one_too_many(grown: Sandbox) -> None:
    one = 'm{}: tokenVerify(token: "x") {{ isValid errors {{ code }} }}'
    five, four = ("mutation {" + " ".join(one.format(n) for n in range(k)) + "}" for k in (5, 4))
    assert "limit of 4" in words(grown.gql(five))
    assert len(grown.gql(four)["data"]) == 4


def test_an_empty_default_of_a_variable_is_forgotten(grown: Sandbox) -> None:
    """A running Saleor refused a request that leant on one."""
    ask = "query($with: Boolean = {}) {{ shop {{ name @include(if: $with) id }} }}"
    assert grown.gql(ask.format("true"))["data"]["shop"].keys() == {"name", "id"}
    assert "errors" in grown.gql(ask.format("false"))
    said = grown.gql(ask.format("false"), {"with": False})
    assert said["data"]["shop"].keys() == {"id"}


def test_an_invalid_query_is_400_and_a_denied_field_200(grown: Sandbox) -> None:
    client = httpx.Client(transport=transport(grown))
    wrong = client.post(grown.api_url, json={"query": "{ moon { id } }"})
    assert wrong.status_code == 400
    denied = client.post(grown.api_url, json={"query": "{ customers(first: 1) { totalCount } }"})
    assert denied.status_code == 200
    assert denied.json()["data"] == {"customers": None}
    assert "MANAGE_ORDERS, MANAGE_USERS" in words(denied.json())


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("{ orders(first: 1) { totalCount } }", "MANAGE_ORDERS"),
        ("{ customers(first: 1) { totalCount } }", "MANAGE_USERS"),
        ("{ checkouts(first: 1) { totalCount } }", "MANAGE_CHECKOUTS"),
        ("{ vouchers(first: 1) { totalCount } }", "MANAGE_DISCOUNTS"),
        ("{ giftCards(first: 1) { totalCount } }", "MANAGE_GIFT_CARD"),
    ],
)
def test_each_list_needs_its_permission(query: str, needed: str) -> None:
    others = {"MANAGE_ORDERS", "MANAGE_USERS", "MANAGE_CHECKOUTS", "MANAGE_DISCOUNTS"} - {needed}
    others -= {"MANAGE_ORDERS"} if "customers" in query else set()
    with_it, without = Sandbox(), Sandbox()
    assert "errors" not in with_it.gql(query, token=installed(with_it, needed))
    assert needed in words(without.gql(query, token=installed(without, *others)))


def test_the_user_of_a_cart_needs_manage_users_and_manage_checkouts_is_not_enough() -> None:
    query = "query($id: ID!) { checkout(id: $id) { id email user { email } voucherCode } }"
    sandbox = Sandbox()
    cart = sandbox.customer("ana@example.com").fills_cart()
    token = installed(sandbox, "MANAGE_CHECKOUTS")
    body = sandbox.gql(query, {"id": cart.id}, token=token)
    assert body["data"]["checkout"]["user"] is None
    assert "MANAGE_USERS" in words(body)
    assert body["data"]["checkout"]["email"] == "ana@example.com"
    seen = sandbox.gql(query, {"id": cart.id}, token=sandbox.staff_token())
    assert seen["data"]["checkout"]["user"] == {"email": "ana@example.com"}


def test_a_shopper_sees_herself_and_writes_her_own_public_metadata_only() -> None:
    sandbox = Sandbox()
    sandbox.customer("ana@example.com").buys()
    ben = sandbox.customer("ben@example.com")
    sign_in = """mutation($email: String!, $password: String!) { tokenCreate(email: $email,
      password: $password) { token errors { code } } }"""
    facts = {"email": "ana@example.com", "password": SHOPPERS_PASSWORD}
    token = sandbox.gql(sign_in, facts)["data"]["tokenCreate"]["token"]
    mine = sandbox.gql("{ me { id email orders(first: 5) { totalCount } note } }", token=token)
    assert mine["data"]["me"] == {
        "id": mine["data"]["me"]["id"],
        "email": "ana@example.com",
        "orders": {"totalCount": 1},
        "note": None,
    }
    assert "MANAGE_USERS" in words(mine)
    write = """mutation($id: ID!) { updateMetadata(id: $id, input: [{key: "tier", value: "Gold"}]) {
      errors { code } } updatePrivateMetadata(id: $id, input: [{key: "a", value: "b"}]) {
      errors { code } } }"""
    own = sandbox.gql(write, {"id": mine["data"]["me"]["id"]}, token=token)
    assert own["data"]["updateMetadata"] == {"errors": []}
    assert own["data"]["updatePrivateMetadata"] is None
    foreign = sandbox.gql(write, {"id": ben.user.id if ben.user else ""}, token=token)
    assert foreign["data"]["updateMetadata"] is None


def test_a_wrong_password_and_an_unconfirmed_account_do_not_sign_in() -> None:
    sandbox = Sandbox()
    sandbox.customer("ana@example.com", confirmed=False)
    sign_in = """mutation($password: String!) { tokenCreate(email: "ana@example.com",
      password: $password) { token errors { code } } }"""
    for password, code in (
        (SHOPPERS_PASSWORD, "ACCOUNT_NOT_CONFIRMED"),
        ("x", "INVALID_CREDENTIALS"),
    ):
        answer = sandbox.gql(sign_in, {"password": password})["data"]["tokenCreate"]
        assert answer == {"token": None, "errors": [{"code": code}]}


def test_goods_are_open_where_they_are_published_and_staff_sees_the_rest() -> None:
    sandbox = Sandbox()
    count = '{ products(first: 1, channel: "pt") { totalCount } }'
    everywhere = "{ products(first: 1) { totalCount } }"
    total = len(sandbox.store.products)
    product = next(iter(sandbox.store.products.values()))
    product.listings["pt"].is_published = False
    assert sandbox.gql(count)["data"]["products"]["totalCount"] == total - 1
    assert sandbox.gql(everywhere)["data"]["products"]["totalCount"] == 0
    seen = sandbox.gql(everywhere, token=installed(sandbox, "MANAGE_ORDERS"))
    assert seen["data"]["products"]["totalCount"] == total


def test_a_price_exists_only_in_a_channel() -> None:
    sandbox = Sandbox()
    ask = """query($channel: String) { products(first: 1, channel: $channel) { edges { node { name
      variants { pricing { price { gross { amount currency } } } } } } } }"""
    token = sandbox.staff_token()
    for channel, currency in (("br", "BRL"), ("pt", "EUR"), ("pl", "PLN")):
        node = sandbox.gql(ask, {"channel": channel}, token=token)["data"]["products"]["edges"][0]
        assert node["node"]["variants"][0]["pricing"]["price"]["gross"]["currency"] == currency
    node = sandbox.gql(ask, {}, token=token)["data"]["products"]["edges"][0]["node"]
    assert node["variants"][0]["pricing"] is None


def test_an_app_keeps_its_own_webhooks() -> None:
    sandbox = Sandbox()
    token = installed(sandbox, "MANAGE_ORDERS", "MANAGE_USERS")
    query = "subscription { event { ... on CustomerDeleted { user { id } } } }"
    create = """mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id
      asyncEvents { eventType } subscriptionQuery } errors { field code } } }"""
    facts = {"input": {"name": "gone", "targetUrl": "http://x/gone", "query": query}}
    made = sandbox.gql(create, facts, token=token)["data"]["webhookCreate"]
    assert made["webhook"]["asyncEvents"] == [{"eventType": "CUSTOMER_DELETED"}]
    facts["input"]["query"] = query.replace("user", "moon")
    bad = sandbox.gql(create, facts, token=token)["data"]["webhookCreate"]
    assert bad["errors"] == [{"field": "query", "code": "INVALID"}]
    change = """mutation($id: ID!) { webhookUpdate(id: $id, input: {isActive: false}) {
      webhook { isActive } errors { code } } }"""
    key = {"id": made["webhook"]["id"]}
    assert not sandbox.gql(change, key, token=token)["data"]["webhookUpdate"]["webhook"]["isActive"]
    drop = "mutation($id: ID!) { webhookDelete(id: $id) { webhook { id } errors { code } } }"
    assert sandbox.gql(drop, key, token=token)["data"]["webhookDelete"]["errors"] == []
    left = sandbox.gql("{ app { webhooks { id } } }", token=token)["data"]["app"]["webhooks"]
    assert left == []
    assert sandbox.gql(create, facts)["data"]["webhookCreate"] is None


@pytest.mark.parametrize(
    ("kind", "value", "status"), [("error", 0, 500), ("error", 503, 503), ("throttle", 7, 429)]
)
def test_the_api_breaks_as_often_as_asked(kind: str, value: float, status: int) -> None:
    sandbox = Sandbox()
    sandbox.faults.ask_for(kind, times=2, value=value)
    client = httpx.Client(transport=transport(sandbox))
    ask = {"query": "{ shop { name } }"}
    answers = [client.post(sandbox.api_url, json=ask) for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 200]
    if kind == "throttle":
        assert answers[0].headers["retry-after"] == "7"
    sandbox.faults.ask_for("hang")
    with pytest.raises(httpx.ReadTimeout):
        client.post(sandbox.api_url, json=ask)


def test_an_app_makes_a_card_for_one_account_once_and_finds_it_by_its_code() -> None:
    """With the documents of the app itself; a card that is deleted leaves the carts it was in."""
    sandbox = Sandbox()
    ana = sandbox.customer("ana@example.com", "pt")
    token = installed(sandbox, "MANAGE_GIFT_CARD")

    def ask(name: str, **facts: object) -> Any:  # noqa: ANN401 - JSON
        return sandbox.gql(documents.text(name), facts, token=token)["data"]

    terms = {
        "code": "MINE-2345", "balance": {"amount": 7, "currency": "EUR"}, "isActive": True,
        "assignedTo": ana.user.id, "expiryDate": "2099-01-01", "addTags": ["x"],
    }  # fmt: skip
    assert ask("mutations/gift_card_create", input=terms)["giftCardCreate"]["errors"] == []
    again = ask("mutations/gift_card_create", input=terms)["giftCardCreate"]
    assert [error["code"] for error in again["errors"]] == ["ALREADY_EXISTS"]
    cart = ana.fills_cart({"house-blend": 2}).types_code("MINE-2345")
    assert cart.total == Decimal("10.80")
    (found,) = ask("queries/gift_card_called", code="MINE-2345")["giftCards"]["edges"]
    assert found["node"]["lastUsedOn"] is None
    assert ask("queries/gift_card_called", code="OTHER")["giftCards"]["edges"] == []
    gone = ask("mutations/gift_card_delete", ids=[found["node"]["id"]])["giftCardBulkDelete"]
    assert gone == {"count": 1, "errors": []}
    assert cart.total == Decimal("17.80")

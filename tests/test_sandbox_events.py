"""What the sandbox tells an app, when, in which order, and how often."""

import gzip
import json
from decimal import Decimal

import pytest

from sandbox import Sandbox
from sandbox.clock import StandingClock
from sandbox.probe import BASE, Probe
from tests.support.shared import SHARED, needs_shared

URL = f"{BASE}/api/manifest"
PRINCIPAL = "issuedAt issuingPrincipal { __typename ... on App { id } ... on User { id } }"
ORDER = "id number status chargeStatus updatedAt user { id } userEmail totalRefunded { amount }"
CART = "id email voucherCode user { id } lines { id }"
SELECTED = {
    "ORDER": f"order {{ {ORDER} }}",
    "CHECKOUT": f"checkout {{ {CART} }}",
    "CUSTOMER": "user { id email isConfirmed metadata { key value } }",
    "ACCOUNT": "user { id email isConfirmed }",
}
HEARD = (
    "ORDER_CREATED ORDER_UPDATED ORDER_CONFIRMED ORDER_PAID ORDER_FULLY_PAID ORDER_REFUNDED "
    "ORDER_FULLY_REFUNDED ORDER_CANCELLED ORDER_EXPIRED ORDER_FULFILLED ORDER_METADATA_UPDATED "
    "ORDER_BULK_CREATED CHECKOUT_CREATED CHECKOUT_UPDATED CHECKOUT_METADATA_UPDATED "
    "CUSTOMER_CREATED CUSTOMER_UPDATED CUSTOMER_METADATA_UPDATED CUSTOMER_DELETED "
    "ACCOUNT_CONFIRMED ACCOUNT_DELETED"
)


def query(event: str) -> str:
    kind = event.title().replace("_", "")
    chosen = SELECTED[event.partition("_")[0]]
    if event == "ORDER_BULK_CREATED":
        chosen = f"orders {{ {ORDER} }}"
    return f"subscription {{ event {{ ... on {kind} {{ {PRINCIPAL} {chosen} }} }} }}"


class Stage:
    """A sandbox with an app that hears everything."""

    def __init__(self, seed: int = 1, latency: tuple[float, float] = (0.3, 1.1)) -> None:
        self.sandbox = Sandbox(seed, StandingClock(), latency=latency)
        self.probe = Probe({event: query(event) for event in HEARD.split()})
        self.app = self.sandbox.install(via=self.probe, manifest_url=URL)

    def hears(self) -> list[str]:
        """The events of everything that happened since, sorted: their order is nobody's promise."""
        self.sandbox.deliver_all(self.probe)
        names, self.probe.heard = sorted(self.probe.events()), []
        return names


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_paid_cart_tells_five_things_at_once(stage: Stage) -> None:
    cart = stage.sandbox.guest("a@example.com").fills_cart()
    assert stage.hears() == ["CHECKOUT_CREATED"]
    order = cart.pays()
    assert stage.hears() == [
        "ORDER_CONFIRMED",
        "ORDER_CREATED",
        "ORDER_FULLY_PAID",
        "ORDER_PAID",
        "ORDER_UPDATED",
    ]
    assert (order.status, order.charge_status) == ("UNFULFILLED", "FULL")
    assert order.checkout_id == cart.id


def test_an_unpaid_cart_tells_two_and_waits_unconfirmed(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").fills_cart().orders_unpaid()
    assert stage.hears() == ["ORDER_CONFIRMED", "ORDER_CREATED"]
    assert (order.status, order.charge_status) == ("UNCONFIRMED", "NONE")


@pytest.mark.parametrize("channel", ["br", "pt"])
def test_marked_as_paid_is_fully_paid_without_paid_and_stays_unconfirmed(
    stage: Stage, channel: str
) -> None:
    order = stage.sandbox.guest("a@example.com", channel).fills_cart().orders_unpaid()
    stage.hears()
    stage.sandbox.staff.marks_paid(order)
    assert stage.hears() == ["ORDER_FULLY_PAID", "ORDER_UPDATED"]
    assert (order.status, order.charge_status) == ("UNCONFIRMED", "FULL")
    assert bool(order.payments) is (channel == "br")


def test_a_part_then_the_rest_by_transactions(stage: Stage) -> None:
    sandbox, order = (
        stage.sandbox,
        stage.sandbox.guest("a@example.com").fills_cart().orders_unpaid(),
    )
    stage.hears()
    ask = """mutation($id: ID!, $amount: PositiveDecimal!) { transactionCreate(id: $id,
      transaction: {amountCharged: {amount: $amount, currency: "BRL"}}) { errors { code } } }"""
    token = sandbox.staff_token()
    sandbox.gql(ask, {"id": order.id, "amount": 5}, token=token)
    assert stage.hears() == ["ORDER_PAID", "ORDER_UPDATED"]
    assert (order.status, order.charge_status) == ("UNFULFILLED", "PARTIAL")
    rest = float(order.total_amount - 5)
    sandbox.gql(ask, {"id": order.id, "amount": rest}, token=token)
    assert stage.hears() == ["ORDER_FULLY_PAID", "ORDER_PAID", "ORDER_UPDATED"]
    assert order.charge_status == "FULL"


def test_a_refund_says_so_and_the_last_one_says_it_is_all(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").buys()
    stage.hears()
    total = order.total_amount
    stage.sandbox.staff.refunds(order, "5.00")
    assert stage.hears() == ["ORDER_REFUNDED", "ORDER_UPDATED"]
    assert (order.charged, order.refunded) == (total - 5, Decimal("5.00"))
    assert (order.charge_status, order.payment_status) == ("PARTIAL", "PARTIALLY_CHARGED")
    stage.sandbox.staff.refunds(order)
    assert stage.hears() == ["ORDER_FULLY_REFUNDED", "ORDER_REFUNDED", "ORDER_UPDATED"]
    assert (order.charge_status, order.payment_status) == ("NONE", "NOT_CHARGED")


def test_the_older_payment_flow_has_other_words_for_a_refund(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com", "br").fills_cart().orders_unpaid()
    stage.sandbox.staff.marks_paid(order)
    stage.sandbox.staff.refunds(order, "5.00")
    assert order.payment_status == "PARTIALLY_REFUNDED"
    assert [one.status for one in order.fulfillments] == ["REFUNDED"]


def test_cancelling_a_paid_order_gives_nothing_back(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").buys()
    stage.hears()
    stage.sandbox.staff.cancels(order)
    assert stage.hears() == ["ORDER_CANCELLED", "ORDER_UPDATED"]
    assert (order.status, order.charge_status, order.refunded) == ("CANCELED", "FULL", 0)


def test_an_expiry_leaves_updated_at_alone(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").fills_cart().orders_unpaid()
    before = order.updated_at
    stage.hears()
    stage.sandbox.staff.lets_expire(order)
    assert stage.hears() == ["ORDER_EXPIRED", "ORDER_UPDATED"]
    assert (order.status, order.updated_at) == ("EXPIRED", before)


def test_part_of_an_order_on_its_way_is_only_an_update(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").buys({"house-blend": 1, "descaler": 1})
    stage.hears()
    stage.sandbox.staff.sends(order, lines=1)
    assert (stage.hears(), order.status) == (["ORDER_UPDATED"], "PARTIALLY_FULFILLED")
    stage.sandbox.staff.sends(order)
    assert (stage.hears(), order.status) == (["ORDER_FULFILLED", "ORDER_UPDATED"], "FULFILLED")


def test_orders_of_another_system_come_in_one_event(stage: Stage) -> None:
    sandbox = stage.sandbox
    variant = next(iter(sandbox.store.variants.values()))
    price = {"gross": 20, "net": 20}
    order = {
        "channel": "br",
        "createdAt": "2025-05-01T10:00:00+00:00",
        "currency": "BRL",
        "user": {"email": "bulk@example.com"},
        "languageCode": "PT_BR",
        "billingAddress": {"country": "BR", "city": "Recife"},
        "lines": [
            {
                "variantId": variant.id,
                "quantity": 1,
                "isShippingRequired": True,
                "isGiftCard": False,
                "createdAt": "2025-05-01T10:00:00+00:00",
                "totalPrice": price,
                "undiscountedTotalPrice": price,
                "warehouse": "V",
            }
        ],
    }
    answer = sandbox.gql(
        """mutation($orders: [OrderBulkCreateInput!]!) { orderBulkCreate(orders: $orders) {
           count results { order { origin } errors { message } } errors { message } } }""",
        {"orders": [order, order, order | {"channel": "moon"}]},
        token=sandbox.staff_token(),
    )["data"]["orderBulkCreate"]
    assert answer["count"] == 2
    assert answer["results"][0]["order"]["origin"] == "BULK_CREATE"
    sandbox.deliver_all(stage.probe)
    [heard] = stage.probe.heard
    assert (heard.event, len(heard.body["orders"])) == ("order_bulk_created", 2)


def test_a_cart_tells_every_change_and_says_nothing_when_it_is_ordered(stage: Stage) -> None:
    cart = stage.sandbox.guest(None).fills_cart()
    cart.puts({"descaler": 1}).says_email("a@example.com").writes(source="mail")
    assert stage.hears() == [
        "CHECKOUT_CREATED",
        "CHECKOUT_METADATA_UPDATED",
        *["CHECKOUT_UPDATED"] * 3,
    ]
    order = cart.pays()
    assert not [name for name in stage.hears() if name.startswith("CHECKOUT")]
    assert cart.id not in stage.sandbox.store.checkouts
    assert order.metadata == {"source": "mail"}


def test_a_cart_ordered_before_its_letter_left_takes_the_letter_along(stage: Stage) -> None:
    stage.sandbox.guest("a@example.com").buys()
    assert "CHECKOUT_CREATED" not in stage.hears()


def test_a_guest_with_a_registered_email_has_no_user_on_the_cart_but_on_the_order(
    stage: Stage,
) -> None:
    ana = stage.sandbox.customer("ana@example.com")
    cart = stage.sandbox.guest("ana@example.com").fills_cart()
    assert cart.thing.user is None
    assert cart.pays().user is ana.user


def test_a_guests_older_orders_stay_without_user_after_she_registers(stage: Stage) -> None:
    guest = stage.sandbox.guest("late@example.com")
    order = guest.buys()
    guest.registers()
    assert (order.user, order.user_email) == (None, "late@example.com")


def test_registering_and_confirming_are_two_events_and_twice_is_none(stage: Stage) -> None:
    guest = stage.sandbox.guest("new@example.com").registers(confirms=False)
    assert stage.hears() == ["CUSTOMER_CREATED"]
    guest.confirms()
    assert stage.hears() == ["ACCOUNT_CONFIRMED"]
    stage.sandbox.guest("new@example.com").registers(confirms=False)
    assert stage.hears() == []


def test_registering_over_the_api_answers_with_an_empty_id(stage: Stage) -> None:
    answer = stage.sandbox.gql(
        """mutation { accountRegister(input: {email: "x@example.com", password: "secret",
           redirectUrl: "http://x/", channel: "br"}) { user { id } requiresConfirmation
           errors { code } } }"""
    )["data"]["accountRegister"]
    assert answer == {"user": {"id": ""}, "requiresConfirmation": True, "errors": []}


def test_a_deleted_customer_takes_her_carts_and_leaves_her_orders(stage: Stage) -> None:
    sandbox = stage.sandbox
    ana = sandbox.customer("ana@example.com")
    order, cart = ana.buys(), ana.leaves_cart()
    stage.hears()
    sandbox.staff.deletes(ana.user or sandbox.owner)
    sandbox.deliver_all(stage.probe)
    [heard] = stage.probe.heard
    assert heard.body["user"]["email"] == "ana@example.com"
    assert heard.body["issuingPrincipal"] == {"__typename": "User", "id": sandbox.owner.id}
    assert (order.user, order.user_email) == (None, "ana@example.com")
    assert cart.id not in sandbox.store.checkouts


def test_an_app_hears_its_own_echo_and_nothing_when_nothing_changed(stage: Stage) -> None:
    sandbox, user = stage.sandbox, stage.sandbox.customer("ana@example.com").user
    stage.hears()
    write = """mutation($id: ID!) { updateMetadata(id: $id, input: [{key: "perennial.tier",
               value: "Gold"}]) { item { metafield(key: "perennial.tier") } errors { code } } }"""
    facts = {"id": user.id if user else ""}
    answer = sandbox.gql(write, facts, token=stage.probe.token)["data"]["updateMetadata"]
    assert answer == {"item": {"metafield": "Gold"}, "errors": []}
    sandbox.deliver_all(stage.probe)
    assert {one.body["issuingPrincipal"]["id"] for one in stage.probe.heard} == {stage.app.id}
    assert stage.hears() == ["CUSTOMER_METADATA_UPDATED", "CUSTOMER_UPDATED"]
    sandbox.gql(write, facts, token=stage.probe.token)
    assert stage.hears() == []


def test_an_orders_metadata_is_no_order_update(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").buys()
    stage.hears()
    write = """mutation($id: ID!) { updateMetadata(id: $id, input: [{key: "a", value: "b"}]) {
               errors { code } } }"""
    stage.sandbox.gql(write, {"id": order.id}, token=stage.probe.token)
    assert stage.hears() == ["ORDER_METADATA_UPDATED"]


def test_a_payload_shows_the_state_at_the_time_of_sending(stage: Stage) -> None:
    order = stage.sandbox.guest("a@example.com").buys()
    stage.sandbox.staff.cancels(order)
    stage.sandbox.deliver_all(stage.probe)
    created = next(one for one in stage.probe.heard if one.event == "order_created")
    assert created.body["order"]["status"] == "CANCELED"


def test_before_3_23_an_order_is_put_in_words_when_it_happens() -> None:
    events = {name: query(name) for name in ("ORDER_CREATED",)}
    sandbox, probe = Sandbox(version="3.22.10"), Probe(events)
    sandbox.install(via=probe, manifest_url=URL)
    sandbox.staff.cancels(sandbox.guest("a@example.com").buys())
    sandbox.deliver_all(probe)
    assert probe.heard[0].body["order"]["status"] == "UNFULFILLED"


def test_five_hundred_is_tried_again_with_the_same_bytes_and_four_hundred_never() -> None:
    stage = Stage()
    stage.probe.answers = [500, 503, 200]
    stage.sandbox.guest("a@example.com").fills_cart()
    assert stage.sandbox.deliver_all(stage.probe) == 3
    raws = {one.raw for one in stage.probe.heard}
    signatures = {one.headers["saleor-signature"] for one in stage.probe.heard}
    assert (len(raws), len(signatures)) == (1, 1)
    stage.probe.answers = [404]
    stage.sandbox.guest("b@example.com").fills_cart()
    assert stage.sandbox.deliver_all(stage.probe) == 1


def test_after_five_tries_more_a_delivery_is_failed_and_can_be_read() -> None:
    stage = Stage()
    stage.probe.answers = [500] * 6
    stage.sandbox.guest("a@example.com").fills_cart()
    assert stage.sandbox.deliver_all(stage.probe) == 6
    answer = stage.sandbox.gql(
        """{ app { webhooks { name eventDeliveries(first: 10, filter: {status: FAILED}) { edges {
           node { eventType payload attempts(first: 10) { edges { node { responseStatusCode } } }
           } } } } } }""",
        token=stage.probe.token,
    )["data"]["app"]["webhooks"]
    [failed] = [one for hook in answer for one in hook["eventDeliveries"]["edges"]]
    assert failed["node"]["eventType"] == "CHECKOUT_CREATED"
    assert failed["node"]["payload"].encode() == stage.probe.heard[0].raw
    assert [one["node"]["responseStatusCode"] for one in failed["node"]["attempts"]["edges"]] == [
        500
    ] * 6


def test_a_seed_decides_the_disorder() -> None:
    def told(seed: int) -> list[bytes]:
        stage = Stage(seed=seed)
        for name in ("a", "b", "c"):
            stage.sandbox.guest(f"{name}@example.com").buys()
        stage.sandbox.deliver_all(stage.probe)
        return [one.raw for one in stage.probe.heard]

    assert told(1) == told(1)
    assert told(1) != told(2)
    first = [json.loads(raw)["order"]["number"] for raw in told(1) if b"order" in raw]
    assert first != sorted(first)


def test_without_latency_everything_comes_in_the_order_it_happened() -> None:
    stage = Stage(latency=(0, 0))
    stage.sandbox.guest("a@example.com").buys()
    stage.sandbox.deliver_all(stage.probe)
    assert stage.probe.events() == [
        "ORDER_CREATED",
        "ORDER_PAID",
        "ORDER_FULLY_PAID",
        "ORDER_UPDATED",
        "ORDER_CONFIRMED",
    ]


@pytest.mark.parametrize(
    ("kind", "value", "times"), [("duplicate", 2, 3), ("drop", 0, 0), ("answer", 404, 0)]
)
def test_a_fault_on_a_delivery_does_what_it_says(kind: str, value: float, times: int) -> None:
    stage = Stage()
    stage.sandbox.faults.ask_for(kind, value=value, events=("CHECKOUT_CREATED",))
    stage.sandbox.guest("a@example.com").fills_cart()
    stage.sandbox.deliver_all(stage.probe)
    assert len(stage.probe.heard) == times
    assert len({one.raw for one in stage.probe.heard}) == min(times, 1)
    assert stage.sandbox.faults.met == {kind: 1}


def test_an_answer_that_never_came_is_tried_again() -> None:
    stage = Stage()
    stage.sandbox.faults.ask_for("answer", value=0, times=2)
    stage.sandbox.guest("a@example.com").fills_cart()
    assert stage.sandbox.deliver_all(stage.probe) == 3
    assert len(stage.probe.heard) == 1


def test_a_denied_field_nulls_its_parent_and_the_event_still_comes() -> None:
    """Private metadata of somebody who is gone is denied: user is null, and errors say why."""
    chosen = "user { id email privateMetadata { key } }"
    query = f"subscription {{ event {{ ... on CustomerDeleted {{ {chosen} }} }} }}"
    sandbox, probe = Sandbox(), Probe({"CUSTOMER_DELETED": query})
    sandbox.install(via=probe, manifest_url=URL)
    ana = sandbox.customer("ana@example.com")
    sandbox.staff.deletes(ana.user or sandbox.owner)
    sandbox.deliver_all(probe)
    [heard] = probe.heard
    assert heard.body["user"] is None
    [error] = heard.body["errors"]
    assert error["extensions"]["exception"]["code"] == "PermissionDenied"
    assert error["path"] == ["event", "user", "privateMetadata"]


def paths(value: object, at: str = "") -> set[str]:
    """Where a payload has something, and what kind of thing it is; a list shows its first."""
    if isinstance(value, dict):
        return {one for key, inner in value.items() for one in paths(inner, f"{at}.{key}")}
    if isinstance(value, list):
        return paths(value[0], f"{at}[]") if value else set()
    return set() if value is None else {f"{at} {type(value).__name__}"}


@needs_shared
@pytest.mark.parametrize("event", ["order_created", "checkout_updated", "customer_updated"])
def test_a_payload_has_the_shape_of_a_recorded_one(event: str) -> None:
    """Same subscriptions, a real Saleor's payload beside ours: the same places hold the same kinds
    of values (ours may lack what the recorded shop had: a second fulfilment, a phone number)."""
    recorded = json.loads((SHARED / "saleor/recordings/probe-manifest.json").read_text())
    queries = {one["name"]: one["query"] for one in recorded["webhooks"]}
    sandbox = Sandbox()
    probe = Probe(queries, permissions=tuple(recorded["permissions"]))
    sandbox.install(via=probe, manifest_url=URL)
    ana = sandbox.customer("ana@example.com")
    sandbox.staff.refunds(ana.buys(), "1.00")
    ana.fills_cart(ref="x").puts({"descaler": 1})
    sandbox.gql(
        """mutation($id: ID!) { customerUpdate(id: $id, input: {firstName: "Anna"}) {
           errors { code } } }""",
        {"id": ana.user.id if ana.user else ""},
        token=sandbox.staff_token(),
    )
    sandbox.deliver_all(probe)
    ours = {one for heard in probe.heard if heard.event == event for one in paths(heard.body)}
    theirs = set()
    with gzip.open(SHARED / "saleor/recordings/deliveries.ndjson.gz", "rt") as lines:
        for line in map(json.loads, lines):
            if line["path"].endswith(f"/{event}") and line["body"]:
                theirs |= paths(json.loads(line["body"]))
    assert ours <= theirs
    assert len(ours) > len([one for one in theirs if not one.startswith(".errors")]) / 2

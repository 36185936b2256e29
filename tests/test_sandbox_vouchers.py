"""Promo codes in the sandbox work, and stop working, as Saleor's do: one rule a test."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.clock import StandingClock
from sandbox.promos import Voucher
from sandbox.rules import promotions
from sandbox.rules.refusal import Refused

BAG = {"house-blend": 2}  # 17.80 EUR in `pt`


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sandbox(clock: StandingClock) -> Sandbox:
    return Sandbox(clock=clock)


def voucher(
    sandbox: Sandbox,
    *codes: str,
    value: str = "10",
    **facts: Any,  # noqa: ANN401 - a voucher's own fields
) -> Voucher:
    """Ten percent in every channel, unless something else is said."""
    facts.setdefault("discount_value_type", "PERCENTAGE")
    facts.setdefault("name", "Ten")
    channels = facts.pop("channels", list(sandbox.store.channels))
    least = facts.pop("least", None)
    made = promotions.create(sandbox.store, codes or ("TEN",), **facts)
    for slug in channels:
        channel = sandbox.store.channels[slug]
        promotions.list_in(sandbox.store, made, channel, Decimal(value), least)
    return made


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return str(refused.value.entry["code"])


def test_a_percentage_comes_off_the_lines_and_stands_as_a_fixed_amount(sandbox: Sandbox) -> None:
    voucher(sandbox)
    cart = sandbox.guest("a@example.com", "pt").fills_cart({**BAG, "descaler": 1})
    cart.types_code("TEN")
    assert cart.thing.discount_amount == Decimal("2.57")
    order = cart.pays()
    assert [line.total_gross for line in order.lines] == [Decimal("16.02"), Decimal("7.11")]
    [discount] = order.discounts
    assert (discount.type, discount.value_type, discount.value) == (
        "VOUCHER",
        "FIXED",
        Decimal("2.57"),
    )
    assert order.total_amount == Decimal("25.70") - Decimal("2.57") + Decimal("4.90")
    assert order.voucher_code == "TEN"
    assert [line.voucher_code for line in order.lines] == [None, None]


def test_a_fixed_amount_never_takes_more_than_there_is(sandbox: Sandbox) -> None:
    voucher(sandbox, value="50", discount_value_type="FIXED")
    cart = sandbox.guest("a@example.com", "pt").fills_cart(BAG).types_code("TEN")
    assert cart.thing.discount_amount == Decimal("17.80")
    assert cart.total == 0


def test_an_unknown_code_is_invalid(sandbox: Sandbox) -> None:
    cart = sandbox.guest("a@example.com").fills_cart()
    with pytest.raises(Refused) as refused:
        cart.types_code("NOPE")
    assert code_of(refused) == "INVALID"


def test_without_a_listing_in_the_channel_a_code_is_invalid(sandbox: Sandbox) -> None:
    voucher(sandbox, channels=["pl"])
    with pytest.raises(Refused) as refused:
        sandbox.guest("a@example.com", "br").fills_cart().types_code("TEN")
    assert code_of(refused) == "INVALID"
    assert sandbox.guest("a@example.com", "pl").fills_cart().types_code("TEN").voucher_code


def test_a_code_works_from_its_start_to_its_end(sandbox: Sandbox, clock: StandingClock) -> None:
    now = clock.now()
    voucher(sandbox, start_date=now + timedelta(days=1), end_date=now + timedelta(days=2))
    for days, works in ((0, False), (1, True), (2, True), (3, False)):
        clock.at = now + timedelta(days=days)
        cart = sandbox.guest("a@example.com").fills_cart()
        if works:
            cart.types_code("TEN")
            continue
        with pytest.raises(Refused):
            cart.types_code("TEN")


def test_a_single_use_code_works_once_and_its_sisters_go_on(sandbox: Sandbox) -> None:
    made = voucher(sandbox, "ONE", "TWO", single_use=True)
    sandbox.guest("a@example.com").fills_cart().types_code("ONE").pays()
    assert [code.is_active for code in made.codes.values()] == [False, True]
    with pytest.raises(Refused) as refused:
        sandbox.guest("b@example.com").fills_cart().types_code("ONE")
    assert code_of(refused) == "INVALID"
    assert sandbox.guest("b@example.com").fills_cart().types_code("TWO").voucher_code == "TWO"


def test_once_per_customer_is_by_email_over_all_codes_of_the_voucher(sandbox: Sandbox) -> None:
    voucher(sandbox, "ONE", "TWO", apply_once_per_customer=True)
    sandbox.guest("a@example.com").fills_cart().types_code("ONE").pays()
    with pytest.raises(Refused) as refused:
        sandbox.guest("a@example.com").fills_cart().types_code("TWO")
    assert code_of(refused) == "VOUCHER_NOT_APPLICABLE"
    sandbox.guest("other@example.com").fills_cart().types_code("TWO").pays()


def test_a_usage_limit_counts_over_all_codes(sandbox: Sandbox) -> None:
    made = voucher(sandbox, "ONE", "TWO", usage_limit=2)
    sandbox.guest("a@example.com").fills_cart().types_code("ONE").pays()
    sandbox.guest("b@example.com").fills_cart().types_code("TWO").pays()
    assert made.used == 2
    with pytest.raises(Refused) as refused:
        sandbox.guest("c@example.com").fills_cart().types_code("ONE")
    assert code_of(refused) == "INVALID"


def test_without_a_limit_uses_are_not_counted(sandbox: Sandbox) -> None:
    made = voucher(sandbox)
    sandbox.guest("a@example.com").fills_cart().types_code("TEN").pays()
    assert made.used == 0


def test_a_code_that_no_longer_fits_is_taken_off_without_a_word(sandbox: Sandbox) -> None:
    voucher(sandbox, least=Decimal(15))
    cart = sandbox.guest("a@example.com", "pt").fills_cart(BAG).types_code("TEN")
    line = cart.thing.lines[0]
    answer = sandbox.gql(
        """mutation($id: ID!, $line: ID!) { checkoutLinesUpdate(id: $id,
           lines: [{lineId: $line, quantity: 1}]) { checkout { voucherCode discount { amount } }
           errors { code } } }""",
        {"id": cart.id, "line": line.id},
    )["data"]["checkoutLinesUpdate"]
    assert answer == {"checkout": {"voucherCode": None, "discount": {"amount": 0.0}}, "errors": []}
    assert cart.total == Decimal("8.90")


def test_a_minimum_number_of_items_is_asked_for(sandbox: Sandbox) -> None:
    voucher(sandbox, min_checkout_items_quantity=3)
    cart = sandbox.guest("a@example.com").fills_cart(BAG)
    with pytest.raises(Refused) as refused:
        cart.types_code("TEN")
    assert code_of(refused) == "VOUCHER_NOT_APPLICABLE"
    cart.puts({"descaler": 1}).types_code("TEN")


def test_once_per_order_takes_it_off_the_cheapest_item(sandbox: Sandbox) -> None:
    voucher(sandbox, apply_once_per_order=True)
    cart = sandbox.guest("a@example.com", "pt").fills_cart({**BAG, "descaler": 2}).types_code("TEN")
    assert cart.thing.discount_amount == Decimal("0.79")
    assert cart.pays().lines[1].voucher_code == "TEN"


def test_a_voucher_on_products_touches_only_their_lines(sandbox: Sandbox) -> None:
    wanted = next(one for one in sandbox.store.products.values() if one.slug == "descaler")
    voucher(sandbox, type="SPECIFIC_PRODUCT", products={wanted.id})
    with pytest.raises(Refused):
        sandbox.guest("a@example.com").fills_cart(BAG).types_code("TEN")
    cart = sandbox.guest("a@example.com", "pt").fills_cart({**BAG, "descaler": 2})
    assert cart.types_code("TEN").thing.discount_amount == Decimal("1.58")


def test_a_second_code_replaces_the_first_without_asking(sandbox: Sandbox) -> None:
    voucher(sandbox)
    voucher(sandbox, "TWENTY", value="20")
    cart = sandbox.guest("a@example.com", "pt").fills_cart(BAG).types_code("TEN")
    assert cart.types_code("TWENTY").thing.discount_amount == Decimal("3.56")


def test_a_code_that_ran_out_while_the_cart_stood_stops_the_order(
    sandbox: Sandbox, clock: StandingClock
) -> None:
    voucher(sandbox, end_date=clock.now() + timedelta(hours=1))
    cart = sandbox.guest("a@example.com").fills_cart()
    cart.signs_in(sandbox.customer("a@example.com").user or sandbox.owner)
    cart.types_code("TEN").begins_to_pay()
    clock.wait(hours=2)
    with pytest.raises(Refused) as refused:
        cart.orders_unpaid()
    assert code_of(refused) == "VOUCHER_NOT_APPLICABLE"


def test_an_expired_order_gives_its_code_back(sandbox: Sandbox) -> None:
    made = voucher(sandbox, single_use=True, apply_once_per_customer=True)
    order = sandbox.guest("a@example.com").fills_cart().types_code("TEN").orders_unpaid()
    assert not made.codes["TEN"].is_active
    sandbox.staff.lets_expire(order)
    assert sandbox.guest("a@example.com").fills_cart().types_code("TEN").voucher_code == "TEN"


def test_a_cancelled_order_keeps_its_code(sandbox: Sandbox) -> None:
    made = voucher(sandbox, single_use=True)
    order = sandbox.guest("a@example.com").fills_cart().types_code("TEN").pays()
    sandbox.staff.cancels(order)
    assert not made.codes["TEN"].is_active


def test_codes_are_unique_over_vouchers_and_gift_cards(sandbox: Sandbox) -> None:
    voucher(sandbox)
    promotions.issue_gift_card(sandbox.store, Decimal(10), "EUR", code="GIFT-1")
    for taken in ("TEN", "GIFT-1"):
        with pytest.raises(Refused) as refused:
            voucher(sandbox, "FRESH", taken)
        assert code_of(refused) == "ALREADY_EXISTS"
        assert refused.value.entry["voucherCodes"] == [taken]
    with pytest.raises(Refused) as refused:
        voucher(sandbox, "SAME", "SAME")
    assert code_of(refused) == "DUPLICATED_INPUT_ITEM"


def test_single_use_cannot_be_switched_once_a_code_is_on_a_cart(sandbox: Sandbox) -> None:
    made = voucher(sandbox)
    promotions.update(sandbox.store, made, (), single_use=True)
    sandbox.guest("a@example.com").fills_cart().types_code("TEN")
    with pytest.raises(Refused) as refused:
        promotions.update(sandbox.store, made, (), single_use=False)
    assert code_of(refused) == "VOUCHER_ALREADY_USED"


def test_a_gift_card_lowers_the_total_and_is_no_discount(sandbox: Sandbox) -> None:
    card = promotions.issue_gift_card(sandbox.store, Decimal(7), "EUR", code="GIFT-7")
    cart = sandbox.guest("a@example.com", "pt").fills_cart(BAG).types_code("GIFT-7")
    assert cart.total == Decimal("10.80")
    order = cart.pays()
    assert (order.total_amount, order.discounts) == (Decimal("15.70"), [])
    assert order.undiscounted_total.gross.amount == Decimal("22.70")
    assert (card.left, card.used_by_email) == (Decimal(0), "a@example.com")


def test_a_gift_card_of_somebody_else_is_invalid(sandbox: Sandbox) -> None:
    ana = sandbox.customer("ana@example.com", "pt")
    promotions.issue_gift_card(sandbox.store, Decimal(7), "EUR", code="G", assigned_to=ana.user)
    with pytest.raises(Refused) as refused:
        sandbox.guest("ben@example.com", "pt").fills_cart(BAG).types_code("G")
    assert code_of(refused) == "INVALID"
    assert ana.fills_cart(BAG).types_code("G").total == Decimal("10.80")


def test_a_taken_off_code_is_gone_and_what_is_not_there_cannot_be_taken_off(
    sandbox: Sandbox,
) -> None:
    voucher(sandbox)
    cart = sandbox.guest("a@example.com", "pt").fills_cart(BAG).types_code("TEN")
    assert cart.takes_off_code().total == Decimal("17.80")
    ask = """mutation($id: ID!, $code: String!) { checkoutRemovePromoCode(id: $id,
             promoCode: $code) { errors { code } } }"""
    for code, wrong in (("TEN", "INVALID"), ("NOPE", "NOT_FOUND")):
        answer = sandbox.gql(ask, {"id": cart.id, "code": code})["data"]
        assert answer["checkoutRemovePromoCode"]["errors"] == [{"code": wrong}]


def test_an_app_makes_a_voucher_lists_it_mints_codes_and_puts_one_on_a_cart(
    sandbox: Sandbox,
) -> None:
    """The whole way of a tier's code, over the API and with an app's token."""
    from sandbox.probe import BASE, Probe

    app = Probe({})
    sandbox.install(via=app, manifest_url=f"{BASE}/api/manifest")
    ask = lambda text, facts: sandbox.gql(text, facts, token=app.token)["data"]  # noqa: E731
    made = ask(
        """mutation($input: VoucherInput!) { voucherCreate(input: $input) { voucher { id
           channelListings { id } } errors { code } } }""",
        {
            "input": {
                "name": "Gold",
                "discountValueType": "PERCENTAGE",
                "singleUse": True,
                "applyOncePerCustomer": True,
                "addCodes": ["GOLD-1"],
            }
        },
    )["voucherCreate"]
    assert made["errors"] == []
    key = made["voucher"]["id"]
    channel = sandbox.store.channels["br"].id
    ask(
        """mutation($id: ID!, $input: VoucherChannelListingInput!) {
           voucherChannelListingUpdate(id: $id, input: $input) { errors { code } } }""",
        {"id": key, "input": {"addChannels": [{"channelId": channel, "discountValue": 10}]}},
    )
    more = """mutation($id: ID!, $codes: [String!]!) { voucherUpdate(id: $id,
              input: {addCodes: $codes}) { voucher { codes(first: 5) { edges { node { code } } } }
              errors { code voucherCodes } } }"""
    added = ask(more, {"id": key, "codes": ["GOLD-2"]})["voucherUpdate"]
    assert len(added["voucher"]["codes"]["edges"]) == 2
    again = ask(more, {"id": key, "codes": ["GOLD-2"]})["voucherUpdate"]
    assert again["errors"] == [{"code": "ALREADY_EXISTS", "voucherCodes": ["GOLD-2"]}]
    cart = sandbox.customer("ana@example.com").fills_cart()
    before = cart.total
    put = ask(
        """mutation($id: ID!) { checkoutAddPromoCode(id: $id, promoCode: "GOLD-2") {
           checkout { voucherCode } errors { code } } }""",
        {"id": cart.id},
    )["checkoutAddPromoCode"]
    assert put == {"checkout": {"voucherCode": "GOLD-2"}, "errors": []}
    assert cart.total == before - cart.thing.discount_amount

"""Stories of codes: who gets one, who does not and why, and that a crash makes no second one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.promises import Promise
from app.loyalty import flows as loyalty
from app.loyalty import settings
from app.loyalty.tables import Attempt, Code, Voucher
from tests.support.loyal import Loyal, draft
from tests.support.makers import (
    JSON,
    by_app,
    by_user,
    checkout,
    checkout_line,
    event,
    gid,
    money,
    transaction,
    user,
)
from tests.support.till import Till

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        yield shop


def touches(shop: Loyal, body: JSON, *, by: JSON | None = None, seconds: float = 1) -> None:
    """The shopper changes her checkout: Saleor has it so, tells it, and a moment goes by."""
    shop.hears("CHECKOUT_UPDATED", touched(shop, body, by=by))
    shop.waits(seconds=seconds)


def touched(shop: Loyal, body: JSON, *, by: JSON | None = None) -> JSON:
    """What Saleor has to tell of it."""
    moved = body | {"updatedAt": shop.till.later().isoformat()}
    shop.till.checkouts[moved["id"]] = moved
    return event("CHECKOUT_UPDATED", issued=shop.at(), by=by or by_user(), checkout=dict(moved))


def percents(till: Till) -> set[Decimal]:
    """What the vouchers take off, in every channel they are listed in."""
    listings = [voucher["listings"] for voucher in till.vouchers.values()]
    return {Decimal(value) for listing in listings for value in listing.values()}


def reasons(shop: Loyal) -> list[str]:
    """Why codes were not put on, in order."""
    return [act.reason for act in shop.acts() if act.verb == "skipped"]


# --- a code goes on -------------------------------------------------------------------------------


def test_a_customer_rises_at_once_and_her_code_goes_on_her_next_signed_in_checkout(
    shop: Loyal, till: Till
) -> None:
    touches(shop, checkout())
    (voucher,) = till.vouchers.values()
    assert till.codes == [till.on()]
    assert voucher["type"] == "ENTIRE_ORDER"
    assert voucher["discountValueType"] == "PERCENTAGE"
    assert voucher["singleUse"]
    assert voucher["applyOncePerCustomer"]
    assert "usageLimit" not in voucher
    begins, ends = (datetime.fromisoformat(voucher[at]) for at in ("startDate", "endDate"))
    assert begins == datetime(2026, 3, 1, tzinfo=BERLIN)
    assert ends == datetime(2026, 4, 30, 23, 59, 59, tzinfo=BERLIN)
    assert voucher["name"].startswith("Bronze 5% · 2026-03 · perennial-")
    assert set(voucher["listings"]) == {gid("Channel", "web"), gid("Channel", "kiosk")}
    assert percents(till) == {5}
    assert [act.verb for act in shop.acts()] == ["told", "minted", "made_voucher", "put_on"]


def test_cp8_two_checkouts_of_one_customer_carry_the_same_code(shop: Loyal, till: Till) -> None:
    touches(shop, checkout(no="C1"))
    touches(shop, checkout(no="C2"))
    assert till.on(gid("Checkout", "C1")) == till.on(gid("Checkout", "C2"))
    assert len(till.codes) == 1


def test_two_customers_of_a_tier_share_the_voucher_and_not_the_code(
    shop: Loyal, till: Till
) -> None:
    shop.buys("ben", 120)
    touches(shop, checkout(no="C1"))
    touches(shop, checkout(user("ben"), no="C2"), by=by_user("ben"))
    assert len(till.vouchers) == 1
    assert len(set(till.codes)) == 2


def test_a_code_is_put_on_once_however_often_the_checkout_is_heard_of(
    shop: Loyal, till: Till
) -> None:
    touches(shop, checkout())
    for quantity in (2, 3):
        touches(
            shop,
            till.checkouts[gid("Checkout", "C1")] | {"lines": [checkout_line(quantity=quantity)]},
        )
    assert till.asked.count("CheckoutAddPromoCode") == 1


def test_an_order_with_the_code_marks_it_used_and_the_month_has_no_second(
    shop: Loyal, till: Till
) -> None:
    touches(shop, checkout(no="C1"))
    shop.buys("ana", 50, of="C1", voucherCode=till.on())
    (code,) = shop.all(Code)
    assert code.used_order is not None
    touches(shop, checkout(no="C2"))
    assert till.on(gid("Checkout", "C2")) is None
    assert reasons(shop) == ["used"]


def test_cp4_a_code_that_somebody_else_used_is_told_apart(shop: Loyal, till: Till) -> None:
    touches(shop, checkout())
    shop.buys("ben", 50, voucherCode=till.on())
    assert [act.reason for act in shop.acts() if act.verb == "used"] == ["by_another"]


def test_cp1_the_month_turns_at_the_shops_midnight(
    shop: Loyal, till: Till, clock: StillClock
) -> None:
    last_minute = datetime(2026, 3, 31, 21, 59, tzinfo=UTC)  # 23:59 in Berlin
    shop.waits(seconds=(last_minute - clock.now()).total_seconds())
    touches(shop, checkout(no="C1"))
    shop.waits(minutes=1)
    touches(shop, checkout(no="C2"))
    assert {f"{v.month:%Y-%m}" for v in shop.all(Voucher)} == {"2026-03", "2026-04"}
    assert till.on(gid("Checkout", "C1")) != till.on(gid("Checkout", "C2"))


def test_a_new_percentage_is_for_the_next_month_and_codes_keep_what_they_promised(
    shop: Loyal, till: Till
) -> None:
    touches(shop, checkout(no="C1"))
    shop.sets(draft(percents={"bronze": Decimal(8)}))
    shop.buys("ben", 120)
    touches(shop, checkout(user("ben"), no="C2"), by=by_user("ben"))
    assert percents(till) == {5}
    shop.waits(days=30)
    touches(shop, checkout(no="C3"))
    assert percents(till) == {5, 8}


# --- and does not go on ---------------------------------------------------------------------------


def test_a_guest_with_her_address_gets_nothing(shop: Loyal, till: Till) -> None:
    touches(shop, checkout("ana@example.com"))
    assert till.on() is None
    assert till.vouchers == {}
    assert reasons(shop) == []


def test_id2_an_unconfirmed_account_gets_nothing_for_what_guests_bought_under_its_address(
    house: House, till: Till
) -> None:
    with Loyal(house, till) as shop:
        shop.hears("CUSTOMER_CREATED", shop.account("cleo", confirmed=False))
        shop.guest_buys("cleo@example.com", 500)
        shop.sets(draft(bronze=1))
        cleo = user("cleo", confirmed=False)
        touches(shop, checkout(cleo), by=by_user("cleo"))
        assert shop.tier("cleo") == "member"
        assert till.on() is None


def test_id2_an_unconfirmed_account_earns_by_orders_it_was_signed_in_for(
    house: House, till: Till
) -> None:
    with Loyal(house, till) as shop:
        cleo = user("cleo", confirmed=False)
        touches(shop, checkout(cleo, no="C1"), by=by_user("cleo"))
        body = shop.order_of("cleo", 150, of="C1") | {"user": cleo}
        shop.hears(
            "ORDER_PAID", event("ORDER_PAID", issued=shop.at(), by=by_user("cleo"), order=body)
        )
        shop.waits(seconds=3)
        assert shop.tier("cleo") == "bronze"
        touches(shop, checkout(cleo, no="C2"), by=by_user("cleo"))
        assert till.on(gid("Checkout", "C2")) is not None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"voucherCode": "SUMMER"}, "other_code"),
        ({"transactions": [transaction(10)]}, "paying"),
        ({"transactions": [transaction()]}, "paying"),
        ({"lines": []}, "empty"),
        ({"discount": money(3)}, "shop_promotion"),
    ],
)
def test_a_checkout_is_left_alone_with_its_reason(
    shop: Loyal, till: Till, other: JSON, reason: str
) -> None:
    touches(shop, checkout(**other))
    assert "CheckoutAddPromoCode" not in till.asked
    assert till.codes == []
    assert reasons(shop) == [reason]


def test_what_an_app_did_to_a_checkout_is_no_occasion(shop: Loyal, till: Till) -> None:
    touches(shop, checkout(), by=by_app())
    touches(shop, checkout(no="C2"), by=by_app("QXBwOjI="))
    assert till.asked.count("CheckoutAddPromoCode") == 0


def test_where_the_shopper_took_it_off_it_is_never_put_on_again(shop: Loyal, till: Till) -> None:
    touches(shop, checkout())
    on = till.checkouts[gid("Checkout", "C1")]
    for quantity in (1, 5, 7):
        touches(shop, on | {"voucherCode": None, "lines": [checkout_line(quantity=quantity)]})
    assert till.on() is None
    assert [act.verb for act in shop.acts() if act.checkout][-1] == "skipped"
    assert reasons(shop) == ["taken_off"]
    assert [a.verb for a in shop.acts()].count("taken_off") == 1


def test_an_old_delivery_without_the_code_is_not_taken_for_taking_it_off(
    shop: Loyal, till: Till
) -> None:
    late = event(
        "CHECKOUT_CREATED",
        issued=shop.at(),
        by=by_user(),
        checkout=checkout(updated=shop.at(seconds=-5)),
    )
    touches(shop, checkout())
    shop.hears("CHECKOUT_CREATED", late)
    shop.waits(seconds=2)
    assert [attempt.state for attempt in shop.all(Attempt)] == ["put_on"]


def test_a_tier_whose_offer_is_off_gives_nothing(shop: Loyal, till: Till) -> None:
    shop.sets(draft(offers=False))
    touches(shop, checkout())
    assert till.vouchers == {}


def test_an_offer_for_other_channels_gives_nothing_here(shop: Loyal, till: Till) -> None:
    shop.sets(draft(channels=("kiosk",)))
    touches(shop, checkout())
    assert till.on() is None
    assert reasons(shop) == ["channel"]


def test_who_is_excluded_gets_neither_tier_nor_code(shop: Loyal, till: Till) -> None:
    shop.sets(draft(excluded="example.com"))
    touches(shop, checkout())
    assert shop.tier("ana") == "member"
    assert till.on() is None


def test_mg8_stopping_all_offers_reaches_even_what_is_already_on_its_way(
    shop: Loyal, till: Till
) -> None:
    def stop() -> None:
        with shop.work() as tx:
            settings.stop_offers(tx, by="VXNlcjox")

    till.before["Checkout"] = stop
    touches(shop, checkout())
    assert till.on() is None
    assert reasons(shop) == ["stopped"]

    with shop.work() as tx:
        settings.resume_offers(tx, by="VXNlcjox")
    touches(shop, till.checkouts[gid("Checkout", "C1")])
    assert till.on() is not None


def test_what_changes_while_we_prepare_is_seen_at_the_last_look(shop: Loyal, till: Till) -> None:
    body = checkout()

    def begin_paying() -> None:
        till.checkouts[body["id"]]["transactions"] = [transaction(20)]

    till.before["Checkout"] = begin_paying
    touches(shop, body)
    assert till.asked.count("CheckoutAddPromoCode") == 0
    assert reasons(shop) == ["paying"]


def test_a_checkout_that_was_bought_meanwhile_is_let_go(shop: Loyal, till: Till) -> None:
    till.before["Checkout"] = till.checkouts.clear
    touches(shop, checkout())
    assert reasons(shop) == ["gone"]
    assert shop.errors() == []


def test_a_refusal_holds_until_the_lines_change(shop: Loyal, till: Till) -> None:
    till.fails_applying = "VOUCHER_NOT_APPLICABLE"
    body = checkout()
    touches(shop, body)
    till.fails_applying = None
    touches(shop, body | {"email": "other@example.com"})
    assert till.on() is None
    touches(shop, body | {"lines": [checkout_line(quantity=2)]})
    assert till.on() is not None
    assert reasons(shop)[0].startswith("not_applicable")


def test_who_deletes_the_voucher_in_saleor_has_decided(shop: Loyal, till: Till) -> None:
    touches(shop, checkout(no="C1"))
    till.vouchers.clear()
    shop.buys("ben", 120)
    touches(shop, checkout(user("ben"), no="C2"), by=by_user("ben"))
    touches(shop, checkout(user("ben"), no="C3"), by=by_user("ben"))
    assert till.vouchers == {}
    assert reasons(shop) == ["voucher_gone", "voucher_gone"]
    assert shop.errors() == []


def test_a_shopper_who_has_left_is_not_followed(shop: Loyal, till: Till, clock: StillClock) -> None:
    till.dying = (0, False)
    touches(shop, checkout(), seconds=1)
    clock.move(timedelta(hours=2))
    shop.settles()
    assert till.on() is None
    assert reasons(shop) == ["too_late"]


# --- whatever crashes -----------------------------------------------------------------------------

CALLS = [
    "VouchersNamed", "VoucherCreate", "VoucherChannelListingUpdate", "VoucherAddCodes",
    "Checkout", "CheckoutAddPromoCode",
]  # fmt: skip


def test_the_first_code_of_a_month_takes_these_calls(shop: Loyal, till: Till) -> None:
    del till.asked[:]
    touches(shop, checkout())
    assert till.asked == CALLS


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(len(CALLS)))
def test_dying_at_any_call_makes_one_voucher_and_one_code_put_on_once(
    shop: Loyal,
    till: Till,
    at: int,
    done: bool,  # noqa: FBT001
) -> None:
    till.dying = (at, done)
    touches(shop, checkout())
    shop.waits(seconds=20)
    assert len(till.vouchers) == 1
    assert till.codes == [till.on()]
    assert [act.verb for act in shop.acts()].count("put_on") == 1
    assert [attempt.state for attempt in shop.all(Attempt)] == ["put_on"]
    assert reasons(shop) == []


def test_dying_at_one_call_after_the_other_ends_the_same(shop: Loyal, till: Till) -> None:
    touches(shop, checkout(), seconds=0)
    for call in range(len(CALLS)):
        till.dying = (call, True)
        shop.waits(seconds=400)
    till.dying = None
    shop.waits(seconds=1300)
    assert len(till.vouchers) == 1
    assert till.codes == [till.on()]


def test_a_code_taken_off_while_we_were_dead_stays_off(shop: Loyal, till: Till) -> None:
    till.dying = (5, True)  # it was put on, and we died before we knew
    touches(shop, checkout())
    on = till.checkouts[gid("Checkout", "C1")]
    assert on["voucherCode"]
    on |= {"voucherCode": None, "updatedAt": till.later().isoformat()}
    shop.waits(seconds=20)
    assert till.on() is None
    assert reasons(shop) == ["unsure"]
    touches(shop, on | {"lines": [checkout_line(quantity=4)]})
    assert till.on() is None


def test_two_houses_racing_for_the_same_voucher_make_one(shop: Loyal, till: Till) -> None:
    """Another process makes it between our look and our order: Saleor takes no code twice."""

    def other() -> None:
        asked = till.asked[:]
        from app.loyalty import vouchers

        world = shop.perennial.reach.world(shop.id)
        (row,) = shop.all(Voucher)
        vouchers.make(world, row)
        till.asked[:] = asked

    till.before["VoucherCreate"] = other
    touches(shop, checkout())
    assert len(till.vouchers) == 1
    assert till.codes == [till.on()]


def test_cp9_no_code_stands_in_a_promise_or_in_the_diary(shop: Loyal, till: Till) -> None:
    touches(shop, checkout())
    touches(shop, till.checkouts[gid("Checkout", "C1")] | {"lines": [checkout_line(quantity=2)]})
    code = till.on()
    assert code
    for promise in shop.all(Promise):
        assert code not in str(promise.body)
        assert code not in promise.key
        assert code not in (promise.error or "")
    for act in shop.acts():
        assert code not in f"{act.key} {act.reason}"


# --- CP-8: what is left over ----------------------------------------------------------------------


def test_cp8_unused_codes_leave_saleor_a_month_after_they_ended(shop: Loyal, till: Till) -> None:
    for n in range(130):
        shop.buys(f"c{n}", 120, settle=False)
    shop.waits(seconds=3)
    for n in range(130):
        told = touched(shop, checkout(user(f"c{n}"), no=f"C{n}"), by=by_user(f"c{n}"))
        shop.delivers("CHECKOUT_UPDATED", told)
    shop.waits(seconds=1)
    used = till.on(gid("Checkout", "C7"))
    shop.buys("c7", 50, of="C7", voucherCode=used)
    (voucher,) = till.vouchers.values()
    voucher["codes"][used] = False
    voucher["codes"]["BYHAND"] = True  # of the owner's own making

    shop.waits(days=60)
    shop.night()
    assert len(voucher["codes"]) == 132
    shop.waits(days=35)
    shop.night()
    assert set(voucher["codes"]) == {used, "BYHAND"}
    assert till.asked.count("VoucherCodeDelete") == 2
    shop.night()
    assert till.asked.count("VoucherCodeDelete") == 2
    assert sum(code.deleted_at is not None for code in shop.all(Code)) == 129


def test_two_shops_make_different_codes_for_the_same_account(
    house: House, till: Till, clock: StillClock
) -> None:
    other = Till(clock.now)
    with Loyal(house, till) as ours, Loyal(house, other, domain="other.example") as theirs:
        for shop in (ours, theirs):
            shop.buys("ana", 120)
            touches(shop, checkout())
        assert till.on()
        assert other.on()
        assert till.on() != other.on()
        assert len(ours.all(Code)) == len(theirs.all(Code)) == 1
        with ours.work() as tx:
            loyalty.nightly(tx)

"""Stories of people who rise, stay, fall and come back (TI-1 to TI-8)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.promises import Promise
from app.loyalty import flows as loyalty
from app.loyalty import queries, settings, standings
from app.loyalty.placing import Cause
from app.loyalty.tables import Code, Edit, Membership
from tests.support.loyal import LADDER, Loyal, draft
from tests.support.makers import by_user, event, gid, line, order, user
from tests.support.till import Till


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        yield shop


def test_ti3_a_paid_order_lifts_at_once_and_two_steps_if_it_must(shop: Loyal) -> None:
    shop.buys("ana", 120)
    assert shop.tier("ana") == "bronze"
    shop.buys("ben", 1200)
    assert shop.tier("ben") == "gold"
    assert {change.cause for change in shop.moves()} == {"order"}


def test_ti1_shipping_and_unpaid_orders_lift_nobody(shop: Loyal) -> None:
    shop.buys("ana", 90, shipping=50)
    shop.buys("ben", 500, paid=False)
    assert shop.tier("ana") == shop.tier("ben") == "member"


def test_ti1_small_orders_of_a_year_add_up(shop: Loyal) -> None:
    for _ in range(3):
        shop.buys("ana", 40)
        shop.waits(days=30)
    assert shop.tier("ana") == "bronze"


def test_id2_a_guest_with_a_known_address_lifts_nobody_until_the_account_is_confirmed(
    shop: Loyal,
) -> None:
    shop.hears("CUSTOMER_CREATED", shop.account("ana", confirmed=False))
    shop.guest_buys("ana@example.com", 500)
    assert shop.tier("ana") == "member"

    shop.hears("ACCOUNT_CONFIRMED", shop.account("ana", confirmed=True))
    shop.waits(seconds=3)
    assert shop.tier("ana") == "silver"


def test_ti4_a_purchase_that_leaves_the_window_on_day_366_drops_nobody_before_day_396(
    shop: Loyal,
) -> None:
    shop.buys("ana", 350)
    shop.waits(days=365)
    shop.night()
    assert shop.tier("ana") == "silver"
    shop.waits(days=30)
    shop.night()
    assert shop.tier("ana") == "silver"  # day 395, and nothing was bought for a year

    shop.waits(days=1)
    shop.night()
    assert shop.tier("ana") == "bronze"  # one step, though nothing is left of the spending
    shop.waits(days=396)  # a leap year has a day more
    shop.night()
    assert shop.tier("ana") == "bronze"
    shop.waits(days=1)
    shop.night()
    assert shop.tier("ana") == "member"


def test_ti4_who_still_spends_enough_is_renewed_for_another_year(shop: Loyal) -> None:
    shop.buys("ana", 350)
    shop.waits(days=200)
    shop.buys("ana", 320)
    shop.waits(days=170)
    shop.night()
    assert [change.move for change in shop.moves()] == ["rises", "renews"]
    shop.waits(days=300)
    shop.night()
    assert shop.tier("ana") == "silver"


def test_ti5_a_refund_soon_after_takes_back_the_rise_it_was_the_only_reason_for(
    shop: Loyal,
) -> None:
    shop.buys("ana", 120)
    bought = shop.buys("ana", 400)
    assert shop.tier("ana") == "silver"

    shop.waits(days=10)
    shop.refunds(bought, 400)
    assert shop.tier("ana") == "bronze"
    assert [change.move for change in shop.moves()] == ["rises", "rises", "reverts"]


def test_ti5_one_refund_after_the_other_takes_back_one_rise_after_the_other(shop: Loyal) -> None:
    first = shop.buys("ana", 120)
    second = shop.buys("ana", 400)
    shop.refunds(second, 400)
    shop.refunds(first, 120)
    assert shop.tier("ana") == "member"


def test_ti5_what_is_left_may_still_carry_part_of_the_way(shop: Loyal) -> None:
    bought = shop.buys("ana", 1200)
    assert shop.tier("ana") == "gold"
    shop.refunds(bought, 800)
    assert shop.tier("ana") == "silver"


def test_ti5_a_late_refund_waits_for_the_next_check(shop: Loyal) -> None:
    bought = shop.buys("ana", 400)
    shop.waits(days=31)
    shop.refunds(bought, 400)
    shop.night()
    assert shop.tier("ana") == "silver"


def test_ti5_a_refund_that_leaves_enough_changes_nothing(shop: Loyal) -> None:
    bought = shop.buys("ana", 400)
    shop.refunds(bought, 50)
    assert shop.tier("ana") == "silver"


def test_ti6_higher_thresholds_drop_nobody_and_lower_ones_lift_at_once(shop: Loyal) -> None:
    shop.buys("ana", 350)
    shop.buys("ben", 80)
    shop.sets(draft(bronze=50, silver=500))
    assert (shop.tier("ana"), shop.tier("ben")) == ("silver", "bronze")
    shop.waits(days=200)
    shop.night()
    assert shop.tier("ana") == "silver"


def test_ti6_a_removed_tier_is_kept_by_who_has_it(shop: Loyal) -> None:
    shop.buys("ana", 350)
    shop.sets(draft(silver=None))
    shop.buys("ben", 350)
    assert (shop.tier("ana"), shop.tier("ben")) == ("silver", "bronze")
    shop.waits(days=400)
    shop.night()
    assert shop.tier("ana") == "bronze"


def test_ti7_a_tier_given_by_hand_ends_on_its_day_and_leaves_its_reason(
    shop: Loyal, clock: StillClock
) -> None:
    shop.buys("ana", 120)
    with shop.work() as tx:
        ana = queries.by_account(tx, gid("User", "ana"))
        assert ana
        loyalty.give_by_hand(
            tx, ana, tier="gold", till=clock.now() + timedelta(days=10),
            reason="She lent us her garden", by="VXNlcjox",
        )  # fmt: skip
    assert shop.tier("ana") == "gold"
    shop.waits(days=11)
    shop.night()
    assert shop.tier("ana") == "bronze"
    given = next(change for change in shop.moves() if change.move == "given")
    assert (given.reason, given.by) == ("She lent us her garden", "VXNlcjox")


@pytest.mark.parametrize("days", [-1, 0])
def test_ti7_a_tier_by_hand_needs_an_end_to_come_and_a_reason(
    shop: Loyal, clock: StillClock, days: int
) -> None:
    shop.buys("ana", 120)
    with shop.work() as tx:
        ana = queries.by_account(tx, gid("User", "ana"))
        assert ana
        till = clock.now() + timedelta(days=days)
        with pytest.raises(ValueError, match="still to come"):
            loyalty.give_by_hand(tx, ana, tier="gold", till=till, reason="x", by="me")
        with pytest.raises(ValueError, match="no such tier"):
            loyalty.give_by_hand(tx, ana, tier="lead", till=till, reason="x", by="me")


def test_ti8_the_tier_is_told_on_change_and_four_at_a_time(shop: Loyal, till: Till) -> None:
    names = [f"c{n}" for n in range(9)]
    for name in names:
        shop.buys(name, 120, settle=False)
    shop.settles()
    shop.waits(seconds=5)
    shop.waits(seconds=5)
    assert {till.public[gid("User", name)]["perennial.tier"] for name in names} == {"bronze"}
    assert till.private[gid("User", "c0")]["perennial.tier_valid_till"] == "2027-03-02"
    assert till.asked.count("CustomerMetadata") == 3

    shop.buys("c0", 10)
    shop.night()
    assert till.asked.count("CustomerMetadata") == 3  # nothing has changed


@pytest.mark.parametrize("at", [0, 1])
def test_ti8_dying_while_telling_ends_in_the_same_words(shop: Loyal, till: Till, at: int) -> None:
    till.dying = (at, True)
    shop.buys("ana", 120)
    shop.waits(seconds=20)
    assert till.public == {gid("User", "ana"): {"perennial.tier": "bronze"}}
    assert till.private == {gid("User", "ana"): {"perennial.tier_valid_till": "2027-03-02"}}
    assert [act.verb for act in shop.acts()] == ["told"]


@pytest.mark.parametrize("done", [False, True])
def test_ti8_dying_while_telling_a_rise_that_is_taken_back_leaves_no_tier_behind(
    shop: Loyal, till: Till, *, done: bool
) -> None:
    """Whether Saleor wrote the rise down nobody knows: that it was taken back is told anyway."""
    till.dying = (1, done)
    bought = shop.buys("ana", 120)
    shop.refunds(bought, 120)
    assert shop.tier("ana") == "member"
    shop.waits(seconds=20)
    assert till.public == {gid("User", "ana"): {"perennial.tier": "member"}}
    assert till.private == {gid("User", "ana"): {"perennial.tier_valid_till": ""}}


def test_ti8_what_a_customer_writes_herself_is_put_right_and_gives_nothing(
    shop: Loyal, till: Till
) -> None:
    shop.buys("ana", 120)
    till.public[gid("User", "ana")]["perennial.tier"] = "gold"
    shop.hears("CUSTOMER_UPDATED", shop.account("ana", tier="gold"))
    shop.waits(seconds=3)
    assert shop.tier("ana") == "bronze"
    assert till.public[gid("User", "ana")]["perennial.tier"] == "bronze"


def test_who_never_left_the_first_tier_is_not_written_about(shop: Loyal, till: Till) -> None:
    shop.buys("ana", 20)
    shop.night()
    assert till.public == {}


def test_staff_are_known_and_get_nothing(shop: Loyal) -> None:
    body = order(user("eve", staff=True), lines=[line(each=5000)])
    shop.hears("ORDER_PAID", event("ORDER_PAID", by=by_user("eve"), order=body))
    shop.waits(seconds=3)
    assert shop.all(Membership) == []


def test_nothing_on_import_or_recalculation_gives_anybody_anything(
    house: House, till: Till, clock: StillClock
) -> None:
    with Loyal(house, till, opened=False) as shop:
        for n in range(60):
            shop.buys(f"c{n}", round(10 * 1.1**n), settle=False)
        shop.waits(seconds=3)
        assert shop.all(Membership) == []  # no ladder is there before the history is
        with shop.work() as tx:
            settings.open_tiers(tx)
        shop.settles()
        shop.waits(seconds=5)
        moves = shop.moves()
        assert {move.cause for move in moves} == {"history"}
        shares = [sum(m.tier == key for m in shop.all(Membership)) for key in LADDER[1:]]
        assert shares[2] in (1, 2)
        assert 10 <= sum(shares) <= 14  # a fifth of sixty
        assert shop.all(Code) == []
        assert till.vouchers == {}
        with shop.look() as tx:
            assert not queries.offers_on(tx)


def test_ti2_the_owners_own_ladder_is_kept_when_the_history_is_in(house: House, till: Till) -> None:
    with Loyal(house, till, opened=False) as shop:
        shop.sets(draft(bronze=7))
        with shop.work() as tx:
            settings.open_tiers(tx)
        with shop.look() as tx:
            terms = queries.terms(tx)
            assert terms
            assert terms.tiers["bronze"].threshold_minor == 700


def test_ti2_the_preview_is_what_happens(shop: Loyal) -> None:
    for n in range(40):
        shop.buys(f"c{n}", 15 * (n + 1), settle=False)
    shop.waits(seconds=5)
    for change in (
        draft(bronze=60, silver=200, gold=400),
        draft(bronze=500, silver=700, gold=900),
        draft(silver=None, gold=450),
        draft(months=1, bronze=30),
    ):
        with shop.look() as tx:
            terms = queries.terms(tx)
            assert terms
            seen = settings.preview(tx, terms, change)
            before = queries.people_by_tier(tx, terms)
        assert seen
        assert sum(move.fall for move in seen.moves) >= 0
        shop.sets(change)
        with shop.look() as tx:
            now = queries.terms(tx)
            assert now
            after = queries.people_by_tier(tx, now)
            assert not any(s.moves for s in standings.everybody(tx, now, now))
        assert {m.name: m.after for m in seen.moves} == {
            tier.name: after[tier.key] for tier in now.rungs
        }
        assert all(m.before == before.get(m.name.lower(), 0) for m in seen.moves)


def test_ti2_the_cost_is_what_every_code_would_have_taken_off_at_most(shop: Loyal) -> None:
    shop.buys("ana", 200)
    shop.buys("ana", 150)  # the same month: one code, on the dearer
    shop.waits(days=40)
    shop.buys("ana", 100)
    shop.buys("ben", 90)  # no tier, no offer
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        seen = settings.preview(tx, terms, draft())
    assert seen
    assert seen.cost
    assert (str(seen.cost.amount), seen.cost.currency) == ("30.00", "EUR")  # silver's 10 % of 300


def test_two_shops_never_see_each_other(house: House, till: Till, clock: StillClock) -> None:
    with (
        Loyal(house, till) as ours,
        Loyal(house, Till(clock.now), domain="other.example") as theirs,
    ):
        ours.buys("ana", 400)
        theirs.buys("ana", 120)
        assert (ours.tier("ana"), theirs.tier("ana")) == ("silver", "bronze")
        assert len(ours.all(Membership)) == len(theirs.all(Membership)) == 1
        assert len(ours.all(Edit)) == len(theirs.all(Edit))


def test_in2_events_in_any_order_and_number_end_in_the_same_tier_and_the_same_audit(
    shop: Loyal,
) -> None:
    paid = shop.order_of("ana", 400)
    refunded = paid | {
        "updatedAt": shop.at(seconds=30), "totalRefunded": {"amount": 400, "currency": "EUR"},
        "totalCharged": {"amount": 0, "currency": "EUR"}, "chargeStatus": "NONE",
    }  # fmt: skip
    later = event("ORDER_REFUNDED", issued=timedelta(seconds=30), by=by_user(), order=refunded)
    sooner = event("ORDER_PAID", by=by_user(), order=paid)
    for body in (later, sooner, later, sooner):
        shop.delivers(body["__typename"], body)
    shop.settles()
    shop.waits(seconds=5)
    assert shop.tier("ana") == "member"
    assert shop.moves() == []


def test_a_night_that_comes_twice_looks_once(shop: Loyal) -> None:
    for _ in range(2):
        with shop.work() as tx:
            loyalty.nightly(tx)
    reviews = [p for p in shop.all(Promise) if p.body.get("cause") == Cause.NIGHT]
    assert len(reviews) == 1

"""The ladder, its year, its proposals and its guards: values in, values out."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty import codes, guards, spans
from app.loyalty.guards import Basket, Offer, On, Tried, Word
from app.loyalty.proposal import FEW, SHARES, propose, share_reaching
from app.loyalty.rules import Ladder, LastRise, Move, Step, verdict

WARSAW = ZoneInfo("Europe/Warsaw")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAIVE_2020, NAIVE_2040 = datetime(2020, 1, 1), datetime(2040, 1, 1)  # noqa: DTZ001  # hypothesis wants them bare
LADDER = Ladder([Step("member", 0), Step("bronze", 100), Step("silver", 300), Step("gold", 1000)])


@dataclass
class Member:
    tier: str
    valid_till: datetime | None


def days(count: float) -> datetime:
    return NOON + timedelta(days=count)


# --- TI-1, TI-4: the year and the grace -----------------------------------------------------------


def test_ti4_a_purchase_counts_through_day_365_and_no_longer() -> None:
    assert spans.window_start(days(365), zone=WARSAW, months=12) <= NOON
    assert spans.window_start(days(366), zone=WARSAW, months=12) > NOON


def test_ti4_nobody_falls_before_day_396() -> None:
    till = spans.validity_end(NOON, zone=WARSAW)
    falls_at = spans.grace_end(till, zone=WARSAW, days=30)
    assert till == datetime(2027, 3, 3, tzinfo=WARSAW)
    day = (falls_at.date() - NOON.date()).days
    assert (day, falls_at.hour) == (396, 0)


@given(st.datetimes(NAIVE_2020, NAIVE_2040), st.integers(1, 60))
def test_ti1_a_window_begins_at_a_midnight_of_the_shop_and_moves_with_time(
    naive: datetime, months: int
) -> None:
    now = naive.replace(tzinfo=UTC)
    start = spans.window_start(now, zone=SAO_PAULO, months=months)
    assert start < now
    assert (start.hour, start.minute) == (0, 0)
    later = spans.window_start(now + timedelta(days=1), zone=SAO_PAULO, months=months)
    assert later >= start


@pytest.mark.parametrize(
    ("now", "zone", "month"),
    [
        (datetime(2026, 1, 31, 22, 59, tzinfo=UTC), WARSAW, date(2026, 1, 1)),
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), WARSAW, date(2026, 2, 1)),
        (datetime(2026, 2, 1, 2, 59, tzinfo=UTC), SAO_PAULO, date(2026, 1, 1)),
        (datetime(2026, 2, 1, 3, 0, tzinfo=UTC), SAO_PAULO, date(2026, 2, 1)),
    ],
)
def test_cp1_a_month_begins_at_the_shops_midnight(
    now: datetime, zone: ZoneInfo, month: date
) -> None:
    assert spans.month_of(now, zone) == month


def test_cp1_a_code_is_good_to_the_end_of_the_following_month() -> None:
    begins, ends = spans.offer_span(date(2026, 12, 1), WARSAW)
    assert begins == datetime(2026, 12, 1, tzinfo=WARSAW)
    assert ends == datetime(2027, 1, 31, 23, 59, 59, tzinfo=WARSAW)


# --- TI-2 .. TI-6: who moves ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "tier"),
    [
        (-5, "member"),
        (0, "member"),
        (99, "member"),
        (100, "bronze"),
        (999, "silver"),
        (5000, "gold"),
    ],
)
def test_ti2_spending_reaches_the_highest_threshold_below_it(spent: int, tier: str) -> None:
    assert LADDER.reached(spent).key == tier


@pytest.mark.parametrize(
    ("tier", "day", "spent", "move"),
    [
        ("member", 0, 100, Move.RISES),
        ("member", 0, 1000, Move.RISES),  # two steps and more at once
        ("member", 500, 0, Move.STAYS),  # nobody falls out of the first
        ("silver", 100, 0, Move.STAYS),
        ("silver", 364, 0, Move.STAYS),
        ("silver", 367, 0, Move.STAYS),  # grace
        ("silver", 395, 0, Move.STAYS),
        ("silver", 396, 0, Move.FALLS),
        ("silver", 396, 299, Move.FALLS),
        ("silver", 367, 300, Move.RENEWS),
        ("silver", 396, 300, Move.RENEWS),
        ("silver", 200, 300, Move.STAYS),
        ("silver", 396, 1000, Move.RISES),
    ],
)
def test_ti3_and_ti4_up_at_once_and_down_late(tier: str, day: int, spent: int, move: Move) -> None:
    till = None if tier == "member" else spans.validity_end(NOON, zone=WARSAW)
    falls_at = spans.grace_end(till, zone=WARSAW, days=30) if till else None
    member = Member(tier, till)
    got = verdict(
        member, LADDER, spent_minor=spent, last_rise=None, falls_at=falls_at, now=days(day)
    )
    assert got is move


def test_ti4_a_fall_is_one_step() -> None:
    assert LADDER.below("gold").key == "silver"
    assert LADDER.below("bronze").key == "member"
    assert LADDER.below("member").key == "member"


@pytest.mark.parametrize(
    ("left", "day", "move"),
    [(299, 29, Move.REVERTS), (300, 29, Move.STAYS), (299, 31, Move.STAYS)],
)
def test_ti5_a_refund_takes_back_a_rise_it_was_the_only_reason_for(
    left: int, day: int, move: Move
) -> None:
    member = Member("silver", days(366))
    rise = LastRise(bar_minor=300, spent_minor=left, revocable_till=days(30))
    got = verdict(member, LADDER, spent_minor=0, last_rise=rise, falls_at=days(396), now=days(day))
    assert got is move


@given(
    thresholds=st.lists(st.integers(1, 10_000), min_size=3, max_size=3, unique=True).map(sorted),
    tier=st.sampled_from(["bronze", "silver", "gold"]),
    spent=st.integers(0, 20_000),
    day=st.integers(0, 395),
)
def test_ti6_whatever_the_rules_become_nobody_drops_before_the_validity_ends(
    thresholds: list[int], tier: str, spent: int, day: int
) -> None:
    names = ["bronze", "silver", "gold"]
    ladder = Ladder([Step("member", 0), *map(Step, names, thresholds)])
    till = spans.validity_end(NOON, zone=WARSAW)
    falls_at = spans.grace_end(till, zone=WARSAW, days=30)
    move = verdict(
        Member(tier, till), ladder, spent_minor=spent, last_rise=None, falls_at=falls_at,
        now=days(day),
    )  # fmt: skip
    assert move in (Move.STAYS, Move.RISES, Move.RENEWS)


def test_ti6_a_tier_that_was_removed_is_kept_and_reached_no_more() -> None:
    ladder = Ladder([Step("member", 0), Step("bronze", 100), Step("silver", 300, retired=True)])
    assert ladder.reached(5000).key == "bronze"
    assert ladder.below("silver").key == "bronze"
    still = verdict(
        Member("silver", days(100)), ladder, spent_minor=0, last_rise=None,
        falls_at=days(130), now=days(50),
    )  # fmt: skip
    assert still is Move.STAYS


def test_a_ladder_begins_at_zero() -> None:
    with pytest.raises(ValueError, match="at zero"):
        Ladder([Step("bronze", 100)])


# --- TI-2: thresholds from the shop's own distribution --------------------------------------------


def test_ti2_proposed_thresholds_are_friendly_and_reached_by_the_shares_wanted() -> None:
    spent = [int(1000 * 1.0035**n) for n in range(2000)]
    thresholds = propose(spent, minor_per_unit=100)
    for threshold, share in zip(thresholds, SHARES, strict=True):
        assert abs(share_reaching(spent, threshold) - share) <= share / 2
        digits = str(threshold // 100).rstrip("0")
        assert threshold % 100 == 0
        assert len(digits) <= 2


@given(st.lists(st.integers(0, 50_000_000), max_size=300), st.sampled_from([1, 100, 1000]))
def test_ti2_proposals_always_rise_in_whole_units(spent: list[int], unit: int) -> None:
    thresholds = propose(spent, minor_per_unit=unit)
    assert len(thresholds) == 3
    assert 0 < thresholds[0] < thresholds[1] < thresholds[2]
    assert all(threshold % unit == 0 for threshold in thresholds)


def test_ti2_few_buyers_get_a_plain_ladder() -> None:
    assert propose([5000] * (FEW - 1), minor_per_unit=100) == (10_000, 30_000, 100_000)


def test_shares_count_those_at_the_threshold() -> None:
    assert share_reaching([1, 2, 2, 3], 2) == Decimal("0.75")
    assert share_reaching([], 2) == 0


# --- CP-2: codes ----------------------------------------------------------------------------------


def test_cp2_a_retry_mints_the_same_code_and_anybody_else_another() -> None:
    def code(secret: str = "s", **other: object) -> str:
        facts = {"shop": 1, "account": "VXNlcjox", "tier": "gold", "month": date(2026, 3, 1)}
        return codes.code_of(secret, **(facts | other))  # type: ignore[arg-type]

    assert code() == code()
    others = {
        code(shop=2), code(account="VXNlcjoy"), code(tier="silver"),
        code(month=date(2026, 4, 1)), code(secret="t"),
        codes.first_code_of("s", shop=1, mark="perennial-0123456789"),
    }  # fmt: skip
    assert len(others) == 6
    assert code() not in others


@given(st.text(min_size=1), st.text())
def test_cp2_a_code_is_a_prefix_and_ten_letters_nobody_confuses(secret: str, account: str) -> None:
    code = codes.code_of(secret, shop=1, account=account, tier="gold", month=date(2026, 3, 1))
    prefix, _, letters = code.rpartition("-")
    assert prefix == "THANKS"
    assert len(letters) == 10
    assert set(letters) <= set("23456789ABCDEFGHJKMNPQRSTUVWXYZ")


def test_a_voucher_is_found_again_by_its_mark() -> None:
    mark = codes.mark_of("s", shop=1, tier="gold", month=date(2026, 3, 1))
    assert mark == codes.mark_of("s", shop=1, tier="gold", month=date(2026, 3, 1))
    assert mark != codes.mark_of("s", shop=1, tier="gold", month=date(2026, 4, 1))


# --- §6.3: the guards -----------------------------------------------------------------------------

BASKET = Basket("VXNlcjox", "pl", "lines", paying=False, on=On.NONE, promoted=False)
OFFER = Offer(
    running=True, stopped=False, switched_on=True, excluded=False, channels=None,
    proven=True, spent=False, voucher_gone=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("basket", "offer", "word"),
    [
        ({}, {}, Word.PUT_ON),
        ({"account": None}, {}, Word.NOT_SIGNED_IN),
        ({"on": On.OTHER}, {}, Word.OTHER_CODE),
        ({"on": On.OURS}, {}, Word.ALREADY_ON),
        ({"paying": True}, {}, Word.PAYING),
        ({"promoted": True}, {}, Word.SHOP_PROMOTION),
        ({"reduced_hundredths": 2500}, {"percent_hundredths": 1300}, Word.PUT_ON),
        ({"reduced_hundredths": 2500}, {"percent_hundredths": 1500}, Word.TOO_DEEP),
        ({"reduced_hundredths": 4000}, {"percent_hundredths": 100}, Word.TOO_DEEP),
        ({}, {"percent_hundredths": 3600}, Word.PUT_ON),
        ({"lines": None}, {}, Word.EMPTY),
        ({}, {"running": False}, Word.APP_OFF),
        ({}, {"stopped": True}, Word.STOPPED),
        ({}, {"switched_on": False}, Word.OFFER_OFF),
        ({}, {"excluded": True}, Word.EXCLUDED),
        ({}, {"channels": ["de"]}, Word.CHANNEL),
        ({}, {"channels": ["de", "pl"]}, Word.PUT_ON),
        ({}, {"proven": False}, Word.UNPROVEN),
        ({}, {"spent": True}, Word.USED),
        ({}, {"voucher_gone": True}, Word.VOUCHER_GONE),
    ],
)
def test_one_reason_is_enough_to_leave_a_checkout_alone(
    basket: dict[str, object], offer: dict[str, object], word: Word
) -> None:
    got = guards.word(
        replace(BASKET, **basket),
        replace(OFFER, **offer),
        tried=None,
        tried_lines=None,  # type: ignore[arg-type]
    )
    assert got is word


@pytest.mark.parametrize(
    ("tried", "lines", "word"),
    [
        (Tried.PUT_ON, "lines", Word.TAKEN_OFF),
        (Tried.TAKEN_OFF, "others", Word.TAKEN_OFF),
        (Tried.NOT_APPLICABLE, "lines", Word.NOT_APPLICABLE),
        (Tried.NOT_APPLICABLE, "others", Word.PUT_ON),
        (Tried.GIVEN_UP, "others", Word.UNSURE),
        (Tried.PASSED, "lines", Word.PUT_ON),
    ],
)
def test_what_was_tried_before_on_this_checkout_counts(
    tried: Tried, lines: str, word: Word
) -> None:
    assert guards.word(BASKET, OFFER, tried=tried, tried_lines=lines) is word

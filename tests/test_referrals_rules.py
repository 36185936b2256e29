"""RF-3 to RF-6 as tables: what blocks, what is looked at, and what a reward becomes."""

from dataclasses import replace

import pytest

from app.referrals import links, rules
from app.referrals.rules import Case, Hand, State, Why

FINE = Case(paid=True, ripe=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ana.Silva+friend@Example.com", "anasilva@example.com", True),
        ("a.n.a@gmail.com", "ana+x@googlemail.com", True),
        ("ana@example.com", "ana@example.org", False),
        ("ana@example.com", "ben@example.com", False),
    ],
)
def test_rf3_a_tag_dots_and_capitals_make_no_other_address(
    one: str, other: str, *, same: bool
) -> None:
    assert (rules.folded(one) == rules.folded(other)) is same


def test_rf3_nobody_has_no_address_to_be_the_same() -> None:
    assert rules.folded(None) == rules.folded("no address") == ""
    assert not rules.similar(None, None)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ana.silva1@example.com", "anasilva2@example.com", True),
        ("ana@example.com", "ana@example.org", True),
        ("ana@example.com", "ben@example.com", False),
        ("ana@example.com", "a.na+1@example.com", False),
    ],
)
def test_rf4_addresses_that_are_much_alike(one: str, other: str, *, alike: bool) -> None:
    """The last pair is one address, and so blocked and not doubted."""
    assert rules.similar(one, other) is alike


@pytest.mark.parametrize("why", [str(one) for one in rules.BLOCKS])
def test_rf3_each_block_blocks_and_a_person_may_allow_it(why: str) -> None:
    """RF-6: with what was looked at; whatever comes later asks again."""
    case = replace(FINE, blocks=(why,))
    assert rules.verdict(case) == (State.BLOCKED, (why,))
    allowed = replace(case, hand=Hand.ALLOW, allowed=(why,))
    assert rules.verdict(allowed) == (State.REWARDED, ())
    assert rules.verdict(replace(allowed, refunded=True)) == (State.REVIEW, (Why.REFUNDED,))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"same_home": True}, Why.SAME_HOME),
        ({"similar": True}, Why.SIMILAR_EMAIL),
        ({"visitors": 3}, Why.SAME_VISITOR),
        ({"disposable": True}, Why.DISPOSABLE),
        ({"a_day": 6}, Why.MANY_A_DAY),
        ({"refunded": True}, Why.REFUNDED),
        ({"nobody": True}, Why.NOBODY),
    ],
)
def test_rf4_each_doubt_waits_for_a_person(told: dict[str, object], why: Why) -> None:
    assert rules.verdict(replace(FINE, **told)) == (State.REVIEW, (why,))  # type: ignore[arg-type]


def test_rf4_what_is_just_not_too_much_is_fine() -> None:
    assert rules.verdict(replace(FINE, visitors=2, a_day=5))[0] is State.REWARDED


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"paid": False}, State.WAITING),
        ({"ripe": False}, State.WAITING),
        ({"stopped": True}, State.WAITING),
        ({"cancelled": True}, State.LOST),
        ({"a_month": 9, "ever": 49}, State.REWARDED),
        ({"a_month": 10}, State.CAPPED),
        ({"ever": 50}, State.CAPPED),
        ({"hand": Hand.BLOCK}, State.BLOCKED),
    ],
)
def test_rf5_caps_and_time(told: dict[str, object], state: State) -> None:
    """RF-1: paid, and the window over."""
    assert rules.verdict(replace(FINE, **told))[0] is state  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("was", "wanted", "used", "state"),
    [
        (State.REWARDED, State.REVIEW, False, State.TAKEN_BACK),
        (State.REWARDED, State.REVIEW, True, State.REWARDED),
        (State.REWARDED, State.WAITING, False, State.REWARDED),
        (State.REWARDED, State.CAPPED, False, State.REWARDED),
        (State.TAKEN_BACK, State.REWARDED, False, State.REWARDED),
        (State.TAKEN_BACK, State.WAITING, False, State.TAKEN_BACK),
        (State.TAKEN_BACK, State.REVIEW, True, State.REWARDED),
        (State.REVIEW, State.REWARDED, False, State.REWARDED),
    ],
)
def test_rf5_only_an_unused_reward_is_taken_back(
    was: State, wanted: State, state: State, *, used: bool
) -> None:
    assert rules.becomes(was, wanted, used=used) is state


def test_rf2_a_link_is_the_same_each_time_and_nobody_makes_one() -> None:
    token = links.token_of("secret", shop=7, person=300)
    assert links.token_of("secret", shop=7, person=300) == token
    assert links.shop_of(token) == 7
    assert links.person_of("secret", token, shop=7) == 300
    forged = token.replace("-12c-", "-12d-")
    assert forged != token
    assert links.person_of("secret", forged, shop=7) is None
    assert links.person_of("another", token, shop=7) is None
    for nonsense in ("", "7", "7-12c-", "x" * 400, "7-12c-" + "é" * 24):
        assert links.person_of("secret", nonsense, shop=7) is None
        assert links.shop_of(nonsense) == 0


def test_rf6_an_address_is_kept_as_a_keyed_hash() -> None:
    one = links.visitor_of("secret", "203.0.113.7")
    assert one
    assert one == links.visitor_of("secret", "203.0.113.7")
    assert one != links.visitor_of("another", "203.0.113.7")
    for nobody in ("", "testclient", "127.0.0.1", "10.0.0.3", "172.18.0.1", "::1", "fd00::1"):
        assert links.visitor_of("secret", nobody) is None, "a proxy's own is nobody's"

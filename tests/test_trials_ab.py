"""Stories of A/B tests in journeys and newsletters: who gets which, what wins, and what stays."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.journeys import flows, newsletters, testing
from app.journeys.flows import Entrant
from app.journeys.rules import Definition, Offer, Send, Tag, Trigger, Wait
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import library
from app.proof import flows as proof
from app.proof.findings import guards_hold
from app.trials import flows as trials
from app.trials import queries
from app.trials.tables import Assignment, Trial
from tests.support.recovering import Counter, Recovering
from tests.test_journeys_engine import feet, happens, letter

A, B = {"name": "A", "change": {}}, {"name": "B", "change": {"message": "b"}}
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        with shop.work() as tx:
            for name in ("a", "b", "c"):
                library.ensure(tx, letter(name))
        yield shop


def journey(shop: Recovering, *steps: Any) -> None:  # noqa: ANN401
    with shop.work() as tx:
        flows.publish(tx, "own", Definition(trigger=Trigger.BIRTHDAY, steps=steps), name="Own")
        flows.switch_on(tx, "own")


def begins(shop: Recovering, *arms: Any, step: str = "s", half: float = 0.5, **plan: Any) -> int:  # noqa: ANN401
    with shop.work() as tx:
        shares = (half, 1 - half)
        trial = trials.begin_test(tx, "own", step, arms=arms, shares=shares, plan=plan)
        return trial.id or 0


def crowd(shop: Recovering, many: int, *, start: int = 1000) -> None:
    happens(shop, Trigger.BIRTHDAY, *range(start, start + many), occasion=f"from {start}")


def drawn(shop: Recovering, trial: int) -> dict[int, str]:
    return {row.person: row.arm for row in shop.all(Assignment) if row.trial == trial}


def messages(shop: Recovering) -> dict[int, str]:
    return {send.person or 0: send.message for send in shop.sends()}


def test_each_gets_her_arm_and_keeps_it_when_shares_change(shop: Recovering) -> None:
    """AB-1: sticky; other weights hold for new people only; the message says which arm it is."""
    journey(shop, Send(key="s", message="a"))
    trial = begins(shop, A, B)
    crowd(shop, 16)
    before = drawn(shop, trial)
    assert 3 < list(before.values()).count("B") < 13
    assert messages(shop) == {p: {"A": "a", "B": "b"}[arm] for p, arm in before.items()}
    assert {send.variant for send in shop.sends()} == {"A", "B"}
    with shop.work() as tx:
        found = queries.by_id(tx, trial)
        assert found
        trials.promote(tx, found, "B")
    crowd(shop, 16, start=2000)
    after = drawn(shop, trial)
    assert {p: arm for p, arm in after.items() if p < 2000} == before
    assert [arm for p, arm in after.items() if p >= 2000].count("B") > 12


def test_send_time_and_kind_of_offer_are_tested_too(shop: Recovering) -> None:
    """AB-1: a test changes what a step may differ in, and nothing else."""
    journey(shop, Wait(key="s", span=HOUR), Tag(key="tag", name="done"))
    begins(shop, A, {"name": "B", "change": {"span": "PT5H"}})
    person = shop.guest("cleo@example.com")
    crowd(shop, 15)
    happens(shop, Trigger.BIRTHDAY, person)
    shop.waits(hours=1)
    early = len([1 for step, what, _ in feet(shop) if (step, what) == ("tag", "tagged")])
    assert 2 < early < 14
    shop.waits(hours=4)
    assert len([1 for step, what, _ in feet(shop) if (step, what) == ("tag", "tagged")]) == 16
    offer = Offer(key="o", percent_hundredths=500)
    assert testing.changed(offer, {"percent_hundredths": 1000}).percent_hundredths == 1000  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="cannot change"):
        testing.changed(offer, {"key": "other"})


def test_a_newsletter_is_tested(shop: Recovering) -> None:
    """AB-1: subject and content."""
    shop.guest("cleo@example.com")
    with shop.work() as tx:
        sent = newsletters.plan(tx, name="News", message="a", segment=None, at=tx.now)
        campaign = newsletters.campaign_of(sent)
        trials.begin_test(tx, campaign, "letter", arms=(A, B), shares=(0.0, 1.0), plan={})
    shop.settles()
    assert shop.subjects() == ["b"]


def test_a_ghost_is_in_no_test(shop: Recovering) -> None:
    """AB-1, HO-3: who gets nothing cannot tell which of two ways is better."""
    journey(shop, Send(key="s", message="a"))
    trial = begins(shop, A, B)
    with shop.work() as tx:
        trials.terms(tx, share=1.0)
    crowd(shop, 5)
    assert drawn(shop, trial) == {}


def test_a_winner_is_given_to_nine_in_ten_then_to_all_and_the_step_is_never_empty(
    shop: Recovering,
) -> None:
    """AB-9: a tenth goes on getting the loser for 30 days."""
    journey(shop, Send(key="s", message="a"))
    trial = begins(shop, A, B)
    with shop.work() as tx:
        found = queries.by_id(tx, trial)
        assert found
        trials.promote(tx, found, "B")
    with shop.look() as tx:
        told = queries.by_id(tx, trial)
        assert told
        assert told.strata[-1] == pytest.approx([0.1, 0.9])
        plan = proof.plan_of(told)
    shop.waits(days=31)
    with shop.work() as tx:
        found = queries.by_id(tx, trial)
        assert found
        proof.follow(tx, found, plan, {"against": [], "metric": "margin"})
        assert found.ended_at
    crowd(shop, 5)
    assert set(messages(shop).values()) == {"b"}
    assert drawn(shop, trial) == {}


def body(estimate: float, verdict: str, **arm: float) -> dict[str, Any]:
    usual = {"orders": 100, "refunded": 0.02, "unsubscribed": 5, "complained": 1}
    return {
        "metric": "margin", "people": {"A": 1000, "B": 1000},
        "arms": {"A": usual, "B": usual | arm},
        "against": [
            {"arm": "B", "verdict": verdict, "metrics": {"margin": {"estimate": estimate}}}
        ],
    }  # fmt: skip


def test_nothing_is_put_in_place_while_a_guard_suffers() -> None:
    """AB-9, AB-2: more goodbyes, complaints or refunds, and the winner waits for the owner."""
    assert proof.winner_of(body(2.0, "better"), ["A", "B"]) == "B"
    assert proof.winner_of(body(-2.0, "worse"), ["A", "B"]) == "A"
    assert proof.winner_of(body(2.0, "too_early"), ["A", "B"]) is None
    for harmed in ({"unsubscribed": 25}, {"complained": 12}, {"refunded": 0.08}):
        assert not guards_hold(body(2.0, "better", **harmed), "A", "B")
        assert proof.winner_of(body(2.0, "better", **harmed), ["A", "B"]) is None
    chance = body(2.0, "better", refunded=0.04)  # 4 in 100 orders beside 2: nobody can tell
    assert proof.winner_of(chance, ["A", "B"]) == "B"


def test_an_arm_that_is_edited_begins_a_new_version_and_the_old_one_stays(
    shop: Recovering,
) -> None:
    """AB-10: old results are read as they were; people are drawn anew."""
    journey(shop, Send(key="s", message="a"))
    first = begins(shop, A, B)
    crowd(shop, 8)
    old = drawn(shop, first)
    second = begins(shop, A, {"name": "B", "change": {"message": "c"}})
    crowd(shop, 8, start=2000)
    with shop.look() as tx:
        rows = {trial.version: trial for trial in tx.exec(select(Trial))}
    assert (rows[1].id, rows[2].id) == (first, second)
    assert rows[1].ended_at
    assert rows[1].salt != rows[2].salt
    assert drawn(shop, first) == old
    assert set(messages(shop).values()) == {"a", "b", "c"}
    assert len(drawn(shop, second)) == 8


def test_whoever_is_drawn_counts_whether_or_not_anything_reaches_her(shop: Recovering) -> None:
    """AB-1: intention to treat: nobody has agreed to mail here, and all are counted."""
    journey(shop, Send(key="s", message="a"))
    trial = begins(shop, A, B)
    with shop.work() as tx:
        flows.happened(tx, Trigger.BIRTHDAY, [Entrant(person=7, occasion="x")])
    shop.settles()
    assert shop.mail() == []
    assert list(drawn(shop, trial)) == [7]

"""Stories of measuring: who was drawn, what they bought since, and what the page says of it."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from sqlmodel import col, delete, select

from app.customers.tables import Person
from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.tx import Tx
from app.ltv.entries import EPOCH
from app.ltv.tables import BookedOrder, CustomerTally
from app.messages import library, withholding
from app.messages.blocks import Block, Draft, Letter
from app.messages.consent_tables import ConsentEntry
from app.messages.policy import set_policy
from app.messages.tables import Send, SendNote
from app.orders.tables import Order
from app.privacy import flows as privacy
from app.proof import errands, nothing, rules
from app.proof import queries as proof
from app.proof.jobs import Measure
from app.proof.rules import Bought, Costs, Lived
from app.proof.tables import Finding, Outcome, ProofNote
from app.segments.tables import Segment, Stay
from app.trials import flows as trials
from app.trials import queries
from app.trials.tables import Assignment, Denied
from tests.support.story import Shop

DAY = timedelta(days=1)


NUMBERS = itertools.count()


def people(shop: Shop, many: int) -> list[int]:
    with shop.work() as tx:
        names = [f"p{next(NUMBERS)}@example.com" for _ in range(many)]
        rows = [Person(key=f"guest:{name}", email=name) for name in names]
        tx.add_all(rows)
        tx.flush()
        return [row.id or 0 for row in rows]


def order(tx: Tx, person: int, at: datetime, *, minor: int = 5_000, back: int = 0) -> None:
    """An order and its booking, as they stand once it has been heard."""
    row = Order(
        saleor_id=f"o{person}-{at.isoformat()}", number="1", person=person, source=person,
        status="FULFILLED", charge_status="FULLY_CHARGED", created_at=at, channel="web",
        currency="EUR", total_minor=minor, charged_minor=minor, goods_minor=minor,
        goods_reporting_minor=minor, counts=True, updated_at=at, issued_at=at,
    )  # fmt: skip
    tx.add(row)
    tx.flush()
    tx.add(
        BookedOrder(
            order=row.id or 0, person=person, day=at.date().toordinal() - EPOCH,
            gross=minor, discount=0, cost=0, tax=0, refunded=back, costed=0,
        )
    )  # fmt: skip


def measures(shop: Shop) -> None:
    now = shop.house.clock.now()
    errands.measure(Measure(day=now.date().isoformat()), shop.perennial.reach.world(shop.id))


def finding(shop: Shop, key: str = "holdout:cart", span: int = 14) -> dict[str, Any]:
    with shop.look() as tx:
        trial = queries.newest(tx, key)
        assert trial
        rows = select(Finding).where(Finding.trial == trial.id, Finding.span == span)
        return tx.exec(rows).one().body


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Shop]:
    with Shop(house) as shop:
        with shop.work() as tx:
            trials.terms(tx, share=0.5)
        yield shop


def test_an_outcome_is_margin_in_windows_from_the_moment_somebody_was_drawn() -> None:
    """HO-4: 14, 30, 90, 180, 365 days; what she brought before is kept apart (AB-5)."""
    at = datetime.fromisoformat("2026-03-02T09:00:00+00:00")

    def one(days: float, margin: int = 100) -> Bought:
        return Bought(at + timedelta(days=days), 200, 0, margin)

    lived = rules.lived([one(-200), one(-179), one(-1), one(0), one(13.9), one(14), one(364)], at)
    assert (lived.before, lived.past) == (3, 200)
    assert [lived.spans[str(span)][0] for span in rules.SPANS] == [2, 3, 3, 3, 4]
    assert lived.spans["14"] == [2, 200, 400, 0]


def test_margin_is_net_of_offers_refunds_goods_and_what_an_order_costs() -> None:
    """HO-4."""
    booked = {"gross": 10_000, "discount": 1_000, "cost": 3_000, "tax": 1_500, "refunded": 900}
    costs = Costs(order=300, fees=0.02, returns=500)
    assert rules.margin(booked, costs) == 9_000 - 900 - 300 - 180 - 50 - 3_000 - 1_500
    assert rules.margin(booked, Costs(cost=False, tax=False)) == 8_100


def tries(shop: Shop, many: int = 640, *, withheld: int = 8, treated: int = 3) -> list[int]:
    """So many are drawn; of the withheld every eighth buys in the next days, else every third."""
    everybody = people(shop, many)
    with shop.work() as tx:
        arms = trials.hold(tx, "cart", everybody)
        now, count = tx.now, {True: 0, False: 0}
        for person in everybody:
            if person % 2:
                order(tx, person, now - timedelta(days=1 + person % 150))
            held = arms[person].withheld
            count[held] += 1
            if count[held] % (withheld if held else treated) == 0:
                order(tx, person, now + timedelta(hours=person % 300))
    return everybody


def test_the_night_finds_what_an_automation_brought(shop: Shop) -> None:
    """HO-4: of everybody who was drawn, once the whole window is known; nothing before that."""
    tries(shop)
    measures(shop)
    early = finding(shop)
    assert early["against"][0]["verdict"] == "too_early"
    assert sum(early["ripe"].values()) == 0
    shop.waits(days=14, hours=1)
    measures(shop)
    body = finding(shop)
    assert sum(body["people"].values()) == sum(body["ripe"].values()) == 640
    assert body["arms"]["withheld"]["conversion"] == pytest.approx(1 / 8, abs=0.01)
    told = body["against"][0]["metrics"]["conversion"]
    assert told["low"] < 1 / 3 - 1 / 8 < told["high"]
    assert body["against"][0]["verdict"] == "better"
    money = body["against"][0]["metrics"]["margin"]
    assert money["low"] < 4_900 * (1 / 3 - 1 / 8) < money["high"]
    with shop.look() as tx:
        trial = queries.newest(tx, "holdout:cart")
        assert trial
        assert trial.proven_at == tx.now


def test_a_refund_and_a_merge_are_found_the_next_night(shop: Shop) -> None:
    """HO-4: only who is new or has ordered since is looked at, on Sundays everybody."""
    tries(shop, 20, withheld=1, treated=1)
    shop.waits(days=15)
    measures(shop)
    before = {row.assignment: row.spans["14"] for row in shop.all(Outcome)}
    with shop.work() as tx:
        row = tx.exec(select(BookedOrder).order_by(BookedOrder.id.desc())).first()  # type: ignore[union-attr]
        assert row
        row.refunded = 2_000
        tx.exec(select(Order).where(Order.id == row.order)).one().updated_at = tx.now
        who = row.person
    measures(shop)
    changed = [row for row in shop.all(Outcome) if before[row.assignment] != row.spans["14"]]
    assert [row.person for row in changed] == [who]
    assert changed[0].spans["14"][3] == 2_000


def test_people_who_were_drawn_twice_count_once(shop: Shop) -> None:
    """AB-1: a guest and the account she turned out to be, both drawn before that was known."""
    a, b, *_ = tries(shop, 20)
    with shop.work() as tx:
        tx.exec(select(Person).where(Person.id == a)).one().merged_into = b
    shop.waits(days=15)
    measures(shop)
    assert sum(finding(shop)["ripe"].values()) == 19


def test_pr3_a_result_does_not_move_because_somebody_was_forgotten(shop: Shop) -> None:
    """Who bought, said no, was written to, was in a segment, was drawn twice, got the same
    elsewhere: counted on, of nobody. What no night has seen yet, too."""
    everybody = tries(shop, 40)
    gone, twin = everybody[:16], everybody[16]
    with shop.work() as tx:
        set_policy(tx, prices={"sms": Decimal("0.50")})
        arms = trials.hold(tx, "cart", everybody)
        held = [one for one in gone if arms[one].withheld]
        trials.deny(tx, "holdout:cart", held, {"a"})
        tx.exec(select(Person).where(Person.id == gone[0])).one().merged_into = twin
        tx.add(Segment(key="all", tree={}, made_at=tx.now))
        tx.flush()
        id_ = tx.exec(select(Segment.id).where(Segment.key == "all")).one() or 0
        for one in gone:
            tx.add(Stay(segment=id_, person=one, entered_at=tx.now - DAY))
            leaves_and_is_written_to(tx, one, at=tx.now + DAY)
    shop.waits(days=15)
    measures(shop)
    before = finding(shop)
    assert sum(arm["unsubscribed"] for arm in before["arms"].values()) == len(gone)
    assert before["crossed"] == len(held) > 0
    with shop.work() as tx:
        tx.exec(delete(Outcome).where(col(Outcome.person) == gone[2]))
        for email in tx.exec(select(Person.email).where(col(Person.id).in_(gone))).all():
            privacy.erase_guest(tx, email or "", at=tx.now)
    measures(shop)
    assert finding(shop) == before
    for table in (Assignment, Outcome, Stay, Denied):
        assert not {row.person for row in shop.all(table)} & set(gone)


def leaves_and_is_written_to(tx: Tx, person: int, *, at: datetime) -> None:
    tx.add(
        ConsentEntry(
            address=f"{person}@example.com", channel="email", purpose="marketing", basis="consent",
            state="withdrawn", person=person, source="link", at=at,
        )
    )  # fmt: skip
    tx.add(
        Send(
            key=f"k{person}", person=person, message="a", purpose="marketing", priority=8,
            channel="sms", state="sent", asked_at=at, due=at, sent_at=at, handed_at=at,
        )
    )  # fmt: skip


def test_arms_that_are_not_as_they_should_be_hide_the_result(shop: Shop) -> None:
    """AB-6."""
    tries(shop)
    with shop.work() as tx:
        for row in tx.exec(select(Assignment).where(Assignment.arm == "treated").limit(120)):
            tx.delete(row)
    shop.waits(days=15)
    measures(shop)
    body = finding(shop)
    assert body["srm"] < 0.001
    assert body["against"][0]["verdict"] == "broken"


def test_caps_are_fixed_before_the_start(shop: Shop) -> None:
    """AB-5: the 99th percentile of what people brought before; what comes later changes nothing."""
    crowd = people(shop, 200)
    with shop.work() as tx:
        for n, person in enumerate(crowd):
            order(tx, person, tx.now - 5 * DAY, minor=1_000 + n)
    tries(shop, 20)
    measures(shop)
    with shop.look() as tx:
        trial = queries.newest(tx, "holdout:cart")
        assert trial
        caps = trial.plan["caps"]
    assert caps["14"] == pytest.approx(0.98 * 1_197, rel=0.01)
    with shop.work() as tx:
        order(tx, crowd[0], tx.now, minor=9_000_000)
    shop.waits(days=20)
    measures(shop)
    with shop.look() as tx:
        again = queries.newest(tx, "holdout:cart")
        assert again
        assert again.plan["caps"] == caps


def test_groups_are_compared_with_ranges_that_hold_together(shop: Shop) -> None:
    """S9, AB-8: who had bought before and who had not, and the segments at that moment; each range
    is wider than the whole's would be."""
    everybody = tries(shop)
    with shop.work() as tx:
        tx.add(Segment(key="evens", tree={}, made_at=tx.now))
        tx.flush()
        id_ = tx.exec(select(Segment.id).where(Segment.key == "evens")).one() or 0
        inside = [person for person in everybody if person % 2 == 0]
        tx.add_all([Stay(segment=id_, person=one, entered_at=tx.now - DAY) for one in inside])
        odd = next(person for person in everybody if person % 2)
        tx.add(Stay(segment=id_, person=odd, entered_at=tx.now + DAY))
    shop.waits(days=15)
    measures(shop)
    body = finding(shop)
    groups = {one["key"]: one for one in body["groups"]}
    assert groups["!new"]["people"] + groups["!once"]["people"] == 640
    assert groups["!more"] == {"key": "!more", "people": 0, "conversion": None}
    assert groups["evens"]["people"] == len(inside) == 320
    assert groups["evens"]["conversion"] == groups["!new"]["conversion"]
    narrow, wide = body["against"][0]["metrics"]["conversion"], groups["!new"]["conversion"]
    assert wide["high"] - wide["low"] > narrow["high"] - narrow["low"]


def test_tests_of_nothing_are_made_of_the_shops_own_past() -> None:
    """AB-11: two hundred of the same people; hardly one alarms."""
    dice = np.random.default_rng(7)
    people = []
    for _ in range(2_400):
        eager = dice.gamma(0.6, 1.0)
        orders, before = int(dice.random() < 0.1 * eager), int(dice.poisson(eager))
        margin = int(orders * dice.lognormal(8.0, 0.6))
        people.append(Lived(before, before * 3_000, {"14": [orders, margin, margin, 0]}))
    days = [n // 40 for n in range(2_400)]
    told = nothing.judged(people, days, seed=11)
    assert told is not None
    assert told["of"] == 200
    assert told["alarms"] <= 0.05
    assert nothing.judged(people[:200], days[:200], seed=11) is None


def test_the_false_alarms_are_looked_for_once_a_month(shop: Shop) -> None:
    """AB-11: silently, as soon as there is a past to do it with."""
    measures(shop)
    assert [row.name for row in shop.all(ProofNote)] == ["reading"]
    crowd = people(shop, 640)
    with shop.work() as tx:
        for n, person in enumerate(crowd):
            order(tx, person, tx.now - timedelta(days=10 + n % 60))
            tx.add(tally(person))
    measures(shop)
    with shop.look() as tx:
        row = proof.note(tx, "aa")
        assert row
        assert row.body["people"] == 640
        first = row.made_at
    shop.waits(days=3)
    measures(shop)
    with shop.look() as tx:
        row = proof.note(tx, "aa")
        assert row
        assert row.made_at == first


def tally(person: int) -> CustomerTally:
    return CustomerTally(
        person=person, days=1, first=0, last=0, orders=1, gross=0, discount=0, cost=0, tax=0,
        refunded=0, costed=0, first_value=0,
    )  # fmt: skip


def test_whoever_got_the_same_elsewhere_is_told_of(shop: Shop) -> None:
    """HO-8: a message that had left before she was held back from it does not count."""
    everybody = tries(shop, 20)
    with shop.work() as tx:
        arms = trials.hold(tx, "cart", everybody)
        held = [person for person, arm in arms.items() if arm.withheld][:3]
        trials.deny(tx, "holdout:cart", held, {"a"})
        for person, days in zip(held, (1, -1, 2), strict=True):
            sent = tx.now + days * DAY
            message = "a" if days < 2 else "b"
            tx.add(
                Send(
                    key=f"k{person}", person=person, message=message, purpose="marketing",
                    priority=8, state="sent", asked_at=sent, due=sent, sent_at=sent,
                )
            )  # fmt: skip
    shop.waits(days=3)
    measures(shop)
    assert finding(shop)["crossed"] == 1


def test_whoever_got_what_is_in_it_elsewhere_is_told_of_too(shop: Shop) -> None:
    """HO-8: not who had it left out, and not who got another version without it."""
    words = Block(
        kind="text", text="Twenty kinds of tulips have come in, and they come with a vase."
    )
    other = Block(kind="text", text="x")
    everybody = tries(shop, 20)
    with shop.work() as tx:
        for blocks in ((other,), (other, words)):
            draft = Draft(
                key="b", name="b", variants={"email": {"en": Letter(subject="b", blocks=blocks)}}
            )
            library.save(tx, draft)
        arms = trials.hold(tx, "cart", everybody)
        held = [person for person, arm in arms.items() if arm.withheld][:3]
        trials.deny(tx, "holdout:cart", held, {withholding.of(words) or ""}, until=tx.now + DAY)
        for person, version in zip(held, (2, 2, 1), strict=True):
            send = Send(
                key=f"k{person}", person=person, message="b", purpose="marketing", priority=8,
                state="sent", asked_at=tx.now, due=tx.now, sent_at=tx.now, version=version,
            )  # fmt: skip
            tx.add(send)
            tx.flush()
            if person == held[1]:
                told = {"send": send.id or 0, "at": tx.now, "outcome": "left_out"}
                tx.add(SendNote(**told, word=withholding.of(words) or ""))
    shop.waits(days=3)
    measures(shop)
    assert finding(shop)["crossed"] == 1


def test_what_messages_cost_is_taken_off_what_they_brought(shop: Shop) -> None:
    """HO-4: those of the days after she was drawn, as far as the owner says what one costs."""
    everybody = tries(shop, 60)
    with shop.work() as tx:
        arms = trials.hold(tx, "cart", everybody)
        treated = [person for person, arm in arms.items() if not arm.withheld]
        held = [person for person, arm in arms.items() if arm.withheld]
        written = [(person, days) for person in treated for days in (-1, 1, 2, 15)]
        for person, days in [*written, *((person, 3) for person in held[:1])]:
            at = tx.now + days * DAY
            tx.add(
                Send(
                    key=f"k{person}{days}", person=person, message="a", purpose="marketing",
                    channel="sms", priority=8, state="sent", asked_at=at, due=at,
                    handed_at=at, sent_at=at,
                )
            )  # fmt: skip
    shop.waits(days=16)
    measures(shop)
    before = finding(shop)["against"][0]["metrics"]
    with shop.work() as tx:
        set_policy(tx, prices={"sms": Decimal("0.10"), "email": Decimal(0)})
    measures(shop)
    body = finding(shop)
    after = body["against"][0]["metrics"]
    cost = 2 * 10 - 10 / len(held)  # in cents
    for edge in ("estimate", "low", "high"):
        assert after["margin"][edge] == pytest.approx(before["margin"][edge] - cost)
    assert after["revenue"] == before["revenue"]
    assert body["arms"]["treated"]["messages"] == 20


def test_what_was_agreed_to_be_read_at_the_end_is_hidden_until_then(shop: Shop) -> None:
    """AB-4: fixed horizon: fewer people, and no look before all of them are in."""
    crowd = people(shop, 520)
    plan = {"mode": "fixed", "metric": "conversion", "least": 0.1, "people": 521}
    ways = ({"name": "A", "change": {}}, {"name": "B", "change": {"message": "b"}})
    with shop.work() as tx:
        trials.begin_test(tx, "cart", "first", arms=ways, shares=(0.5, 0.5), plan=plan)
        arms = trials.arms(tx, "test:cart:first", crowd)
        for n, person in enumerate(crowd):
            if n % (3 if arms[person].name == "B" else 8) == 0:
                order(tx, person, tx.now + timedelta(hours=1))
    shop.waits(days=15)
    measures(shop)
    told = finding(shop, "test:cart:first")["against"][0]
    assert told["verdict"] == "hidden"
    (last,) = people(shop, 1)
    with shop.work() as tx:
        trials.arms(tx, "test:cart:first", [last])
    shop.waits(days=15)
    measures(shop)
    assert finding(shop, "test:cart:first")["against"][0]["verdict"] == "better"

"""DC-1, DC-5: what is written down of a decision, how small, and for how long."""

from datetime import timedelta

from sqlmodel import select

from app.decisions import flows, rules
from app.decisions.flows import Decided
from app.decisions.tables import Decision, DecisionMonth
from app.messages import seen as judging
from app.messages.caps import Cap, Past
from app.messages.hours import MAIL
from app.messages.seen import MOST_PAST, Quiet, Seen
from app.trials import deciding as drawing
from app.trials import rules as trials
from app.trials.rules import Arm
from tests.support.story import Shop


def test_dc1_a_decision_is_written_once_however_often_it_is_told(shop: Shop) -> None:
    one = Decided(
        rule="gate", ref="journey:1:0:first", outcome="capped", person=7, subject="cart",
        version=3, draw=0.25, salt="holdout:cart", seen={"channel": "email"},
    )  # fmt: skip
    with shop.work() as tx:
        flows.record(tx, one)
        flows.record(tx, one, one)
    (row,) = shop.all(Decision)
    assert (row.rule, row.outcome, row.person, row.draw) == ("gate", "capped", 7, 0.25)
    assert rules.unpacked(row.seen) == {"channel": "email"}


def test_dc5_what_would_not_fit_into_a_kilobyte_is_kept_as_a_hash(shop: Shop) -> None:
    with shop.work() as tx:
        flows.record(tx, Decided(rule="gate", ref="a", outcome="sent", seen={"x": "ł" * 600}))
    (row,) = shop.all(Decision)
    assert list(rules.unpacked(row.seen)) == [rules.TOO_BIG]
    assert flows.size(row.model_dump()) <= rules.MOST_BYTES


def test_dc5_after_two_years_only_how_many_is_known(shop: Shop) -> None:
    for name in ("a", "b"):
        with shop.work() as tx:
            flows.record(tx, Decided(rule="gate", ref=name, outcome="sent", subject="cart"))
    with shop.work() as tx:
        tx.now += timedelta(days=731)
        flows.record(tx, Decided(rule="gate", ref="c", outcome="sent", subject="cart"))
        flows.retire(tx, flows.old(tx))
    with shop.look() as tx:
        assert [one.ref for one in tx.exec(select(Decision))] == ["c"]
        assert [(m.month.isoformat(), m.count) for m in tx.exec(select(DecisionMonth))] == [
            ("2026-03-01", 2)
        ]


def test_dc5_the_fullest_verdict_of_the_gate_fits(shop: Shop) -> None:
    """As many messages, segments and caps as are ever kept, and it is read back bit for bit."""
    now = shop.house.clock.now()
    seen = Seen(
        key="journey:123456789:12:third-reminder-with-a-code", channel="email",
        purpose="marketing", due=now, not_after=now + timedelta(hours=72), country="BR",
        said="granted", bought=True, basis="legitimate_interest", fewer=True,
        first_message_at=now - timedelta(days=400), last_sign_at=now - timedelta(days=3),
        past=tuple(Past("email", now - timedelta(hours=29 * n, microseconds=n))
                   for n in range(MOST_PAST, 0, -1)),
        caps=(Cap(("email", "sms", "push"), 3, 17),) * 5, slowed_by="warming_up",
        slowed_until=now + timedelta(days=1), segments=tuple(range(100, 130)),
        quiet=Quiet(hours=MAIL, country="BR", stated="America/Sao_Paulo", fallback="UTC"),
    )  # fmt: skip
    told = judging.told(seen, now=now)
    assert judging.read(told, key=seen.key, now=now) == seen
    with shop.work() as tx:
        flows.record(
            tx,
            Decided(
                rule="gate", ref=seen.key, outcome="warming_up", person=10**9, seen=told,
                trigger="Q2hlY2tvdXQ6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw",
                subject="an-automation-of-the-shops-own", made={"until": 86_400_000_000},
            ),
        )  # fmt: skip
    (row,) = shop.all(Decision)
    assert rules.TOO_BIG not in rules.unpacked(row.seen)
    assert flows.size(row.model_dump()) <= rules.MOST_BYTES


def test_dc3_a_draw_is_made_again_from_salt_and_person() -> None:
    """Of whatever is tried: an automation, a newsletter, a tier's code, one of two ways."""
    among = (("withheld", 0.1), ("treated", 0.9))
    for person in range(50):
        draw = trials.draw("a salt", person)
        name = trials.arm_among(among, draw)
        arm = Arm("holdout:cart", 1, name, name == "withheld", draw, "a salt", among, person)
        one = drawing.drawn(arm, person=person, ref="newsletter:1", subject="cart")
        assert drawing.drawn_again(one.seen, salt=one.salt) == (one.outcome, one.made)
        assert drawing.drawn_again(one.seen, salt="another")[1] != one.made

"""DC-3, DC-4: decisions made once more, and by a policy nobody has switched on."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, col, select
from typer.testing import CliRunner

from app.cli import cli
from app.decisions import flows, queries
from app.decisions.rules import MOST_BYTES, packed, unpacked
from app.decisions.tables import Decision
from app.journeys import offer_rules
from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.settings import Settings
from app.messages import caps, seen
from app.messages.caps import Past
from app.proof import replaying
from app.proof.replaying import Draft, DraftCap
from tests.conftest import MONDAY
from tests.support.deciding import Deciding
from tests.support.recovering import Counter

PEOPLE = 36


def life(house: House) -> Iterator[Deciding]:
    with Deciding(house, Counter(house.clock.now)) as shop:
        shop.lives(PEOPLE)
        yield shop


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deciding]:
    """One story for all tests here, on SQLite: whoever changes a row puts it back."""
    url = f"sqlite:///{tmp_path_factory.mktemp('replay')}/house.db"
    settings = Settings(
        database_url=url, secret_keys="a phrase of the tests", development=True,
        base_url="https://perennial.example", _env_file=None,
    )  # fmt: skip
    house = House.of(settings, clock=StillClock(MONDAY))
    SQLModel.metadata.create_all(house.engine)
    yield from life(house)
    house.engine.dispose()


def test_dc3_every_decision_of_a_story_comes_out_as_it_was(lived: Deciding) -> None:
    """And DC-1, DC-5: of many kinds, each with its inputs, none above a kilobyte."""
    decided = all_the_same(lived)
    assert len(decided) > 200
    assert {one.rule for one in decided} >= {
        "gate", "enter", "left_cart", "holdout", "condition", "split", "over", "tier", "ghost",
        "offer",
    }  # fmt: skip
    assert {one.outcome for one in decided} >= {
        "sent", "withheld_holdout", "quiet", "no_consent", "stopped_purchase", "rises",
        "too_little", "promised",
    }  # fmt: skip


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_dc3_on_postgresql_too(house: House) -> None:
    for shop in life(house):
        assert len(all_the_same(shop)) > 100


def all_the_same(lived: Deciding) -> Sequence[Decision]:
    decided: Sequence[Decision] = lived.all(Decision)
    assert max(flows.size(one.model_dump()) for one in decided) <= MOST_BYTES
    of_runs = [one for one in decided if one.ref.startswith("journey:")]
    assert {one.version for one in of_runs} == {1}
    found = replaying.replay(decided)
    assert found.different == []
    assert found.same == len(decided)
    assert not lived.errors()
    return decided


def test_dc3_a_damaged_input_and_a_changed_rule_are_seen(
    lived: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = {one.rule: one for one in lived.all(Decision) if one.outcome != "no_consent"}
    gate, tier, drawn = decided["gate"], decided["tier"], decided["holdout"]
    told = unpacked(gate.seen)
    gate.seen = packed(told | {"sa": "withdrawn"})
    tier.seen = packed(unpacked(tier.seen) | {"spent": 0})
    drawn.salt += "x"
    broken = decided["over"]
    broken.seen = "{}"
    found = replaying.replay([gate, tier, drawn, broken])
    assert [one.rule for one in found.different] == ["gate", "tier", "holdout", "over"]
    gate.seen = packed(told)
    assert replaying.replay([gate]).different == []
    monkeypatch.setattr(caps, "_free_from", lambda *_, **__: None)
    monkeypatch.setattr(offer_rules, "CAP", 0)
    again = replaying.replay(lived.all(Decision))
    assert {one.rule for one in again.different} == {"gate", "offer"}


def test_dc3_an_operator_replays_a_house(lived: Deciding, tmp_path: Path) -> None:
    """`perennial replay` says how many came out as they were, and 1 where one did not."""
    environment = {"PERENNIAL_DATABASE_URL": str(lived.house.settings.database_url)}
    run = CliRunner(env=environment).invoke
    answer = run(cli, ["replay", "--limit", "50"])
    assert (answer.exit_code, "50 decisions came out" in answer.output) == (0, True)
    with lived.work() as tx:
        one = tx.exec(select(Decision).where(Decision.rule == "gate").limit(1)).one()
        was, one.outcome = one.outcome, "another"
    answer = run(cli, ["replay"])
    assert (answer.exit_code, "1 came out otherwise" in answer.output) == (1, True)
    with lived.work() as tx:
        tx.exec(select(Decision).where(Decision.id == one.id)).one().outcome = was
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps({"caps": [{"channels": ["email"], "most": 1, "hours": 720}]}))
    answer = run(cli, ["replay", "--policy", str(draft), "--shop", lived.api_url])
    assert (answer.exit_code, "is an assumption" in answer.output) == (0, True)
    draft.write_text('{"cap": []}')
    assert run(cli, ["replay", "--policy", str(draft)]).exit_code == 2
    assert run(cli, ["replay", "--shop", "https://nobody.example/graphql/"]).exit_code == 2


def test_dc4_a_draft_says_who_would_gain_and_who_would_lose(lived: Deciding) -> None:
    """One mail in thirty days instead of four a week, and codes at another depth."""
    with lived.look() as tx:
        decided = list(queries.walk(tx))
        twice = tx.exec(
            select(Decision.person).where(Decision.rule == "gate", Decision.outcome == "sent")
        ).all()
    same = replaying.compare(decided, Draft())
    assert same.before == same.after
    assert not same.gain
    assert not same.lose
    draft = Draft(caps=(DraftCap(most=1, hours=720),), offer_percent=20, average_order=50)
    found = replaying.compare(decided, draft)
    assert found.lose == {person for person in twice if twice.count(person) > 1}
    assert found.after["gate", "sent"] < found.before["gate", "sent"]
    assert found.randomised > 0
    assert found.percent_after == 2 * found.percent_before
    words = "\n".join(replaying.words(found, draft, currency="EUR", since=None))
    assert "assumption" in words


def test_dc4_what_a_draft_does_not_send_makes_room_for_what_comes_later() -> None:
    """Three letters, each twenty days after the last, and a draft of one in thirty days: without
    the second the third is free to leave. With one more allowed a week, the one that had to wait
    leaves at once, and its second look is no second letter."""
    letters = [letter(n, days=20 * n) for n in range(3)]
    found = replaying.compare(reversed(letters), Draft(caps=(DraftCap(most=1, hours=720),)))
    assert found.before == {("gate", "sent"): 3}
    assert found.after == {("gate", "sent"): 2, ("gate", "capped"): 1}
    assert (found.gain, found.lose) == (set(), {7})

    many = [letter(n, days=n) for n in range(5)]
    many += [letter(9, days=4.5, outcome="capped"), letter(9, days=8)]
    found = replaying.compare(many, Draft(caps=(DraftCap(most=6, hours=168),)))
    assert found.after == {("gate", "sent"): 6, ("gate", "left_before"): 1}
    assert (found.gain, found.lose) == (set(), set())


def letter(nth: int, *, days: float, outcome: str = "sent") -> Decision:
    """To person 7, who was written to once a day or every twenty."""
    at = MONDAY + timedelta(days=days)
    step = 20 if days % 20 == 0 and days else 1
    before = [Past("email", at - timedelta(days=d)) for d in range(1, 31) if d % step == 0]
    past = tuple(one for one in before if one.at >= MONDAY)
    saw = seen.Seen(
        key=f"k{nth}", channel="email", purpose="marketing", due=at, said="granted", past=past
    )
    return Decision(
        id=round(days * 10) + 1, rule="gate", ref=f"k{nth}", person=7, subject="cart", at=at,
        outcome=outcome, seen=packed(seen.told(saw, now=at)), made="{}",
    )  # fmt: skip


def test_what_a_walk_reads_is_the_newest_first(shop: Deciding) -> None:
    with shop.work() as tx:
        flows.record(tx, *(flows.Decided(rule="over", ref=str(n), outcome="x") for n in range(5)))
    with shop.look() as tx:
        assert [one.ref for one in queries.walk(tx, limit=3)] == ["4", "3", "2"]
        rows = tx.exec(select(Decision.ref).order_by(col(Decision.id).desc())).all()
        assert [one.ref for one in queries.walk(tx)] == list(rows)

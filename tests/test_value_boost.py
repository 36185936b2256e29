"""Trees on top of the model: tried with 2,000 customers and LightGBM, kept only where they won."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from app.ltv import boost, refit
from app.ltv.boost import Boost
from app.ltv.cli import cli
from app.ltv.history import History, build
from app.ltv.lines import Costs
from app.ltv.scores import score

pytest.importorskip("lightgbm")
TODAY = 900


@pytest.fixture(scope="module")
def history() -> History:
    """3,000 people; half of them buy once a quarter like clockwork, which no model here knows."""
    chance = np.random.default_rng(8)
    who: list[int] = []
    day: list[int] = []
    for person in range(3000):
        at = float(chance.integers(0, 250))
        clock = person % 2 == 0
        while at <= TODAY:
            who.append(person)
            day.append(int(at))
            if chance.random() < (0.02 if clock else 0.45):
                break
            at += 90.0 + chance.normal(0, 2) if clock else chance.exponential(120.0) + 1
    return build(who, day, np.full(len(who), 3000))


@pytest.fixture(scope="module")
def learnt(history: History) -> refit.Refit:
    return refit.refit(history, today=TODAY, trees=True)


def test_trees_that_came_closer_on_the_past_are_used_and_kept(
    history: History, learnt: refit.Refit
) -> None:
    assert learnt.boost is not None
    assert learnt.boost.gain > 0
    kept = refit.decoded(json.loads(json.dumps(refit.encoded(learnt))))
    assert kept.boost is not None
    now = history.at(TODAY)
    # on these data a simple rule beats the model, and would be used before any trees
    learnt, kept = (replace(f, judgement=replace(f.judgement, rule=None)) for f in (learnt, kept))
    one = score(learnt, now, costs=Costs(), history=history)
    two = score(kept, now, costs=Costs(), history=history)
    plain = score(learnt, now, costs=Costs())
    assert one.orders_12 == pytest.approx(two.orders_12)
    assert not np.allclose(one.orders_12, plain.orders_12)
    assert one.orders_12.sum() == pytest.approx(plain.orders_12.sum(), rel=1e-6)
    assert one.net_12 == pytest.approx(plain.net_12 * one.orders_12 / plain.orders_12)


def test_trees_that_lost_on_the_past_are_not_used(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fool:
        def predict(self, rows: Any, *, raw_score: bool) -> Any:  # noqa: ANN401
            return np.where(np.arange(len(rows)) % 2 == 0, -3.0, 3.0) * raw_score

    monkeypatch.setattr(refit, "learn_boost", lambda *_, **__: Boost(Fool(), 0.5))
    assert refit.earned_boost(history, today=TODAY, traits=()) is None


def test_too_few_customers_too_little_history_or_no_lightgbm_mean_no_trees(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = build([0, 1, 1, 2], [0, 5, 90, 300], [1000] * 4)
    assert refit.earned_boost(few, today=400, traits=()) is None
    assert refit.earned_boost(few, today=10, traits=()) is None
    monkeypatch.setattr(boost, "available", lambda: False)
    assert refit.earned_boost(history, today=TODAY, traits=()) is None
    assert boost.decoded({"trees": "tree", "gain": 0.1}) is None


def test_the_command_line_tries_trees_when_asked_and_says_what_came_of_it(tmp_path: Path) -> None:
    rows = "".join(f"c{n % 60},2024-{1 + n % 12:02}-{1 + n % 28:02},10\n" for n in range(400))
    orders = tmp_path / "orders.csv"
    orders.write_text(f"customer_id,date,amount\n{rows}")
    model = tmp_path / "model.json"
    said = CliRunner().invoke(cli, ["fit", str(orders), "-o", str(model), "--boost"])
    assert said.exit_code == 0, said.output
    assert json.loads(model.read_text())["boost"] is None
    plain = CliRunner().invoke(cli, ["fit", str(orders), "-o", str(model)])
    assert plain.exit_code == 0

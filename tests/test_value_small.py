"""Shops with a handful of customers: everything is reckoned, and nothing divides by nought."""

from random import Random

import numpy as np
import pytest

from app.ltv import backtest, costing, drifting, refit, scoring, sheets
from app.ltv.errands import learn
from app.ltv.ground import Ground
from app.ltv.history import build
from app.ltv.tables import ValueCosts

TODAY = 20_000


def small(chance: Random, people: int) -> Ground:
    """A few people, each with orders over a span; some given away, some given back."""
    rows = []
    for person in range(people):
        span = chance.choice((0, 1, 5, 40, 400, 800))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            value = chance.choice((0, 1, 100, 2000, 100_000))
            cost, back = chance.choice((0, value // 2, 2 * value)), chance.choice((0, 0, value))
            rows.append((person + 1, TODAY - chance.randint(0, span), value, cost, back))
    table = np.array(rows, np.int64)
    names, who = np.unique(table[:, 0], return_inverse=True)
    history = build(
        who, table[:, 1].astype(np.int32), table[:, 2], discount=table[:, 2] // 10,
        cost=table[:, 3], refunded=table[:, 4], names=names,
    )  # fmt: skip
    terms = ValueCosts()
    told = {"channel": [chance.choice(("web", "kiosk", "")) for _ in names]}
    told["country"] = [chance.choice(("DE", "PL", "")) for _ in names]
    return Ground(
        people=names, history=history, today=TODAY, terms=terms, costs=costing.costs(terms),
        currency="EUR", cost=int(table[:, 3].sum()), tax=0, costed=int(table[:, 2].sum()),
        told=told,
    )  # fmt: skip


@pytest.mark.parametrize("people", range(1, 10))
def test_fewer_than_ten_customers_are_reckoned_without_a_warning(people: int) -> None:
    """Warnings are errors here: no mean of nothing, no logarithm of nought."""
    for seed in range(4):
        base = small(Random(100 * people + seed), people)
        made = learn(base, occasion="test")
        fit = refit.decoded(made.learnt)
        of = scoring.scored(base, fit, made.learnt["labels"])
        drifting.drift(of, fit)
        found = sheets.sheets(of, fit, names={"channel": base.told["channel"]})
        assert found
        assert made.customers == people


def test_tenths_of_fewer_than_ten_are_one_by_one() -> None:
    thought, came = backtest.deciles(np.array([1.0, 0, 2]), np.array([0.5, 0.1, 0.9]))
    assert thought.tolist() == [0.1, 0.5, 0.9]
    assert came.tolist() == [0, 1, 2]
    assert not backtest.deciles(np.array([]), np.array([]))[0].size

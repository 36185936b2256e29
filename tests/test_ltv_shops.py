"""Small shops cut out of real data: always a usable answer, never a warning (filters make each
one an error). Five shops of each data set here, sixty with `make prove`."""

import numpy as np
import pytest

from app.ltv import model, ranges
from app.ltv.fits import Kind, Status, learn, likeliest
from app.ltv.history import History
from app.ltv.lines import Costs
from app.ltv.ranges import Levels
from app.ltv.worth import ahead
from benchmarks.accuracy import DATA, DEGENERATE, SPLITS, day, read
from tests.support.shared import needs_shared

ALL = (*SPLITS, *DEGENERATE)
HISTORIES: dict[str, History] = {}


def of(name: str) -> History:
    if name not in HISTORIES:
        HISTORIES[name] = read(DATA / f"{name}.csv.gz")
    return HISTORIES[name]


def usable(name: str, cut: str, horizon: int, *, shops: int) -> None:
    whole = of(name).at(day(cut))
    chance = np.random.default_rng(50)
    for _ in range(shops):
        known = whole.only(np.sort(chance.choice(len(whole), 50, replace=False)))
        for kind in Kind:
            for fit in (learn(known.rhythm, kind=kind), likeliest(known.rhythm, kind=kind)):
                alive, orders = fit.predict(known.rhythm, horizon)
                assert np.isfinite(orders).all()
                assert (orders >= 0).all()
                assert ((alive >= 0) & (alive <= 1)).all()
        found = model.learn_statistics(known, horizon=horizon)
        outlook = found.score(known)
        worth = ahead(outlook, horizon, Costs()).net
        kept = ranges.spend_range(outlook, horizon, levels=Levels())
        assert isinstance(found.status, Status)
        for column in (outlook.orders(horizon), outlook.order_value(), kept.low, kept.high):
            assert np.isfinite(column).all()
            assert (column >= 0).all()
        assert np.isfinite(worth).all()


@needs_shared
@pytest.mark.parametrize(("name", "cut", "horizon"), ALL)
def test_t02_shops_of_fifty_customers_are_always_answered(
    name: str, cut: str, horizon: int
) -> None:
    usable(name, cut, horizon, shops=5)


@pytest.mark.prove
@needs_shared
@pytest.mark.parametrize(("name", "cut", "horizon"), ALL)
def test_t02_sixty_shops_of_fifty_customers_are_always_answered(
    name: str, cut: str, horizon: int
) -> None:
    usable(name, cut, horizon, shops=60)

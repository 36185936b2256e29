"""Sufficient statistics: merged by day, kept by event or rebuilt, the same either way."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ltv.folding import Day, Ends, Line, fold
from app.ltv.history import History, build
from app.ltv.rhythm import Rhythm
from app.ltv.statistics import Statistics
from tests.support.ledger import Entry, Ledger

COLUMNS = (
    "x", "first", "last", "orders", "gross", "discount", "cost", "refunded", "first_value",
)  # fmt: skip


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def rebuilt(entries: dict[str, Entry], merged: dict[str, str], today: int) -> dict[str, list[int]]:
    def owner(name: str) -> str:
        while name in merged:
            name = merged[name]
        return name

    rows = list(entries.values())
    names = sorted({owner(e.customer) for e in rows})
    history = build(
        [names.index(owner(e.customer)) for e in rows],
        [e.day for e in rows],
        [e.gross for e in rows],
        discount=[e.discount for e in rows],
        cost=[e.cost for e in rows],
        refunded=[e.refunded for e in rows],
        orders=[e.orders for e in rows],
        names=np.array(names, dtype=object),
    )
    return by_name(history.at(today), [names[i] for i in history.at(today).who])


def by_name(statistics: Statistics, names: list[str]) -> dict[str, list[int]]:
    table = [getattr(statistics, column) for column in COLUMNS]
    return {name: [int(c[i]) for c in table] for i, name in enumerate(names)}


def kept(ledger: Ledger, today: int) -> dict[str, list[int]]:
    names = sorted(name for name, line in ledger.lines.items() if line.days > 0)
    return by_name(ledger.statistics(today), names)


entries = st.builds(
    Entry,
    customer=st.sampled_from(["ana", "ben", "cleo"]),
    day=st.integers(0, 6),
    version=st.just(1),
    orders=st.sampled_from([0, 1, 1, 1]),
    gross=st.integers(0, 500),
    discount=st.integers(0, 50),
    cost=st.integers(0, 300),
    refunded=st.sampled_from([0, 0, 40]),
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcdefghij"), st.lists(entries, min_size=1, max_size=3)),
    st.randoms(use_true_random=False),
    st.sampled_from([None, ("ana", "ben"), ("cleo", "ana")]),
)
def test_t22_order_of_arrival_duplicates_edits_and_merges_never_change_the_statistics(
    story: dict[str, list[Entry]], chance: object, merge: tuple[str, str] | None
) -> None:
    tellings = [
        (key, Entry(**{**vars(e), "version": v}))
        for key, versions in story.items()
        for v, e in enumerate(versions)
    ] * 2
    chance.shuffle(tellings)  # type: ignore[attr-defined]
    ledger = Ledger()
    for i, (key, entry) in enumerate(tellings):
        if merge and i == len(tellings) // 2:
            ledger.merge(*merge)
        ledger.record(key, entry)
    if merge:
        ledger.merge(*merge)
    last = {key: Entry(**{**vars(v[-1]), "version": len(v) - 1}) for key, v in story.items()}
    assert kept(ledger, 6) == rebuilt(last, ledger.merged, 6)


def test_t07_orders_of_one_day_are_one_purchase_and_their_money_is_kept() -> None:
    statistics = build([0, 0, 0], [3, 3, 9], [1000, 500, 700]).at(9)
    assert statistics.x.tolist() == [1]
    assert statistics.orders.tolist() == [3]
    assert statistics.gross.tolist() == [2200]
    assert statistics.first_value.tolist() == [1500]
    assert statistics.rhythm.t_x.tolist() == [6.0]


def test_t07_whoever_counts_in_hours_keeps_orders_of_one_day_apart() -> None:
    hours = build([0, 0, 0], [3 * 24 + 9, 3 * 24 + 17, 9 * 24], [1000, 500, 700]).at(9 * 24)
    assert hours.x.tolist() == [2]


def test_a_return_is_money_and_never_a_purchase() -> None:
    statistics = build([0, 0, 1], [3, 8, 5], [1000, -400, -50]).at(9)
    assert statistics.x.tolist() == [0]
    assert statistics.last.tolist() == [3]
    assert statistics.net.tolist() == [600]
    assert len(statistics) == 1  # somebody who only returned has bought nothing here


def test_looking_back_sees_nothing_later() -> None:
    history = build([0, 0, 1], [3, 8, 9], [1000, 400, 50])
    assert history.at(7).gross.tolist() == [1000]
    assert history.between(7, 9).purchases.tolist() == [1.0, 1.0]
    assert history.between(3, 8).value.tolist() == [400, 0]


def test_a_fold_in_the_middle_looks_nothing_up() -> None:
    line = Line(days=2, first=1, last=9, orders=2, gross=200, first_value=100)

    def asked() -> Ends:
        pytest.fail("ends were looked up")

    moved = fold(line, Day(5), Day(5, orders=1, gross=70), ends=asked)
    assert (moved.days, moved.gross, moved.first, moved.last) == (3, 270, 1, 9)


def test_cancelling_the_last_order_moves_the_last_day_back() -> None:
    ledger = Ledger()
    ledger.record("a", Entry("ana", 1, version=1, gross=100))
    ledger.record("b", Entry("ana", 5, version=1, gross=200))
    ledger.record("b", Entry("ana", 5, version=2, orders=0))
    assert ledger.lines["ana"] == Line(1, 1, 1, 1, 100, first_value=100)


def test_an_outdated_version_changes_nothing() -> None:
    ledger = Ledger()
    assert ledger.record("a", Entry("ana", 1, version=2, gross=100))
    assert not ledger.record("a", Entry("ana", 1, version=1, gross=90))
    assert ledger.lines["ana"].gross == 100


def test_rows_shuffled_build_the_same_history() -> None:
    chance = np.random.default_rng(3)
    who, days = chance.integers(0, 5_000, 50_000), chance.integers(0, 400, 50_000)
    gross = chance.integers(1, 10_000, 50_000)
    mixed = chance.permutation(50_000)
    one, two = build(who, days, gross), build(who[mixed], days[mixed], gross[mixed])
    assert _same(one, two)


def _same(one: History, two: History) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("start", "day", "sums")
    )


@pytest.mark.parametrize(
    ("x", "t_x", "age", "words"),
    [
        ([-1], [0], [5], "row 0 is negative"),
        ([1, 1], [3, 6], [5, 5], "row 1 has its last order after now"),
        ([0], [3], [5], "row 0 has time between orders but no repeat order"),
        ([2], [0], [5], "row 0 has repeat orders but no time between them"),
        ([1.5], [2.0], [5.0], "row 0 has a count that is no whole number"),
        ([1.0], [float("nan")], [5.0], "row 0 is not a finite number"),
    ],
)
def test_impossible_rows_are_refused_by_name(
    x: list[float], t_x: list[float], age: list[float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Rhythm.of(x, t_x, age)

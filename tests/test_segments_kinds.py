"""S7: kinds of customers and look-alikes: what is found, what is not, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.segments import alike, clusters, telling
from app.segments.crowd import Crowd, Scale


def crowd(sizes: tuple[int, ...] = (120, 80), *, seed: int = 1) -> Crowd:
    """People of several kinds: the first drink tea every three weeks in small baskets, the second
    buy mugs twice a year in large ones; more kinds come a little more seldom each."""
    chance = np.random.default_rng(seed)
    kind = np.repeat(np.arange(len(sizes)), sizes)
    n = len(kind)
    gap = np.where(kind == 0, 21, 180 + 90 * kind) * chance.lognormal(0, 0.1, n)
    days = np.where(kind == 0, 12, 3) + chance.integers(0, 2, n)
    last = 1000 - chance.integers(1, 20, n) - 60 * (kind > 0)
    tea = np.where(kind == 0, 0.9, 0.1) + chance.uniform(-0.05, 0.05, n)
    return Crowd(
        people=np.arange(n) + 1,
        today=1000,
        first=(last - gap * (days - 1)).astype(np.int64),
        last=last,
        days=days,
        value=np.where(kind == 0, 900, 6000) * chance.lognormal(0, 0.2, n),
        pieces=np.where(kind == 0, 1.0, 4.0) + chance.uniform(0, 0.5, n),
        discount=np.zeros(n),
        shares=np.column_stack([tea, 1 - tea]),
        goods=["tea", "mugs"],
        place=np.where(kind == 0, 0, 1),
        places=["PT", "PL"],
        channel=np.zeros(n, np.int64),
        channels=["web"],
    )


def test_two_kinds_are_found_stable_and_told_in_plain_facts() -> None:
    """S7: a plain description of each, and a stability score."""
    everybody = crowd()
    table = Scale.of(everybody).matrix(everybody)
    found = clusters.find(table, seed=1)
    assert len(found) == 2
    assert found.stability.min() > 0.9
    labels = clusters.nearest(table, found.centres)
    drinkers = labels == labels[0]
    assert drinkers.sum() == 120
    told = {one["what"]: one for one in telling.of_kind(everybody, drinkers)}
    assert told["goods"]["name"] == "tea"
    assert told["goods"]["share"] == pytest.approx(0.9, abs=0.02)
    assert 19 <= told["every"]["days"] <= 23
    assert told["basket"]["size"] == "small"
    assert told["place"] == {"what": "place", "name": "PT", "share": 1.0}
    assert "channel" not in told, "what all have in common sets nobody apart"


def test_customers_who_pass_into_one_another_are_of_no_kind() -> None:
    """S7: no groups are made up. Noise has none, and neither have a few people."""
    noise = np.random.default_rng(4).normal(size=(400, 6))
    found = clusters.find(noise, seed=1)
    assert len(found) == 0
    assert max(found.strength) < clusters.ENOUGH
    everybody = crowd((50, 40))
    assert len(clusters.find(Scale.of(everybody).matrix(everybody), seed=1)) == 0


def test_a_shop_that_opened_today_has_no_kinds_and_nobody_stumbles() -> None:
    """Everybody has bought once: there is no gap between purchases, and few who differ at all."""
    everybody = crowd()
    once = replace(
        everybody,
        days=np.ones_like(everybody.days),
        first=everybody.last,
        value=np.where(everybody.place == 0, 900.0, 6000.0),
        pieces=np.ones(len(everybody)),
        shares=np.ones((len(everybody), 2)) / 2,
        last=np.full_like(everybody.last, 999),
    )
    table = Scale.of(once).matrix(once)
    assert np.isfinite(table).all()
    assert len(np.unique(table, axis=0)) == 2
    assert len(clusters.find(table, seed=1)) <= 2


def test_the_same_customers_are_sorted_the_same_way_every_time() -> None:
    everybody = crowd()
    table = Scale.of(everybody).matrix(everybody)
    one, other = clusters.find(table, seed=3), clusters.find(table, seed=3)
    assert one.centres.tolist() == other.centres.tolist()
    assert one.stability.tolist() == other.stability.tolist()


def test_a_kind_found_anew_keeps_its_number() -> None:
    """A segment made of kind 2 is of the same people's kind after the next learning."""
    before = np.array([0] * 30 + [1] * 20 + [-1] * 10)
    now = np.array([1] * 28 + [0] * 22 + [2] * 10)
    assert clusters.named(before, now, [1, 2]) == [2, 1, 3]
    assert clusters.named(np.full(3, -1), np.array([0, 1, 1]), []) == [1, 2]


def test_jaccard_is_what_is_shared_of_what_is_in_either() -> None:
    one, other = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    assert clusters.jaccard(one, other, 2).tolist() == [[2 / 3, 1 / 5], [0.0, 2 / 3]]


def test_a_side_on_which_all_are_alike_has_no_say() -> None:
    names = Scale.of(crowd()).names
    assert not [name for name in names if name.startswith("channel")]
    assert "recency" in names


def test_a_kept_scale_sees_customers_as_on_the_day_it_was_made() -> None:
    everybody = crowd()
    scale = Scale.of(everybody)
    again = Scale.read(scale.plain())
    assert np.allclose(again.matrix(everybody), scale.matrix(everybody), atol=1e-6)


def test_no_side_outweighs_another_by_having_more_columns() -> None:
    """Multiple factor analysis: the first singular value of each side is its weight."""
    everybody = crowd()
    scale = Scale.of(everybody)
    table = scale.matrix(everybody)
    goods = [at for at, name in enumerate(scale.names) if name.startswith("goods")]
    rhythm = [scale.names.index(name) for name in ("recency", "times", "gap")]
    for side in (goods, rhythm):
        part = table[:, side]
        assert np.linalg.eigvalsh(part.T @ part / len(part))[-1] == pytest.approx(1.0)


def test_who_is_like_the_members_is_ranked_with_reasons_and_an_honest_score() -> None:
    """S7: look-alikes. Half of the tea drinkers are members; the others of them come first."""
    everybody = crowd()
    scale = Scale.of(everybody)
    inside = np.arange(200) < 60
    found = alike.find(scale.matrix(everybody), scale.names, inside, seed=1)
    assert found
    assert found.told_apart
    assert 0.7 < found.low < found.auc < found.high
    assert not set(found.rows) & set(np.flatnonzero(inside)), "members are not their own likeness"
    assert set(found.rows[:60]) == set(range(60, 120))
    first = {scale.names[column].partition(":")[0] for column in found.reasons[0]}
    told = [
        telling.of_person(everybody, int(found.rows[0]), scale.names[c]) for c in found.reasons[0]
    ]
    assert first
    assert all(told)
    assert found.cuts[20] > found.cuts[100], "the more of them, the less alike"


def test_members_drawn_by_lot_cannot_be_told_apart() -> None:
    """S7: below the floor nobody is called alike."""
    everybody = crowd()
    scale = Scale.of(everybody)
    inside = np.random.default_rng(9).random(200) < 0.3
    found = alike.find(scale.matrix(everybody), scale.names, inside, seed=1)
    assert found
    assert not found.told_apart
    assert alike.find(scale.matrix(everybody), scale.names, np.arange(200) < 10, seed=1) is None


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_auc_is_the_chance_to_pick_the_member(scores: list[int], lot: object) -> None:
    values = np.array(scores, dtype=np.float64)
    inside = np.arange(len(values)) % 2 == 0
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0 for a in values[inside] for b in values[~inside]
    ]
    assert alike.auc(values, inside) == pytest.approx(float(np.mean(pairs)))


def test_hanley_and_mcneils_own_example() -> None:
    """Hanley and McNeil (1982), table II: area 0.893 of 51 and 58 has a standard error of 0.032."""
    assert alike.hanley_mcneil(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)

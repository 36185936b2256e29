"""How the bench hides last baskets and scores lists, and that its TIFU-KNN is the published one."""

import numpy as np
import pytest

from benchmarks import recommend_tifu as tifu
from benchmarks.recommend_baskets import Baskets, only_new, score, split


def shop(*baskets: tuple[int, list[int]]) -> Baskets:
    """(customer or -1, items) in the sequence of time."""
    sizes = [len(items) for _, items in baskets]
    return Baskets(
        np.array([user for user, _ in baskets]), np.arange(len(baskets)) * 86_400,
        np.concatenate(([0], np.cumsum(sizes))),
        np.array([item for _, items in baskets for item in items]),
        max(user for user, _ in baskets) + 1, 10,
    )  # fmt: skip


SHOP = shop((0, [1]), (1, [2]), (-1, [3]), (0, [1, 4]), (0, [5]), (2, [6]), (2, [7]))


def test_the_last_basket_of_whoever_had_another_is_foretold_from_all_others() -> None:
    at = split(SHOP)
    assert at.users.tolist() == [0, 2]
    assert at.tests.tolist() == [4, 6]
    assert at.train.tolist() == [0, 1, 2, 3, 5]


def test_validation_removes_the_last_basket_and_foretells_the_one_before() -> None:
    at = split(SHOP, validation=True)
    assert at.users.tolist() == [0]
    assert at.tests.tolist() == [3]
    assert at.train.tolist() == [0, 1, 2, 5]  # neither the last one nor that which is foretold
    places, fresh = only_new(at)
    assert places.tolist() == [0]
    assert fresh[0].tolist() == [4]


def test_guests_are_rows_of_their_own_that_are_only_learnt_from() -> None:
    row, item = split(SHOP).train_rows()
    assert dict(zip(item.tolist(), row.tolist(), strict=True))[3] == 3
    assert SHOP.some(np.array([2])).customer[0] < 0


def test_scores_are_those_of_the_textbook() -> None:
    lists = np.full((2, 10), -1)
    lists[0, :3], lists[1, 0] = [9, 1, 2], 7
    found = score(lists, [np.array([1, 2, 3, 4]), np.array([8])], 20)
    assert found.recalls.tolist() == [0.5, 0.0]
    assert found.phr == 0.5
    best = sum(1 / np.log2(k) for k in (2, 3, 4, 5))
    assert found.ndcg == pytest.approx((1 / np.log2(3) + 1 / np.log2(4)) / best / 2)
    assert found.coverage == 4 / 20


def test_tifu_fades_baskets_and_groups_as_published() -> None:
    at = tifu.Setting(1, within=0.5, between=0.1, own=0.7, groups=2)
    assert tifu.weights(1, at).tolist() == [1.0]
    assert tifu.weights(2, at) == pytest.approx([0.5 * 0.1 / 2, 1.0 / 2])
    three = tifu.weights(3, at)  # one in the first group, two in the later
    assert three == pytest.approx([0.25 * 0.1 / 1 / 2, 0.5 / 2 / 2, 1.0 / 2 / 2])


def test_tifu_mixes_his_own_vector_with_those_of_the_nearest() -> None:
    at = split(shop((0, [1, 2]), (1, [1, 2, 3]), (2, [7, 8]), (2, [9]), (0, [3]), (1, [4])))
    setting = tifu.Setting(1, 0.9, 0.7, 0.6, 3)
    lists = tifu.lists(at, setting)
    mine = lists[at.users.tolist().index(0)]
    assert set(mine[:2].tolist()) == {1, 2}
    assert mine[2] == 3  # from the neighbour who has 1 and 2 as well
    assert mine[3:].tolist() == [-1] * 7

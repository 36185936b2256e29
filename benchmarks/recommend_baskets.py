"""Baskets of public data, the last one of each customer left out, and how lists are scored.

Test: each customer's last basket (by time, then order id), of all who had another before; truth is
the distinct items in it. Validation: the basket before, with the last one removed. Baskets without
a customer are only learnt from. Recall is hits by distinct items, the mean over customers; NDCG
divides by the best that ten places could bring; PHR is the share of customers with a hit.
"""

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.recommend.purchases import NOBODY, Purchases

DATA = Path(__file__).parents[1].parent / "shared" / "data"
N = 10
Rows = NDArray[Any]


@dataclass(frozen=True)
class Baskets:
    """A basket a place, in the sequence of time and order id; items of basket b are
    `item[first[b] : first[b + 1]]`, each once."""

    user: Rows  # -1: nobody known
    when: Rows  # seconds since 1970
    first: Rows
    item: Rows
    users: int
    items: int

    def of(self, basket: int) -> Rows:
        return self.item[self.first[basket] : self.first[basket + 1]]

    def some(self, which: Rows) -> Purchases:
        """These baskets as the engine reads them: places are keys."""
        sizes = np.diff(self.first)[which]
        item = np.concatenate([self.item[:0], *(self.of(int(b)) for b in which)])
        user = np.where(self.user[which] < 0, NOBODY, self.user[which])
        first = np.concatenate(([0], np.cumsum(sizes)))
        return Purchases(which.astype(np.int64), user, self.when[which], first, item)


def load(name: str) -> Baskets:
    """Read `user_id,order_id,timestamp,item_id,…`; without times the file's sequence counts."""
    users: dict[str, int] = {"": -1}
    orders: dict[str, int] = {}
    items: dict[str, int] = {}
    times: dict[str, int] = {"": 0}
    of_order: list[tuple[int, str]] = []
    lines: set[tuple[int, int]] = set()
    with gzip.open(DATA / f"{name}.csv.gz", "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            stamp, order = row["timestamp"], row["order_id"]
            if stamp not in times:
                times[stamp] = int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp())
            if order not in orders:
                orders[order] = len(orders)
                user = users.setdefault(row["user_id"], len(users) - 1)
                of_order.append((user, stamp))
            lines.add((orders[order], items.setdefault(row["item_id"], len(items))))
    when = np.array([times[stamp] for _, stamp in of_order])
    timed = len(times) > 1
    place = np.lexsort((np.array(list(orders)), when)) if timed else np.arange(len(orders))
    of_place = np.empty(len(orders), np.int64)
    of_place[place] = np.arange(len(orders))
    table = np.array(sorted(lines))
    basket = of_place[table[:, 0]]
    item = table[np.argsort(basket, kind="stable"), 1]
    first = np.concatenate(([0], np.cumsum(np.bincount(basket, minlength=len(orders)))))
    user_of = np.array([user for user, _ in of_order])[place]
    return Baskets(user_of, when[place], first, item, len(users) - 1, len(items))


@dataclass(frozen=True)
class Split:
    """What is learnt from, and the basket of each customer that is to be foretold."""

    baskets: Baskets
    train: Rows
    users: Rows
    tests: Rows

    def truth(self) -> list[Rows]:
        return [self.baskets.of(int(b)) for b in self.tests]

    def train_rows(self) -> tuple[Rows, Rows]:
        """A customer (guests: each basket a row of its own, after them) and an item per line."""
        sizes = np.diff(self.baskets.first)[self.train]
        row = self.baskets.user[self.train].copy()
        guest = row < 0
        row[guest] = self.baskets.users + np.arange(int(guest.sum()))
        item = np.concatenate([self.baskets.of(int(b)) for b in self.train])
        return np.repeat(row, sizes), item


def split(baskets: Baskets, *, validation: bool = False) -> Split:
    """Leave the last basket out; for `validation` remove it and leave out the one before."""
    by_user = np.argsort(baskets.user, kind="stable")
    by_user = by_user[baskets.user[by_user] >= 0]
    ends = np.cumsum(np.bincount(baskets.user[by_user], minlength=baskets.users))
    starts = np.concatenate(([0], ends[:-1]))
    kept = np.ones(len(baskets.user), bool)
    users, tests = [], []
    for user in range(baskets.users):
        mine = by_user[starts[user] : ends[user]]
        if len(mine) < 2:
            continue
        kept[mine[-1]] = False
        if validation:
            mine = mine[:-1]
            kept[mine[-1]] = len(mine) < 2
        if len(mine) > 1:
            users.append(user)
            tests.append(int(mine[-1]))
    return Split(baskets, np.flatnonzero(kept), np.array(users), np.array(tests))


@dataclass(frozen=True)
class Score:
    recalls: Rows  # by customer
    recall: float
    ndcg: float
    phr: float
    coverage: float  # of all items of the data


def score(lists: Rows, truth: list[Rows], items: int) -> Score:
    """`lists`: a row of ten items a customer, -1 where there is none."""
    gain = 1.0 / np.log2(np.arange(2, N + 2))
    hits = np.array([np.isin(row, came) for row, came in zip(lists, truth, strict=True)])
    size = np.array([len(came) for came in truth])
    best = np.cumsum(gain)[np.minimum(size, N) - 1]
    recalls = hits.sum(1) / size
    return Score(
        recalls, float(recalls.mean()), float((hits @ gain / best).mean()),
        float(hits.any(1).mean()), len(np.unique(lists[lists >= 0])) / items,
    )  # fmt: skip


def only_new(at: Split) -> tuple[Rows, list[Rows]]:
    """Customers whose basket has something that they never had, as places in `at.users`, and
    what that is."""
    row, item = at.train_rows()
    had = set(zip(row.tolist(), item.tolist(), strict=True))
    fresh = [
        np.array([i for i in came.tolist() if (int(user), i) not in had])
        for user, came in zip(at.users, at.truth(), strict=True)
    ]
    places = np.array([place for place, came in enumerate(fresh) if len(came)])
    return places, [fresh[place] for place in places]

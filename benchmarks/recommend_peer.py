"""implicit at work, in a process and an environment of its own.

    python benchmarks/recommend_peer.py lists in.npz out.npz    ten items for each test customer
    python benchmarks/recommend_peer.py speed in.npz            its item-item batch, one thread

Imports nothing of ours. Rows of the matrix are customers (and guests' baskets), its cells in how
many baskets they had the item; what was bought before may be in a list.
"""

import importlib
import json
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np

Column = np.ndarray[Any, Any]


def matrix(data: Any) -> Any:  # noqa: ANN401  # what NumPy and SciPy give
    sparse = importlib.import_module("scipy.sparse")
    ones = np.ones(len(data["row"]), np.float32)
    table = sparse.coo_matrix((ones, (data["row"], data["item"])), shape=tuple(data["shape"]))
    return table.tocsr()


def models() -> dict[str, Any]:
    near = importlib.import_module("implicit.nearest_neighbours")
    als = importlib.import_module("implicit.cpu.als")
    bpr = importlib.import_module("implicit.cpu.bpr")
    return {
        "implicit BM25": near.BM25Recommender(K=200, num_threads=1),
        "implicit ALS": als.AlternatingLeastSquares(factors=64, random_state=1, num_threads=1),
        "implicit BPR": bpr.BayesianPersonalizedRanking(factors=64, random_state=1, num_threads=1),
    }


def lists(source: str, destination: str) -> None:
    data = np.load(source)
    table, users = matrix(data), data["users"]
    found: dict[str, Column] = {}
    seconds: dict[str, float] = {}
    for name, model in models().items():
        start = time.perf_counter()
        model.fit(table, show_progress=False)
        ids, _ = model.recommend(users, table[users], N=10, filter_already_liked_items=False)
        found[name], seconds[name] = np.asarray(ids), time.perf_counter() - start
    np.savez(destination, allow_pickle=False, **found)
    print(json.dumps(seconds))


def speed(source: str) -> None:
    """Seconds of one core for ten new items a row. 50 neighbours an item are there, as with us."""
    table = matrix(np.load(source))
    near = importlib.import_module("implicit.nearest_neighbours")
    model = near.CosineRecommender(K=50, num_threads=1)
    start = time.process_time()
    model.fit(table, show_progress=False)
    fit = time.process_time() - start
    users = np.arange(table.shape[0])
    best = np.inf
    for _ in range(2):
        start = time.process_time()
        for at in range(0, len(users), 100_000):
            some = users[at : at + 100_000]
            model.recommend(some, table[some], N=10)
        best = min(best, time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"fit": fit, "seconds": best, "peak_mb": peak}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "lists":
        lists(sys.argv[2], sys.argv[3])
    else:
        speed(sys.argv[2])

"""A peer at work, in a process (and a Python) of its own: fit, predict, say how long it took.

    python benchmarks/ltv_peer.py lifetimes|pymc BG|MBG customers.npz

Imports nothing of ours. Times are in weeks, as the peers' defaults like them best.
"""

import importlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

HORIZON = 180 / 7
Column = np.ndarray[Any, Any]
Work = Callable[[Column, Column, Column], tuple[dict[str, float], float]]


def lifetimes_work(model: str) -> Work:
    lifetimes = importlib.import_module("lifetimes")
    maker = {"BG": lifetimes.BetaGeoFitter, "MBG": lifetimes.ModifiedBetaGeoFitter}[model]

    def work(x: Column, t_x: Column, age: Column) -> tuple[dict[str, float], float]:
        fit = maker()
        fit.fit(x, t_x, age)
        orders = fit.conditional_expected_number_of_purchases_up_to_time(HORIZON, x, t_x, age)
        fit.conditional_probability_alive(x, t_x, age)
        return {k: float(fit.params_[k]) for k in ("r", "alpha", "a", "b")}, float(np.sum(orders))

    return work


def pymc_work(model: str) -> Work:
    clv = importlib.import_module("pymc_marketing.clv")
    pandas = importlib.import_module("pandas")
    maker = {"BG": clv.BetaGeoModel, "MBG": clv.ModifiedBetaGeoModel}[model]

    def work(x: Column, t_x: Column, age: Column) -> tuple[dict[str, float], float]:
        frame = pandas.DataFrame(
            {"customer_id": np.arange(len(x)), "frequency": x, "recency": t_x, "T": age}
        )
        fit = maker()
        fit.fit(frame, method="map", progressbar=False)
        posterior = fit.fit_result if hasattr(fit, "fit_result") else fit.idata.posterior
        orders = fit.expected_purchases(frame, future_t=HORIZON)
        fit.expected_probability_alive(frame)
        found = {k: float(np.asarray(posterior[k]).mean()) for k in ("r", "alpha", "a", "b")}
        return found, float(np.asarray(orders).sum())

    return work


def main(peer: str, model: str, path: str) -> None:
    warnings.simplefilter("ignore")
    data = np.load(path)
    x, t_x, age = data["x"].astype(np.int64), data["last"] / 7.0, data["age"] / 7.0
    work = {"lifetimes": lifetimes_work, "pymc": pymc_work}[peer](model)
    start = time.perf_counter()
    found, total = work(x, t_x, age)
    done, first = time.time(), time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    warm = first
    for _ in range(2):
        start = time.perf_counter()
        work(x, t_x, age)
        warm = min(warm, time.perf_counter() - start)
    answer = {"done": done, "warm": warm, "peak_mb": peak, "parameters": found, "total": total}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])

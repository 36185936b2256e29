"""Compiled loops: how they are compiled, and how rows are shared between cores.

Kernels release the interpreter lock, so plain threads suffice. OpenMP's spinning made small
fits of a peer 20 to 40 times slower; below MANY rows one thread does the work.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

MANY = 200_000


def kernel(function: F) -> F:
    """Compile once, keep on disk: a new process starts warm. Where nothing can be written, neither
    beside the code nor in a home, each process compiles for itself (NUMBA_CACHE_DIR names a place).
    """
    how: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        return cast(F, numba.njit(cache=True, **how)(function))
    except RuntimeError:
        return cast(F, numba.njit(**how)(function))


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(rows: int, work: Callable[[int, int], T]) -> list[T]:
    """`work(start, stop)` over all rows, on as many threads as pay, results in row order."""
    hands = min(cores(), 8) if rows >= MANY else 1
    if hands == 1:
        return [work(0, rows)]
    cuts = [rows * i // hands for i in range(hands + 1)]
    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(work, cuts[:-1], cuts[1:]))

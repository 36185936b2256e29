"""Compiled loops over plain arrays, and the names of those arrays' types."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]

F = TypeVar("F", bound=Callable[..., Any])
N = TypeVar("N", bound=np.generic)


def kernel(function: F) -> F:
    """Compile once, keep on disk, and let go of the interpreter's lock while running.

    What is kept knows only its own file: after a change in a kernel that others call, delete the
    `.nbi` and `.nbc` files in `__pycache__`.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def grown(array: NDArray[N], need: int, fill: int | None = 0) -> NDArray[N]:
    """At least `need` cells, an eighth to spare if it grows. The array given is used up.

    It grows in place, so that a large one is not in memory twice and leaves no hole behind: no
    view of it may be alive.
    """
    have = len(array)
    if need <= have:
        return array
    if not array.flags.owndata:
        array = array.copy()
    array.resize((need + need // 8 + 16, *array.shape[1:]), refcheck=False)
    if fill:
        array[have:] = fill
    return array

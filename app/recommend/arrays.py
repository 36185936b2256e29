"""The types of the arrays that everything here is kept in."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]
Truths = NDArray[np.bool_]

N = TypeVar("N", bound=np.generic)

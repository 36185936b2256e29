"""Compiled loops over plain arrays."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numpy.typing import NDArray

from app.recommend.arrays import N

F = TypeVar("F", bound=Callable[..., Any])

LOOP: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": True}
PIECE: dict[str, Any] = LOOP | {"forceinline": True, "_nrt": False}


def _print_of(folder: Path) -> str:
    """What all of a folder's sources with kernels come to."""
    sources = [source.read_bytes() for source in sorted(folder.glob("*.py"))]
    return hashlib.sha256(
        b"".join(text for text in sources if b"@kernel" in text or b"@part" in text)
    ).hexdigest()


HERE = _print_of(Path(__file__).parent)


def kernel(function: F) -> F:
    """Compile once, keep on disk, and let go of the interpreter's lock while running.

    Numba looks only at a kernel's own file to see whether what it kept is still true, but kernels
    hold copies of those that they call: after an update an old copy would go on. So what is kept
    is stamped with all sources of this folder that have any. Where nothing can be written, neither
    beside the code nor in a home, each process compiles for itself (NUMBA_CACHE_DIR names a place).
    """
    try:
        compiled = numba.njit(cache=True, **LOOP)(function)
    except RuntimeError:
        compiled = numba.njit(**LOOP)(function)
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None:  # there is none where the just-in-time compiler is switched off
        kept._source_stamp = HERE  # noqa: SLF001  # numba has no other way to say it
    return cast(F, compiled)


def part(function: F) -> F:
    """A piece of one kernel: no call is left of it where it is used.

    A call hands on every array of a ledger and counts its references; a list of ten makes a dozen.
    A part counts none (`_nrt` is Numba's own counting), which halves the time of a list; so it
    makes no array and keeps none. A loop says that it counts, or it would do as its caller does.
    """
    return cast(F, numba.njit(**PIECE)(function))


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

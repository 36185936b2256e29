"""A few at a time: what writes must not hold the pen for long, and what asks has limits."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def portions(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`things` in their order, `size` at a time; the last portion may be smaller."""
    for at in range(0, len(things), size):
        yield things[at : at + size]

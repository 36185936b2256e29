"""Many growable lists of int32 in one array: 4 bytes an entry, 12 a list."""

from typing import NamedTuple

import numpy as np

from app.recommend.arrays import Ints, Longs
from app.recommend.kernel import grown, kernel


class Lists(NamedTuple):
    """List `r` is `data[start[r] : start[r] + size[r]]`; `used[0]` cells of `data` are taken."""

    start: Ints
    size: Ints
    room: Ints
    data: Ints
    used: Longs


def nothing(lists: int = 0) -> Lists:
    return sized(np.zeros(lists, np.int32))


def sized(sizes: Ints) -> Lists:
    """Empty lists with room for that many entries and an eighth more."""
    room = sizes + sizes // 8
    start = np.zeros(len(sizes), np.int32)
    np.cumsum(room[:-1], out=start[1:])
    used = int(room.sum(dtype=np.int64))
    data = np.empty(used + used // 16 + 64, np.int32)
    return Lists(start, np.zeros(len(sizes), np.int32), room, data, np.array([used], np.int64))


def lengthened(lists: Lists, count: int) -> Lists:
    """With at least `count` lists; the new ones are empty."""
    return lists._replace(
        start=grown(lists.start, count),
        size=grown(lists.size, count),
        room=grown(lists.room, count),
    )


def with_cells(lists: Lists, cells: int) -> Lists:
    """With at least that many free cells at the end of `data`."""
    return lists._replace(data=grown(lists.data, int(lists.used[0]) + cells, None))


@kernel
def cells_to_add(lists: Lists, rows: Ints) -> int:
    """The free cells that one more entry in each of `rows` may take."""
    cells = 0
    for r in rows:
        if lists.size[r] == lists.room[r]:
            cells += lists.room[r] + lists.room[r] // 4 + 4
    return cells


@kernel
def insert(lists: Lists, r: int, at: int, value: int) -> None:
    """Put `value` before place `at`; a full list moves to the end of `data` first."""
    size, start = lists.size[r], lists.start[r]
    if size == lists.room[r]:
        moved = lists.used[0]
        for i in range(size):
            lists.data[moved + i] = lists.data[start + i]
        lists.room[r] += lists.room[r] // 4 + 4
        lists.used[0] += lists.room[r]
        lists.start[r] = start = moved
    for i in range(start + size, start + at, -1):
        lists.data[i] = lists.data[i - 1]
    lists.data[start + at] = value
    lists.size[r] += 1


@kernel
def remove(lists: Lists, r: int, at: int) -> None:
    start = lists.start[r]
    lists.size[r] -= 1
    for i in range(start + at, start + lists.size[r]):
        lists.data[i] = lists.data[i + 1]


@kernel
def append(lists: Lists, r: int, value: int) -> None:
    """Into room that is known to be there."""
    lists.data[lists.start[r] + lists.size[r]] = value
    lists.size[r] += 1

"""Dense numbers for keys from outside: 8 bytes a key, and 4 a place in an open hash table."""

import numpy as np

from app.recommend.arrays import Ints, Longs
from app.recommend.kernel import grown, kernel
from app.recommend.purchases import NOBODY

EMPTY, GONE = -1, -2


@kernel
def _place(table: Ints, keys: Longs, key: int) -> int:
    """Where `key` is in the table, or ~(the place it may take)."""
    scattered = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    place = int(np.int64(scattered)) & (len(table) - 1)
    free = -1
    while table[place] != EMPTY:
        if table[place] == GONE:
            free = place if free < 0 else free
        elif keys[table[place]] == key:
            return place
        place = (place + 1) & (len(table) - 1)
    return ~(place if free < 0 else free)


@kernel
def _find(table: Ints, keys: Longs, wanted: Longs, out: Ints) -> None:
    for i in range(len(wanted)):
        place = _place(table, keys, wanted[i])
        out[i] = table[place] if place >= 0 else -1


@kernel
def _give(table: Ints, keys: Longs, count: int, wanted: Longs, out: Ints) -> int:
    """Like `_find`, and a new number for what is not known yet."""
    for i in range(len(wanted)):
        place = _place(table, keys, wanted[i])
        if place < 0:
            keys[count] = wanted[i]
            place = ~place
            table[place] = count
            count += 1
        out[i] = table[place]
    return count


class Names:
    """Numbers 0, 1, 2 … for keys, in the order in which they came."""

    def __init__(self) -> None:
        self.keys: Longs = np.full(16, NOBODY, np.int64)
        self.count = 0
        self._table: Ints = np.full(64, EMPTY, np.int32)

    def number(self, key: int) -> int:
        """The number of `key`, -1 if it has none."""
        place = _place(self._table, self.keys, key)
        return int(self._table[place]) if place >= 0 else -1

    def numbers(self, keys: Longs) -> Ints:
        out: Ints = np.empty(len(keys), np.int32)
        _find(self._table, self.keys, keys, out)
        return out

    def name(self, key: int) -> int:
        return int(self.name_all(np.array([key], np.int64))[0])

    def name_all(self, keys: Longs) -> Ints:
        """Their numbers; keys that are new get the next ones."""
        self._room(len(keys))
        out: Ints = np.empty(len(keys), np.int32)
        self.count = _give(self._table, self.keys, self.count, keys, out)
        return out

    def nameless(self, count: int) -> Ints:
        """New numbers that no key leads to."""
        self._room(count)
        out: Ints = np.arange(self.count, self.count + count, dtype=np.int32)
        self.keys[out] = NOBODY
        self.count += count
        return out

    def forget(self, key: int) -> None:
        place = _place(self._table, self.keys, key)
        if place >= 0:
            self.keys[self._table[place]] = NOBODY
            self._table[place] = GONE

    def again(self, keys: Longs) -> None:
        """Start over: the number of a key is its place in `keys`."""
        self.keys, self.count = keys, len(keys)
        self._index(len(keys))

    def _room(self, more: int) -> None:
        need = self.count + more
        self.keys = grown(self.keys, need, NOBODY)
        if need * 5 > len(self._table) * 4:
            self._index(need)

    def _index(self, need: int) -> None:
        size = 64
        while size * 4 < need * 5 + 64:
            size *= 2
        self._table = np.full(size, EMPTY, np.int32)
        _rebuild(self._table, self.keys, self.count, NOBODY)


@kernel
def _rebuild(table: Ints, keys: Longs, count: int, nobody: int) -> None:
    for number in range(count):
        if keys[number] != nobody:
            table[~_place(table, keys, keys[number])] = number

"""How many are in each segment, how many may be written to, who came and who left: kept, not asked.

A page that counted them live went through every stay of the shop, and through a sample of people
for each segment, before it could show its first line.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from app.kit.tx import Tx
from app.segments import queries
from app.segments.flows import Count
from app.world import World

MONTH = timedelta(days=30)
FEW = 300
"""People of whom the share who may be written to is taken: within three points of it."""

Able: TypeAlias = Callable[[Tx, Collection[int]], Collection[int]]
"""Who of these people may be written to."""


class Told(NamedTuple):
    people: int
    reachable: float | None
    came: int
    gone: int


def count(_: Count, world: World, *, able: Able) -> None:
    with world.look() as tx:
        told = _told(tx, able)
    world.do(lambda tx: _write(tx, told))


def _told(tx: Tx, able: Able) -> Mapping[int, Told]:
    heads, moves = queries.headcounts(tx), queries.movements(tx, since=tx.now - MONTH)
    live = [one.id or 0 for one in queries.live(tx) if one.filled_at]
    samples = {one: queries.people_in(tx, one, limit=FEW) for one in live}
    may = set(able(tx, {person for some in samples.values() for person in some}))
    found = {}
    for id_ in live:
        some = samples[id_]
        share = sum(person in may for person in some) / len(some) if some else None
        found[id_] = Told(heads.get(id_, 0), share, *moves.get(id_, (0, 0)))
    return found


def _write(tx: Tx, told: Mapping[int, Told]) -> None:
    for segment in queries.live(tx):
        if (one := told.get(segment.id or 0)) is not None:
            values: Any = {**one._asdict(), "counted_at": tx.now}
            for name, value in values.items():
                setattr(segment, name, value)
            tx.add(segment)

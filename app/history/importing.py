"""The import: everything of a shop's past, once, whatever happens on the way."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from app.history import flows, keeping, queries
from app.history.flows import ReadHistory
from app.history.rules import Kind
from app.history.sources import SOURCES, Stretch
from app.history.timing import AWAY, TURN, come_back
from app.history.walking import ImpassableError, walk
from app.kit.clock import stopwatch
from app.kit.tx import Tx
from app.saleor.client import PartialAnswerError
from app.saleor.operations import APP_IDENTITY, HISTORY_SIZE
from app.shops.errands import learn_shop
from app.shops.flows import LearnShop, this_shop
from app.world import World

T = TypeVar("T")

MOST_WAITS = 10
"""So often the same page could not be had, and Saleor itself was there: the page is given up."""
AT_ONCE = {Kind.CHECKOUTS: 5}
"""How many of a kind are kept in one unit of work where a page holds the pen too long."""


def read_history(job: ReadHistory, world: World) -> None:
    """One turn of the import: many pages, each with its cursor in a unit of work of its own."""
    till, came_on = stopwatch() + TURN, False
    try:
        _prepare(world)
        while place := _place(world):
            came_on |= _read(world, *place, till=till)
            if stopwatch() > till:
                break
    except AWAY:
        _wait(world, ReadHistory(waits=0 if came_on else job.waits + 1))
        return
    world.do(_hand_on)


def _prepare(world: World) -> None:
    """How much there is, and in which currency amounts are reckoned."""
    with world.look() as tx:
        known = bool(this_shop(tx).currency)
        begun = any(part.done or part.total for part in queries.progress(tx).parts)
    if not known:
        learn_shop(LearnShop(occasion="import"), world)
    if begun:
        return
    try:
        size = world.saleor.run(HISTORY_SIZE)
    except PartialAnswerError:
        return  # the bar has no end, and that is all
    counts = {kind: getattr(size, kind.value) for kind in Kind}
    totals = [(kind, count.total_count or 0) for kind, count in counts.items() if count]
    world.do(partial(flows.expect, totals=totals))


def _place(world: World) -> tuple[Kind, str | None] | None:
    with world.look() as tx:
        passage = queries.current(tx)
        return (Kind(passage.kind), passage.cursor) if passage else None


def _read(world: World, kind: Kind, after: str | None, *, till: float) -> bool:
    """As much of a kind as there is time for. Whether anything was kept."""
    kept = False
    try:
        for stretch in walk(world.saleor, world.clock, SOURCES[kind], after=after):
            if not _keep(world, kind, stretch, after=after):
                return kept
            after, kept = stretch.next, True
            if stopwatch() > till:
                return kept
    except ImpassableError as end:
        give_up = partial(flows.give_up, kind=kind, after=end.after, reason=str(end))
        world.do(give_up)
    return kept


def _keep(world: World, kind: Kind, stretch: Stretch[Any], *, after: str | None) -> bool:
    *parts, rest = _parts(stretch.told, AT_ONCE.get(kind, len(stretch.told)))
    for part in parts:
        world.do(partial(keeping.keep, kind=kind, told=part))
    keep = partial(flows.keep_stretch, kind=kind, stretch=stretch, after=after, rest=rest)
    return world.do(keep)


def _parts(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for at in range(0, max(len(things), 1), max(size, 1)):
        yield things[at : at + size]


def _hand_on(tx: Tx) -> None:
    if queries.current(tx):
        tx.postpone(ReadHistory(), until=tx.now)


def _wait(world: World, job: ReadHistory) -> None:
    """Nobody answers. If it is only this page that is never answered, the rest has to go on."""
    if job.waits >= MOST_WAITS and (place := _place(world)) and _is_there(world):
        kind, after = place
        give_up = partial(flows.give_up, kind=kind, after=after, reason="it never came")
        world.do(give_up)
        job = ReadHistory()
    come_back(world, job)


def _is_there(world: World) -> bool:
    try:
        world.saleor.run(APP_IDENTITY)
    except AWAY:
        return False
    return True

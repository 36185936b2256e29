"""The night's measuring: a little at a time, so that it never holds the pen for long."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from app.kit.tx import Tx
from app.proof import flows, queries
from app.proof.jobs import Measure
from app.trials.tables import Assignment
from app.world import World

AT_ONCE = 500
LATE = timedelta(days=7)
"""An order may be told of so much later than it changed; each Sunday everybody is looked at."""
SUNDAY = 6
More = Callable[[Tx, int], Sequence[Assignment]]


def measure(job: Measure, world: World) -> None:
    """Only who is new or has ordered since; on Sundays everybody."""
    with world.look() as tx:
        last, since = flows.reading(tx)
        everybody = since is None or datetime.fromisoformat(job.day).weekday() == SUNDAY
        began = tx.now
    if not everybody:
        _walk(world, partial(_moved, since=since - LATE))
    last = _walk(world, _drawn, start=0 if everybody else last)
    world.do(lambda tx: flows.keep_note(tx, "reading", {"last": last, "at": began.isoformat()}))
    with world.look() as tx:
        trials = [trial.id or 0 for trial in queries.trials_on(tx)]
    for trial in trials:
        world.do(partial(_find, trial=trial))
    with world.look() as tx:
        body = flows.look_for_nothing(tx)
    if body is not None:
        world.do(lambda tx: flows.keep_note(tx, "aa", body))


def _drawn(tx: Tx, after: int) -> Sequence[Assignment]:
    return queries.drawn_since(tx, after=after, limit=AT_ONCE)


def _moved(tx: Tx, after: int, *, since: datetime) -> Sequence[Assignment]:
    return queries.moved_since(tx, since, after=after, limit=AT_ONCE)


def _walk(world: World, more: More, *, start: int = 0) -> int:
    """Up to the last of them, whose id it gives."""
    after = start
    while True:
        with world.look() as tx:
            some = more(tx, after)
        if not some:
            return after
        world.do(partial(flows.write, drawn=some))
        after = some[-1].id or 0


def _find(tx: Tx, *, trial: int) -> None:
    for one in queries.trials_on(tx):
        if one.id == trial:
            flows.find(tx, one)

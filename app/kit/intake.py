"""The single writer behind the webhook door: many deliveries, one commit, then their answers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from threading import Condition, Thread
from typing import TypeAlias

from sqlalchemy import Connection, Engine

from app.kit.clock import Clock, stopwatch
from app.kit.copying import Copying
from app.kit.deliveries import KIND, Name
from app.kit.gate import Gate
from app.kit.house import conflicts
from app.kit.portions import portions
from app.kit.rowlock import EVERY, open_for
from app.kit.tx import ShopId

STAMP = "%Y-%m-%d %H:%M:%S.%f"
"""As SQLite keeps instants; PostgreSQL is told the zone too."""
PRESSED = 16
"""Deliveries that wait for the next commit, from which on the loop stands back."""
FLOOD, STRIDE, EBB = 1000, 50, 0.25
"""Deliveries a second that are more than the loop could work, measured over so many of them, and
how many seconds after the last such stride the flood is over.
"""
AGAIN = 5
ROOM = 4000
"""Deliveries that may wait for the next commit; one more is told to come again."""
TOGETHER, PATIENCE = 32, 0.002
"""In a flood a commit waits until so many deliveries can go with it, but not for more seconds.
A commit costs as much as ten deliveries, and while the writer is at it the door is in its way.
"""
ON_THEIR_WAY = 0.75
"""Of those that a commit and the queue behind it held, how many the next one waits for: whoever
speaks over few connections sends nothing before he is answered, and must not be waited for.
"""
ROWS = 64
"""At most in a statement: few different texts, so that each is parsed once and kept."""

# Many rows in one statement, and not a statement a row: between two statements the writer would
# have to win Python's lock back from a door that never rests.

WRITE_PROMISES = (
    "INSERT INTO promise (shop, key, kind, body, due, rank, tries, lost)"
    " VALUES {rows} ON CONFLICT DO NOTHING"
)
# the body is only kept while its promise is open: a repeat of one long kept leaves nothing behind
WRITE_BODIES = (
    "WITH came (shop, key, event, body) AS (VALUES {rows})"
    " INSERT INTO delivery (id, shop, event, body, heard_at)"
    " SELECT promise.id, came.shop, came.event, came.body, {now} FROM came"
    " JOIN promise ON promise.shop = came.shop AND promise.key = came.key"
    " WHERE promise.kept_at IS NULL ON CONFLICT DO NOTHING"
)


class IntakeFullError(Exception):
    """More is coming in than the disk takes."""


@dataclass(frozen=True)
class Heard:
    """A verified delivery, ready to be written down."""

    shop: ShopId
    name: Name
    event: str
    body: bytes


Done: TypeAlias = Callable[[Exception | None], object]
Waiting: TypeAlias = tuple[Heard, asyncio.AbstractEventLoop, Done]


class Intake:
    """Group commit: whatever has come in while the last commit was on its way goes in the next.

    `engine` commits with synchronous=FULL, so an answer given is a delivery on disk.
    """

    def __init__(
        self, engine: Engine, gate: Gate, clock: Clock, *, wake: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._clock = clock
        self._wake = wake
        self._waiting: list[Waiting] = []
        self._news = Condition()
        self._wanted = 1
        self._open = True
        self._came, self._stride_began, self._flooded_till = 0, stopwatch(), 0.0
        self._copying = Copying(engine) if engine.dialect.name == "sqlite" else None
        self._thread = Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def put(self, heard: Heard, loop: asyncio.AbstractEventLoop, done: Done) -> None:
        """`done` is called on the loop with None when the delivery is on disk, else with what the
        disk said. Raises IntakeFullError.
        """
        with self._news:
            if len(self._waiting) >= ROOM or not self._open:
                raise IntakeFullError
            self._waiting.append((heard, loop, done))
            self._count()
            if len(self._waiting) in (1, self._wanted):  # else the writer is awake, or waits
                self._news.notify()

    async def write(self, heard: Heard) -> None:
        """Returns when the delivery is on disk. Raises IntakeFullError, or what the disk said."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Exception | None] = loop.create_future()
        self.put(heard, loop, partial(_resolve, written))
        if failure := await written:
            raise failure

    def pressed(self) -> bool:
        """So much is coming in that others had better wait with what can wait."""
        return self._flooded() or len(self._waiting) > PRESSED

    def _flooded(self) -> bool:
        return stopwatch() < self._flooded_till

    def _count(self) -> None:
        self._came += 1
        if self._came == STRIDE:
            now = stopwatch()
            if STRIDE / (now - self._stride_began) > FLOOD:
                self._flooded_till = now + EBB
            self._came, self._stride_began = 0, now

    def close(self) -> None:
        with self._news:
            self._open = False
            self._news.notify()
        self._thread.join(timeout=30)
        if self._copying:
            self._copying.close()
        self._engine.dispose()

    def _run(self) -> None:
        while batch := self._next():
            failure = self._commit([heard for heard, _, _ in batch])
            held = len(batch) + len(self._waiting)
            self._wanted = min(TOGETHER, int(held * ON_THEIR_WAY))
            _tell(batch, failure)
            self._wake()
            if self._copying:
                self._copying.written(len(batch))

    def _next(self) -> list[Waiting]:
        """What goes into the next commit: nothing, once all is written and the door is shut."""
        with self._news:
            while not self._waiting and self._open:
                self._news.wait()
            if len(self._waiting) < self._wanted and self._flooded() and self._open:
                self._news.wait(PATIENCE)
            batch, self._waiting = self._waiting, []
            return batch

    def _commit(self, batch: list[Heard]) -> Exception | None:
        """What went wrong. On PostgreSQL another process may hear one of them in the same moment:
        then all of it is written once more, and that one is there already.
        """
        for _ in range(AGAIN):
            failure = self._written(batch)
            if failure is None or not conflicts(failure):
                return failure
        return failure

    def _written(self, batch: list[Heard]) -> Exception | None:
        try:
            with self._gate.through(urgent=True), self._engine.begin() as connection:
                open_for(connection, EVERY)
                at = self._clock.now().astimezone(UTC)
                for some in portions(batch, ROWS):
                    _write(connection, some, at)
        except Exception as failure:  # noqa: BLE001  # every waiting door must be told
            return failure
        return None


def _resolve(written: "asyncio.Future[Exception | None]", failure: Exception | None) -> None:
    if not written.cancelled():
        written.set_result(failure)


def _write(connection: Connection, batch: Sequence[Heard], at: datetime) -> None:
    # past SQLAlchemy's compiler: this is a third of the time a delivery takes
    lite = connection.dialect.name == "sqlite"
    now = f"{at:{STAMP}}" if lite else f"{at:{STAMP}}+00:00"
    promises, bodies = _statements(len(batch), lite=lite)
    named = [(h, h.name.key) for h in batch]
    told = [part for h, key in named for part in (h.shop, key, KIND, _job(h), now)]
    connection.exec_driver_sql(promises, tuple(told))
    came = [part for h, key in named for part in (h.shop, key, h.event, h.body)]
    connection.exec_driver_sql(bodies, (*came, now))


def _job(heard: Heard) -> str:
    name = heard.name
    return f'{{"event": "{heard.event}", "hash": "{name.hash}", "issued": "{name.issued}"}}'


@lru_cache(maxsize=2 * ROWS)
def _statements(rows: int, *, lite: bool) -> tuple[str, str]:
    """The two statements for so many deliveries, as SQLite or PostgreSQL wants its blanks."""
    blank, now = ("?", "?") if lite else ("%s", "CAST(%s AS TIMESTAMPTZ)")
    promise = "(" + ", ".join([blank] * 5) + ", 0, 0, 0)"
    body = "(" + ", ".join([blank] * 4) + ")"
    return (
        WRITE_PROMISES.format(rows=", ".join([promise] * rows)),
        WRITE_BODIES.format(rows=", ".join([body] * rows), now=now),
    )


def _tell(batch: list[Waiting], failure: Exception | None) -> None:
    for loop in {loop for _, loop, _ in batch}:
        mine = [done for _, theirs, done in batch if theirs is loop]
        loop.call_soon_threadsafe(_tell_all, mine, failure)


def _tell_all(waiting: list[Done], failure: Exception | None) -> None:
    for done in waiting:
        done(failure)

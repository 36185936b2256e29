"""The single writer behind the webhook door: many deliveries, one commit, then their answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from threading import Condition, Thread

from sqlalchemy import Engine

from app.kit.clock import Clock
from app.kit.gate import Gate
from app.kit.tx import ShopId

STAMP = "%Y-%m-%d %H:%M:%S.%f"
"""As SQLite keeps instants; PostgreSQL is told the zone too."""
PRESSED = 16
ROOM = 4000
"""Deliveries that may wait for the next commit; one more is told to come again."""


# the body is only kept while its promise is open: a repeat of one long kept leaves nothing behind
WRITE_BODY = (
    "INSERT INTO delivery (shop, hash, event, body, heard_at)"
    " SELECT CAST({0} AS INTEGER), {0}, {0}, {0}, {at}"
    " WHERE NOT EXISTS (SELECT 1 FROM promise WHERE shop = {0} AND key = {0})"
    " ON CONFLICT DO NOTHING"
)
WRITE_PROMISE = (
    "INSERT INTO promise (shop, key, kind, body, due, rank, tries, lost)"
    " VALUES ({0}, {0}, {0}, {0}, {at}, 0, 0, 0) ON CONFLICT DO NOTHING"
)


class IntakeFullError(Exception):
    """More is coming in than the disk takes."""


@dataclass(frozen=True)
class Heard:
    """A verified delivery, ready to be written down."""

    shop: ShopId
    hash: str
    event: str
    body: bytes
    key: str
    kind: str


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
        self._waiting: list[tuple[Heard, asyncio.Future[None]]] = []
        self._news = Condition()
        self._open = True
        self._thread = Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    async def write(self, heard: Heard) -> None:
        """Returns when the delivery is on disk. Raises IntakeFullError, or what the disk said."""
        done = asyncio.get_running_loop().create_future()
        with self._news:
            if len(self._waiting) >= ROOM or not self._open:
                raise IntakeFullError
            self._waiting.append((heard, done))
            if len(self._waiting) == 1:  # else the writer is awake, or about to be
                self._news.notify()
        await done

    def pressed(self) -> bool:
        """So much is coming in that others had better wait with what can wait."""
        return len(self._waiting) > PRESSED

    def close(self) -> None:
        with self._news:
            self._open = False
            self._news.notify()
        self._thread.join(timeout=30)
        self._engine.dispose()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._waiting and self._open:
                    self._news.wait()
                batch, self._waiting = self._waiting, []
                if not batch:
                    return
            failure = self._commit([heard for heard, _ in batch])
            _answer(batch, failure)
            self._wake()

    def _commit(self, batch: list[Heard]) -> Exception | None:
        bodies = [(h.shop, h.hash, h.event, h.body, h.shop, h.key) for h in batch]
        promises = [
            (h.shop, h.key, h.kind, f'{{"event": "{h.event}", "hash": "{h.hash}"}}') for h in batch
        ]
        try:
            with self._gate.through(urgent=True), self._engine.begin() as connection:
                # past SQLAlchemy's compiler: this is a third of the time a delivery takes
                lite = connection.dialect.name == "sqlite"
                blank, zone = ("?", "") if lite else ("%s", "+00:00")
                at = f"'{self._clock.now().astimezone(UTC):{STAMP}}{zone}'"
                connection.exec_driver_sql(WRITE_BODY.format(blank, at=at), bodies)
                connection.exec_driver_sql(WRITE_PROMISE.format(blank, at=at), promises)
        except Exception as failure:  # noqa: BLE001  # every waiting door must be told
            return failure
        return None


def _answer(batch: list[tuple[Heard, "asyncio.Future[None]"]], failure: Exception | None) -> None:
    loops = {done.get_loop() for _, done in batch}
    for loop in loops:
        mine = [done for _, done in batch if done.get_loop() is loop]
        loop.call_soon_threadsafe(_settle, mine, failure)


def _settle(futures: list["asyncio.Future[None]"], failure: Exception | None) -> None:
    for done in futures:
        if done.cancelled():
            continue
        if failure:
            done.set_exception(failure)
        else:
            done.set_result(None)

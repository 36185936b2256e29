"""A load on loopback: prepared requests over kept connections, and how long each answer took."""

import asyncio
import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import numpy as np


@dataclass
class Outcome:
    """`millis` of every answer, and how many answers had which status."""

    seconds: float
    millis: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return len(self.millis) / self.seconds

    def note(self, status: int, seconds: float) -> None:
        self.millis.append(seconds * 1000)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.millis, share))


class Wire(asyncio.Protocol):
    """One connection: a request out, its answer in, and `answered` is told its status.

    No task and no future: what this side takes of the machine, who is asked has not.
    """

    def __init__(self, answered: Callable[["Wire", int], None]) -> None:
        self.answered = answered
        self.buffer = b""
        self.since = 0.0
        """When its question left, or should have."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes, since: float) -> None:
        self.since = since
        self.transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.transport.is_closing():
            raise exc or ConnectionError("closed by who was asked")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if mark and len(rest) >= _length(head):
            self.buffer = b""
            self.answered(self, int(head[9:12]))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


@contextmanager
def _steady() -> Iterator[None]:
    """No garbage is looked for meanwhile: with all deliveries in memory that holds this side up for
    100 to 200 ms, and who is asked would be said to have taken them.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def flood(port: int, requests: Sequence[bytes], *, connections: int) -> Outcome:
    """As fast as it goes: each connection asks again as soon as it is answered."""
    todo, outcome = iter(requests), Outcome(0)
    done = asyncio.get_running_loop().create_future()

    def answered(wire: Wire, status: int) -> None:
        outcome.note(status, time.perf_counter() - wire.since)
        if (request := next(todo, None)) is not None:
            wire.ask(request, time.perf_counter())
        elif len(outcome.millis) == len(requests):
            done.set_result(None)

    wires = [await _connect(port, answered) for _ in range(min(connections, len(requests)))]
    with _steady():
        started = time.perf_counter()
        for wire in wires:
            wire.ask(next(todo), time.perf_counter())
        await done
        outcome.seconds = time.perf_counter() - started
    _close(wires)
    return outcome


async def stream(
    port: int, requests: Sequence[bytes], *, per_second: float, connections: int
) -> Outcome:
    """At a steady rate; time is counted from when a request should have left, not from when it
    could (no coordinated omission)."""
    outcome = Outcome(0)
    free: list[Wire] = []
    late: deque[tuple[bytes, float]] = deque()
    done = asyncio.get_running_loop().create_future()

    def answered(wire: Wire, status: int) -> None:
        outcome.note(status, time.perf_counter() - wire.since)
        if late:
            wire.ask(*late.popleft())
        else:
            free.append(wire)
        if len(outcome.millis) == len(requests):
            done.set_result(None)

    wires = [await _connect(port, answered) for _ in range(connections)]
    free += wires
    with _steady():
        started = time.perf_counter()
        for at, request in enumerate(requests):
            due = started + at / per_second
            if (wait := due - time.perf_counter()) > 0.001:
                await asyncio.sleep(wait)
            if free:
                free.pop().ask(request, due)
            else:
                late.append((request, due))
        await done
        outcome.seconds = time.perf_counter() - started
    _close(wires)
    return outcome


async def _connect(port: int, answered: Callable[[Wire, int], None]) -> Wire:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(answered), "127.0.0.1", port)
    return wire


def _close(wires: Sequence[Wire]) -> None:
    for wire in wires:
        wire.transport.close()

"""A load on loopback: prepared requests over kept connections, and how long each answer took."""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

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

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.millis, share))


class Wire(asyncio.Protocol):
    """One connection: a request out, its answer in, the next request."""

    def __init__(self) -> None:
        self.buffer = b""
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if mark and len(rest) >= _length(head) and self.answer and not self.answer.done():
            self.buffer = b""
            self.answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(exc or ConnectionError("closed"))

    async def ask(self, request: bytes) -> int:
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


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
    todo = iter(requests)
    outcome = Outcome(0)

    async def one() -> None:
        wire = await _connect(port)
        for request in todo:
            await _timed(wire, request, outcome, time.perf_counter())
        wire.transport.close()

    with _steady():
        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(connections)))
        outcome.seconds = time.perf_counter() - started
    return outcome


async def stream(
    port: int, requests: Sequence[bytes], *, per_second: float, connections: int
) -> Outcome:
    """At a steady rate; time is counted from when a request should have left, not from when it
    could (no coordinated omission)."""
    outcome = Outcome(0)
    free: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await _connect(port))
    with _steady():
        await _send(requests, free, outcome, per_second)
    while not free.empty():
        free.get_nowait().transport.close()
    return outcome


async def _send(
    requests: Sequence[bytes], free: "asyncio.Queue[Wire]", outcome: Outcome, per_second: float
) -> None:
    started = time.perf_counter()

    async def one(request: bytes, due: float) -> None:
        wire = await free.get()
        await _timed(wire, request, outcome, due)
        free.put_nowait(wire)

    tasks = []
    for at, request in enumerate(requests):
        due = started + at / per_second
        if (wait := due - time.perf_counter()) > 0.001:
            await asyncio.sleep(wait)
        tasks.append(asyncio.ensure_future(one(request, due)))
    await asyncio.gather(*tasks)
    outcome.seconds = time.perf_counter() - started


async def _timed(wire: Wire, request: bytes, outcome: Outcome, since: float) -> None:
    status = await wire.ask(request)
    outcome.millis.append((time.perf_counter() - since) * 1000)
    outcome.statuses[status] = outcome.statuses.get(status, 0) + 1


async def _connect(port: int) -> Wire:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(Wire, "127.0.0.1", port)
    return wire

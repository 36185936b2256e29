"""A load on loopback: prepared requests over kept connections, and how long each answer took.

No loop, no task, no future: what this side takes of the machine, who is asked has not.
"""

import gc
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector

import numpy as np

CHUNK = 65_536


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


class Wire:
    """One connection: a request out, its answer in."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.since = 0.0
        """When its question left, or should have."""

    def ask(self, request: bytes, since: float) -> None:
        self.since = since
        self.socket.sendall(request)

    def heard(self) -> int | None:
        """The status of its answer; None until it is there whole."""
        data = self.socket.recv(CHUNK)
        if not data:
            raise ConnectionError("closed by who was asked")
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark or len(rest) < _length(head):
            return None
        self.buffer = b""
        return int(head[9:12])


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


class Wires:
    """Connections that are kept, and which of them have been answered."""

    def __init__(self, port: int, count: int) -> None:
        self.all = [Wire(port) for _ in range(count)]
        self._ready = DefaultSelector()
        for wire in self.all:
            self._ready.register(wire.socket, EVENT_READ, wire)

    def answered(self, seconds: float | None = None) -> Iterator[tuple[Wire, int]]:
        """Those with their status, waiting at most so long for the first."""
        for key, _ in self._ready.select(seconds):
            if status := key.data.heard():
                yield key.data, status

    def close(self) -> None:
        self._ready.close()
        for wire in self.all:
            wire.socket.close()


@contextmanager
def _load(port: int, connections: int) -> Iterator[tuple[Wires, Outcome]]:
    """No garbage is looked for meanwhile: with all deliveries in memory that holds this side up for
    100 to 200 ms, and who is asked would be said to have taken them.
    """
    wires, outcome = Wires(port, connections), Outcome(0)
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    try:
        yield wires, outcome
    finally:
        outcome.seconds = time.perf_counter() - started
        gc.enable()
        wires.close()


def flood(port: int, requests: Sequence[bytes], *, connections: int) -> Outcome:
    """As fast as it goes: each connection asks again as soon as it is answered."""
    todo = iter(requests)
    with _load(port, min(connections, len(requests))) as (wires, outcome):
        for wire in wires.all:
            wire.ask(next(todo), time.perf_counter())
        while len(outcome.millis) < len(requests):
            for wire, status in wires.answered():
                now = time.perf_counter()
                outcome.note(status, now - wire.since)
                if (request := next(todo, None)) is not None:
                    wire.ask(request, now)
    return outcome


def stream(port: int, requests: Sequence[bytes], *, per_second: float, connections: int) -> Outcome:
    """At a steady rate; time is counted from when a request should have left, not from when it
    could (no coordinated omission)."""
    asked = 0
    with _load(port, connections) as (wires, outcome):
        free, started = list(wires.all), time.perf_counter()
        while len(outcome.millis) < len(requests):
            due = started + asked / per_second
            while free and asked < len(requests) and due <= time.perf_counter():
                free.pop().ask(requests[asked], due)
                asked += 1
                due = started + asked / per_second
            idle = free and asked < len(requests)
            for wire, status in wires.answered(due - time.perf_counter() if idle else None):
                outcome.note(status, time.perf_counter() - wire.since)
                free.append(wire)
    return outcome

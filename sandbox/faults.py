"""Things that go wrong on request, each for a number of times and then no more."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sandbox.apps import Delivery

API = ("error", "slow", "hang", "throttle")
POST = ("duplicate", "drop", "delay", "answer")


@dataclass
class Fault:
    """One kind of trouble, `times` times; `value` is seconds, a status, or a number of copies.
    `events` narrows it to deliveries of those events."""

    kind: str
    times: int
    value: float = 0.0
    events: frozenset[str] = frozenset()


@dataclass
class Faults:
    """The list of troubles to come.

    At the API: `error` (status `value`, default 500), `slow` (seconds), `hang` (no answer: the
    caller's timeout), `throttle` (429 with Retry-After `value`). On deliveries: `duplicate` (sent
    `value` more times), `drop` (counted as delivered, never sent), `delay` (seconds later),
    `answer` (the app is said to have answered with status `value` without being asked; 0 is a
    timeout).
    """

    waiting: list[Fault] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def ask_for(
        self, kind: str, *, times: int = 1, value: float = 0.0, events: tuple[str, ...] = ()
    ) -> None:
        if kind not in API + POST:
            raise ValueError(f"no such fault: {kind}")
        with self._lock:
            self.waiting.append(Fault(kind, times, value, frozenset(events)))

    def clear(self) -> None:
        with self._lock:
            self.waiting.clear()

    def at_the_api(self) -> Fault | None:
        return self._next(API, None)

    def on(self, delivery: Delivery, *kinds: str) -> Fault | None:
        """The next fault of these kinds for a delivery, used up by asking."""
        return self._next(kinds, delivery.event_type)

    def _next(self, kinds: tuple[str, ...], event: str | None) -> Fault | None:
        with self._lock:
            for fault in self.waiting:
                narrow = bool(fault.events) and event not in fault.events
                if fault.kind not in kinds or narrow:
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                self.met[fault.kind] = self.met.get(fault.kind, 0) + 1
                return fault
        return None

    def as_dict(self) -> dict[str, Any]:
        waiting = [
            {"kind": one.kind, "times": one.times, "value": one.value, "events": sorted(one.events)}
            for one in self.waiting
        ]
        return {"waiting": waiting, "met": dict(self.met)}

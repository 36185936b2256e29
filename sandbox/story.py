"""What happened in the shop, in lines a person understands."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from sandbox.clock import Clock

KEPT = 500


class Line(NamedTuple):
    nth: int
    at: datetime
    text: str


@dataclass
class Story:
    """The last lines, and how often each kind of thing happened."""

    clock: Clock
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: Counter[str] = field(default_factory=Counter)
    _nth: int = 0
    _lock: Lock = field(default_factory=Lock)

    def tell(self, kind: str, text: str = "") -> None:
        """Count one more of `kind`; a line is kept only when there is something to say."""
        with self._lock:
            self.counts[kind] += 1
            if text:
                self._nth += 1
                self.lines.append(Line(self._nth, self.clock.now(), text))

    def since(self, nth: int) -> list[Line]:
        with self._lock:
            return [line for line in self.lines if line.nth > nth]

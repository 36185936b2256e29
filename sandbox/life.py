"""Lets the shop live: shoppers come by chance, each with a plan, and the counter does its part.

A plan is a generator that says how long it waits before it goes on: some business time, and at
least some real time, so that a shop whose days pass in minutes still leaves the app time to act,
as a human shopper would.
"""

import heapq
import time
from collections.abc import Callable, Generator
from itertools import count
from random import Random
from threading import Event, Lock, Thread
from typing import NamedTuple

from sandbox import cast, plans
from sandbox.observer import Observer
from sandbox.sandbox import Sandbox
from sandbox.story import Story
from sandbox.wait import Wait

Plan = Generator[Wait, None, None]
POLL = 0.05
VISITS_A_SECOND = 1.2


class Turn(NamedTuple):
    """When a plan goes on, in real seconds."""

    at: float
    nth: int
    plan: Plan
    wait: Wait
    until: float


class Life:
    """The shop's day. `speed` is business seconds a real second, `now` real seconds."""

    def __init__(
        self,
        sandbox: Sandbox,
        story: Story,
        *,
        speed: float = 1.0,
        visits_a_second: float = VISITS_A_SECOND,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sandbox = sandbox
        self.story = story
        self.speed = speed
        self.visits_a_second = visits_a_second
        self.trouble: list[str] = []
        self._now = now
        self._dice = Random(f"life:{sandbox.store.seed}")
        self._turns: list[Turn] = []
        self._count = count()
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._doors_open = False
        self._next_visit = 0.0
        sandbox.watchers.append(Observer(story).see)

    def start(self, *, with_cast: bool = True) -> None:
        """Open the doors; a second call changes nothing."""
        if self._thread is not None:
            return
        self.open(with_cast=with_cast)
        self._stop.clear()
        self._thread = Thread(target=self._run, name="life", daemon=True)
        self._thread.start()

    def open(self, *, with_cast: bool = True) -> None:
        self._doors_open, self._next_visit = True, self._now()
        if with_cast:
            for plan in cast.plans(self.sandbox, self.story):
                self.begin(plan)

    def close(self) -> None:
        """Nobody new comes in; those inside finish."""
        self._doors_open = False

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    @property
    def inside(self) -> int:
        """How many plans are under way."""
        return len(self._turns)

    def begin(self, plan: Plan) -> None:
        with self._lock:
            self._schedule(plan, Wait())

    def _schedule(self, plan: Plan, wait: Wait) -> None:
        now = self._now()
        last = now + max(wait.business.total_seconds() / self.speed, wait.real)
        at = min(now + POLL, last) if wait.until else last
        heapq.heappush(self._turns, Turn(at, next(self._count), plan, wait, last))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(max(0.002, min(self.step(), POLL)))

    def step(self) -> float:
        """Do what is due now; the seconds until something is."""
        now = self._now()
        while self._doors_open and self._next_visit <= now:
            self._next_visit += self._dice.expovariate(self.visits_a_second)
            self.begin(plans.somebody(self.sandbox, self.story, self._dice))
        while True:
            with self._lock:
                if not self._turns or self._turns[0].at > now:
                    break
                turn = heapq.heappop(self._turns)
            self._take(turn, now)
        ends = [self._turns[0].at] if self._turns else []
        ends += [self._next_visit] if self._doors_open else []
        return min(ends, default=now + POLL) - now

    def _take(self, turn: Turn, now: float) -> None:
        if turn.wait.until and now < turn.until and not turn.wait.until():
            with self._lock:
                again = turn._replace(at=now + POLL, nth=next(self._count))
                heapq.heappush(self._turns, again)
            return
        try:
            wait = next(turn.plan)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - one shopper's trouble is not the shop's
            self.trouble.append(f"{type(error).__name__}: {error}")
            return
        with self._lock:
            self._schedule(turn.plan, wait)

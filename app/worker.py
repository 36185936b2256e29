"""The process, or the thread, in which time passes."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Thread
from time import sleep

import structlog

from app.kit import leases
from app.kit.clock import stopwatch
from app.kit.house import House
from app.kit.loop import Agenda, Keeper
from app.kit.promises import Promise
from app.kit.tx import ShopId
from app.shops import flows as shops
from app.world import World

log = structlog.get_logger()

HANDS = 4
"""Errands at a time: they wait for the network, not for the processor."""
NAP = 0.25
GLANCE = 0.005
"""Seconds between two looks at an intake under pressure, from which the loop stands back."""
REST = 9
"""While the pressure lasts the loop rests so many times as long as its last turn took."""
FIRST_LOOK = 1.0
"""Seconds in which a process that has just begun sees how much is coming in."""
ERRANDS_WAIT = 30.0
"""Seconds for which a flood keeps errands from being begun: they compute, too."""
FEW = 8
"""Decisions a batch while the intake waits for the pen; but one in the first, where each
statement is said for the first time and has to be compiled.
"""
PROBATION = 5.0
"""Seconds a new process leaves alone what may have killed the last."""
LAST = 10.0
"""Seconds an errand in hand may still take once the process is told to go."""


class Worker:
    """Keeps promises until it is told to stop: decisions here, errands on a few threads."""

    def __init__(
        self,
        house: House,
        agenda: Agenda[World],
        world: Callable[[ShopId], World],
        *,
        probation: float = PROBATION,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self.keeper = Keeper(
            house, agenda, world, awake=shops.awake, excused=shops.excuses, probation=probation
        )
        self.house = house
        self._pressed = pressed
        self._woken = Event()
        self._stopping = False
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="errand")
        self._busy: set[Future[None]] = set()
        self._flooded_since: float | None = None
        self._few = 1
        self._thread: Thread | None = None

    def wake(self) -> None:
        self._woken.set()

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="loop", daemon=True)
        self._thread.start()

    def stop(self, *, last: float = LAST) -> bool:
        """Finishes what is in hand; what is only due waits for the next start. False if an errand
        would not end, as one that compiles loops: it is done anew when its lease is over.
        """
        self._stopping = True
        self.wake()
        if self._thread:
            self._thread.join(timeout=30)
        self._hands.shutdown(wait=False, cancel_futures=True)
        return not wait(self._busy, timeout=last).not_done

    def run(self) -> None:
        sleep(FIRST_LOOK)
        took = 0.0
        while not self._stopping:
            hurried = self._gives_way(REST * took)
            started = stopwatch()
            try:
                idle = not self.turn(hurried=hurried)
            except Exception:  # the loop outlives a database that is away for a moment
                log.exception("loop.stumbled")
                idle = True
            took = stopwatch() - started
            if idle:
                self._woken.wait(NAP)
                self._woken.clear()

    def _gives_way(self, most: float) -> bool:
        """A flood is written down first and worked after, but worked it is, in small turns: True
        if there still is a flood after `most` seconds.
        """
        since = stopwatch()
        while pressed := self._pressed():
            if stopwatch() - since >= most or self._stopping:
                break
            sleep(GLANCE)
        return pressed

    def _has_a_hand(self) -> bool:
        waits = self._flooded_since and stopwatch() - self._flooded_since < ERRANDS_WAIT
        return len(self._busy) < HANDS and not waits

    def turn(self, *, hurried: bool = False) -> int:
        """One round over the shops that have something due: a batch of decisions each."""
        done = 0
        self._flooded_since = (self._flooded_since or stopwatch()) if hurried else None
        self._busy = {errand for errand in self._busy if not errand.done()}
        for shop in leases.shops_with_due(self.house.engine, self.house.clock.now()):
            try:
                done += self._turn_of(shop, hurried=hurried)
            except Exception:  # the other shops are not to wait for this one
                log.exception("shop.stumbled", shop=shop)
        self._few = FEW if done else self._few
        return done

    def _turn_of(self, shop: ShopId, *, hurried: bool) -> int:
        done = self.keeper.decide_some(shop, most=self._few if hurried else None)
        if self._has_a_hand() and (promise := self.keeper.lease_errand(shop)):
            errand = self._hands.submit(self._run, shop, promise)
            errand.add_done_callback(lambda _: self.wake())
            self._busy.add(errand)
            done += 1
        return done

    def _run(self, shop: ShopId, promise: Promise) -> None:
        """What goes wrong in an errand is written down with it; if even that cannot be done, its
        lease runs out, and nobody would know why.
        """
        try:
            self.keeper.run_errand(shop, promise)
        except Exception:
            log.exception("errand.stumbled", shop=shop, kind=promise.kind)

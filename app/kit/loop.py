"""Keeping promises: one table, one loop, two kinds of handler.

A *decision* runs inside the transaction that marks its promise kept: exactly once.
An *errand* runs outside any transaction, for it is slow or reaches the network: at least
once, with an idempotency key the other side honours. It may hand back the next jobs, promised
as its own is marked kept.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.kit import leases
from app.kit.clock import effort, stopwatch
from app.kit.house import House, conflicts
from app.kit.promises import Promise
from app.kit.tx import Job, ShopId, Tx

J = TypeVar("J", bound=Job)
W = TypeVar("W")

After: TypeAlias = Job | Sequence[Job] | None

HOLD = 0.150
"""Seconds of work for which a batch of decisions may keep the pen: what comes in out of the blue
waits that long. While much comes in, batches are small (app.worker).
"""
SMALLEST, LARGEST = 8, 128
"""A batch: it grows while it is quick, shrinks when it holds the pen for too long, and after a rest
starts small again.
"""
MOST_TRIES = 8
MOST_AWAY = 40
"""Tries where the other side is merely `away`: a day and a half, so that a night without Saleor
gives nobody work in the morning.
"""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)


@dataclass(frozen=True)
class Decision(Generic[J]):
    job: type[J]
    decide: Callable[[J, Tx], None]
    decide_all: Callable[[Sequence[J], Tx], None] | None = None
    """Many at once, where that costs less. If it fails, each of them is decided alone."""


@dataclass(frozen=True)
class Errand(Generic[J, W]):
    job: type[J]
    run: Callable[[J, W], After]


class Agenda(Generic[W]):
    """Which handler keeps which kind of promise."""

    def __init__(
        self, *handlers: Decision[Any] | Errand[Any, W], always: Collection[type[Job]] = ()
    ) -> None:
        """`always` are kept even for a shop that sleeps."""
        self.always = frozenset(job.kind for job in always)
        self.decisions = {h.job.kind: h for h in handlers if isinstance(h, Decision)}
        self.errands = {h.job.kind: h for h in handlers if isinstance(h, Errand)}

    def without(self, *jobs: type[Job]) -> "Agenda[W]":
        """The same, but these stay promised until somebody with the whole agenda comes."""
        left = {job.kind for job in jobs}
        agenda = Agenda[W]()
        agenda.always = self.always - left
        agenda.decisions = {kind: h for kind, h in self.decisions.items() if kind not in left}
        agenda.errands = {kind: h for kind, h in self.errands.items() if kind not in left}
        return agenda


class Keeper(Generic[W]):
    """Leases what is due and keeps it. `world` is the outside that errands of a shop may touch.

    For a shop that is not `awake` only what the agenda keeps `always` is done. `excused` may
    take a failure upon itself: then the promise waits as if it had never been tried. What may
    have killed the last process is only touched after `probation` seconds, when this one has
    shown that it can live: somebody who pulls the plug again and again makes nothing guilty.
    """

    def __init__(
        self,
        house: House,
        agenda: Agenda[W],
        world: Callable[[ShopId], W],
        *,
        awake: Callable[[Tx], bool] = lambda _: True,
        excused: Callable[[Tx, Exception], bool] = lambda *_: False,
        probation: float = 0,
    ) -> None:
        self.house = house
        self.agenda = agenda
        self.world = world
        self.awake = awake
        self.excused = excused
        self.size = SMALLEST
        self.suspects_from = stopwatch() + probation

    def decide_some(self, shop: ShopId, *, most: int | None = None) -> int:
        """Keep a batch of the shop's due decisions in one transaction."""
        size = most or self.size
        held = self._take(shop, self.agenda.decisions, most=size, for_=timedelta(minutes=5))
        if not held:
            self.size = SMALLEST
            return 0
        try:
            return self._decide_held(shop, held)
        except DBAPIError as failure:
            if not conflicts(failure):
                raise
        with self.house.work(shop) as tx:  # two workers at the same rows: neither has failed
            leases.give_back(leases.still_mine(tx, held))
        return 0

    def _decide_held(self, shop: ShopId, held: Sequence[Promise]) -> int:
        done, started = 0, effort()
        with self.house.work(shop) as tx:
            started = effort()
            left = leases.still_mine(tx, held)
            while (left := leases.standing(tx, left)) and (not done or effort() - started < HOLD):
                group = self._first_of(left)
                left = [promise for promise in left if promise not in group]
                done += self._decide_group(tx, group)
            leases.give_back(left)
        self._resize(len(held), effort() - started)
        return done

    def _first_of(self, left: list[Promise]) -> list[Promise]:
        """The first, and those that are decided together with it."""
        kind = left[0].kind
        if self.agenda.decisions[kind].decide_all is None or left[0].lost:
            return left[:1]
        return [promise for promise in left if promise.kind == kind]

    def _resize(self, size: int, seconds: float) -> None:
        if seconds > HOLD:
            self.size = max(SMALLEST, self.size // 2)
        elif size == self.size and seconds < HOLD / 2:
            self.size = min(LARGEST, self.size * 2)

    def _decide_group(self, tx: Tx, group: list[Promise]) -> int:
        handler = self.agenda.decisions[group[0].kind]
        if len(group) > 1 and handler.decide_all:
            try:
                with tx.begin_nested():
                    jobs = [handler.job.model_validate(promise.body) for promise in group]
                    handler.decide_all(jobs, tx)
            except Exception as failure:  # one of them spoils it: each alone, then
                if conflicts(failure):
                    raise
            else:
                leases.keep_all(tx, leases.standing(tx, group))
                return len(group)
        for promise in group:
            if promise is group[0] or leases.standing(tx, [promise]):
                self._decide(tx, promise)
        return len(group)

    def _decide(self, tx: Tx, promise: Promise) -> None:
        try:
            with tx.begin_nested():
                handler = self.agenda.decisions[promise.kind]
                handler.decide(handler.job.model_validate(promise.body), tx)
        except Exception as failure:  # the fence: one bad promise stops no other
            if conflicts(failure):
                raise
            self._failed(tx, promise, failure)
        else:
            leases.keep(tx, promise)

    def _take(
        self, shop: ShopId, kinds: Collection[str], *, most: int, for_: timedelta
    ) -> list[Promise]:
        with self.house.look(shop) as tx:
            if not self.awake(tx):
                kinds = self.agenda.always.intersection(kinds)
        suspects = stopwatch() >= self.suspects_from
        return leases.take(self.house, shop, kinds=kinds, most=most, for_=for_, suspects=suspects)

    def lease_errand(self, shop: ShopId) -> Promise | None:
        held = self._take(shop, self.agenda.errands, most=1, for_=timedelta(minutes=10))
        return held[0] if held else None

    def run_errand(self, shop: ShopId, promise: Promise) -> None:
        """Do what was leased, then write down how it went, if the lease is still ours."""
        after: After = None
        trouble: Exception | None = None
        try:
            handler = self.agenda.errands[promise.kind]
            after = handler.run(handler.job.model_validate(promise.body), self.world(shop))
        except Exception as failure:  # noqa: BLE001  # the fence
            trouble = failure
        self.house.do(shop, lambda tx: self._write_down(tx, promise, after, trouble))

    def _write_down(self, tx: Tx, held: Promise, after: After, trouble: Exception | None) -> None:
        for promise in leases.still_mine(tx, [held]):
            if trouble:
                self._failed(tx, promise, trouble)
                continue
            leases.keep(tx, promise)
            for job in [after] if isinstance(after, Job) else after or ():
                tx.later(job)

    def settle(self, shops: Callable[[], Sequence[ShopId]]) -> int:
        """Keep all that is due now, one thing after the other: for tests and `--once`."""
        kept = 0
        while True:
            before = kept
            for shop in shops():
                kept += self.decide_some(shop)
                if promise := self.lease_errand(shop):
                    self.run_errand(shop, promise)
                    kept += 1
            if kept == before:
                return kept

    def _failed(self, tx: Tx, promise: Promise, failure: Exception) -> None:
        if self.excused(tx, failure):
            leases.give_back([promise])
            return
        most = MOST_AWAY if getattr(failure, "away", False) else MOST_TRIES
        if hopeless(failure) or promise.tries >= most:
            leases.park(tx, promise, reason=reason(failure))
            return
        wait = self.house.clock.after(patience(promise.tries, failure))
        leases.put_off(promise, until=tx.now + wait, reason=reason(failure))


def hopeless(failure: Exception) -> bool:
    """Nothing will change by trying again: a poisoned payload, or whoever raised it says so."""
    return isinstance(failure, ValidationError) or bool(getattr(failure, "permanent", False))


def patience(tries: int, failure: Exception) -> timedelta:
    """Real time to wait before the next try: doubling from 10 s to an hour, or what the other side
    asked.
    """
    asked = getattr(failure, "retry_after", None)
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(max(tries, 1) - 1, 16), LONGEST_WAIT)
    return max(doubled, timedelta(seconds=asked)) if asked else doubled


def reason(failure: Exception) -> str:
    """What an operator may read: the kind of failure and where, never what a customer typed."""
    if isinstance(failure, ValidationError):
        places = {".".join(map(str, e["loc"])) + ": " + e["type"] for e in failure.errors()}
        return "the payload does not fit: " + "; ".join(sorted(places))[:500]
    if getattr(failure, "public", False):
        return f"{type(failure).__name__}: {failure}"[:500]
    return _where(failure)


def _where(failure: Exception) -> str:
    trace = failure.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return f"{type(failure).__name__}{place}"

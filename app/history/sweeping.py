"""IN-4: reading again and again what has changed, in case nobody told us."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from app.carts import flows as carts
from app.carts import queries as checkouts
from app.catalog import flows as catalog
from app.history import flows, overhearing, queries, rules
from app.history.flows import HearFailed, Sweep
from app.history.rules import EVERY, Kind
from app.history.sources import SOURCES, Flaw, Stretch, Told
from app.history.timing import AWAY, TURN, come_back, pace
from app.history.walking import ImpassableError, walk
from app.kit.clock import stopwatch
from app.kit.hearing import Hearing
from app.kit.tx import Tx
from app.saleor.client import PartialAnswerError, SaleorError
from app.saleor.operations import CHECKOUT, FAILED_DELIVERIES
from app.saleor.shapes import Delivery, OneCheckout
from app.saleor.shapes.events import CheckoutEvent
from app.world import World

UNHEARD = timedelta(days=1)
MOST_UNHEARD = 50
HEARD_AGAIN = ("order_", "customer_", "account_")
"""Deliveries that may be heard late. What the app's own switch was days ago is no news."""


def sweep(job: Sweep, world: World) -> None:
    """IN-4: what has changed since the last sweep, and a margin before it."""
    with world.look() as tx:
        last = queries.swept_at(tx, job.of) or tx.now
    margin = pace(world, rules.MARGIN)
    job = Sweep(
        of=job.of,
        began=job.began or world.clock.now(),
        since=job.since or last - margin,
        after=job.after,
    )
    try:
        missed, after = _sweep(world, job)
    except AWAY:
        come_back(world, job)
        return
    late = job.began is not None and job.began - last > 2 * pace(world, EVERY[job.of])
    if job.of is Kind.ORDERS and (missed or late):
        world.do(flows.hearing_failed)
    if after:
        go_on = job.model_copy(update={"after": after})
        world.do(lambda tx: tx.postpone(go_on, until=tx.now))
        return
    if job.of is Kind.CHECKOUTS:
        _look_for_the_quiet(world)
    every = pace(world, EVERY[job.of])
    world.do(partial(_swept, job=job, every=every))


def _swept(tx: Tx, job: Sweep, every: timedelta) -> None:
    flows.swept(tx, job.of, at=job.began or tx.now)
    tx.postpone(Sweep(of=job.of), until=tx.now + every)


def _sweep(world: World, job: Sweep) -> tuple[bool, str | None]:
    """Whether something was never heard of; and where to go on if there was not time enough."""
    till, missed = stopwatch() + TURN, False
    since = job.since.date() if job.since and job.of is Kind.CHECKOUTS else job.since
    source = SOURCES[job.of]
    asking = {"since": since}
    try:
        for stretch in walk(world.saleor, world.clock, source, after=job.after, asking=asking):
            missed |= world.do(partial(_notice, of=job.of, stretch=stretch, world=world))
            if stretch.next and stopwatch() > till:
                return missed, stretch.next
    except ImpassableError as end:
        flaw = Flaw(f"after {end.after or 'the start'}", None, str(end), read=False)
        world.do(partial(flows.note, kind=job.of, flaws=[flaw]))
    return missed, None


def _notice(tx: Tx, of: Kind, stretch: Stretch[Any], world: World) -> bool:
    flows.note(tx, of, stretch.flaws)
    if of is Kind.PRODUCTS:
        catalog.stock(tx, [product for product, _ in stretch.told])
        return False
    news = overhearing.news(tx, of, stretch.told)
    overhearing.overhear(tx, of, news)
    stale = tx.now - pace(world, rules.MISSED_AFTER)
    return any(one.thing.updated_at < stale for one in news)


def _look_for_the_quiet(world: World) -> None:
    """AC-9: Saleor deletes checkouts and tells nobody."""
    with world.look() as tx:
        quiet = checkouts.unheard(tx, since=tx.now - UNHEARD, limit=MOST_UNHEARD)
    for cart in quiet:
        asked = world.clock.now()
        try:
            answer = world.saleor.run(CHECKOUT, id=cart.checkout)
        except SaleorError:
            return
        told = Hearing(asked)
        world.do(partial(_found, checkout=cart.checkout, answer=answer, heard=told))


def _found(tx: Tx, checkout: str, answer: OneCheckout, heard: Hearing) -> None:
    if answer.checkout is None:
        carts.miss(tx, checkout)
    else:
        overhearing.overhear(tx, Kind.CHECKOUTS, [Told(answer.checkout, heard)])


def hear_failed(_: HearFailed, world: World) -> None:
    """Once a day, and after a gap: what Saleor could not deliver, word for word as it was."""
    try:
        failed = world.saleor.run(FAILED_DELIVERIES).deliveries
    except AWAY:
        come_back(world, HearFailed())
        return
    except PartialAnswerError:
        failed = []
    wait = pace(world, timedelta(days=1))
    oldest_first = sorted(failed, key=lambda delivery: delivery.created_at)
    world.do(partial(_hear, deliveries=oldest_first))
    world.do(lambda tx: tx.postpone(HearFailed(), until=tx.now + wait))


def _hear(tx: Tx, deliveries: Sequence[Delivery]) -> None:
    told = [
        overhearing.Body(delivery.event_type.lower(), delivery.payload.encode())
        for delivery in deliveries
        if delivery.payload
    ]
    overhearing.promise(tx, [body for body in told if body.event.startswith(HEARD_AGAIN)])
    touched = [_checkout(body) for body in told if body.event.startswith("checkout_")]
    news = overhearing.news(tx, Kind.CHECKOUTS, [one for one in touched if one])
    overhearing.overhear(tx, Kind.CHECKOUTS, news)


def _checkout(body: overhearing.Body) -> Told[Any] | None:
    """A shopper's step of long ago is known, but nothing is done on her checkout now (AC-3)."""
    try:
        event = CheckoutEvent.read(body.raw)
    except ValueError:
        return None
    if event.checkout is None or event.issued_at is None:
        return None
    return Told(event.checkout, Hearing(event.issued_at, nulled=event.nulled))

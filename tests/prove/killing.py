"""Kills at random moments, and the quiet after them in which everything has to come right."""

import time

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select

from app.kit.promises import Promise
from app.kit.tx import Tx
from app.loyalty.tables import Code
from app.orders.tables import Order
from tests.prove import theirs
from tests.prove.stage import Stage, say
from tests.prove.verdict import complaints
from tests.support.processes import until

ROUNDS = ("history.sweep", "history.hear_failed", "history.compare", "history.recheck")
"""What comes again and again, and is never through."""
SOON = (0.3, 4.0)
"""Seconds for which an app stands before it is killed."""
IN_BOOT = 0.2
"""The share of kills that do not wait until it stands."""


def lives_under_fire(
    stage: Stage, *, kills: int, visits_a_second: float, closing: float = 90
) -> None:
    """The shop lives while the app is killed; `closing` seconds for who is still inside."""
    stage.installs()
    stage.learns()
    stage.switches_offers_on()
    stage.lives("start", visits_a_second=visits_a_second)
    caught = sum(_one_kill(stage, nth + 1) for nth in range(kills))
    stage.lives("close")
    end = time.monotonic() + closing
    while stage.status()["life"]["inside"] and time.monotonic() < end:
        time.sleep(0.5)
    stage.lives("stop")
    comes_to_rest(stage)
    _sum_up(stage, caught)
    life = stage.status()["life"]
    assert not life["trouble"], life["trouble"]
    assert not life["counts"].get("codes forced"), "a code came back that was taken off"
    assert life["counts"].get("codes given"), "no code was given: nothing was proved"
    is_right(stage)


def imports_under_fire(stage: Stage, *, kills: int) -> None:
    stage.installs()
    caught = 0
    for nth in range(kills):
        time.sleep(stage.dice.uniform(0.3, 1.5))
        assert not stage.imported(), f"the import was over before kill {nth + 1}"
        caught += _kill(stage, nth + 1)
        stage.starts()
    stage.learns()
    comes_to_rest(stage)
    _sum_up(stage, caught)
    is_right(stage)


def _one_kill(stage: Stage, nth: int) -> int:
    """How many promises were in hand when it came."""
    caught = 0
    if stage.dice.random() < IN_BOOT:
        caught += _kill(stage, nth)
        stage.begins_to_start()
    time.sleep(stage.dice.uniform(*SOON))
    caught += _kill(stage, nth)
    stage.starts()
    return caught


def _kill(stage: Stage, nth: int) -> int:
    stage.kills()
    with stage.look() as tx:
        held = _how_many(tx, col(Promise.lease).is_not(None))
        waiting = _how_many(tx, _open(tx))
    say(f"kill {nth}: {held} promises in hand, {waiting} to be kept")
    return held


def comes_to_rest(stage: Stage, *, within: float = 180) -> None:
    """All is delivered and worked; what Saleor gave up has been swept in."""

    def delivered() -> bool:
        return not stage.status()["deliveries"]["waiting"]

    until(delivered, "everything is delivered", within=within)
    if stage.status()["deliveries"]["failed"]:
        quiet = stage.house.clock.now()
        swept = "orders and customers are swept"
        until(lambda: _swept_since(stage, quiet), swept, within=within)
    until(lambda: all(_at_rest(stage) for _ in range(3)), "everything is worked", within=within)


def _swept_since(stage: Stage, quiet: object) -> bool:
    swept = stage.swept()
    return all(swept[kind] > quiet for kind in ("orders", "customers"))


def _at_rest(stage: Stage) -> bool:
    time.sleep(0.2)
    with stage.look() as tx:
        return not _how_many(tx, _open(tx))


def _open(tx: Tx) -> ColumnElement[bool]:
    """Due, or begun and not kept."""
    return (
        col(Promise.kept_at).is_(None)
        & col(Promise.parked_at).is_(None)
        & col(Promise.kind).not_in(ROUNDS)
        & or_(col(Promise.due) <= tx.now, col(Promise.tries) > 0)
    )


def _how_many(tx: Tx, *so: ColumnElement[bool]) -> int:
    """Promises of which all that is so."""
    return tx.exec(select(func.count(col(Promise.id))).where(*so)).one()


def is_right(stage: Stage) -> None:
    with stage.look() as tx:
        wrong = complaints(tx, theirs.read(stage))
    assert not wrong, "\n".join(wrong)
    doctor = stage.pair.doctor()
    if doctor.returncode:  # a comparison made in the middle of it all is made again
        until(lambda: not stage.pair.doctor().returncode, doctor.stdout, within=90, every=3)


def _sum_up(stage: Stage, caught: int) -> None:
    status = stage.status()
    with stage.look() as tx:
        orders = tx.exec(select(func.count(col(Order.id)))).one()
        codes = tx.exec(select(func.count(col(Code.id)))).one()
        used = tx.exec(select(func.count(col(Code.used_at)))).one()
    say(f"deliveries: {status['deliveries']}; {caught} promises were in hand at kills")
    say(f"orders: {orders} here, {status['orders']} in the shop; codes: {codes}, {used} used")
    say(f"in the shop: {status['life']['counts']}")

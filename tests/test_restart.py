"""A process that was killed comes back: what it had in hand does not wait for its leases."""

from datetime import date, timedelta
from typing import Any, cast

import pytest
from sqlmodel import select

from app import agenda
from app.history import flows as history
from app.kit import leases
from app.kit.house import House
from app.kit.loop import Agenda, Decision, Keeper
from app.kit.promises import Promise
from app.kit.tx import Job, ShopId, Tx
from app.serving import pick_up
from app.shops.flows import Chore, Daily
from tests.support.story import Shop

ONE, TWO = ShopId(1), ShopId(2)


class Note(Job, kind="test.note"):
    text: str


class Urgent(Job, kind="test.urgent", rank=0):
    text: str


def test_what_a_killed_process_had_in_hand_is_kept_as_soon_as_it_is_back(house: House) -> None:
    """IN-1: a delivery is heard, and a restart is no reason to let it wait for minutes."""
    done: list[str] = []
    keeper = Keeper(
        house, Agenda[None](Decision(Note, lambda job, _: done.append(job.text))), lambda _: None
    )
    for shop in (ONE, TWO):
        with house.work(shop) as tx:
            tx.later(Note(text=f"of shop {shop}"))
        keeper._take(shop, keeper.agenda.decisions, most=9, for_=timedelta(minutes=5))
    keeper.settle(lambda: [ONE, TWO])
    assert done == []

    pick_up(house)
    keeper.settle(lambda: [ONE, TWO])

    if house.settings.embedded:
        assert done == ["of shop 1", "of shop 2"]
    else:  # other processes may be at work: their leases stand
        assert done == []


def test_what_a_dead_process_left_behind_waits_for_more_urgent_work_unharmed(house: House) -> None:
    """Three looks at it are not three deaths."""
    done: list[str] = []

    def keep(job: Note | Urgent, _: Tx) -> None:
        done.append(job.text)

    keeper = Keeper(
        house, Agenda[None](Decision(Note, keep), Decision(Urgent, keep)), lambda _: None
    )
    with house.work(ONE) as tx:
        tx.later(Note(text="left behind"))
    keeper._take(ONE, keeper.agenda.decisions, most=9, for_=timedelta(minutes=5))
    leases.take_over(house.engine)
    for round_ in range(5):
        with house.work(ONE) as tx:
            tx.later(Urgent(text=f"urgent {round_}"))
        keeper.decide_some(ONE)
    keeper.settle(lambda: [ONE])

    assert done == [*(f"urgent {round_}" for round_ in range(5)), "left behind"]


def test_what_may_have_killed_a_process_is_taken_with_nobody_else(house: House) -> None:
    """If it kills again, it kills nobody's else."""

    def taken() -> list[str]:
        held = leases.take(house, ONE, kinds=[Note.kind], most=9, for_=timedelta(minutes=5))
        return [promise.body["text"] for promise in held]

    now = house.clock.now()
    with house.work(ONE) as tx:
        tx.later(Note(text="suspect"))
    assert taken() == ["suspect"]
    leases.take_over(house.engine)
    with house.work(ONE) as tx:
        tx.later(Note(text="before it"), at=now - timedelta(minutes=1))
        tx.later(Note(text="behind it"), at=now)
    assert taken() == ["before it", "behind it"]
    assert taken() == ["suspect"]


def test_a_night_in_which_one_room_stumbles_is_a_night_for_the_others_and_not_the_last(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was all or nothing, and after eight tries there was no other night until a restart."""

    def stumble(_: Tx, __: date) -> None:
        raise RuntimeError

    monkeypatch.setitem(cast("dict[str, Any]", agenda.NIGHTLY), "tiers", stumble)
    with shop.work() as tx:
        tx.later(Daily.of(tx.now))
    shop.settles()
    rows = [row for row in shop.all(Promise) if row.kind in (Daily.kind, Chore.kind)]
    left = {row.body.get("of", row.kind) for row in rows if row.kept_at is None}
    assert left == {"tiers", Daily.kind}
    (next_night,) = [row for row in rows if row.kind == Daily.kind and row.kept_at is None]
    assert next_night.due > shop.house.clock.now()


def test_what_comes_again_and_again_is_taken_up_every_night(shop: Shop) -> None:
    """A sweep that stumbled over something has not ended for good."""
    with shop.work() as tx:
        history.keep_watch(tx)
        for promise in tx.exec(select(Promise)).all():
            leases.park(tx, promise, reason="a bug of yesterday")
    with shop.work() as tx:
        tx.later(Daily.of(tx.now))
    shop.perennial.worker.keeper.decide_some(shop.id)
    shop.perennial.worker.keeper.decide_some(shop.id)
    sweeps = [row for row in shop.all(Promise) if row.kind == history.Sweep.kind]
    assert sweeps
    assert [row.parked_at for row in sweeps] == [None] * len(sweeps)

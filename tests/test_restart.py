"""A process that was killed comes back: what it had in hand does not wait for its leases."""

from datetime import timedelta

from app.kit import leases
from app.kit.house import House
from app.kit.loop import Agenda, Decision, Keeper
from app.kit.tx import Job, ShopId, Tx
from app.serving import pick_up

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

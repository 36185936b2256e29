"""The thread in which time passes, and how it ends."""

from threading import Event

from app.kit.loop import Agenda, Errand
from app.kit.promises import Promise
from app.kit.tx import Job
from app.worker import Worker
from app.world import World
from tests.support.story import Shop


class Compiling(Job, kind="test.compiling"):
    pass


def test_a_process_that_is_told_to_go_waits_for_no_errand_that_will_not_end(shop: Shop) -> None:
    begun, over = Event(), Event()

    def compiles(_: Compiling, __: World) -> None:
        begun.set()
        over.wait()

    agenda = Agenda[World](Errand(Compiling, compiles))
    worker = Worker(shop.house, agenda, shop.perennial.reach.world, probation=0)
    with shop.work() as tx:
        tx.later(Compiling())
    worker.turn()
    begun.wait()
    assert not worker.stop(last=0)

    over.set()
    assert worker.stop()
    (promise,) = [one for one in shop.all(Promise) if one.kind == Compiling.kind]
    assert promise.kept_at == shop.house.clock.now()

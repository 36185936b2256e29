"""The thread in which time passes, and how it ends."""

from threading import Event

from app.kit.loop import MOST_TRIES, Agenda, Errand
from app.kit.promises import Promise
from app.kit.tx import Job
from app.saleor.errors import TokenRefusedError
from app.shops import flows as shops
from app.shops.tables import Status
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


class Asking(Job, kind="test.asking"):
    pass


def test_work_for_a_shop_that_refuses_our_token_waits_and_is_nobodys_fault(shop: Shop) -> None:
    """However often: it is done once the shop takes us back."""
    done: list[Asking] = []

    def asks(job: Asking, _: World) -> None:
        with shop.look() as tx:
            if not done and shops.this_shop(tx).saleor_version != "back":
                raise TokenRefusedError("asking")
        done.append(job)

    keeper = Worker(
        shop.house, Agenda[World](Errand(Asking, asks)), shop.perennial.reach.world, probation=0
    ).keeper
    with shop.work() as tx:
        tx.later(Asking())
    for _ in range(MOST_TRIES + 1):
        with shop.work() as tx:
            shops.take_back(tx)
        keeper.settle(lambda: [shop.id])
        with shop.look() as tx:
            assert shops.this_shop(tx).status == Status.REFUSED
    assert not shop.errors()

    with shop.work() as tx:
        shops.take_back(tx)
        shops.this_shop(tx).saleor_version = "back"
    keeper.settle(lambda: [shop.id])
    assert done == [Asking()]

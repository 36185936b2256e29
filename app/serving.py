"""Starting and stopping: the database made ready, installed shops brought up to date, the loop."""

import os
import signal
import sys
import time
from threading import Event

import structlog
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlmodel import Session, col, select

from app.agenda import AGENDA, COMPUTING
from app.history import flows as history
from app.history import queries as reading
from app.kit import leases
from app.kit.house import House
from app.kit.logs import speak_plainly
from app.kit.memory import collect_seldom
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx
from app.messages import outlets
from app.saleor.manifest import VERSION
from app.shops.flows import Daily, Reconcile
from app.shops.reach import Reach
from app.shops.tables import Shop, Status
from app.worker import Worker
from webhooks.doorman import doorman

log = structlog.get_logger()

SWITCH = 0.0005
"""Seconds after which a thread must let another one run. The loop computes, the door only waits for
its turn: at Python's own 5 ms each of its many small steps would wait that long.
"""


def open_house(settings: Settings) -> House:
    """The house with its tables made, its tokens under the newest key, its shops up to date."""
    house = House.of(settings)
    house.migrate()
    for shop in installed(house):
        house.do(shop, lambda tx: bring_up_to_date(tx, house))
    return house


def installed(house: House) -> list[ShopId]:
    with Session(house.engine) as session:
        live = select(Shop.id).where(col(Shop.status) != Status.DELETED.value)
        return [ShopId(id_) for id_ in session.exec(live) if id_]


def bring_up_to_date(tx: Tx, house: House) -> None:
    """A new version of the app gives installed shops its webhooks; a new key reseals secrets."""
    shop = tx.exec(select(Shop).where(Shop.id == tx.shop)).one()
    shop.token = house.secrets.renew(shop.token)
    shop.code_secret = house.secrets.renew(shop.code_secret)
    outlets.reseal(tx, house)
    if shop.app_version != VERSION:
        tx.later(Reconcile(version=VERSION, occasion=f"upgrade to {VERSION}"))
    tx.later(Daily.of(tx.now))
    if shop.status == Status.ACTIVE:
        history.keep_watch(tx)


def pick_up(house: House) -> None:
    """On SQLite there is one server: what another had in hand was left there by a dead one.

    Elsewhere the leases of the dead run out by themselves.
    """
    if house.settings.embedded:
        with house.gate.through():
            leases.take_over(house.engine)


def serve(settings: Settings) -> None:
    from app.main import Perennial  # noqa: PLC0415  # pages load compilers; an import needs neither

    speak_plainly()
    collect_seldom()
    house = open_house(settings)
    pick_up(house)
    perennial = Perennial(house, works=settings.embedded)
    sys.setswitchinterval(SWITCH)
    log.info("serving", host=settings.host, port=settings.port)
    uvicorn.run(
        perennial.asgi,
        http=doorman(perennial.door),
        host=settings.host,
        port=settings.port,
        access_log=False,  # it would write tokens and addresses of people down
        log_config=None,  # as app.kit.logs has it
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=10,
    )


def work(settings: Settings) -> None:
    speak_plainly()
    collect_seldom()
    house = open_house(settings)
    worker = Worker(house, AGENDA, Reach(house).world)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    worker.start()
    stop.wait()
    if not worker.stop():
        os._exit(0)  # Python itself would wait for its last thread, however long


def import_history(settings: Settings, api_url: str | None, out: Console) -> int:
    """Promise the import for the shops asked for and watch it. The exit code."""
    collect_seldom()
    house = open_house(settings)
    with Session(house.engine) as session:
        rows = session.exec(select(Shop).where(col(Shop.status) == Status.ACTIVE.value)).all()
    shops = [ShopId(row.id or 0) for row in rows if api_url in (None, row.api_url)]
    if not shops:
        out.print("No installed shop" + (f" at {api_url}" if api_url else "") + ".")
        return 1
    for shop in shops:
        house.do(shop, history.begin)
    worker = Worker(house, AGENDA.without(*COMPUTING), Reach(house).world)
    worker.start()
    try:
        return max(_watch(house, shop, out) for shop in shops)
    finally:
        worker.stop()


def take_up(settings: Settings, api_url: str | None, out: Console) -> int:
    """What was given up on is due again; whoever serves the shop keeps it. The exit code."""
    house = House.of(settings)
    with Session(house.engine) as session:
        rows = session.exec(select(Shop).order_by(col(Shop.api_url))).all()
    shops = [row for row in rows if api_url in (None, row.api_url)]
    for row in shops:
        count = house.do(ShopId(row.id or 0), leases.reopen)
        out.print(f"{row.api_url}: {count} taken up again", markup=False, soft_wrap=True)
    house.engine.dispose()
    if not shops:
        out.print("No installed shop" + (f" at {api_url}" if api_url else "") + ".", markup=False)
    return 0 if shops else 1


def _watch(house: House, shop: ShopId, out: Console) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=out) as bars:
        tasks: dict[str, object] = {}
        while True:
            with house.look(shop) as tx:
                progress = reading.progress(tx)
            for part in progress.parts:
                if part.name not in tasks:
                    tasks[part.name] = bars.add_task(part.name, total=part.total)
                bars.update(tasks[part.name], completed=part.done, total=part.total)  # type: ignore[arg-type]
            if progress.done:
                return 0
            time.sleep(0.5)

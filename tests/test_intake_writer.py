"""The writer behind the door: what a delivery goes by, and how many go in one commit."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from app.kit import copying
from app.kit import intake as writer
from app.kit.deliveries import Heard as Job
from app.kit.deliveries import name_of
from app.kit.house import House
from app.kit.intake import Heard, Intake
from app.kit.promises import Delivery, Promise
from app.kit.tx import ShopId

SHOP = ShopId(1)
PER_ASKER = 40


@pytest.fixture
def intake(house: House) -> Iterator[Intake]:
    intake = Intake(house.durable, house.gate, house.clock, wake=lambda: None)
    yield intake
    intake.close()


def test_in2_a_delivery_goes_by_its_bytes_and_lies_beside_those_of_its_time() -> None:
    bodies = [f'{{"issuedAt": "2026-03-02T09:0{n}:00Z"}}'.encode() for n in range(3)]
    keys = [name_of("order_created", body).key for body in bodies]
    assert keys == sorted(keys)
    assert name_of("order_updated", bodies[0]).key not in keys
    assert name_of("order_created", bodies[0] + b" ").key != keys[0]
    nameless = name_of("order_created", b'{"issuedAt": "\xff\xff"}')
    assert nameless.key == f"webhook.heard:{nameless.hash}"


def test_a_delivery_promised_before_names_had_times_keeps_its_name() -> None:
    assert Job(event="order_created", hash="abc").key == "webhook.heard:abc"


def test_in_a_flood_a_commit_waits_for_those_who_are_on_their_way(
    house: House, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 60.0)
    monkeypatch.setattr(writer, "EBB", 3600.0)  # the flood never ends
    commits = _commits(intake)

    async def flood() -> None:
        first = [asyncio.create_task(intake.write(_heard(f"first {n}"))) for n in range(64)]
        with intake._news:
            await asyncio.sleep(0)  # all of them come before the writer wakes
        await asyncio.gather(*first)
        commits.clear()
        early = [asyncio.create_task(intake.write(_heard(f"then {n}"))) for n in range(31)]
        await asyncio.sleep(0.1)
        assert not commits
        await asyncio.gather(*early, intake.write(_heard("the last")))

    asyncio.run(flood())
    assert len(commits) == 1
    assert _kept(house) == 64 + 32


def test_who_speaks_over_few_connections_is_not_kept_waiting(
    house: House, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 1.0)
    monkeypatch.setattr(writer, "EBB", 3600.0)  # the flood never ends
    commits, started = _commits(intake), time.perf_counter()
    asyncio.run(_ask(intake, askers=4))
    assert _kept(house) == 4 * PER_ASKER
    assert time.perf_counter() - started < len(commits) / 2


def test_what_is_heard_is_copied_into_the_file_beside_the_writing(
    house: House, intake: Intake, tmp_path: Path
) -> None:
    """Without it the log of so little is only copied when the house is closed."""
    if not house.settings.embedded:
        pytest.skip("PostgreSQL copies its log by itself")
    asyncio.run(_ask(intake, askers=20))
    intake.close()
    alone = tmp_path / "alone.db"
    shutil.copy(str(house.engine.url.database), alone)  # and not the log beside it
    with closing(sqlite3.connect(alone)) as wire:
        (found,) = wire.execute("SELECT count(*) FROM delivery").fetchone()
    assert copying.EVERY <= found <= 20 * PER_ASKER


def _commits(intake: Intake) -> list[Any]:
    commits: list[Any] = []
    event.listen(intake._engine, "commit", commits.append)
    return commits


async def _ask(intake: Intake, *, askers: int) -> None:
    """Each sends its next when its last is on disk, as a kept connection does."""

    async def one(asker: int) -> None:
        for n in range(PER_ASKER):
            await intake.write(_heard(f"{asker} {n}"))

    await asyncio.gather(*(one(asker) for asker in range(askers)))


def _heard(body: str) -> Heard:
    raw = body.encode()
    return Heard(SHOP, name_of("order_created", raw), "order_created", raw)


def _kept(house: House) -> int:
    with house.look(SHOP) as tx:
        promises = tx.exec(select(func.count(col(Promise.id)))).one()
        assert tx.exec(select(func.count(col(Delivery.id)))).one() == promises
    return promises

"""Starting, stumbling, and what is written about it."""

import json
import logging
import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
from pydantic import BaseModel, ValidationError
from rich.console import Console
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from structlog.testing import capture_logs
from typer.testing import CliRunner

from app.cli import cli
from app.doctor import _shop, examine
from app.history.tables import Misfit, Passage
from app.kit import leases
from app.kit.house import House
from app.kit.logs import Wordless, without_words
from app.kit.loop import Agenda, Decision, Errand
from app.kit.promises import Delivery
from app.kit.rowlock import EVERY, open_for
from app.kit.secret import Secrets
from app.kit.settings import Settings
from app.kit.tx import Job, ShopId
from app.main import Perennial
from app.messages.hooks.tables import Hook
from app.messages.tables import Outlet
from app.serving import bring_up_to_date, take_up
from app.shops.flows import this_shop
from app.worker import Worker
from tests.support.story import Shop

ONE, TWO = ShopId(1), ShopId(2)


class Call(Job, kind="test.call"):
    number: str

    @property
    def lane(self) -> str:
        return "phone"


class Letter(Job, kind="test.letter"):
    to: str

    @property
    def lane(self) -> str:
        return "phone"


# -- the key


def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path}/new.db", _env_file=None)


def test_the_key_beside_the_database_is_made_once_and_is_for_its_owner_alone(
    tmp_path: Path,
) -> None:
    assert settings(tmp_path).phrases == settings(tmp_path).phrases
    (file,) = tmp_path.iterdir()
    assert file.name == "new.db.key"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_that_was_lost_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """A disk that was full left an empty file, and every token was sealed with nothing."""
    (tmp_path / "new.db.key").touch()
    with pytest.raises(ValueError, match="is empty"):
        _ = settings(tmp_path).phrases


def test_customers_data_in_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    house = House.of(settings(tmp_path))
    with house.work(ONE) as tx:
        tx.connection()
        modes = {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()}
    house.engine.dispose()
    assert modes
    assert set(modes.values()) == {0}


def test_under_a_new_key_everything_is_sealed_anew_and_the_old_one_may_go(shop: Shop) -> None:
    """Passwords of mail servers too: only tokens were, and with the old key they were lost."""
    sealed = shop.house.secrets.seal
    with shop.work() as tx:
        outlet = Outlet(
            channel="email", url=sealed("u"), inbox=sealed("i"), secret=sealed("s"), since=tx.now
        )
        tx.add(outlet)
        tx.add(Hook(url="https://other.example/", secret=sealed("h")))
    both = replace(shop.house, secrets=Secrets(["new", "a phrase of the tests"]))
    with shop.work() as tx:
        bring_up_to_date(tx, both)
    new = Secrets(["new"])
    (outlet,), (hook,) = shop.all(Outlet), shop.all(Hook)
    opened = [new.open(one) for one in (outlet.url, outlet.inbox, outlet.secret, hook.secret)]
    assert opened == ["u", "i", "s", "h"]


def test_a_lost_key_does_not_keep_the_app_from_starting(shop: Shop) -> None:
    """Nobody could have installed it anew, which is what mends it."""
    with shop.work() as tx:
        bring_up_to_date(tx, replace(shop.house, secrets=Secrets(["another"])))


# -- two at once


def test_in1_what_is_answered_is_on_the_disk_and_not_only_on_its_way(tmp_path: Path) -> None:
    """A lost power line takes nothing that somebody was told we have. NORMAL is 1, FULL 2."""
    house = House.of(settings(tmp_path))
    perennial = Perennial(house, works=False)
    engines = (house.engine, house.durable, perennial.intake._engine)
    said = []
    for engine in engines:
        with engine.execution_options(reads_only=True).connect() as connection:
            said.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())
    assert said == [1, 2, 2]
    perennial.close()
    for engine in engines:
        engine.dispose()


def test_of_processes_that_start_together_one_migrates_after_the_other(postgres: str) -> None:
    """Before they waited for each other the second died of what the first had just made."""
    told = Settings(database_url=postgres, secret_keys="a phrase", _env_file=None)
    first, second = House.of(told), House.of(told)
    order: list[str] = []

    def start_too() -> None:
        with second._alone():
            order.append("second")

    other = Thread(target=start_too)
    with first._alone(), first.engine.connect() as connection:
        other.start()
        asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not connection.execute(asked).scalar() and other.is_alive():
            connection.rollback()
        order.append("first")
    other.join()
    first.engine.dispose()
    second.engine.dispose()
    assert order == ["first", "second"]


def test_two_workers_never_hold_one_lane_together(house: House) -> None:
    """On PostgreSQL neither sees what the other has not committed yet."""
    with house.work(ONE) as tx:
        tx.later(Call(number="1"))
        tx.later(Letter(to="ana"))
    later: list[list[leases.Promise]] = []

    def take(kind: str) -> list[leases.Promise]:
        return leases.take(house, ONE, kinds=[kind], most=9, for_=timedelta(minutes=5))

    if not house.settings.embedded:  # on SQLite the other one waits for the pen

        @event.listens_for(house.engine, "commit", once=True)
        def _(_: object) -> None:
            later.append(take(Letter.kind))

    earlier = take(Call.kind)
    later = later or [take(Letter.kind)]
    assert [len(earlier), len(later[0])].count(1) == 1
    with house.work(ONE) as tx:
        leases.keep_all(tx, [*earlier, *later[0]])
    assert len([*take(Call.kind), *take(Letter.kind)]) == 1


def test_what_two_processes_hear_in_one_moment_is_written_once_and_no_other_is_refused(
    shop: Shop,
) -> None:
    engine, said = shop.perennial.intake._engine, set[str]()

    def hear_it_too(
        _: Connection, __: object, statement: str, told: tuple[object, ...], *___: object
    ) -> None:
        if statement.startswith("INSERT INTO promise") and statement not in said:
            said.add(statement)
            with shop.house.engine.begin() as other:
                open_for(other, EVERY)
                other.exec_driver_sql(statement, told)

    if not shop.house.settings.embedded:  # on SQLite there is one process
        event.listen(engine, "before_cursor_execute", hear_it_too)
    assert shop.delivers("ORDER_CREATED", b"{}") == 202
    assert [row.body for row in shop.all(Delivery)] == [b"{}"]


# -- stumbling


def stumble(_: object, __: object) -> None:
    raise OSError("no space left on the device")


def test_a_shop_that_cannot_be_worked_stops_no_other(house: House) -> None:
    done: list[ShopId] = []
    agenda = Agenda[None](Decision(Call, lambda _, tx: done.append(tx.shop)))
    worker = Worker(house, agenda, lambda _: None, probation=0)  # type: ignore[arg-type]
    for shop in (ONE, TWO):
        with house.work(shop) as tx:
            tx.later(Call(number="1"))
    worker.keeper.awake = lambda tx: stumble(0, 0) if tx.shop == ONE else True  # type: ignore[return-value]
    with capture_logs() as lines:
        worker.turn()
    assert done == [TWO]
    assert [(line["event"], line["shop"]) for line in lines] == [("shop.stumbled", ONE)]


def test_what_an_errand_could_not_even_write_down_is_in_the_log(house: House) -> None:
    agenda = Agenda[None](Errand(Call, lambda *_: None))
    worker = Worker(house, agenda, lambda _: None, probation=0)  # type: ignore[arg-type]
    worker.keeper.awake = lambda _: True
    worker.keeper._write_down = stumble  # type: ignore[method-assign,assignment]
    with house.work(ONE) as tx:
        tx.later(Call(number="1"))
    with capture_logs() as lines:
        worker.turn()
        worker._hands.shutdown(wait=True)
    assert [(line["event"], line["kind"]) for line in lines] == [("errand.stumbled", Call.kind)]


# -- the log


class Order(BaseModel):
    total: int


def failures() -> list[Exception]:
    found: list[Exception] = [IntegrityError("INSERT", {"email": "ana@example.com"}, KeyError())]
    try:
        Order.model_validate({"total": "ana@example.com"})
    except ValidationError as failure:
        found.append(failure)
    found.append(RuntimeError("ana@example.com"))
    found[-1].__cause__ = ValueError("ana@example.com")
    return found


@pytest.mark.parametrize("failure", failures(), ids=lambda one: type(one).__name__)
def test_no_line_of_the_log_holds_what_a_customer_typed(failure: Exception) -> None:
    line = without_words(None, "error", {"event": "intake.failed", "exc_info": failure})
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, "x", 1, "Exception in ASGI application", None,
        (type(failure), failure, failure.__traceback__),
    )  # fmt: skip
    for told in (json.dumps(line), Wordless().format(record)):
        assert "ana@example.com" not in told
        assert type(failure).__name__ in told


def test_a_line_of_the_log_says_where_it_happened_and_after_what() -> None:
    def where() -> None:
        raise ValueError("y") from KeyError("x")

    try:
        where()
    except ValueError:
        line = without_words(None, "error", {"event": "e", "exc_info": True})
    assert line["failure"] == "ValueError, after KeyError"
    assert [place.rpartition(" ")[2] for place in line["trace"]][-1] == "where"


SPEAKING = """
import structlog
from app.kit.logs import speak_plainly
speak_plainly()
structlog.get_logger().error("the disk is full")
print("and goes on")
"""


def test_a_log_that_nobody_takes_any_more_stops_nobody() -> None:
    """As a full disk does: the loop would end with the first line that it could not tell."""
    nobody_reads, log = os.pipe()
    os.close(nobody_reads)
    told = subprocess.run(
        [sys.executable, "-c", SPEAKING], stdout=subprocess.PIPE, stderr=log, check=False
    )
    os.close(log)
    assert told.stdout == b"and goes on\n"


# -- what an operator is told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"PERENNIAL_PORT": "http"}, "PERENNIAL_PORT: Input should be a valid integer"),
        ({"PERENNIAL_CLOCK": "fast"}, "PERENNIAL_CLOCK: a clock is `real` or"),
        ({"PERENNIAL_DATABASE_URL": "mysql://db"}, "PERENNIAL_DATABASE_URL: a database is sqlite:"),
        ({"PERENNIAL_DATABASE_URL": "postgresql://db/p"}, "PERENNIAL_SECRET_KEYS is needed"),
        ({"PERENNIAL_DATABASE_URL": "sqlite:////not/there/p.db"}, "No such file or directory"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "doctor", "import", "again", "worker"])
def test_a_setting_that_cannot_be_is_named_in_a_line_and_not_in_a_trace(
    wrong: dict[str, str], words: str, command: str
) -> None:
    run = CliRunner(env=wrong).invoke(cli, [command])
    assert run.exit_code == 2
    assert words in run.output
    assert len(run.output.splitlines()) == 1


def test_doctor_says_that_the_database_does_not_answer() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"postgresql://127.0.0.1:{nobody.getsockname()[1]}/perennial"
        (finding,) = examine(Settings(database_url=url, secret_keys="a phrase", _env_file=None))
    assert not finding.fine
    assert finding.words.startswith("The database does not answer: ")


def test_doctor_says_why_no_shop_is_there_and_makes_no_tables_itself(tmp_path: Path) -> None:
    """An older version may be serving from them."""
    told = settings(tmp_path)
    (finding,) = examine(told)
    assert not finding.fine
    assert "perennial serve makes them" in finding.words
    house = House.of(told)
    house.migrate()
    (finding,) = examine(told)
    assert finding.fine
    assert finding.words.endswith("PERENNIAL_ALLOWED_SHOPS names none that may be.")
    house.engine.dispose()


def test_doctor_names_whatever_is_incomplete(shop: Shop) -> None:
    def wrong() -> list[str]:
        with shop.look() as tx:
            found = _shop(shop.house, this_shop(tx))
        return [finding.words.partition(": ")[2] for finding in found if not finding.fine]

    now = shop.house.clock.now()
    assert wrong() == []
    with shop.work() as tx:
        tx.add(Passage(kind="orders", started_at=now))
        tx.add(
            Misfit(kind="orders", saleor_id="T3JkZXI6MQ==", number="17", reason="half", seen_at=now)
        )
        tx.add(Misfit(kind="orders", saleor_id="T3JkZXI6Mg==", reason="a", read=True, seen_at=now))
        tx.later(Call(number="1"), at=now - timedelta(minutes=20))
    late, *others = wrong()
    assert late.startswith("work waits since 20 minutes")
    assert others == ["the import is not finished.", "orders 17: half"]


def test_what_was_given_up_on_is_taken_up_again_by_one_command(shop: Shop) -> None:
    with shop.work() as tx:
        tx.later(Call(number="1"))
        (promise,) = tx.exec(select(leases.Promise))
        leases.park(tx, promise, reason="[/red] not [bold]for markup")
    out = Console(file=StringIO(), width=200)
    with shop.look() as tx:
        row = this_shop(tx)
        found = [finding.words for finding in _shop(shop.house, row) if not finding.fine]
    assert len(found) == 1
    assert found[0].endswith("(once that is mended: perennial again)")
    assert take_up(shop.house.settings, "https://other.example/graphql/", out) == 1
    assert take_up(shop.house.settings, None, out) == 0
    (promise,) = shop.all(leases.Promise)
    assert promise.parked_at is None
    assert f"{shop.api_url}: 1 taken up again" in out.file.getvalue()  # type: ignore[attr-defined]

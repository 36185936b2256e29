"""kill -9 at every point around the call of a mail server: a message goes out once or not at all.

A nursery without threads imports the app once, sends one letter, so that its statements are made
and its templates read, and forks a child for each try. The child counts the calls it makes in the
code that sends, down to the socket and the database, and kills itself at the one it was told. Then
another child finds what is left.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sqlalchemy import create_engine
from sqlmodel import SQLModel

from app.kit.house import House
from app.kit.settings import Settings
from app.kit.tx import ShopId
from app.messages.errands import deliver
from app.messages.flows import Deliver
from app.messages.rules import State
from app.messages.tables import Send
from app.shops.reach import Reach
from tests.prove.stage import say
from tests.support.postbox import Postbox
from tests.support.writing import Writing

ROOT = Path(__file__).parents[2]
WATCHED = ("app.messages.", "app.kit.house", "app.kit.tx", "smtplib", "sqlalchemy.engine.default")
PHRASE = "a phrase of the proofs"
WARM = -1


def settings(database: str) -> Settings:
    return Settings(
        database_url=database, secret_keys=PHRASE, development=True,
        base_url="https://perennial.example", _env_file=None,
    )  # fmt: skip


@dataclass
class Nursery:
    """`works(send, shop, at)`: a child works that message and kills itself at that call. 0: it
    lives. WARM: the nursery works it by itself.
    """

    process: "subprocess.Popen[str]"

    def works(self, send: int, shop: int, at: int = 0) -> dict[str, int]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([send, shop, at]) + "\n")
        self.process.stdin.flush()
        told: dict[str, int] = json.loads(self.process.stdout.readline())
        return told


@contextmanager
def nursery(database: str) -> Iterator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.prove.posting", database],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Nursery(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def sends_under_fire(folder: Path, *, kills: int) -> None:
    """As many kills, spread over all the calls and closest around the one to the mail server."""
    database = f"sqlite:///{folder}/posting.db"
    engine = create_engine(database)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    house = House.of(settings(database))
    with Postbox() as postbox, Writing(house, postbox) as shop, nursery(database) as children:
        shop.rules(hours={"email": {"opens": "00:00", "closes": "23:59:59.999999"}}, ramped=False)
        children.works(_asked(shop, "first"), shop.id, WARM)
        assert shop.send("first").state == State.SENT, shop.word("first")
        number = _asked(shop, "whole")
        whole = children.works(number, shop.id)
        assert shop.send("whole").state == State.SENT, shop.word("whole")
        points = _points(whole, kills)
        told = [_one(shop, postbox, children, nth, at) for nth, at in enumerate(points, 1)]
    house.engine.dispose()
    house.durable.dispose()
    ends = {word: told.count(word) for word in sorted(set(told))}
    say(f"{kills} kills over {whole}: {ends}")
    assert sum(ends.values()) == kills
    assert ends.get("unknown, arrived") or kills < 40, "no kill came between the letter and its end"


def _points(whole: dict[str, int], kills: int) -> list[int]:
    """A quarter on the way there, a quarter while it is reserved, half from the call on."""
    quarter = kills // 4
    ways = (
        (1, whole["reserved"], quarter),
        (whole["reserved"], whole["handed"], quarter),
        (whole["handed"], whole["calls"], kills - 2 * quarter),
    )
    return [first + n * (last - first) // many for first, last, many in ways for n in range(many)]


def _asked(shop: Writing, key: str) -> int:
    name = key.replace(" ", "")
    who = shop.person(name)
    shop.agrees(name)
    return shop.asks(key, person=who).id or 0


def _one(shop: Writing, postbox: Postbox, children: Nursery, nth: int, at: int) -> str:
    """One message, one death, and what came of it after somebody else had a look."""
    key = f"n {nth}"
    number = _asked(shop, key)
    died = children.works(number, shop.id, at)
    assert died["signal"] == signal.SIGKILL, f"it lived through call {at}: {died}"
    children.works(number, shop.id)
    arrived = postbox.to.count(f"n{nth}@example.com")
    row = next(row for row in shop.all(Send) if row.key == key)
    assert arrived <= 1, f"killed at call {at}, it arrived {arrived} times"
    assert row.state in (State.SENT, State.UNKNOWN), (
        f"killed at call {at}: {row.state} {row.reason}"
    )
    if row.state == State.SENT:
        assert arrived == 1, f"killed at call {at}, it is called sent and never arrived"
        return "sent"
    return "unknown, arrived" if arrived else "unknown, never arrived"


class Deadly:
    """Counts calls; at the one it is told the process is gone between two instructions."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0
        self.first = {"do_durably": 0, "hand_over": 0}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if not str(frame.f_globals.get("__name__", "")).startswith(WATCHED):
            return
        self.calls += 1
        name = frame.f_code.co_name
        if event == "call" and self.first.get(name) == 0:
            self.first[name] = self.calls
        if self.calls == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def _child(house: House, send: int, shop: int, at: int) -> dict[str, int]:
    deadly = Deadly(at)
    sys.setprofile(deadly)
    _work(house, send, shop)
    sys.setprofile(None)
    reserved, handed = deadly.first["do_durably"], deadly.first["hand_over"]
    return {"calls": deadly.calls, "reserved": reserved, "handed": handed}


def _work(house: House, send: int, shop: int) -> None:
    deliver(Deliver(send=send, who="x"), Reach(house).world(ShopId(shop)))


def _serve(database: str) -> None:
    house = House.of(settings(database))
    for line in sys.stdin:
        send, shop, at = json.loads(line)
        if at == WARM:
            _work(house, send, shop)
            house.engine.dispose()  # a child inherits what was learnt, and no connection
            house.durable.dispose()
            _answer({"signal": 0})
            continue
        read, write = os.pipe()
        if not (child := os.fork()):
            told = _child(house, send, shop, at)
            os.write(write, json.dumps(told).encode())
            os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        with os.fdopen(read) as pipe:
            told = json.loads(pipe.read() or "{}")
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        _answer(told | {"signal": ended})


def _answer(told: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])

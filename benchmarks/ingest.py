"""How fast deliveries are heard, against app-sdk's own handler, and how fast they are worked.

One process on SQLite, synchronous=FULL, each answer given when its delivery is on disk. The peer
(app-sdk 1.15 on Node, nothing behind its handlers) gets the same signed bodies in the same run.
They are asked by turns, ROUNDS times, for the machine is not equally quick from minute to minute:
the peers warm and at rest between, ours with an empty database each time, for it remembers. The
speed-up is the median of the rounds' ratios, against the handler for the Fetch API, which Node
speaks by itself; that for Next.js, without the Next.js it is made for, stands beside it.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from rich.console import Console
from rich.table import Table
from sqlmodel import Session, col, func, select

from app.kit.clock import real_now
from app.kit.house import House
from app.kit.promises import Delivery, Promise
from app.kit.settings import Settings
from app.orders.tables import Order
from app.shops.tables import Shop
from benchmarks import deliveries
from benchmarks.load import Outcome, flood, stream
from benchmarks.serving import free_port, process

API_URL = "https://shop.example/graphql/"
CONNECTIONS = 64
WARM, FLOOD = 2_000, 8_000
ROUNDS, WARM_ROUNDS = 5, 2
BURST = 10_000
STEADY_SECONDS = 5
FASTEST = 3_500
PEER = Path(__file__).parent / "peer"

Round: TypeAlias = dict[str, Outcome | None]


@dataclass
class Served:
    port: int
    process: subprocess.Popen[bytes]


def main() -> None:
    out = Console()
    with tempfile.TemporaryDirectory() as folder:
        out.print("making and signing deliveries …")
        bodies = list(deliveries.make(WARM + FLOOD + BURST + FASTEST * STEADY_SECONDS))
        figures = _measure(Path(folder), bodies, out)
    print(json.dumps({"bench": "ingest", "figures": figures}))


def _measure(folder: Path, bodies: Sequence[deliveries.Signed], out: Console) -> dict[str, Any]:
    warm, wave, burst, rest = _cut(bodies, WARM, FLOOD, BURST)
    rounds = _rounds(folder, warm, wave, out)
    theirs, bare, heard = (_median([turn[who] for turn in rounds]) for who in ("web", "next", "us"))
    assert heard
    with ours(folder / "half.db") as app:
        half = heard.per_second / 2
        steady = rest[: int(half * STEADY_SECONDS)]
        calm = stream(app.port, _requests(steady), per_second=half, connections=CONNECTIONS * 4)
    kept = _drain(folder / "burst.db", burst)
    _tell(out, {"web": theirs, "next": bare}, heard, calm, kept)
    return {
        "speedup_vs_app_sdk": theirs and _ratio(rounds, "web"),
        "speedup_vs_app_sdk_next": bare and _ratio(rounds, "next"),
        "accepted_per_s": round(heard.per_second),
        "app_sdk_per_s": theirs and round(theirs.per_second),
        "app_sdk_next_per_s": bare and round(bare.per_second),
        "p99_ms_at_half_rate": round(calm.percentile(99), 1),
        "half_rate_per_s": round(half),
        "refused": sum(n for o in (heard, calm) for s, n in o.statuses.items() if s != 202),
        "kept_per_s": round(kept),
    }


def _rounds(
    folder: Path,
    warm: Sequence[deliveries.Signed],
    wave: Sequence[deliveries.Signed],
    out: Console,
) -> list[Round]:
    """What each of the three did with the wave, round by round."""
    with ExitStack() as stack:
        peers = {kind: _peer(folder, kind, stack, out) for kind in ("web", "next")}
        for port in filter(None, peers.values()):
            for _ in range(WARM_ROUNDS):
                _flood(port, wave)
        rounds = []
        for turn in range(ROUNDS):
            said: Round = {
                kind: _flood(port, wave) if port else None for kind, port in peers.items()
            }
            with ours(folder / f"flood{turn}.db") as app:
                _flood(app.port, warm)
                said["us"] = _flood(app.port, wave)
            rounds.append(said)
            out.print(", ".join(f"{who} {o.per_second:,.0f}/s" for who, o in said.items() if o))
    return rounds


def _ratio(rounds: Sequence[Round], peer: str) -> float:
    pairs = [(turn["us"], turn[peer]) for turn in rounds]
    return round(median(us.per_second / them.per_second for us, them in pairs if us and them), 2)


def _median(outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """That of the middle rate; None where nobody was asked."""
    asked = sorted((o for o in outcomes if o), key=lambda outcome: outcome.per_second)
    return asked[len(asked) // 2] if asked else None


def _drain(database: Path, burst: Sequence[deliveries.Signed]) -> float:
    """Kept a second from the first delivery until all are worked; raises if totals differ."""
    with ours(database) as app:
        started = time.perf_counter()
        outcome = flood(app.port, _requests(burst), connections=CONNECTIONS)
        assert set(outcome.statuses) == {202}, outcome.statuses
        house = _house(database)
        while _open_promises(house):
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        with Session(house.engine) as session:
            parked = session.exec(select(Promise).where(col(Promise.parked_at).is_not(None))).all()
            assert not parked, parked[0].error
            assert not session.exec(select(func.count()).select_from(Delivery)).one()
            total = session.exec(select(func.sum(Order.total_minor))).one()
            assert total == deliveries.total_minor(burst), "the totals differ"
    return len(burst) / seconds


def _open_promises(house: House) -> int:
    kinds = col(Promise.kind) == "webhook.heard"
    still = col(Promise.kept_at).is_(None), col(Promise.parked_at).is_(None)
    with Session(house.engine.execution_options(reads_only=True)) as session:
        return session.exec(select(func.count()).where(kinds, *still)).one()


@contextmanager
def ours(database: Path) -> Iterator[Served]:
    """The app as `perennial serve` runs it, with one shop installed."""
    house = _house(database)
    house.migrate()
    secrets, now = house.secrets, real_now()
    with Session(house.engine) as session, session.begin():
        session.add(
            Shop(
                api_url=API_URL, app_id="QXBwOjE=", token=secrets.seal("t"),
                jwks=deliveries.jwks(), jwks_at=now - timedelta(hours=1), status_at=now,
                registered_at=now, code_secret=secrets.seal("s"), currency="EUR",
            )
        )  # fmt: skip
    port = free_port()
    environment = {
        "PERENNIAL_DATABASE_URL": f"sqlite:///{database}",
        "PERENNIAL_DEVELOPMENT": "1",
        "PERENNIAL_PORT": str(port),
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "app.cli", "serve"]
    with process(command, port, environment) as running:
        yield Served(port, running)


def _house(database: Path) -> House:
    return House.of(Settings(database_url=f"sqlite:///{database}"))


def _peer(folder: Path, kind: str, stack: ExitStack, out: Console) -> int | None:
    """The port of app-sdk's handler on Node; None, and said so, without Node or the package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        out.print("no Node here: app-sdk is not measured")
        return None
    here = folder / kind
    shutil.copytree(PEER, here, ignore=shutil.ignore_patterns("node_modules"))
    install = [npm, "install", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(install, cwd=here, check=False, capture_output=True).returncode:
        out.print("app-sdk could not be installed: it is not measured")
        return None
    (here / "jwks.json").write_text(json.dumps(deliveries.jwks()))
    port = free_port()
    command = [node, "server.mjs", str(port), API_URL, "jwks.json", kind]
    stack.enter_context(process(command, port, {"PATH": "/usr/bin:/bin"}, cwd=here))
    return port


def _flood(port: int, wave: Sequence[deliveries.Signed]) -> Outcome:
    outcome = flood(port, _requests(wave), connections=CONNECTIONS)
    assert set(outcome.statuses) <= {200, 202}, outcome.statuses
    return outcome


def _requests(wave: Sequence[deliveries.Signed]) -> list[bytes]:
    return [signed.request(API_URL) for signed in wave]


def _cut(bodies: Sequence[Any], *sizes: int) -> list[Sequence[Any]]:
    parts, at = [], 0
    for size in sizes:
        parts.append(bodies[at : at + size])
        at += size
    return [*parts, bodies[at:]]


def _tell(
    out: Console, peers: dict[str, Outcome | None], heard: Outcome, calm: Outcome, kept: float
) -> None:
    table = Table("", "deliveries/s", "p50 ms", "p99 ms", title="Hearing")
    rows = [(f"app-sdk on Node, {kind}, flood", outcome) for kind, outcome in peers.items()]
    rows += [("ours, flood, on disk", heard), ("ours, half that rate, loop keeping", calm)]
    for name, outcome in rows:
        if outcome:
            p50, p99 = outcome.percentile(50), outcome.percentile(99)
            table.add_row(name, f"{outcome.per_second:,.0f}", f"{p50:.1f}", f"{p99:.1f}")
    table.add_row(f"ours, heard and worked, burst of {BURST:,}", f"{kept:,.0f}", "", "")
    out.print(table)


if __name__ == "__main__":
    main()

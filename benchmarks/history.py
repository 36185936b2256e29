"""How fast a shop's past is imported, against reading the same pages and doing nothing with them.

8,000 orders from a server that answers canned pages of 100 after 300 ms; then 1,000,000 orders
from the same server without the pause, for the memory it takes.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlmodel import Session, func, select

from app.kit.clock import real_now
from app.kit.house import House
from app.kit.settings import Settings
from app.orders.tables import Order
from app.saleor import documents
from app.shops.tables import Shop
from benchmarks import deliveries
from benchmarks.serving import ROOT, free_port, process

PLAIN = {"PATH": "/usr/bin:/bin"}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--orders", type=int, default=8_000)
    asked.add_argument("--many", type=int, default=1_000_000, help="0 leaves the long run out")
    options = asked.parse_args()
    out = Console()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(options.orders)
        ours, _ = _import(Path(folder) / "paced.db", options.orders, pause=300)
        figures |= {
            "ratio_to_bare_pagination": round(ours / bare, 2),
            "bare_seconds": round(bare, 1),
            "import_seconds": round(ours, 1),
        }
        if options.many:
            seconds, peak = _import(Path(folder) / "many.db", options.many, pause=0)
            figures |= {
                "peak_mb_1m": round(peak),
                "orders_1m": options.many,
                "seconds_1m": round(seconds),
            }
    table = Table("figure", "value", title="Import")
    for name, value in figures.items():
        table.add_row(name, str(value))
    out.print(table)
    print(json.dumps({"bench": "import", "figures": figures}))


def _bare(orders: int) -> float:
    """Every page of orders and customers asked one after the other, parsed as JSON, dropped."""
    port = free_port()
    with process(_canned(port, orders, pause=300), port, PLAIN):
        started = time.perf_counter()
        with httpx.Client() as client:
            for name in ("customers", "orders"):
                _walk(client, port, name)
        return time.perf_counter() - started


def _walk(client: httpx.Client, port: int, name: str) -> None:
    query, cursor = documents.text(f"queries/{name}"), None
    while True:
        asked = {"query": query, "variables": {"first": 100, "after": cursor}}
        answer = client.post(f"http://127.0.0.1:{port}/graphql/", json=asked).json()
        info = answer["data"][name]["pageInfo"]
        if not info["hasNextPage"]:
            return
        cursor = info["endCursor"]


def _import(database: Path, orders: int, *, pause: int) -> tuple[float, float]:
    """`perennial import` in a process of its own: seconds from start to end, and its peak in MB."""
    port = free_port()
    _install(database, f"http://127.0.0.1:{port}/graphql/")
    environment = PLAIN | {
        "PERENNIAL_DATABASE_URL": f"sqlite:///{database}",
        "PERENNIAL_DEVELOPMENT": "1",
        "PERENNIAL_BASE_URL": "http://127.0.0.1:9",
    }
    with process(_canned(port, orders, pause=pause), port, PLAIN):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        started = time.perf_counter()
        command = [sys.executable, "-m", "app.cli", "import"]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if peak == before:
        print("(an earlier child was larger: the peak is an upper bound)", file=sys.stderr)
    house = House.of(Settings(database_url=f"sqlite:///{database}"))
    with Session(house.engine) as session:
        have = session.exec(select(func.count()).select_from(Order)).one()
    assert have == orders, f"{have} of {orders} orders arrived"
    return seconds, peak / 1024


def _canned(port: int, orders: int, *, pause: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.canned", str(port), str(orders), str(pause)]


def _install(database: Path, api_url: str) -> None:
    house = House.of(Settings(database_url=f"sqlite:///{database}"))
    house.migrate()
    secrets, now = house.secrets, real_now()
    with Session(house.engine) as session, session.begin():
        session.add(
            Shop(
                api_url=api_url, app_id="QXBwOjE=", token=secrets.seal("t"),
                jwks=deliveries.jwks(), jwks_at=now - timedelta(hours=1), status_at=now,
                registered_at=now, code_secret=secrets.seal("s"), currency="EUR", zone="UTC",
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()

"""The app as its owner starts it: a process of its own, with a database that can be looked into."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, func, select

from app.doctor import examine
from app.history import queries as history
from app.kit.house import House
from app.kit.promises import Promise
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx
from app.orders.tables import Order
from app.shops.tables import Shop as Row
from tests.support.scenario_ear import Ear
from tests.support.scenario_process import Pace, process
from tests.support.scenario_shop import Shop
from tests.support.scenario_wire import ERRORS, JSON, until

AT_ONCE = timedelta(seconds=5)
"""What is promised for sooner than this follows from what just happened."""


@dataclass
class App:
    """`with app.running():` serves it; `ear` is where the shop is told to find it."""

    folder: Path
    ear: Ear
    shop: Shop
    pace: Pace = field(default_factory=Pace)
    id: str = ""
    """Saleor's, once it is installed."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """What else stands in its environment."""
    house: House = field(init=False)

    @property
    def log(self) -> Path:
        return self.folder / "app.log"

    @contextmanager
    def running(self, *, ahead: timedelta = timedelta()) -> Iterator[None]:
        """`ahead`: its business time has run on so far, and the shop's has not."""
        database, clock = f"sqlite:///{self.folder}/app.db", self.pace.clock(ahead)
        environment = {
            "PERENNIAL_DATABASE_URL": database,
            "PERENNIAL_DEVELOPMENT": "1",
            "PERENNIAL_BASE_URL": self.ear.url,
            "PERENNIAL_PORT": str(self.ear.app_port),
            "PERENNIAL_CLOCK": clock,
            **self.asks,
        }
        command = [sys.executable, "-m", "app.cli", "serve"]
        ready = f"{self.ear.app_url}/readyz"
        with process(command, ready=ready, log=self.log, **environment):
            self.house = House.of(Settings(database_url=database, clock=clock, _env_file=None))
            try:
                yield
            finally:
                self.house.engine.dispose()

    # Its rows

    @contextmanager
    def look(self) -> Iterator[Tx]:
        with Session(self.house.engine.execution_options(reads_only=True)) as session:
            id_ = session.exec(select(Row.id)).one()
        with self.house.look(ShopId(id_ or 0)) as tx:
            yield tx

    @property
    def status(self) -> str:
        with self.look() as tx:
            return tx.exec(select(Row.status)).one()

    def books(self) -> dict[tuple[str, str], tuple[int, int]]:
        """As `Shop.books`, in minor units, from the app's own rows."""
        columns: list[Any] = [
            Order.channel, Order.currency, func.count(), func.sum(Order.charged_minor)
        ]  # fmt: skip
        with self.look() as tx:
            rows: Any = tx.exec(
                select(*columns)
                .where(Order.status != "DRAFT")
                .group_by(col(Order.channel), col(Order.currency))
            )
            return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    def idle(self) -> bool:
        """Nothing waits to be worked that follows from what has happened so far."""
        with self.look() as tx:
            waiting = select(func.count()).where(
                col(Promise.kept_at).is_(None),
                col(Promise.parked_at).is_(None),
                col(Promise.due) < tx.now + AT_ONCE,
            )
            return not tx.exec(waiting).one()

    def imported(self) -> bool:
        with self.look() as tx:
            return history.progress(tx).done

    def parked(self) -> list[str]:
        with self.look() as tx:
            rows = tx.exec(select(Promise).where(col(Promise.parked_at).is_not(None)))
            return [f"{row.kind}: {row.error}" for row in rows]

    def complaints(self) -> list[str]:
        """What it logged that is not just news."""
        lines = self.log.read_text().splitlines()
        return [
            line for line in lines if line[:1] != "{" or json.loads(line).get("level") != "info"
        ]

    def ailments(self) -> list[str]:
        """What `perennial doctor` says is wrong."""
        return [finding.words for finding in examine(self.house.settings) if not finding.fine]

    def works_off_the_night(self) -> None:
        """The doctor minds work that waits, and a server that slept has some of it at first."""
        try:
            until(lambda: not self.ailments(), "the app to be well")
        except AssertionError as waited:
            raise AssertionError(f"{waited}: {self.ailments()}") from waited

    # Its installation, as the Dashboard does it

    def install(self) -> None:
        """Show the manifest, ask for the installation, wait for the app."""
        url, staff = f"{self.ear.url}/api/manifest", self.shop.staff
        shown: JSON = self.shop.do(
            "mutation($u: String!) { appFetchManifest(manifestUrl: $u) {"
            f" manifest {{ identifier name permissions {{ code }} }} {ERRORS} }} }}",
            token=staff,
            u=url,
        )["manifest"]
        self.shop.do(
            f"mutation($i: AppInstallInput!) {{ appInstall(input: $i) {{ {ERRORS} }} }}",
            token=staff,
            i={
                "appName": shown["name"],
                "manifestUrl": url,
                "activateAfterInstallation": True,
                "permissions": [permission["code"] for permission in shown["permissions"]],
            },
        )
        self.id = until(lambda: self._installed(shown["identifier"], url), "the installation")

    def _installed(self, identifier: str, url: str) -> str | None:
        told = self.shop.ask(
            "{ appsInstallations { status message manifestUrl }"
            " apps(first: 100) { edges { node { id identifier } } } }",
            token=self.shop.staff,
        )
        for one in told["appsInstallations"]:
            assert one["manifestUrl"] != url or one["status"] != "FAILED", one["message"]
        apps = [edge["node"] for edge in told["apps"]["edges"]]
        return next((app["id"] for app in apps if app["identifier"] == identifier), None)

    def switch_off(self) -> None:
        self.shop.act("appDeactivate(id: $id)", self.id)

    def switch_on(self) -> None:
        self.shop.act("appActivate(id: $id)", self.id)

    def remove(self) -> None:
        self.shop.act("appDelete(id: $id)", self.id)

    def leave(self) -> None:
        """However the story ended, the shop is without the app afterwards."""
        told = self.shop.ask(
            "{ apps(first: 100) { edges { node { id } } } }", token=self.shop.staff
        )
        if self.id in [edge["node"]["id"] for edge in told["apps"]["edges"]]:
            self.remove()

    # What is on its way to it

    def on_their_way(self) -> bool:
        """Whether the shop still has deliveries for the app that it has not brought yet."""
        told = self.shop.ask(
            "query($id: ID!) { app(id: $id) { webhooks { eventDeliveries(first: 1,"
            " filter: {status: PENDING}) { edges { node { eventType } } } } } }",
            token=self.shop.staff,
            id=self.id,
        )["app"]
        return bool(told) and any(hook["eventDeliveries"]["edges"] for hook in told["webhooks"])

    def settled(self) -> None:
        """Wait until all that has happened is told, heard and worked."""
        until(
            lambda: not self.on_their_way() and self.idle(),
            "the app to be through with it",
            seconds=900,  # what a shop is worth is worked out meanwhile
        )

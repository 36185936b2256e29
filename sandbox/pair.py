"""The shop and the app as two processes of their own, on free ports of this machine."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Self

import httpx

from sandbox.clock import RunningClock
from sandbox.owner import Owner

ROOT = Path(__file__).parents[1]
PACE = 10.0
STARTS_WITHIN = 90.0


class NeverCame(RuntimeError):  # noqa: N818 - what happened to it
    """A process did not come up; the message ends with its last words."""


def free_ports(number: int) -> list[int]:
    """Ports nobody listens on right now."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass
class Pair:
    """`with Pair(scale=600) as pair:` starts both and takes them down again.

    Business time runs `scale` times as fast from now on; deliveries (latency, retries) `pace`
    times, so that a restart of the app does not outlast all retries.
    """

    scale: float = 600.0
    pace: float = PACE
    seed: int = 1
    customers: int = 2000
    orders: int = 8000
    database_url: str | None = None
    folder: Path = field(init=False)
    owner: Owner = field(init=False)
    shop: "subprocess.Popen[bytes]" = field(init=False)
    app: "subprocess.Popen[bytes]" = field(init=False)
    _folder: "tempfile.TemporaryDirectory[str]" = field(init=False)
    _logs: list[IO[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="perennial-demo-")
        self.folder = Path(self._folder.name)
        shop_port, self.app_port = free_ports(2)
        self.shop_url = f"http://127.0.0.1:{shop_port}"
        self.app_url = f"http://127.0.0.1:{self.app_port}"
        self.owner = Owner(self.shop_url, self.app_url)
        origin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        self.clock = RunningClock(self.scale, origin).spelled
        try:
            self.shop = self._open_shop(shop_port)
            self.start_app()
            self._wait(self.shop, "shop", lambda: self.owner.control("status"))
            self.wait_for_app()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("app", "shop"):
            process = getattr(self, name, None)
            if process is not None:
                stop(process)
        for log in self._logs:
            log.close()
        self.owner.close()
        self._folder.cleanup()

    def _open_shop(self, port: int) -> "subprocess.Popen[bytes]":
        asked = {
            "port": port,
            "clock": self.clock,
            "seed": self.seed,
            "pace": self.pace,
            "customers": self.customers,
            "orders": self.orders,
        }
        words = [f"--{name}={value}" for name, value in asked.items()]
        return self._run("shop", ["-m", "sandbox", *words], {})

    def start_app(self) -> None:
        """Start the app, or start it again after somebody killed it."""
        database = self.database_url or f"sqlite:///{self.folder / 'perennial.db'}"
        self.app = self._run(
            "app",
            ["-m", "app.cli", "serve"],
            {
                "PERENNIAL_DATABASE_URL": database,
                "PERENNIAL_BASE_URL": self.app_url,
                "PERENNIAL_HOST": "127.0.0.1",
                "PERENNIAL_PORT": str(self.app_port),
                "PERENNIAL_CLOCK": self.clock,
                "PERENNIAL_ALLOWED_SHOPS": f"{self.shop_url}/graphql/",
                "PERENNIAL_DEVELOPMENT": "true",
                "PERENNIAL_SMTP_URL": "mailbox:",
            },
        )

    def kill_app(self) -> None:
        """kill -9: no goodbye, nothing flushed."""
        self.app.kill()
        self.app.wait()

    def wait_for_app(self) -> None:
        address = f"{self.app_url}/healthz"
        self._wait(self.app, "app", lambda: httpx.get(address, timeout=2).raise_for_status())

    def doctor(self) -> "subprocess.CompletedProcess[str]":
        """What the app's own doctor says about its database, with its exit code."""
        database = self.database_url or f"sqlite:///{self.folder / 'perennial.db'}"
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "doctor"],
            cwd=ROOT,
            env=os.environ | {"PERENNIAL_DATABASE_URL": database, "PERENNIAL_CLOCK": self.clock},
            capture_output=True,
            text=True,
            check=False,
        )

    def _run(self, name: str, words: list[str], extra: dict[str, str]) -> "subprocess.Popen[bytes]":
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        return subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | extra,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _wait(
        self, process: "subprocess.Popen[bytes]", name: str, so: Callable[[], object]
    ) -> None:
        end = time.monotonic() + STARTS_WITHIN
        while process.poll() is None and time.monotonic() < end:
            try:
                so()
            except (httpx.HTTPError, RuntimeError):
                time.sleep(0.1)
            else:
                return
        raise NeverCame(f"The {name} did not start.\n{self.last_words(name)}")

    def last_words(self, name: str, *, lines: int = 15) -> str:
        """The end of a process's log."""
        text = (self.folder / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and make it if it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

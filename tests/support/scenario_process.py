"""Processes of a story, and how fast time goes by in them."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.support.scenario_wire import until

ROOT = Path(__file__).parents[2]


@contextmanager
def process(command: Sequence[str], *, ready: str, log: Path, **environment: str) -> Iterator[None]:
    """A process that is there as soon as something answers at `ready`, and gone afterwards."""
    with log.open("ab") as out:
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | environment
        )
    try:
        until(lambda: _answers(ready, running, log), f"an answer at {ready}")
        yield
    finally:
        ended(running)


def ended(running: subprocess.Popen[bytes], patience: float = 120) -> None:
    """Asked to go, and made to if it does not; nobody is left behind either way."""
    running.terminate()
    try:
        running.wait(patience)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        raise


def _answers(url: str, running: subprocess.Popen[bytes], log: Path) -> bool:
    assert running.poll() is None, f"it ended at once:\n{log.read_text()[-2000:]}"
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class Pace:
    """Business seconds in a real one, from an instant on; `Pace()` is real time."""

    scale: int = 1
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def clock(self, ahead: timedelta = timedelta()) -> str:
        """As PERENNIAL_CLOCK has it. Real time that is ahead has to run twice as fast."""
        if self.scale > 1:
            return f"scale:{self.scale}@{(self.since - ahead / (self.scale - 1)).isoformat()}"
        return f"scale:2@{(datetime.now(UTC) - ahead).isoformat()}" if ahead else "real"

"""Starting a server for a benchmark, and waiting until it listens."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]


@contextmanager
def process(
    command: Sequence[str], port: int, environment: Mapping[str, str], cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(command, cwd=cwd or ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, running)
        yield running
    finally:
        running.terminate()
        running.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        try:
            urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except ConnectionError:
            time.sleep(0.1)
        except OSError as failure:
            if "refused" not in str(failure):  # any answer at all means it listens
                return
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not answer")


def free_port() -> int:
    with closing(socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

"""The app over laid books in a process of its own, as `make run` serves it: on uvicorn, with its
thread pool and its switch interval. The loop is at rest, and nobody is there outside.

    python -m benchmarks.pages_served FILE PORT
"""

import sys
from pathlib import Path

import httpx
import uvicorn

from app.kit.house import House
from app.kit.memory import collect_seldom
from app.kit.settings import Settings
from app.main import Perennial
from app.serving import SWITCH
from webhooks.doorman import doorman


def perennial(file: Path) -> Perennial:
    """The app over these books. A loop that works would be measured with the pages."""
    house = House.of(Settings(database_url=f"sqlite:///{file}"))
    house.migrate()
    return Perennial(house, transport=httpx.MockTransport(_nobody), works=False)


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there", request=request)


def main(file: str, port: str) -> None:
    collect_seldom()
    sys.setswitchinterval(SWITCH)
    app = perennial(Path(file))
    uvicorn.run(
        app.asgi,
        http=doorman(app.door),
        port=int(port),
        access_log=False,
        log_level="warning",
        lifespan="on",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

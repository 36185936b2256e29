"""`python -m sandbox --port 8010`: serve a small Saleor on this machine."""

import argparse
import gc
import os

import uvicorn

from sandbox import Sandbox
from sandbox.cast import remember
from sandbox.clock import read_clock, speed_of
from sandbox.sandbox import VERSION
from sandbox.served import Served
from sandbox.web.server import create_app


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--clock", default=os.environ.get("PERENNIAL_CLOCK", ""))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--orders", type=int, default=8000)
    parser.add_argument("--version", default=VERSION, help="the Saleor version to play")
    parser.add_argument(
        "--pace",
        type=float,
        help="delivery seconds in a real second (latency, retries); default: the clock's",
    )
    parser.add_argument("--live", action="store_true", help="let shoppers come at once")
    return parser.parse_args()


def main() -> None:
    asked = read_arguments()
    clock = read_clock(asked.clock)
    sandbox = Sandbox(
        asked.seed,
        clock,
        url=f"http://{asked.host}:{asked.port}",
        version=asked.version,
        customers=asked.customers,
        orders=asked.orders,
    )
    if asked.orders:
        remember(sandbox.store)
    gc.collect()
    gc.freeze()  # two years of orders stay: walking them again and again would cost 0.2 s a time
    served = Served(sandbox, pace=asked.pace or speed_of(clock))
    if asked.live:
        served.life.start()
    print(f"The shop is open at {sandbox.shop.url}/", flush=True)
    app = create_app(served)
    uvicorn.run(app, host=asked.host, port=asked.port, log_level="warning")


if __name__ == "__main__":
    main()

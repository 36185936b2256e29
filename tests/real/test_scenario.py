"""The same story in a sandbox and in a real Saleor."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.pair import free_ports
from tests.support.scenario import play
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_process import ROOT, Pace, process
from tests.support.scenario_record import Record, differences
from tests.support.scenario_shop import Shop
from tests.support.scenario_wire import JSON

SALEOR = Path(__file__).with_name("saleor-3.23.json")
PAGE = ROOT / "docs" / "sandbox.md"
FAST = 10
"""How much faster time goes by in the sandbox: what waits there, waits in business time."""


@pytest.fixture
def pace() -> Pace:
    return Pace(FAST)


@pytest.fixture
def sandbox(pace: Pace, tmp_path: Path) -> Iterator[Shop]:
    """A sandbox served by a process of its own, with a small past."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "sandbox", "--port", str(port), "--customers", "40",
        "--orders", "120", "--clock", pace.clock(),
    ]  # fmt: skip
    with process(command, ready=f"{url}/graphql/", log=tmp_path / "sandbox.log"):
        shop = Shop(f"{url}/graphql/", "owner@example.com", "owner")
        yield shop
        shop.close()


def played(shop: Shop, folder: Path, pace: Pace) -> Record:
    with Ear() as ear:
        app = App(folder, ear, shop, pace)
        try:
            record = play(shop, app)
        finally:
            app.leave()
    (folder / "record.json").write_text(json.dumps(record.as_json(), indent=1))
    assert app.complaints() == []
    return record


def test_the_sandbox_tells_the_story_as_saleor_does(
    sandbox: Shop, pace: Pace, tmp_path: Path
) -> None:
    """Against what a running Saleor told when it was last asked."""
    record = played(sandbox, tmp_path, pace)
    assert undocumented(json.loads(SALEOR.read_text()), record.as_json()) == []


@pytest.mark.real
def test_a_running_saleor_tells_the_story(saleor: Shop, tmp_path: Path) -> None:
    """RECORD=1 keeps what it told, for the sandbox to be held to."""
    told = played(saleor, tmp_path, Pace()).as_json()
    if "RECORD" in os.environ:
        SALEOR.write_text(json.dumps(told, indent=1) + "\n")
    assert differences(json.loads(SALEOR.read_text()), told) == []


def undocumented(saleor: JSON, sandbox: JSON) -> list[str]:
    """Differences that the sandbox's page does not name."""
    page = PAGE.read_text()
    return [line for line in differences(saleor, sandbox) if line not in page]


def test_what_two_shops_tell_otherwise_is_said_in_words() -> None:
    saleor = json.loads(SALEOR.read_text())
    sandbox = json.loads(SALEOR.read_text())
    assert differences(saleor, sandbox) == []
    pays = sandbox["steps"][2]
    pays["events"]["ORDER_PAID"] = 2
    pays["nulls"]["ORDER_CREATED"].remove("order.user")
    pays["words"]["ORDER_CREATED"].append("order.status=DRAFT")
    sandbox["kinds"]["order.number"] = ["number"]
    del sandbox["kinds"]["order.lines[].quantity"]
    assert differences(saleor, sandbox) == [
        "`order.lines[].quantity` told only by Saleor",
        "`order.number`: text, in the sandbox number",
        "a guest pays: ORDER_PAID × 1, in the sandbox × 2",
        "a guest pays: ORDER_CREATED: `order.user` is null only in Saleor",
        "a guest pays: ORDER_CREATED: `order.status=DRAFT` only in the sandbox",
    ]

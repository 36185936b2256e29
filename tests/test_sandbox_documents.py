"""What the app asks, and what the builders' own shop tool does, the sandbox understands."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
from graphql import build_ast_schema, parse, validate

from sandbox import Sandbox
from sandbox.api.schema import document
from sandbox.probe import BASE, Probe
from sandbox.sandbox import OWNER, OWNER_PASSWORD, VERSION
from sandbox.wire import transport
from tests.support.shared import SHARED, needs_shared

DOCUMENTS = Path(__file__).parents[1] / "graphql"
OPERATIONS = [
    path.relative_to(DOCUMENTS).with_suffix("").as_posix()
    for path in sorted(DOCUMENTS.rglob("*.graphql"))
    if path.parent.name != "fragments"
]


def fragments() -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (DOCUMENTS / "fragments").glob("*")}


def whole(name: str) -> str:
    """A document with the fragments it needs."""
    known, text = fragments(), (DOCUMENTS / f"{name}.graphql").read_text("utf-8")
    wanted: dict[str, str] = {}
    left = re.findall(r"\.\.\.(\w+)", text)
    while left:
        one = left.pop()
        if one not in wanted:
            wanted[one] = known[one]
            left += re.findall(r"\.\.\.(\w+)", known[one])
    return text + "\n".join(wanted.values())


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_sandbox_speaks_every_document_of_the_app(name: str) -> None:
    text = whole(name)
    first = re.match(r"# saleor >=([\d.]+)", text)
    assert first is not None
    for version in (first[1], VERSION):
        schema = build_ast_schema(document(version))
        assert [error.message for error in validate(schema, parse(text))] == []


class Wire(ModuleType):
    """A `requests` that posts into a sandbox of this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__("requests")
        self.client = httpx.Client(transport=transport(sandbox))
        self.sandbox = sandbox

    def post(self, _url: str, **asked: Any) -> httpx.Response:  # noqa: ANN401 - requests' own
        body, headers = asked["json"], asked.get("headers")
        return self.client.post(self.sandbox.api_url, json=body, headers=headers)


@pytest.fixture
def shop() -> Iterator[SimpleNamespace]:
    """The builders' shopctl.py, which drives a real Saleor, let loose on the sandbox."""
    sandbox = Sandbox()
    text = (SHARED / "tools/shopctl.py").read_text("utf-8")
    for real, ours in (
        ("default-channel", "br"),
        ("Monospace Tee", "House blend"),
        ('"USD"', '"BRL"'),
        ("admin@example.com", OWNER),
        ('pw="admin"', f'pw="{OWNER_PASSWORD}"'),
    ):
        assert real in text
        text = text.replace(real, ours)
    before = sys.modules.get("requests")
    sys.modules["requests"] = Wire(sandbox)
    facts: dict[str, Any] = {"__name__": "shopctl"}
    try:
        exec(compile(text, "shopctl.py", "exec"), facts)  # the tool has no module of its own
        yield SimpleNamespace(sandbox=sandbox, **facts)
    finally:
        sys.modules.pop("requests")
        if before is not None:
            sys.modules["requests"] = before


@needs_shared
def test_the_tool_that_drives_a_real_saleor_drives_the_sandbox(shop: SimpleNamespace) -> None:
    key = shop.register("ann@example.com")
    token = shop.token("ann@example.com", shop.PW)
    paid = shop.complete(shop.checkout(tok=token), token)
    assert (paid["status"], paid["chargeStatus"]) == ("UNFULFILLED", "FULL")
    waits = shop.complete(shop.checkout("guest@example.com"), None, paid=False)
    assert (waits["status"], waits["chargeStatus"]) == ("UNCONFIRMED", "NONE")
    assert shop.paid(waits["id"])["orderMarkAsPaid"]["order"]["chargeStatus"] == "FULL"
    shop.refund(paid["id"], "5.00")
    assert shop.order_info(paid["id"])["chargeStatus"] == "PARTIAL"
    shop.refund(waits["id"])
    assert shop.order_info(waits["id"])["chargeStatus"] == "NONE"
    sent = shop.fulfill(paid["id"])["orderFulfill"]["order"]
    assert sent["status"] == "FULFILLED"
    called_off = shop.complete(shop.checkout("guest@example.com"))
    assert shop.cancel(called_off["id"])["orderCancel"]["order"]["status"] == "CANCELED"
    shop.checkout("left@example.com")
    assert len(shop.sandbox.store.checkouts) == 1
    shop.delcustomer("ann@example.com")
    assert key not in shop.sandbox.store.users
    assert shop.order_info(paid["id"])["user"] is None


@needs_shared
def test_the_tool_installs_and_uninstalls_an_app(shop: SimpleNamespace) -> None:
    sandbox, probe = shop.sandbox, Probe({})

    def beside(installation: Any, permissions: frozenset[str], *, activate: bool) -> None:  # noqa: ANN401
        assert permissions == frozenset(probe.permissions)
        sandbox.install(via=probe, manifest_url=installation.manifest_url, activate=activate)

    sandbox.shop.install = beside
    sandbox.install(via=probe, manifest_url=f"{BASE}/api/manifest")
    [before] = shop.apps()
    shop.uninstall("probe.local")
    assert shop.apps() == []
    assert shop.install(f"{BASE}/api/manifest")["id"] != before["id"]
    assert json.loads(json.dumps(shop.apps()))[0]["isActive"]

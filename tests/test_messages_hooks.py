"""Events of ours that other apps are told: signed, once for each occasion, until they are taken."""

import hmac
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, Self

import pytest

from app.kit.house import House
from app.loyalty.tables import TierChange
from app.messages.hooks import flows as hooks
from app.messages.hooks.tables import Hook, Posting
from tests.support.makers import checkout, customer, event, gid
from tests.support.story import Shop


class Ear:
    """Another app: a real server that keeps what it is posted."""

    def __init__(self) -> None:
        self.heard: list[tuple[Mapping[str, str], bytes]] = []
        self.status = 200
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((self.headers, body))
                self.send_response(ear.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def told(self) -> list[Any]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as ear:
        yield ear


@pytest.fixture
def shop(house: House, ear: Ear) -> Iterator[Shop]:
    with Shop(house) as shop:
        with shop.work() as tx:
            secret = house.secrets.seal("hook secret")
            tx.add(Hook(url=ear.url, secret=secret, events=list(hooks.EVENTS)))
        yield shop


def signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    t, mark = headers["Perennial-Signature"].split(",")
    seconds = t.removeprefix("t=")
    right = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(mark.removeprefix("v1="), right)


def test_a_checkout_that_is_left_is_told_once(shop: Shop, ear: Ear) -> None:
    """§4.1: the event that Saleor does not have; no address of anybody in it."""
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", checkout=checkout("cleo@example.com")))
    shop.waits(minutes=61)
    shop.waits(hours=5)
    (told,) = ear.told()
    assert (told["event"], told["checkout"]) == ("checkout_abandoned", gid("Checkout", "C1"))
    assert told["lines"] == [{"variant": gid("ProductVariant", "tee"), "quantity": 1}]
    assert "cleo" not in str(ear.heard)
    headers, body = ear.heard[0]
    assert signed(headers, body, "hook secret")
    assert not signed(headers, body + b" ", "hook secret")
    assert headers["Perennial-Event"] == "checkout_abandoned"
    (row,) = shop.all(Posting)
    assert (row.status, row.body) == (200, {})


def test_a_tier_that_changes_is_told(shop: Shop, ear: Ear) -> None:
    told = event("CUSTOMER_CREATED", user=customer("ana"))
    shop.hears("CUSTOMER_CREATED", told)
    with shop.work() as tx:
        change = {"person": 1, "at": tx.now, "move": "rises", "cause": "order"}
        tx.add(TierChange(from_tier="member", to_tier="silver", **change))
        tx.add(TierChange(from_tier="silver", to_tier="silver", **(change | {"move": "renews"})))
        tx.flush()
        hooks.tiers_changed(tx, [1])
        hooks.tiers_changed(tx, [1])
    shop.settles()
    (told,) = ear.told()
    assert (told["customer"], told["from"], told["to"]) == (gid("User", "ana"), "member", "silver")


def test_what_is_not_taken_is_posted_again_under_the_same_key(shop: Shop, ear: Ear) -> None:
    ear.status = 503
    with shop.work() as tx:
        hooks.announce(tx, "tier_changed", key="7", payload={})
        hooks.announce(tx, "tier_changed", key="7", payload={})
    shop.settles()
    assert "HTTP 503" in shop.errors()[0]
    ear.status = 204
    shop.waits(minutes=1)
    keys = [headers["Perennial-Key"] for headers, _ in ear.heard]
    assert keys == ["1:tier_changed:7"] * 2
    assert shop.all(Posting)[0].status == 204


def test_a_hook_that_is_gone_is_let_go(shop: Shop, ear: Ear) -> None:
    ear.status = 410
    with shop.work() as tx:
        assert hooks.announce(tx, "tier_changed", key="1", payload={}) == 1
    shop.settles()
    assert shop.all(Hook)[0].active is False
    with shop.work() as tx:
        assert hooks.announce(tx, "tier_changed", key="2", payload={}) == 0


def test_nobody_is_told_what_they_did_not_ask_for(shop: Shop, ear: Ear) -> None:
    with shop.work() as tx:
        assert hooks.announce(tx, "another", key="1", payload={}) == 0
    shop.settles()
    assert ear.heard == []

"""The short way from the wire to the disk: real sockets, and HTTP as rude as it gets."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from app.kit.house import House
from app.kit.intake import Intake, IntakeFullError
from app.kit.promises import Delivery, Promise
from tests.support.keys import jwks, sign
from tests.support.story import Shop
from webhooks import doorman as short_way
from webhooks.doorman import doorman

BODY = json.dumps({"__typename": "OrderCreated", "issuedAt": "2026-03-02T09:00:00Z"}).encode()


@dataclass
class Street:
    """A shop whose app listens on a port."""

    shop: Shop
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def head(self, body: bytes = BODY, *more: str, event: str = "order_created") -> bytes:
        lines = [
            f"POST /api/webhooks/{event} HTTP/1.1",
            "Host: app.example",
            f"Saleor-Api-Url: {self.shop.api_url}",
            f"Saleor-Event: {event}",
            f"Saleor-Signature: {sign(body)}",
            *more,
        ]
        return ("\r\n".join(lines) + "\r\n").encode()

    def request(self, body: bytes = BODY, *more: str, event: str = "order_created") -> bytes:
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        return self.head(body, *more, event=event) + length + body

    @contextmanager
    def line(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            yield connection

    def says(self, *parts: bytes, answers: int = 1) -> bytes:
        """What comes back: so many answers, or fewer when the other side hangs up."""
        came = b""
        with self.line() as connection:
            for part in parts:
                connection.sendall(part)
            while _complete(came) < answers and (more := connection.recv(65536)):
                came += more
        return came


def _complete(came: bytes) -> int:
    """How many whole answers are in it."""
    head, mark, rest = came.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    if not mark or not length or len(rest) < int(length[1]):
        return 0
    return 1 + _complete(rest[int(length[1]) :])


@contextmanager
def listening(shop: Shop) -> Iterator[Street]:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            shop.perennial.asgi,
            http=doorman(shop.perennial.door),
            lifespan="off",
            log_level="error",
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, args=([place],))
        running.start()
        try:
            while not server.started:
                running.join(0.01)
            yield Street(shop, place.getsockname()[1])
        finally:
            server.should_exit = True
            running.join()


@pytest.fixture
def street(shop: Shop) -> Iterator[Street]:
    with listening(shop) as street:
        yield street


def test_in1_a_delivery_is_on_disk_when_the_wire_says_202(street: Street) -> None:
    answer = street.says(street.request())
    assert answer.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert answer.endswith(b"\r\n\r\nheard")
    assert b"\r\ndate: " in answer
    (delivery,) = street.shop.all(Delivery)
    assert (delivery.event, delivery.body) == ("order_created", BODY)


def test_both_ways_to_the_door_answer_alike(street: Street) -> None:
    altered = {"Saleor-Signature": sign(b"another body")}
    stranger = {"Saleor-Api-Url": "https://other.example/graphql/"}
    for headers in ({}, altered, stranger):
        sent = {
            "Saleor-Api-Url": street.shop.api_url,
            "Saleor-Event": "order_created",
            "Saleor-Signature": sign(BODY),
            **headers,
        }
        path = "/api/webhooks/order_created"
        short = httpx.post(street.url + path, content=BODY, headers=sent, timeout=60)
        long = httpx.post(street.url + path + "?long=way", content=BODY, headers=sent, timeout=60)
        inside = street.shop.http.post(path, content=BODY, headers=sent)
        assert (short.status_code, short.text) == (long.status_code, long.text)
        assert (short.status_code, short.text) == (inside.status_code, inside.text)


def test_a_kept_connection_carries_one_delivery_after_another(street: Street) -> None:
    with street.line() as connection:
        for event in ("order_created", "order_updated", "order_paid"):
            connection.sendall(street.request(event=event))
            assert connection.recv(65536).startswith(b"HTTP/1.1 202")
    assert len(street.shop.all(Promise)) == 3


def test_questions_piped_behind_each_other_are_answered_in_their_order(street: Street) -> None:
    alive = b"GET /healthz HTTP/1.1\r\nHost: app.example\r\n\r\n"
    bad = street.request(event="order_paid").replace(BODY, BODY.replace(b"09:00", b"09:01"))
    last = street.request(BODY, "Connection: close", event="order_updated")
    came = street.says(street.request() + alive + bad + last, answers=4)
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", came)
    assert statuses == [b"202", b"200", b"401", b"202"]


def test_a_body_may_come_in_crumbs_and_in_chunks(street: Street) -> None:
    whole = street.request()
    crumbs = [whole[at : at + 100] for at in range(0, len(whole), 100)]
    assert street.says(*crumbs).startswith(b"HTTP/1.1 202")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (BODY[:10], BODY[10:])) + b"0\r\n\r\n"
    head = street.head(BODY, "Transfer-Encoding: chunked", event="order_updated")
    assert street.says(head + b"\r\n" + chunks).startswith(b"HTTP/1.1 202")
    assert {row.body for row in street.shop.all(Delivery)} == {BODY}


def test_a_caller_who_asks_before_sending_is_told_to_go_on(street: Street) -> None:
    head = street.head(BODY, "Expect: 100-continue", f"Content-Length: {len(BODY)}") + b"\r\n"
    with street.line() as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100")
        connection.sendall(BODY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 202")


def test_more_than_any_payload_is_cut_off(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_way, "MOST_BYTES", 50)
    answer = street.says(street.request())
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer
    assert street.shop.all(Delivery) == []


def test_a_connection_that_breaks_in_the_middle_leaves_nothing(street: Street) -> None:
    for cut in (-20, 40):
        with street.line() as connection:
            connection.sendall(street.request()[:cut])
    assert street.says(street.request(event="order_updated")).startswith(b"HTTP/1.1 202")
    assert [row.event for row in street.shop.all(Delivery)] == ["order_updated"]


def test_a_caller_who_will_not_wait_is_heard_all_the_same(street: Street) -> None:
    with street.line() as connection:
        connection.sendall(street.request())
    assert street.says(street.request(event="order_updated")).startswith(b"HTTP/1.1 202")
    assert {row.event for row in street.shop.all(Delivery)} >= {"order_updated"}


def test_nonsense_is_a_400_and_hurts_nobody_else(street: Street) -> None:
    assert street.says(b"\x16\x03\x01 not http at all\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert street.says(street.request()).startswith(b"HTTP/1.1 202")


def test_old_http_and_hanging_up_are_respected(street: Street) -> None:
    old = street.request().replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    assert b" 202 Accepted\r\n" in street.says(old)
    closing = street.says(street.request(BODY, "Connection: close"))
    assert b"connection: close" in closing


def test_only_a_post_is_a_delivery_on_the_wire_too(street: Street) -> None:
    assert httpx.get(f"{street.url}/api/webhooks/order_created", timeout=60).status_code == 405


def test_a_full_writer_says_come_again_on_the_wire_too(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise IntakeFullError

    monkeypatch.setattr(Intake, "put", full)
    assert street.says(street.request()).startswith(b"HTTP/1.1 503")


@pytest.mark.parametrize("way", ["", "?long=way"])
def test_in1_a_database_that_is_away_says_come_again_on_both_ways(
    street: Street, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whatever is raised in the parser's hands is an invalid request to the server: a 400."""

    def away(_: str) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(street.shop.perennial.directory, "find", away)
    asked = street.request().replace(b"order_created HTTP", b"order_created%b HTTP" % way.encode())
    assert street.says(asked).startswith(b"HTTP/1.1 503 ")
    assert not street.shop.all(Promise)


def test_in1_a_rotated_key_is_fetched_while_others_are_heard(house: House) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=jwks("new"))

    with Shop(house, transport=httpx.MockTransport(answer)) as shop, listening(shop) as street:
        new = street.request().replace(sign(BODY).encode(), sign(BODY, "new").encode())
        assert street.says(new).startswith(b"HTTP/1.1 202")
        assert len(shop.all(Delivery)) == 1

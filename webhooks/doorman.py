"""HTTP for the webhook door: uvicorn's own protocol, and a shorter way from parser to disk.

A delivery needs no request object, no task and no framework: it goes from uvicorn's parser to the
door, and its answer goes out when the writer says that it is on disk. That is most of the time a
delivery costs (docs/decisions/0004). Everything else, and whatever is unusual about a delivery
(a query, `Expect`, an upgrade, a request piped behind another), takes uvicorn's way to the same
door; the two ways keep to one line, so answers leave in the order of their questions.
"""

from asyncio import Protocol
from collections.abc import Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, ClassVar, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.kit.intake import Heard, IntakeFullError
from app.shops.directory import Entry
from webhooks.door import FULL, MOST_BYTES, PREFIX, TOO_LARGE, Answer, Door, written

WEBHOOKS = PREFIX.encode()


class Turn:
    """A delivery between its headers and its answer, in the place of uvicorn's request cycle."""

    __slots__ = ("body", "disconnected", "keep_alive", "message_event", "response_complete", "size")

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.body: list[bytes] = []
        self.size = 0
        self.response_complete = False
        self.disconnected = False
        self.message_event = self  # uvicorn wakes whoever waits for the connection: nobody does

    def set(self) -> None:
        """Nobody waits."""


class Doorman(HttpToolsProtocol):
    """One connection."""

    door: ClassVar[Door]
    turn: Turn | None = None
    """Whose body is coming in; None while that is for uvicorn."""

    @override
    def on_headers_complete(self) -> None:
        self.turn = None
        if self._is_plain_delivery():
            self.turn = Turn(keep_alive=self.parser.should_keep_alive())
            self.cycle = cast("Any", self.turn)
        else:
            super().on_headers_complete()

    def _is_plain_delivery(self) -> bool:
        before: Any = self.cycle
        return (
            self.url.startswith(WEBHOOKS)
            and self.parser.get_method() == b"POST"
            and (before is None or before.response_complete)
            and self.parser.get_http_version() == "1.1"
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and b"?" not in self.url
            and b"%" not in self.url
        )

    @override
    def on_body(self, body: bytes) -> None:
        turn = self.turn
        if turn is None:
            super().on_body(body)
        elif not turn.response_complete:
            turn.size += len(body)
            if turn.size > MOST_BYTES:
                turn.keep_alive = False
                self._answer(turn, TOO_LARGE)
            else:
                turn.body.append(body)

    @override
    def on_message_complete(self) -> None:
        turn = self.turn
        if turn is None:
            super().on_message_complete()
        elif not turn.response_complete:
            self._meet(turn)

    def _meet(self, turn: Turn) -> None:
        path = self.url.decode("latin-1").removeprefix(PREFIX)
        headers = {name: value for name, value in self.headers if name.startswith(b"saleor-")}
        body = b"".join(turn.body)
        found = self.door.meet(path, headers, body)
        if isinstance(found, Heard):
            self._write_down(turn, found)
        elif isinstance(found, Entry):  # its keys have to be fetched: that takes a while
            task = self.loop.create_task(self._ask(turn, path, headers, body))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        else:
            self._answer(turn, found)

    async def _ask(
        self, turn: Turn, path: str, headers: Mapping[bytes, bytes], body: bytes
    ) -> None:
        self._answer(turn, await self.door.hear(path, headers, body))

    def _write_down(self, turn: Turn, heard: Heard) -> None:
        try:
            self.door.intake.put(heard, self.loop, partial(self._written, turn))
        except IntakeFullError:
            self._answer(turn, FULL)

    def _written(self, turn: Turn, failure: Exception | None) -> None:
        self._answer(turn, written(failure))

    def _answer(self, turn: Turn, answer: Answer) -> None:
        turn.response_complete = True
        if turn.disconnected or self.transport.is_closing():
            return
        told = tuple(self.server_state.default_headers)
        self.transport.write(_bytes(answer, told, keep_alive=turn.keep_alive))
        if not turn.keep_alive:
            self.transport.close()
        self.on_response_complete()


@lru_cache(maxsize=64)
def _bytes(answer: Answer, told: tuple[tuple[bytes, bytes], ...], *, keep_alive: bool) -> bytes:
    """An answer on the wire. Few are different within the second that its date is good for."""
    status, word = answer
    body = word.encode()
    headers = [
        *told,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


def doorman(door: Door) -> type[Protocol]:
    """The protocol class for a server whose webhooks go to this door."""
    return type("DoormanHere", (Doorman,), {"door": door})

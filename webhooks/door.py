"""DOOR 1: Saleor speaks. Verify, write down, answer; nothing is worked here.

The one hot path that is async, and plain ASGI: no routing, no dependency, no model. Its answers
are IN-1's: 202 on disk, 401 a bad signature, 403 a shop that is not allowed, 503 come again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

import structlog

from app.kit.deliveries import name_of
from app.kit.house import House
from app.kit.intake import Heard, Intake, IntakeFullError
from app.saleor.address import AddressRefusedError, allowed, normalised
from app.saleor.signature import Verdict, verify
from app.shops.directory import Directory, Entry
from app.shops.keyring import Keyring
from app.shops.tables import Status

log = structlog.get_logger()

PREFIX = "/api/webhooks/"
MOST_BYTES = 64 * 1024 * 1024
EVENT = re.compile(r"[a-z_]{1,64}")
Answer: TypeAlias = tuple[int, str]
BAD: Answer = (401, "the signature does not match the body")
FULL: Answer = (503, "more is coming in than the disk takes")
BLIND: Answer = (503, "who that is cannot be looked up just now")
TOO_LARGE: Answer = (413, "larger than any payload of Saleor's")
AWAY = frozenset({Status.PAUSED, Status.DELETED})
"""IN-1. One that refuses our token and still speaks to us has not sent us away."""
HEARD_WHILE_AWAY = frozenset({"app_status_changed", "app_deleted"})

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Door:
    """The ASGI app under /api/webhooks/."""

    def __init__(
        self, house: House, directory: Directory, keyring: Keyring, intake: Intake
    ) -> None:
        self.house = house
        self.directory = directory
        self.keyring = keyring
        self.intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _answer(send, 405, "Saleor posts its webhooks here")
            return
        body = await _body(receive)
        if body is None:
            await _answer(send, *TOO_LARGE)
            return
        headers = {name: value for name, value in scope["headers"] if name.startswith(b"saleor-")}
        status, word = await self.hear(scope["path"].removeprefix(PREFIX), headers, body)
        await _answer(send, status, word)

    async def hear(self, path: str, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        """One delivery: the status to answer, and a word for whoever reads Saleor's log."""
        found = self.meet(path, headers, body)
        if isinstance(found, Entry):
            # on a thread: a slow JWKS must not stop the other deliveries
            if await asyncio.to_thread(self.keyring.refetch, found) is None:
                return 503, "signed with a key that is not known yet"
            found = self.meet(path, headers, body)
        if isinstance(found, Entry):
            return BAD
        return await self._write(found) if isinstance(found, Heard) else found

    def meet(
        self, path: str, headers: Mapping[bytes, bytes], body: bytes
    ) -> Answer | Heard | Entry:
        """What can be said at once: an answer, or the delivery to be written down; or the shop
        whose keys must be fetched anew first.

        It never raises: the server would call that an invalid request, and after a 400 Saleor
        never brings a delivery again.
        """
        try:
            return self._met(path, headers, body)
        except Exception:  # a database that is away, whatever it says
            log.exception("door.blind")
            return BLIND

    def _met(
        self, path: str, headers: Mapping[bytes, bytes], body: bytes
    ) -> Answer | Heard | Entry:
        try:
            api_url = normalised(headers.get(b"saleor-api-url", b"").decode("latin-1"))
        except AddressRefusedError as failure:
            return 403, str(failure)
        shop = self.directory.find(api_url)
        if shop is None:
            return self._stranger(api_url)
        verdict = verify(body, headers.get(b"saleor-signature", b"").decode("latin-1"), shop.jwks)
        if verdict is Verdict.BAD:
            return BAD
        if verdict is Verdict.UNKNOWN_KEY:
            return shop
        event = headers.get(b"saleor-event", path.encode()).decode("latin-1").lower()
        if not EVENT.fullmatch(event):
            event = "unknown"  # the header is not signed: nothing else of it is kept
        if shop.status in AWAY and event not in HEARD_WHILE_AWAY:
            return 202, "dropped: the app is not active in this shop"
        return Heard(shop.id, name_of(event, body), event, body)

    def _stranger(self, api_url: str) -> Answer:
        settings = self.house.settings
        if not allowed(api_url, settings.allowed_shops, development=settings.development):
            return 403, "this shop is not on the allow-list"
        self.directory.forget()  # another process may have registered it a moment ago
        return 503, "this shop is not registered yet"

    async def _write(self, heard: Heard) -> Answer:
        try:
            await self.intake.write(heard)
        except IntakeFullError:
            return FULL
        except Exception as failure:  # noqa: BLE001  # whatever the disk said
            return written(failure)
        return written(None)


def written(failure: Exception | None) -> Answer:
    """On the disk, or not: then Saleor brings it again."""
    if failure:
        log.error("intake.failed", exc_info=failure)
        return 503, "it could not be written down"
    return 202, "heard"


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, word: str) -> None:
    body = word.encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})

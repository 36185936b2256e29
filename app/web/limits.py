"""How much somebody may send: little without the Dashboard's token, a whole table with one.

A form is read into memory before anybody knows whose it is, so what is too large is turned away
while it comes in. Deliveries of Saleor's have a limit of their own (webhooks.door).
"""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BEARER = "authorization-bearer"
OF_ANYBODY = 1024 * 1024
"""Bytes of a body."""
OF_STAFF = 16 * 1024 * 1024
"""A hundred thousand rows of a table, and some (app.web.handed_in)."""


class Bounded:
    """ASGI middleware: 413 for more than that, whether it was announced or only comes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = OF_STAFF if BEARER in Headers(scope=scope) else OF_ANYBODY
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self.app(scope, bounded, send)

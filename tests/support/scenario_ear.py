"""Stands between a shop and the app, passes everything on, and remembers each delivery it saw."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self

import httpx
from typing_extensions import override

from sandbox.pair import free_ports

WEBHOOKS = "/api/webhooks/"
OWN = frozenset({"connection", "host", "content-length", "transfer-encoding", "keep-alive"})


@dataclass(frozen=True)
class Heard:
    """One delivery: what it was called, what it said, how the app answered."""

    event: str
    body: Any
    status: int


class Ear:
    """`with Ear() as ear:` listens at `ear.url` for what goes to an app at `ear.app_url`."""

    def __init__(self) -> None:
        (self.app_port,) = free_ports(1)
        self.app_url = f"http://127.0.0.1:{self.app_port}"
        self._heard: list[Heard] = []
        self._lock = Lock()
        self._http = httpx.Client(timeout=30)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
        self._http.close()

    def since(self, mark: int) -> Sequence[Heard]:
        with self._lock:
            return tuple(self._heard[mark:])

    @property
    def mark(self) -> int:
        with self._lock:
            return len(self._heard)

    def _pass_on(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        sent = {name: value for name, value in headers.items() if name.lower() not in OWN}
        try:
            answer = self._http.request(method, self.app_url + path, headers=sent, content=body)
        except httpx.HTTPError:
            answer = httpx.Response(503, text="the app is not there")
        if path.startswith(WEBHOOKS):
            event = path.removeprefix(WEBHOOKS).upper()
            with self._lock:
                self._heard.append(Heard(event, json.loads(body), answer.status_code))
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ear = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(size)
                answer = ear._pass_on(self.command, self.path, dict(self.headers), body)
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name not in OWN | {"content-encoding", "date", "server"}:
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                with suppress(ConnectionError):  # a browser that has already gone on
                    self.end_headers()
                    self.wfile.write(answer.content)

            do_GET = do_POST = do_OPTIONS = _answer  # noqa: N815  # the library's names

            @override
            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler

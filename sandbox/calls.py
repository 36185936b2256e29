"""The sandbox's way out: an HTTP call, over a real network or into an app of the same process."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import httpx

CONNECT, READ = 2.0, 18.0
USER_AGENT = "Saleor/3.23"


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Call(Protocol):
    """One request. Raises Unreachable when no answer came (in time)."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply: ...


class Unreachable(Exception):  # noqa: N818 - it says what the other side was
    pass


class Client(Protocol):
    """What httpx.Client and Starlette's TestClient have in common."""

    @property
    def request(self) -> Callable[..., Any]: ...


def over(client: Client) -> Call:
    """Calls through a client that is there already; redirects are never followed."""

    def call(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        try:
            answer = client.request(
                method, url, headers=dict(headers), content=body, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        return Reply(answer.status_code, answer.headers, answer.content)

    return call


def over_network() -> Call:
    """Calls as Saleor makes them: two seconds to connect, eighteen for the answer."""
    timeout = httpx.Timeout(READ, connect=CONNECT)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
    client = httpx.Client(timeout=timeout, limits=limits, headers={"User-Agent": USER_AGENT})
    return over(client)


Post = Callable[[str, dict[str, str], bytes], int]

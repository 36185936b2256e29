"""Asking an address that a stranger gave us, without becoming the stranger's hand.

Whoever may call `/api/register` chooses which host we ask. So: https only, no private, loopback or
link-local address however it is written, connected to the very address that was judged, no
redirect, no proxy, a small answer, and a total time that a slow server cannot stretch.
"""

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLateError
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

MOST_BYTES = 64 * 1024
SECONDS = 6.0
TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: the last four bytes are an IPv4 address somewhere behind the gateway."""

Resolve = Callable[[str, int], Sequence[str]]
T = TypeVar("T")


class OutwardError(Exception):
    """The address was not asked, or gave no useful answer. The message is for people."""

    public = True
    away = True


class ForbiddenAddressError(OutwardError):
    """We do not talk to that."""

    permanent = True


def resolved(host: str, port: int) -> Sequence[str]:
    """Every address the system knows for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Outward:
    """Small requests to untrusted hosts. `development` lifts https and the ban on private ones."""

    def __init__(
        self,
        *,
        development: bool = False,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve = resolved,
        seconds: float = SECONDS,
    ) -> None:
        self._development = development
        self._transport = transport
        self._resolve = resolve
        self._seconds = seconds

    def get(self, url: str) -> Any:  # noqa: ANN401  # JSON's edge
        """The JSON at an address. Raises OutwardError."""
        return self._ask(httpx.Request("GET", url))

    def post(self, url: str, body: Mapping[str, Any], *, token: str) -> Any:  # noqa: ANN401
        """The JSON that a JSON body is answered with. Raises OutwardError."""
        headers = {"Authorization": f"Bearer {token}"}
        return self._ask(httpx.Request("POST", url, json=body, headers=headers))

    def tell(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post something and learn the status; what is answered beyond it is not read."""
        request = httpx.Request("POST", url, content=body, headers=dict(headers))
        return self._bounded(request, self._status)

    def _ask(self, request: httpx.Request) -> Any:  # noqa: ANN401
        try:
            return json.loads(self._bounded(request, self._fetch))
        except (ValueError, RecursionError) as failure:
            raise OutwardError(f"{request.url.host} did not answer with JSON") from failure

    def _bounded(
        self, request: httpx.Request, ask: Callable[[httpx.Client, httpx.Request], T]
    ) -> T:
        """Bounded from outside: a server that drips bytes outlasts any timeout between them."""
        client = httpx.Client(transport=self._transport, timeout=self._seconds, trust_env=False)
        answer: Future[T] = Future()
        Thread(target=self._fulfil, args=(client, request, ask, answer), daemon=True).start()
        try:
            return answer.result(self._seconds)
        except TooLateError as failure:
            raise OutwardError(f"{request.url.host} took too long to answer") from failure
        finally:
            client.close()

    def _fulfil(
        self,
        client: httpx.Client,
        request: httpx.Request,
        ask: Callable[[httpx.Client, httpx.Request], T],
        answer: "Future[T]",
    ) -> None:
        try:
            answer.set_result(ask(client, self._pinned(request)))
        except OutwardError as failure:
            answer.set_exception(failure)
        except Exception as failure:  # noqa: BLE001  # whatever it is, it ends here with a word
            kind = type(failure).__name__
            answer.set_exception(OutwardError(f"{request.url.host} was not reached ({kind})"))

    def _pinned(self, request: httpx.Request) -> httpx.Request:
        """The same request to the address that was judged: a second look-up could lie."""
        url = request.url
        if url.scheme != "https" and not (self._development and url.scheme == "http"):
            raise ForbiddenAddressError("only https is asked")
        port = url.port or (443 if url.scheme == "https" else 80)
        address = self._judged(url.host, port)
        return httpx.Request(
            request.method,
            url.copy_with(host=address),
            headers={
                **request.headers,
                "host": url.netloc.decode("ascii"),
                "accept-encoding": "identity",
            },
            content=request.read(),
            extensions={**request.extensions, "sni_hostname": url.host},
        )

    def _judged(self, host: str, port: int) -> str:
        return judged(host, port, development=self._development, resolve=self._resolve)

    def _status(self, client: httpx.Client, request: httpx.Request) -> int:
        answer = client.send(request, stream=True, follow_redirects=False)
        answer.close()
        return answer.status_code

    def _fetch(self, client: httpx.Client, request: httpx.Request) -> bytes:
        answer = client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.status_code != httpx.codes.OK:
                raise OutwardError(f"it answered with HTTP {answer.status_code}")
            return _small(answer)
        finally:
            answer.close()


def judged(host: str, port: int, *, development: bool = False, resolve: Resolve = resolved) -> str:
    """The address under which a stranger's host may be spoken to. Raises OutwardError.

    Connect to this very address: a second look-up could be answered otherwise.
    """
    try:
        found = list(resolve(host, port))
    except (OSError, UnicodeError) as failure:
        raise OutwardError(f"{host} is not known") from failure
    if not found:
        raise OutwardError(f"{host} is not known")
    if not development and not all(public(address) for address in found):
        raise ForbiddenAddressError(f"{host} is not on the public internet")
    return found[0]


def public(address: str) -> bool:
    """Whether an IP address is anybody's on the internet, whatever it is wrapped in."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip in TRANSLATED:
        return _is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
    return all(_is_public(one) for one in [ip, *_inside(ip)])


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _inside(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses an IPv6 address may stand for."""
    if isinstance(ip, IPv4Address):
        return []
    wrapped = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    return [one for one in wrapped if one is not None]


def _small(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise OutwardError("it answered packed, which was not asked for")
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise OutwardError("it answered with more than 64 KiB")
        parts.append(part)
    return b"".join(parts)


def origin(url: str) -> str:
    """`https://shop.example/graphql/` is of `https://shop.example`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

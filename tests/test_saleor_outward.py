"""A stranger names the host we ask (protocol §2.4): nothing private, large or slow."""

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from app.saleor import handshake
from app.saleor.outward import ForbiddenAddressError, Outward, OutwardError, public
from tests.support.keys import jwks

URL = "https://shop.example/graphql/"
PACKED = httpx.ByteStream(b"a bomb, perhaps")


def outward(*found: str, answer: object = None, **options: object) -> tuple[Outward, list]:
    """An Outward whose resolver finds these, and what it sent."""
    sent: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer)

    made = Outward(
        transport=httpx.MockTransport(reply),
        resolve=lambda *_: list(found),
        **options,  # type: ignore[arg-type]
    )
    return made, sent


def test_the_address_that_was_judged_is_the_one_that_is_asked() -> None:
    """No second look-up that could answer differently; the certificate is still the host's."""
    asker, sent = outward("8.8.8.8", answer={"ok": True})
    assert asker.post(URL, {"query": "{ app { id } }"}, token="secret") == {"ok": True}
    (request,) = sent
    assert str(request.url) == "https://8.8.8.8/graphql/"
    assert request.headers.get_list("host") == ["shop.example"]
    assert request.extensions["sni_hostname"] == "shop.example"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["accept-encoding"] == "identity"
    assert b"app { id }" in request.content


def test_a_port_stays_in_the_host_header() -> None:
    asker, sent = outward("2606:4700::1111", answer={})
    asker.get("https://shop.example:8443/.well-known/jwks.json")
    assert sent[0].headers["host"] == "shop.example:8443"
    assert str(sent[0].url) == "https://[2606:4700::1111]:8443/.well-known/jwks.json"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
    ],
)
def test_a_private_address_is_not_asked_however_it_is_written(address: str) -> None:
    asker, sent = outward(address, answer={})
    with pytest.raises(ForbiddenAddressError):
        asker.get(URL)
    assert sent == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_asked(address: str) -> None:
    assert public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    asker, sent = outward("8.8.8.8", "10.0.0.1", answer={})
    with pytest.raises(ForbiddenAddressError):
        asker.get(URL)
    assert sent == []


@pytest.mark.parametrize("url", ["http://shop.example/graphql/", "ftp://shop.example/"])
def test_only_https_is_asked(url: str) -> None:
    asker, sent = outward("8.8.8.8", answer={})
    with pytest.raises(ForbiddenAddressError):
        asker.get(url)
    assert sent == []


def test_a_developers_saleor_may_be_anywhere() -> None:
    asker, sent = outward("127.0.0.1", answer={"ok": 1}, development=True)
    assert asker.get("http://localhost:8000/graphql/") == {"ok": 1}
    assert str(sent[0].url) == "http://127.0.0.1:8000/graphql/"


def test_a_redirect_is_not_followed() -> None:
    there = httpx.Response(302, headers={"location": "http://169.254.169.254/"})
    asker, sent = outward("8.8.8.8", answer=there)
    with pytest.raises(OutwardError, match="HTTP 302"):
        asker.get(URL)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(500), "HTTP 500"),
        (httpx.Response(200, headers={"content-encoding": "br"}, stream=PACKED), "packed"),
        (httpx.Response(200, content=b"<html>"), "JSON"),
        (httpx.Response(200, content=b" " * (64 * 1024 + 1)), "64 KiB"),
    ],
)
def test_an_answer_of_no_use_is_said_in_words(answer: httpx.Response, words: str) -> None:
    asker, _ = outward("8.8.8.8", answer=answer)
    with pytest.raises(OutwardError, match=words):
        asker.get(URL)


def test_a_host_that_nobody_knows_is_said_in_words() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(OutwardError, match=r"shop\.example is not known"):
        Outward(resolve=unknown).get(URL)


def test_a_look_up_that_hangs_is_given_up() -> None:
    given_up = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        given_up.wait()
        return ["8.8.8.8"]

    with pytest.raises(OutwardError, match="too long"):
        Outward(resolve=hangs, seconds=0.1).get(URL)
    given_up.set()


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that never stops answering: a header byte every 50 ms. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            caller, _ = server.accept()
            with caller:
                while not done.wait(0.05):
                    try:
                        caller.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join(5)


def test_a_server_that_drips_is_given_up(dripping: int) -> None:
    """It would go on for ever."""
    asker = Outward(development=True, seconds=1.0)
    with pytest.raises(OutwardError, match="too long"):
        asker.get(f"http://127.0.0.1:{dripping}/.well-known/jwks.json")


def test_who_drips_after_being_told_something_is_given_up_too(dripping: int) -> None:
    """Four of those, and no errand of any shop was run any more."""
    asker = Outward(development=True, seconds=1.0)
    with pytest.raises(OutwardError, match="too long"):
        asker.tell(f"http://127.0.0.1:{dripping}/hook", b"{}", {})


def identity(**app: object) -> dict[str, object]:
    shop = {"name": "Shop", "version": "3.23.28", "domain": {"host": "x", "url": "https://x/"}}
    return {"app": {"id": "QXBwOjE=", "identifier": "perennial", **app}, "shop": shop}


def test_a_token_is_known_by_its_app() -> None:
    asker, sent = outward("8.8.8.8", answer={"data": identity(isActive=True)})
    who = handshake.identify(asker, URL, "secret")
    assert who is not None
    assert who.app is not None
    assert (who.app.id, who.app.identifier, who.shop.version) == (
        "QXBwOjE=", "perennial", "3.23.28"
    )  # fmt: skip
    assert len(sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"data": None, "errors": [{"message": "no", "path": ["shop", "version"]}]},
        {"data": identity() | {"app": None}},
        {"errors": [{"message": "no"}]},
        ["nonsense"],
        7,
    ],
)
def test_a_token_that_is_not_known_is_nobodys(answer: object) -> None:
    asker, _ = outward("8.8.8.8", answer=answer)
    assert handshake.identify(asker, URL, "secret") is None


def test_an_answer_that_is_not_saleors_is_refused() -> None:
    asker, _ = outward("8.8.8.8", answer={"data": {"app": {"id": 7}}})
    with pytest.raises(OutwardError, match="as a Saleor does"):
        handshake.identify(asker, URL, "secret")


def test_keys_are_read_at_the_shops_origin_and_only_those_that_sign_are_kept() -> None:
    junk = [{"kty": "EC", "kid": "x"}, {"kty": "RSA", "kid": "y", "n": "AQ", "e": "AQ"}, 7, None]
    published = {"keys": [*junk, *jwks("shop")["keys"]], "more": "of it"}
    asker, sent = outward("8.8.8.8", answer=published)
    assert handshake.jwks(asker, URL) == {"keys": jwks("shop")["keys"]}
    assert sent[0].url.path == "/.well-known/jwks.json"


@pytest.mark.parametrize("published", [{}, {"keys": []}, {"keys": "x"}, [], 7, {"keys": [7]}])
def test_a_shop_without_a_key_is_refused(published: object) -> None:
    asker, _ = outward("8.8.8.8", answer=published)
    with pytest.raises(OutwardError, match="no key"):
        handshake.jwks(asker, URL)

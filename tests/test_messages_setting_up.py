"""How a shop's sending is set up, and what is said about its domain."""

import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from threading import Thread

import pytest

from app.kit.house import House
from app.messages import queries, setting_up
from app.messages.email import domain, names
from app.messages.email.domain import Light, Records
from app.messages.email.smtp import Server
from app.messages.hooks.tables import Hook
from app.messages.setting_up import CheckDomain, Setup
from app.messages.tables import Outlet
from tests.support.story import Shop

SPF, KEY, DMARC = (
    ["v=spf1 include:mail.example -all"],
    ["v=DKIM1; k=rsa; p=MIGf"],
    ["v=DMARC1; p=none"],
)
GOOD = Records(SPF, KEY, DMARC)


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        yield shop


@pytest.mark.parametrize(
    ("records", "bad"),
    [
        (GOOD, set()),
        (Records([], KEY, DMARC), {"spf"}),
        (Records([*SPF, *SPF], KEY, DMARC), {"spf"}),
        (Records(["v=spf1 +all"], KEY, DMARC), {"spf"}),
        (Records(["google-site-verification=x", *SPF], KEY, DMARC), set()),
        (Records(SPF, [], DMARC), {"dkim"}),
        (Records(SPF, ["v=DKIM1; p="], DMARC), {"dkim"}),
        (Records(SPF, KEY, []), {"dmarc"}),
        (Records(SPF, KEY, ["v=DMARC1; rua=mailto:x@y.example"]), {"dmarc"}),
        (Records(SPF, KEY, ["v=DMARC1;p=reject; sp=none"]), set()),
        (Records(None, None, None), set()),
    ],
    ids=range(11),
)
def test_bs1_what_a_domain_says_of_itself(records: Records, bad: set[str]) -> None:
    """BS-1: what is wrong is red; what could not be asked is amber and holds nothing back."""
    told = domain.lights("news.shop.example", records, encrypted=True, postal=True)
    assert {name for name, light in told.items() if light == Light.BAD} == bad


def test_bs1_nobody_sends_in_bulk_from_a_free_mailbox() -> None:
    told = domain.lights("gmail.com", GOOD, encrypted=True, postal=True)
    assert told["own_domain"] == Light.BAD


def test_bs1_a_sub_domain_leans_on_the_one_above() -> None:
    assert domain.upwards("news.shop.com.br") == ["news.shop.com.br", "shop.com.br", "com.br"]


def zone(records: Mapping[str, Sequence[str]]) -> setting_up.Lookup:
    return lambda name: records.get(name, [])


def checks(shop: Shop, records: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    world = shop.perennial.reach.world(shop.id)
    setting_up.check_domain(CheckDomain(occasion="x"), world, lookup=zone(records))
    (row,) = shop.all(Outlet)
    lights: Mapping[str, str] = row.checks["domain"]
    return lights


def saves(shop: Shop, **told: object) -> None:
    setup = Setup(
        **({"url": "smtps://u:p@mail.example", "sender": "Shop <hi@news.shop.example>"} | told)  # type: ignore[arg-type]
    )
    with shop.work() as tx:
        setting_up.save(tx, shop.house, "email", setup)


def test_bs1_a_shop_is_told_what_is_missing(shop: Shop) -> None:
    saves(shop, selector="s1", postal="Main Street 1")
    records = {
        "news.shop.example": SPF, "s1._domainkey.news.shop.example": KEY,
        "_dmarc.shop.example": DMARC,
    }  # fmt: skip
    assert set(checks(shop, records).values()) == {"good"}
    told = checks(shop, {"news.shop.example": SPF})
    assert (told["dkim"], told["dmarc"]) == ("bad", "bad")


def test_bs1_a_resolver_that_is_silent_holds_nothing_back(shop: Shop) -> None:
    saves(shop, selector="s1")

    def silent(_: str) -> Sequence[str]:
        raise names.NamesError

    world = shop.perennial.reach.world(shop.id)
    setting_up.check_domain(CheckDomain(occasion="x"), world, lookup=silent)
    assert "bad" not in shop.all(Outlet)[0].checks["domain"].values()


def test_a_password_is_sealed_and_never_shown_again(shop: Shop) -> None:
    form = {
        "channel": "email", "url": "smtps://user:hunter2@mail.example", "active": "on",
        "sender": "Shop <hi@news.shop.example>", "return_path": "back@news.shop.example",
    }  # fmt: skip
    answer = shop.http.post("/app/sending", headers=shop.staff(), data=form)
    assert answer.status_code == 200
    assert "hunter2" not in answer.text + shop.sees("/app/sending")
    (row,) = shop.all(Outlet)
    assert "hunter2" not in row.url
    answer = shop.http.post("/app/sending", headers=shop.staff(), data=form | {"url": ""})
    (row,) = shop.all(Outlet)
    assert shop.house.secrets.open(row.url) == "smtps://user:hunter2@mail.example"
    assert f"/api/reports/{shop.id}/email" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", ""), ("url", "http://mail.example"), ("sender", "nobody"), ("inbox", "pop://x"),
     ("sender", "a@b.example\r\nBcc: all@world.example"), ("return_path", "x")],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field(shop: Shop, field: str, value: str) -> None:
    form = {"channel": "email", "url": "smtp://mail.example", "sender": "a@b.example"} | {
        field: value
    }
    answer = shop.http.post("/app/sending", headers=shop.staff(), data=form)
    assert answer.status_code == 422
    assert 'class="problem"' in answer.text
    assert shop.all(Outlet) == []


def test_a_service_needs_a_place_for_the_number(shop: Shop) -> None:
    form = {"channel": "sms", "url": "twilio://a:b@c/", "active": "on"}
    assert shop.http.post("/app/sending", headers=shop.staff(), data=form).status_code == 422
    form["url"] = "twilio://a:b@c/{to}"
    assert shop.http.post("/app/sending", headers=shop.staff(), data=form).status_code == 200
    with shop.look() as tx:
        assert queries.outlet(tx, "sms") is not None
    assert shop.http.get("/app/sending", headers=shop.staff(["MANAGE_USERS"])).status_code == 403


def test_bs3_a_new_domain_begins_anew(shop: Shop) -> None:
    saves(shop)
    shop.waits(days=30)
    saves(shop, url="")
    assert shop.all(Outlet)[0].since < shop.house.clock.now()
    saves(shop, sender="Shop <hi@other.example>")
    assert shop.all(Outlet)[0].since == shop.house.clock.now()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 587, tls="starttls")),
        ("smtps://u%40x:p%2Fw@mail.example", Server("mail.example", 465, "u@x", "p/w", "implicit")),
        ("smtp://mail.example:25", Server("mail.example", 25)),
        ("smtp://127.0.0.1:587?tls=none", Server("127.0.0.1", 587, tls="none")),
    ],
)
def test_addresses_of_mail_servers(url: str, server: Server) -> None:
    assert Server.read(url) == server


class Resolver:
    """A name server that knows one name: two records, the second in two strings."""

    def __init__(self) -> None:
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", 0))
        self.asked: list[bytes] = []
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                question, who = self.wire.recvfrom(512)
            except OSError:
                return
            self.asked.append(question)
            head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, 2, 0, 0)
            rdata = [bytes([6]) + b"v=spf1", bytes([3]) + b"a-b" + bytes([2]) + b"-c"]
            told = b"".join(
                b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(one)) + one for one in rdata
            )
            self.wire.sendto(head + question[12:] + told, who)


def test_texts_are_read_off_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    real = socket.socket.connect
    place = resolver.wire.getsockname()
    monkeypatch.setattr(names, "_servers", lambda: ["127.0.0.1"])
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, to: real(self, place if to[1] == 53 else to)
    )
    assert names.texts("news.shop.example") == ["v=spf1", "a-b-c"]
    assert b"\x04news\x04shop\x07example\x00\x00\x10\x00\x01" in resolver.asked[0]
    resolver.wire.close()


def test_other_apps_are_added_and_dropped_on_the_same_page(shop: Shop) -> None:
    path, headers = "/app/sending/hooks", shop.staff()
    assert shop.http.post(path, headers=headers, data={"url": "javascript:x"}).status_code == 422
    form = {"url": "https://other.example/hook", "event": ["tier_changed", "nonsense"]}
    page = shop.http.post(path, headers=headers, data=form).text
    (hook,) = shop.all(Hook)
    assert (hook.url, hook.events) == ("https://other.example/hook", ["tier_changed"])
    secret = shop.house.secrets.open(hook.secret)
    assert secret in page
    assert hook.secret != secret
    shop.http.post(path, headers=headers, data={"drop": str(hook.id)})
    assert shop.all(Hook) == []
    assert shop.http.post(path, headers=shop.staff([]), data=form).status_code == 403

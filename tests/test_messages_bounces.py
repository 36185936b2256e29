"""What comes back: bounces and complaints, by the mail server's answer, a webhook, a mailbox."""

import hmac
import imaplib
import json
import ssl
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from app.kit.house import House
from app.messages import bounces, brakes, hashing, intake, queries, reports, standing
from app.messages.consent_tables import Suppression
from app.messages.reputation import Kind
from app.messages.tables import Bounce, PausedCampaign, Send
from tests.support.postbox import Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        with shop.work() as tx:
            outlet = queries.outlet(tx, "email")
            assert outlet
            outlet.secret = house.secrets.seal("s3")
        yield shop


def tells(shop: Writing, *events: dict[str, str], secret: str = "s3") -> int:
    body = json.dumps(events).encode()
    mark = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
    return shop.http.post(
        f"/api/reports/{shop.id}/email", content=body, headers={"X-Perennial-Signature": mark}
    ).status_code


def delivery_report(shop: Writing, *, status: str, action: str = "failed", to: str = "") -> bytes:
    """As a mail server writes it (RFC 3464), with the headers of what it is about."""
    to = to or shop.mail().sender
    return f"""From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b
Content-Type: text/rfc822-headers

Message-ID: {shop.mail().parsed["Message-ID"]}
Subject: Hello
--b--
""".replace("\n", "\r\n").encode()


def complaint(shop: Writing) -> bytes:
    """As a mailbox provider writes it (RFC 5965)."""
    return f"""From: fbl@mailbox.example
To: abuse@news.shop.example
Subject: FW: Hello
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--b
Content-Type: message/rfc822

From: hello@news.shop.example
Message-ID: {shop.mail().parsed["Message-ID"]}
Subject: Hello

Hello
--b--
""".replace("\n", "\r\n").encode()


def reads(shop: Writing, *raws: bytes) -> int:
    secret = "the code secret"
    with shop.work() as tx:
        return reports.take_mail(tx, raws, secret=secret)


def reasons(shop: Writing) -> list[str]:
    return sorted(row.reason for row in shop.all(Suppression))


def test_bo1_an_address_the_server_does_not_know_is_never_tried_again(shop: Writing) -> None:
    """BO-1, by the answer in the conversation itself."""
    shop.post.refuses["ana@example.com"] = "550 5.1.1 No such user"
    shop.sends()
    assert shop.word() == "failed:hard_bounce"
    assert reasons(shop) == ["hard_bounce"]
    shop.post.refuses.clear()
    shop.sends("k2")
    assert shop.word("k2") == "refused:suppressed"
    assert shop.sends("s", message="receipt", purpose="service").state == "sent"


def test_bo1_a_delivery_report_says_so_later(shop: Writing) -> None:
    """BO-1, BO-4: by the mailbox; the same report twice is one bounce."""
    shop.sends()
    raw = delivery_report(shop, status="5.1.1")
    assert reads(shop, raw, raw) == 2
    assert [(row.kind, row.status, row.source) for row in shop.all(Bounce)] == [
        ("hard", "5.1.1", "mailbox")
    ]
    shop.waits(days=1)
    shop.sends("k2")
    assert shop.word("k2") == "refused:suppressed"


@pytest.mark.parametrize("way", ["mailbox", "webhook"])
def test_bo1_a_complaint_ends_all_marketing_until_she_says_otherwise(
    shop: Writing, way: str
) -> None:
    """BO-1: lifted only by new explicit consent, which a tick at checkout is not (CO-3)."""
    shop.sends()
    shop.asks("later", due=shop.house.clock.now() + timedelta(days=2))
    if way == "mailbox":
        assert reads(shop, complaint(shop)) == 1
    else:
        assert tells(shop, {"event": "complaint", "id": shop.send().provider_id}) == 200
    assert reasons(shop) == ["complaint"]
    assert shop.word("later").startswith("cancelled")
    shop.waits(days=1)
    shop.agrees("ana", source="checkout")
    shop.sends("k2")
    assert shop.word("k2") == "refused:complained"
    shop.waits(seconds=1)
    shop.agrees("ana", source="preferences")
    assert shop.sends("k3").state == "sent"


def comes_back(shop: Writing, number: int, kind: Kind) -> None:
    with shop.work() as tx:
        send = Send(
            key=f"s{number}", message="hello", purpose="marketing", channel="email",
            person=shop.ana, priority=8, state="sent", asked_at=tx.now, due=tx.now,
            handed_at=tx.now, address_hash=hashing.of_address("ana@example.com"),
        )  # fmt: skip
        tx.add(send)
        tx.flush()
        status = {Kind.SOFT: "4.2.2", Kind.DELIVERED: "2.0.0"}[kind]
        bounces.came_back(tx, send.id or 0, status=status, source="test")
    shop.waits(days=1)


def test_bo2_five_soft_ones_in_a_row_are_enough_for_ninety_days(shop: Writing) -> None:
    """BO-2: a delivery between them begins the count anew."""
    for number, kind in enumerate([Kind.SOFT] * 4 + [Kind.DELIVERED] + [Kind.SOFT] * 4):
        comes_back(shop, number, kind)
    assert reasons(shop) == []
    comes_back(shop, 99, Kind.SOFT)
    assert reasons(shop) == ["soft_bounces"]
    shop.sends()
    assert shop.word() == "refused:suppressed"
    shop.waits(days=90)
    shop.agrees("ana")
    assert shop.sends("k2").state == "sent"


def test_bo2_soft_ones_far_apart_are_not_in_a_row(shop: Writing) -> None:
    for number in range(6):
        comes_back(shop, number, Kind.SOFT)
        shop.waits(days=7)
    assert reasons(shop) == []


def test_bo2_a_bounce_without_a_reason_is_a_soft_one(shop: Writing) -> None:
    """BO-2: some providers tell none; what ends nothing is no bounce, whatever its status."""
    shop.sends()
    id_ = shop.send().provider_id
    assert tells(shop, {"event": "deferred", "id": id_, "status": "4.4.1"}) == 200
    assert shop.all(Bounce) == []
    assert tells(shop, {"event": "bounce", "id": id_}) == 200
    assert [row.kind for row in shop.all(Bounce)] == ["soft"]


def test_bo3_a_bounce_of_service_mail_counts_too(shop: Writing) -> None:
    """BO-3."""
    shop.sends(message="receipt", purpose="service")
    assert reads(shop, delivery_report(shop, status="5.1.1")) == 1
    shop.sends("k2")
    assert shop.word("k2") == "refused:suppressed"


def test_bo4_only_what_names_a_message_of_ours_is_believed(shop: Writing) -> None:
    """BO-4: no signature, another shop's, a guessed one: ignored; an unsigned webhook: 401."""
    shop.sends()
    id_ = shop.send().provider_id
    forged = id_.replace(id_.split(".")[2][:20], "0" * 20)
    raw = delivery_report(shop, status="5.1.1", to="bounces@news.shop.example")
    assert reads(shop, raw.replace(id_.encode(), forged.encode())) == 0
    assert tells(shop, {"event": "complaint", "id": forged}) == 200
    assert tells(shop, {"event": "complaint", "id": id_}, secret="another") == 401
    assert reads(shop, b"From: x@y.example\r\nSubject: hello\r\n\r\nnothing") == 0
    assert reasons(shop) == []
    assert shop.all(Bounce) == []
    assert tells(shop, {"event": "bounce", "id": id_, "status": "5.1.1"}) == 200
    assert reasons(shop) == ["hard_bounce"]


def test_bo4_a_report_that_is_not_over_says_nothing(shop: Writing) -> None:
    shop.sends()
    assert reads(shop, delivery_report(shop, status="4.4.1", action="delayed")) == 0
    assert reads(shop, delivery_report(shop, status="2.0.0", action="delivered")) == 1
    assert shop.send().delivered_at is not None


@pytest.mark.parametrize(
    "head", [b'To: "', b"To: x<\t[", b"To: a@\xff, <\x00,,;", b"To: =?utf-8?q?@", b"Message-ID: <"]
)
def test_bo4_a_mail_that_nobody_can_read_stops_no_other(head: bytes) -> None:
    """Anybody may send one, and bounces and ways out would be heard no more."""
    raw = head + b"\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
    assert intake.read(raw, secret="s", shop=1) is None
    assert intake.unsubscribed(raw, shop=1) is None


def test_bo4_nonsense_is_told_apart_from_a_report(shop: Writing) -> None:
    body = b"{not json"
    mark = "sha256=" + hmac.new(b"s3", body, sha256).hexdigest()
    answer = shop.http.post(
        f"/api/reports/{shop.id}/email", content=body, headers={"X-Perennial-Signature": mark}
    )
    assert answer.status_code == 400


def test_bo5_a_batch_of_dead_addresses_pauses_its_automation(shop: Writing) -> None:
    """BO-5: three of a hundred; somebody has to look before it goes on."""
    with shop.work() as tx:
        for number in range(100):
            tx.add(
                Send(
                    key=f"b{number}", message="hello", purpose="marketing", channel="email",
                    campaign="old list", priority=8, state="sent", asked_at=tx.now, due=tx.now,
                    handed_at=tx.now, address_hash=f"{number:064}",
                )
            )  # fmt: skip
    ids = {row.key: row.id for row in shop.all(Send)}
    for number in range(3):
        assert shop.all(PausedCampaign) == []
        with shop.work() as tx:
            bounces.came_back(tx, ids[f"b{number}"], status="5.1.1", source="test")
    assert [(row.campaign, row.reason) for row in shop.all(PausedCampaign)] == [
        ("old list", "batch_bounces")
    ]
    shop.rules(ramped=False)
    shop.sends(campaign="old list")
    assert shop.word() == "waiting:batch_bounces"
    with shop.work() as tx:
        brakes.resume_campaign(tx, "old list", skip=False)
    shop.settles()
    assert shop.word() == "sent"


def test_bo5_what_the_mail_server_refuses_at_once_is_of_the_batch_too(shop: Writing) -> None:
    """BO-5, BS-3: a 550 in the conversation itself is the commonest hard bounce of a list that was
    bought; it was never handed over, and counts."""
    shop.rules(ramped=False)
    with shop.work() as tx:
        for number in range(97):
            tx.add(
                Send(
                    key=f"b{number}", message="hello", purpose="marketing", channel="email",
                    campaign="old list", priority=8, state="sent", asked_at=tx.now, due=tx.now,
                    handed_at=tx.now, address_hash=f"{number:064}",
                )
            )  # fmt: skip
    for number in range(3):
        assert shop.all(PausedCampaign) == []
        name = f"dead{number}"
        shop.post.refuses[f"{name}@example.com"] = "550 5.1.1 No such user"
        person = shop.person(name)
        shop.agrees(name)
        shop.sends(name, person=person, campaign="old list")
        assert shop.word(name) == "failed:hard_bounce"
    assert [row.reason for row in shop.all(PausedCampaign)] == ["batch_bounces"]
    with shop.look() as tx:
        now = standing.standing(tx, "email")
    assert (now.delivered, now.bounced) == (97, 3)


@pytest.mark.parametrize(
    ("service_sender", "mood"), [("", "good"), ("<a@mail.shop.example>", "paused")]
)
def test_bs2_service_mail_of_another_domain_dilutes_no_complaints(
    shop: Writing, service_sender: str, mood: str
) -> None:
    """BS-2, BS-4: three complaints about 300 letters are too many, however many receipts went out
    under a name of their own."""
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.service_sender = service_sender
        for purpose, most in (("marketing", 300), ("service", 4000)):
            rows = [
                {
                    "key": f"{purpose}{n}", "message": "m", "purpose": purpose, "channel": "email",
                    "priority": 8, "state": "sent", "asked_at": tx.now, "due": tx.now,
                    "handed_at": tx.now, "address_hash": "0" * 64, "campaign": "", "context": {},
                }
                for n in range(most)
            ]  # fmt: skip
            tx.put(Send, rows, key=("key",))
    ids = {row.key: row.id for row in shop.all(Send)}
    for number in range(3):
        with shop.work() as tx:
            send, kind = ids[f"marketing{number}"], Kind.COMPLAINT
            bounces.came_back(tx, send, status="", source="test", kind=kind)
    with shop.look() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        assert outlet.checks["mood"] == mood


class Inbox:
    """An IMAP server's client as imaplib has it, with two mails in it."""

    def __init__(self, mails: list[bytes]) -> None:
        self.mails, self.seen = mails, set[str]()

    def __call__(
        self, host: str, port: int, *, ssl_context: ssl.SSLContext, timeout: float
    ) -> "Inbox":
        """Whose certificate is looked at, and who may not hang for ever."""
        assert (host, port) == ("mail.example", 993)
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        assert timeout == reports.TIMEOUT
        return self

    def login(self, user: str, word: str) -> None:
        assert (user, word) == ("user@x", "wo/rd")

    def select(self, folder: str) -> None:
        assert folder == "INBOX"

    def search(self, _: object, __: str) -> tuple[str, list[bytes]]:
        left = [str(n + 1) for n in range(len(self.mails)) if str(n + 1) not in self.seen]
        return "OK", [" ".join(left).encode()]

    def fetch(self, number: str, parts: str) -> tuple[str, list[Any]]:
        """Anybody may write a mail of any size to such a mailbox."""
        assert parts == f"(BODY.PEEK[]<0.{reports.MOST_BYTES}>)"
        return "OK", [(b"1 (BODY[]<0> {1}", self.mails[int(number) - 1]), b")"]

    def store(self, number: str, _: str, __: str) -> None:
        self.seen.add(number)

    def logout(self) -> None:
        pass


def test_bo1_the_mailbox_is_read_every_five_minutes(
    shop: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was read once is not read again; a mail to the way out in the headers works too."""
    shop.sends()
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.inbox = shop.house.secrets.seal("imaps://user%40x:wo%2Frd@mail.example")
        tx.later(reports.ReadInbox())
    shop.waits(days=1)
    shop.sends("k2")
    token = shop.post.sent[-1].parsed["List-Unsubscribe"].split("mailto:")[1].strip("> ")
    leave = f"From: ana@example.com\r\nTo: <{token}>\r\nSubject: unsubscribe\r\n\r\n".encode()
    inbox = Inbox([leave, b"From: someone@x.example\r\n\r\nhello"])
    monkeypatch.setattr(imaplib, "IMAP4_SSL", inbox)
    shop.waits(minutes=5)
    shop.waits(minutes=5)
    assert inbox.seen == {"1", "2"}
    assert [e for e in shop.errors() if "imap" in e] == []
    shop.sends("k3")
    assert shop.word("k3") == "refused:withdrawn"

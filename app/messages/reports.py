"""BO: what providers and bounce mailboxes report, taken in: by a signed webhook, and by IMAP."""

import hmac
import imaplib
import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AwareDatetime, BaseModel, ValidationError
from typing_extensions import override

from app.kit.tx import Job, Tx
from app.messages import bounces, intake, leaving, queries, stopping, touches, ways_out, windows
from app.messages.reputation import Kind
from app.saleor.outward import judged
from app.shops.flows import this_shop
from app.world import World

EVERY = timedelta(minutes=5)
AT_ONCE = 200
TIMEOUT = 30.0
BOUNCE, UNTOLD = "bounce", "4.0.0"
"""A bounce that nobody gave a reason for is a soft one, and five in a row are enough (BO-2)."""
MOST_BYTES = 256 * 1024
"""Of one mail: a report has said what it says by then, and anybody may write to that mailbox."""


class ReadInbox(Job, kind="messages.read_inbox"):
    """Look into the mailbox that bounces come back to; each look promises the next."""

    @property
    @override
    def key(self) -> str:
        return self.kind

    @property
    @override
    def lane(self) -> str:
        return "inbox"


class Event(BaseModel):
    """One line of a provider's report, in our own plain words: docs/messages.md."""

    event: str
    """bounce, complaint, delivered, unsubscribe or reply"""
    id: str = ""
    """The Message-ID, or whatever else of ours names the message."""
    status: str = ""
    at: AwareDatetime | None = None
    """OP-2: of `delivered`: when the other side took it. Reports may come hours later."""
    sender: str = ""
    """UN-7: of a reply, the number it came from."""
    text: str = ""


def signed(secret: str, body: bytes, signature: str) -> bool:
    """`sha256=<hex>` of the body under the outlet's secret."""
    mark = hmac.new(secret.encode(), body, sha256).hexdigest()
    return hmac.compare_digest(f"sha256={mark}".encode(), signature.encode())


def events(body: bytes) -> Sequence[Event]:
    """Raises ValueError on what is no list of events."""
    try:
        told: Any = json.loads(body)
        return [Event.model_validate(one) for one in (told if isinstance(told, list) else [told])]
    except ValidationError as failure:
        raise ValueError("not a list of events") from failure


def take_in(tx: Tx, told: Sequence[Event], *, secret: str, channel: str) -> int:
    """How many were about messages of ours; the others are ignored (BO-4)."""
    return sum(_take(tx, event, secret=secret, channel=channel) for event in told)


def _take(tx: Tx, event: Event, *, secret: str, channel: str) -> bool:
    if event.event == "reply":
        opened = windows.heard(tx, event.sender, channel=channel)
        return stopping.heard(tx, event.sender, event.text, channel=channel) or opened
    send = intake.send_of(event.id, secret=secret, shop=int(tx.shop))
    row = queries.send_by_id(tx, send) if send is not None else None
    if send is None or row is None:
        return False
    if event.event == "unsubscribe":
        leaving.unsubscribe(tx, row)
        return True
    kind = {"complaint": Kind.COMPLAINT, "delivered": Kind.DELIVERED}.get(event.event)
    if kind is None and event.event != BOUNCE:
        return False  # nothing that ends a message: opened, deferred, …
    status = event.status or UNTOLD
    told = bounces.came_back(tx, send, status=status, source="webhook", kind=kind)
    if told is Kind.DELIVERED and event.at:
        row.delivered_at = min(event.at, tx.now)
        touches.delivered(tx, row)
    return told is not None


def take_mail(tx: Tx, raws: Sequence[bytes], *, secret: str) -> int:
    """Mails of a bounce mailbox, and those to the unsubscribe address of the headers."""
    taken = 0
    for raw in raws:
        if token := intake.unsubscribed(raw, shop=int(tx.shop)):
            if send := queries.send_with_token(tx, token):
                leaving.unsubscribe(tx, send)
                taken += 1
            elif old := ways_out.find(tx, token):
                ways_out.take(tx, old)
                taken += 1
            continue
        report = intake.read(raw, secret=secret, shop=int(tx.shop))
        if report and bounces.came_back(
            tx, report.send, status=report.status, source="mailbox", kind=report.kind
        ):
            taken += 1
    return taken


def read_inbox(_: ReadInbox, world: World) -> None:
    """What was taken is marked as read; a crash in between reads it once more, to no effect."""
    with world.look() as tx:
        outlet = queries.outlet(tx, "email")
        inbox = world.house.secrets.open(outlet.inbox) if outlet and outlet.inbox else None
        secret = world.house.secrets.open(this_shop(tx).code_secret)
    if inbox is None:
        return
    for numbers, raws, wire in _unread(inbox, anywhere=world.house.settings.development):
        world.do(partial(take_mail, raws=raws, secret=secret))
        for number in numbers:
            wire.store(number, "+FLAGS", "\\Seen")
    world.do(lambda tx: tx.postpone(ReadInbox(), until=tx.now + EVERY))


def _unread(url: str, *, anywhere: bool) -> Iterator[tuple[list[str], list[bytes], imaplib.IMAP4]]:
    parts = urlsplit(url)
    wire = _connected(parts, anywhere=anywhere)
    try:
        wire.login(unquote(parts.username or ""), unquote(parts.password or ""))
        wire.select(parts.path.strip("/") or "INBOX")
        _, found = wire.search(None, "UNSEEN")
        numbers = [n.decode() for n in (found[0] or b"").split()][:AT_ONCE]
        raws = [raw for number in numbers if (raw := _body(wire, number)) is not None]
        yield numbers, raws, wire
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            wire.logout()


def _connected(parts: SplitResult, *, anywhere: bool) -> imaplib.IMAP4:
    """The address was typed into a page: it leads to no private network. Raises OutwardError."""
    host, safe = parts.hostname or "", parts.scheme == "imaps"
    port = parts.port or (993 if safe else 143)
    if not anywhere:
        judged(host, port)
    if not safe:
        return imaplib.IMAP4(host, port, timeout=TIMEOUT)
    believed = ssl.create_default_context()  # without one of ours any certificate would do
    return imaplib.IMAP4_SSL(host, port, ssl_context=believed, timeout=TIMEOUT)


def _body(wire: imaplib.IMAP4, number: str) -> bytes | None:
    _, told = wire.fetch(number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    return next((part[1] for part in told if isinstance(part, tuple)), None)

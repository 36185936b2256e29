"""BO: reports that come back, read: delivery reports (RFC 3464) and abuse reports (RFC 5965).

Believed only where they name a message of ours by its signed id (BO-4). Headers are taken as they
are, by Python's older policy: the newer one reads into them and dies of some that anybody may send.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from app.messages import hashing
from app.messages.reputation import Kind

ID = re.compile(r"(\d{1,12})\.(\d{1,18})\.([0-9a-f]{20})")
WAY_OUT = re.compile(r"unsub\+(\d{1,12})\.([a-z2-7]{52})@", re.IGNORECASE)
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
SAID_NO = re.compile(r"\b5\d\d\b")


@dataclass(frozen=True)
class Report:
    """What happened to which message."""

    send: int
    kind: Kind | None
    """None: the status says it."""
    status: str = ""


def send_of(text: str, *, secret: str, shop: int) -> int | None:
    """The message that a Message-ID or a return path of ours names; None for anybody else's."""
    for found in ID.finditer(text):
        ours, send, mark = int(found[1]), int(found[2]), found[3]
        if ours == shop and hashing.signed(secret, mark, "mail", shop, send):
            return send
    return None


def read(raw: bytes, *, secret: str, shop: int) -> Report | None:
    """A mail from the bounce mailbox. None: it is no report, or about nothing of ours."""
    mail = message_from_bytes(raw, policy=compat32)
    send = _named(mail, secret=secret, shop=shop)
    if send is None:
        return None
    kinds = {part.get_content_type() for part in mail.walk()}
    if "message/feedback-report" in kinds:
        return _complaint(mail, send)
    if "message/delivery-status" in kinds:
        return _delivery(mail, send)
    return None


def unsubscribed(raw: bytes, *, shop: int) -> str | None:
    """UN-1: the token of `unsub+<shop>.<token>@…` that a mail was sent to. A reply of a machine to
    such an address is none: mailboxes send nothing there that nobody asked for.
    """
    mail = message_from_bytes(raw, policy=compat32)
    if str(mail.get("Auto-Submitted", "no")).lower() != "no":
        return None
    for name in ("To", "Delivered-To", "X-Original-To", "Envelope-To"):
        for value in map(str, mail.get_all(name, [])):
            found = WAY_OUT.search(value)
            if found and int(found[1]) == shop:
                return found[2].lower()
    return None


def _named(mail: Message, *, secret: str, shop: int) -> int | None:
    """By the address it came to (VERP), or by the headers of ours that it carries."""
    for text in _places(mail):
        if (send := send_of(text, secret=secret, shop=shop)) is not None:
            return send
    return None


def _places(mail: Message) -> Iterator[str]:
    for name in ("To", "Delivered-To", "X-Original-To", "Envelope-To"):
        yield from map(str, mail.get_all(name, []))
    for part in mail.walk():
        kind = part.get_content_type()
        if part is not mail and part.get("Message-ID"):
            yield str(part["Message-ID"])
        if kind in ("text/rfc822-headers", "message/feedback-report"):
            payload = part.get_payload()
            yield payload if isinstance(payload, str) else "".join(map(str, payload))


def _complaint(mail: Message, send: int) -> Report | None:
    told = _fields(mail, "message/feedback-report")
    kind = next((value for name, value in told if name == "feedback-type"), "")
    if kind == "not-spam":
        return None
    return Report(send, Kind.COMPLAINT)


def _delivery(mail: Message, send: int) -> Report | None:
    told = _fields(mail, "message/delivery-status")
    action = next((value for name, value in told if name == "action"), "")
    status = next((value for name, value in told if name == "status"), "")
    if action in ("delayed", "relayed", "expanded"):
        return None  # not over yet
    if action == "delivered":
        return Report(send, Kind.DELIVERED, status)
    found = STATUS.search(status)
    return Report(send, None, found[0] if found else _guess(told))


def _guess(told: list[tuple[str, str]]) -> str:
    """A report without a status of its own: what the other server said, else a soft no."""
    diagnosis = next((value for name, value in told if name == "diagnostic-code"), "")
    if found := STATUS.search(diagnosis):
        return found[0]
    return "5.0.0" if SAID_NO.search(diagnosis) else "4.0.0"


def _fields(mail: Message, kind: str) -> list[tuple[str, str]]:
    """All fields of the groups of such a part, in order and in lower case."""
    fields: list[tuple[str, str]] = []
    for part in mail.walk():
        if part.get_content_type() != kind:
            continue
        payload = part.get_payload()
        groups = payload if isinstance(payload, list) else [message_from_bytes(_bytes(part))]
        for group in groups:
            if isinstance(group, Message):
                fields += [
                    (name.lower(), str(value).strip().lower()) for name, value in group.items()
                ]
    return fields


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else str(part.get_payload()).encode()

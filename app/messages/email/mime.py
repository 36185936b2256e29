"""A letter as bytes: both parts, and the headers that big mailboxes ask for (UN-1, BS-1)."""

from datetime import datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from app.messages.carriers import Parcel

ONE_CLICK = "List-Unsubscribe=One-Click"


class AsIs(UnstructuredHeader):
    """A header that is never encoded: it is folded only where it has a space after a comma.

    Python's own folding would make encoded words of a long address, which no mailbox reads.
    """

    def fold(self, *, policy: Any) -> str:  # noqa: ARG002, ANN401  # the email package's own
        return f"{self.name}: " + ",\r\n ".join(str(self).split(", ")) + "\r\n"  # type: ignore[attr-defined]


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "list-unsubscribe-post", "message-id", "feedback-id"):
        registry.map_to_type(name, AsIs)  # type: ignore[arg-type]  # mixed into a header by it
    return SMTP.clone(header_factory=registry)


POLICY = _policy()


def build(parcel: Parcel, *, at: datetime) -> EmailMessage:
    """Raises ValueError where a header would break out of its line."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = parcel.sender
    mail["To"] = parcel.recipient
    if parcel.reply_to:
        mail["Reply-To"] = parcel.reply_to
    mail["Subject"] = parcel.rendered.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = parcel.message_id
    if parcel.unsubscribe:
        ways = [f"<{parcel.unsubscribe}>"]
        if parcel.unsubscribe_mail:
            ways.append(f"<mailto:{parcel.unsubscribe_mail}>")
        mail["List-Unsubscribe"] = ", ".join(ways)
        mail["List-Unsubscribe-Post"] = ONE_CLICK
    if parcel.campaign:
        mail["Feedback-ID"] = f"{parcel.campaign}:{domain_of(parcel.sender)}"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parcel.rendered.text, cte="quoted-printable")
    if parcel.rendered.html:
        mail.add_alternative(parcel.rendered.html, subtype="html", cte="quoted-printable")
    return mail


def domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2].lower()

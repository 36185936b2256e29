"""Handing a letter to a mail server, and what its answers mean."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from app.messages.carriers import NotTakenError, Parcel
from app.messages.email.mime import POLICY, build
from app.saleor.outward import OutwardError, judged

TIMEOUT = 30.0
TEMPORARY = (400, 500)
READY = 220


@dataclass(frozen=True)
class Server:
    """`smtp://user:password@host:587?tls=starttls`, `smtps://…`, plain `smtp://host:25`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = ""
    """`starttls`, `implicit` or nothing."""

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises ValueError on what is no address of a mail server."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("an address of a mail server is smtp://… or smtps://…")
        implicit = parts.scheme == "smtps"
        asked = parse_qs(parts.query).get("tls", [""])[0]
        port = parts.port or (465 if implicit else 587)
        tls = "implicit" if implicit else asked or ("starttls" if port == 587 else "")  # noqa: PLR2004
        return cls(
            parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls
        )


class Smtp:
    """A carrier. One conversation a letter: nothing of one person's is left for the next.

    `anywhere`: the server may stand in a private network, for whoever runs the app named it. One
    that was typed into a page may not.
    """

    def __init__(self, server: Server, *, now: datetime, anywhere: bool = False) -> None:
        self._server, self._now, self._anywhere = server, now, anywhere

    def hand_over(self, parcel: Parcel) -> str:
        try:
            raw = build(parcel, at=self._now).as_bytes(policy=POLICY)
        except (ValueError, UnicodeError) as failure:
            raise NotTakenError("it can't be written as a mail", permanent=True) from failure
        wire = self._connected()
        try:
            self._address(wire, parcel)
            self._tell(wire, raw)
        finally:
            wire.close()
        return parcel.message_id

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        try:
            wire = self._opened()
            wire.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                wire.starttls(context=ssl.create_default_context())
            if server.user:
                wire.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as failure:
            raise NotTakenError(
                "the mail server refused the password", permanent=False
            ) from failure
        except OutwardError as failure:
            raise NotTakenError(str(failure), permanent=False) from failure
        except (smtplib.SMTPException, OSError) as failure:
            raise NotTakenError("the mail server can't be reached", permanent=False) from failure
        return wire

    def _opened(self) -> smtplib.SMTP:
        """To the address that was judged; the certificate has to be the name's all the same."""
        server = self._server
        address = server.host if self._anywhere else judged(server.host, server.port)
        wire: smtplib.SMTP
        if server.tls == "implicit":
            wire = smtplib.SMTP_SSL(timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            wire = smtplib.SMTP(timeout=TIMEOUT)
        wire._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001  # whose certificate
        code, words = wire.connect(address, server.port)
        if code != READY:
            wire.close()
            raise smtplib.SMTPConnectError(code, words)
        return wire

    def _address(self, wire: smtplib.SMTP, parcel: Parcel) -> None:
        """Sender and recipient: nothing has been sent by then, whatever goes wrong."""
        try:
            _expect(wire.mail(parcel.envelope_from or _bare(parcel.sender)))
            _expect(wire.rcpt(parcel.recipient))
        except (smtplib.SMTPException, OSError, UnicodeError) as failure:
            raise NotTakenError("the mail server went away", permanent=False) from failure

    def _tell(self, wire: smtplib.SMTP, raw: bytes) -> None:
        """From here on a broken line leaves it open: only an answer is an answer."""
        try:
            _expect(wire.data(raw))
        except smtplib.SMTPDataError as failure:
            raise _no(failure.smtp_code, failure.smtp_error) from failure


def _expect(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if not 200 <= code < 300:  # noqa: PLR2004
        raise _no(code, words)


def _no(code: int, words: bytes | str) -> NotTakenError:
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    status = next((w for w in text.split()[:1] if w[:2] in ("4.", "5.") and w.count(".") == 2), "")  # noqa: PLR2004
    permanent = not TEMPORARY[0] <= code < TEMPORARY[1]
    return NotTakenError(f"SMTP {code}", permanent=permanent, status=status)


def _bare(sender: str) -> str:
    return sender.rpartition("<")[2].rstrip(">").strip()

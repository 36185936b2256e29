"""A real mail server in a thread: it keeps what it is given, and can be told to be difficult."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Lock
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Mail:
    sender: str
    to: str
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def headers(self) -> list[bytes]:
        """As they came, byte for byte, a folded one in several."""
        return self.raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")

    def part(self, kind: str) -> str:
        body = self.parsed.get_body((kind,))
        assert body is not None, f"the mail has no {kind} part"
        return str(body.get_content())


class AnyPort(Controller):
    """Listens where there is room, and only then looks whether it is there."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@dataclass
class Postbox:
    """`with Postbox() as postbox:`; `postbox.url` is where to send to."""

    sent: list[Mail] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    """By address: what it answers to RCPT, like `550 5.1.1 No such user`."""
    answers: str = "250 2.0.0 Taken"
    """What it says once it has the letter."""
    before: Callable[[], object] | None = None
    """Done when a letter has come in and before the answer goes out."""
    hangs_up: bool = False
    """Takes the letter and closes the line without a word."""

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._controller = AnyPort(self, hostname="127.0.0.1", port=0)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}?tls=none"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if answer := self.refuses.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        mails = [
            Mail(envelope.mail_from or "", to, envelope.original_content or b"")
            for to in envelope.rcpt_tos
        ]
        if self.before:
            self.before()
        if self.answers.startswith("2"):
            with self._lock:
                self.sent += mails
        if self.hangs_up:
            server.transport.abort()  # type: ignore[union-attr]
        return self.answers

    @property
    def to(self) -> list[str]:
        return [mail.to for mail in self.sent]

    def only(self) -> Mail:
        assert len(self.sent) == 1, self.to
        return self.sent[0]

"""OP: who opened, who clicked, and whether that was anybody at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import col, select

from app.kit.tx import Tx
from app.messages import networks
from app.messages.rules import State
from app.messages.tables import Send, Touch

AT_ONCE = timedelta(seconds=5)
OPEN_AT_ONCE = timedelta(seconds=10)
BURST, TOGETHER = 3, timedelta(seconds=2)
TRAPPED = timedelta(minutes=1)
"""Around the link that no person sees, every click was of whoever followed it."""
PROXIES = ("googleimageproxy", "ggpht.com")
MACHINES = (
    "bot", "crawler", "spider", "preview", "scanner", "barracuda", "proofpoint", "mimecast",
    "safelinks", "curl", "python", "wget", "headless", "yahoomailproxy",
)  # fmt: skip
APPLES = "Mozilla/5.0"
"""OP-1: all that Apple's Mail Privacy Protection says of itself, from whichever of its partners'
networks it comes; a browser says more."""
CLICK, OPEN, TRAP = "click", "open", ""


class By(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"
    """Gmail's proxy: perhaps somebody, perhaps not."""
    DOUBTFUL = "doubtful"
    """From a data centre: human once a page event follows (`became_human`), and not before."""


@dataclass(frozen=True)
class Visitor:
    """OP-4: looked at for the verdict, and then forgotten."""

    agent: str
    address: str = ""
    head: bool = False


def by_whom(visitor: Visitor, *, since: timedelta | None, least: timedelta) -> By:
    """OP-1, OP-2: `since`: how long ago it was delivered, as far as anybody knows."""
    name = visitor.agent.lower()
    if visitor.head or not name or any(mark in name for mark in MACHINES):
        return By.MACHINE
    if any(mark in name for mark in PROXIES):
        return By.UNKNOWN
    return By.MACHINE if since is not None and since < least else By.HUMAN


def clicked(tx: Tx, send: Send, *, link: str, visitor: Visitor, trap: bool) -> str:
    """A click, and whose it was. Three links within two seconds were nobody's (OP-2)."""
    by = by_whom(visitor, since=_since(tx.now, send), least=AT_ONCE)
    if by is By.HUMAN and networks.of_a_centre(visitor.address):
        by = By.DOUBTFUL
    before = _clicks(tx, send, since=tx.now - TRAPPED)
    burst = [touch for touch in before if touch.at > tx.now - TOGETHER]
    many = len({touch.link for touch in burst if touch.link} | ({link} - {TRAP})) >= BURST
    if trap or any(touch.link == TRAP for touch in before):
        by, burst = By.MACHINE, before
    elif many:
        by = By.MACHINE
    if by is By.MACHINE and (trap or many):
        for touch in burst:
            touch.by = By.MACHINE.value
    _note(tx, send, CLICK, by, TRAP if trap else link)
    return by.value


def opened(tx: Tx, send: Send, *, visitor: Visitor) -> str:
    by = by_whom(visitor, since=_since(tx.now, send), least=OPEN_AT_ONCE)
    proxied = visitor.agent.strip() == APPLES or networks.of_apple(visitor.address)
    if proxied or (by is By.HUMAN and networks.of_a_centre(visitor.address)):
        by = By.MACHINE
    _note(tx, send, OPEN, by, "")
    return by.value


def delivered(tx: Tx, send: Send) -> None:
    """OP-2: the other side tells when it took the message: what was followed before that, or
    within five seconds of it, was followed by a gateway on the way.
    """
    if send.delivered_at is None:
        return
    early = send.delivered_at + AT_ONCE
    for touch in _clicks(tx, send, since=send.asked_at):
        if touch.at < early:
            touch.by = By.MACHINE.value


def became_human(touch: Touch) -> None:
    """OP-2: a page event followed: somebody was there after all."""
    if touch.by == By.DOUBTFUL:
        touch.by = By.HUMAN.value


def _clicks(tx: Tx, send: Send, *, since: datetime) -> list[Touch]:
    rows = select(Touch).where(Touch.send == send.id, Touch.kind == CLICK, col(Touch.at) > since)
    return list(tx.exec(rows))


def _note(tx: Tx, send: Send, kind: str, by: By, link: str) -> None:
    person = send.person
    tx.add(Touch(send=send.id or 0, person=person, kind=kind, by=by.value, link=link, at=tx.now))
    if send.state == State.UNKNOWN and by is By.HUMAN:  # SS-1: somebody reads it, so it went out
        send.state, send.sent_at = State.SENT.value, send.handed_at
    tx.flush()


def _since(now: datetime, send: Send) -> timedelta | None:
    at = send.delivered_at or send.sent_at or send.handed_at
    return now - at if at else None

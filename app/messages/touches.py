"""OP: who opened, who clicked, and whether that was anybody at all."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from app.kit.tx import Tx
from app.messages.rules import State
from app.messages.tables import Send, Touch

AT_ONCE = timedelta(seconds=5)
OPEN_AT_ONCE = timedelta(seconds=10)
BURST, TOGETHER = 3, timedelta(seconds=2)
PROXIES = ("googleimageproxy", "ggpht.com")
MACHINES = (
    "bot", "crawler", "spider", "preview", "scanner", "barracuda", "proofpoint", "mimecast",
    "safelinks", "curl", "python", "wget", "headless", "yahoomailproxy",
)  # fmt: skip


def by_whom(agent: str, *, head: bool, since_sent: timedelta | None, least: timedelta) -> str:
    """OP-1, OP-2: from the agent alone and from the clock; neither is kept (OP-4)."""
    name = agent.lower()
    if head or any(mark in name for mark in MACHINES) or not name:
        return "machine"
    if any(mark in name for mark in PROXIES):
        return "unknown"
    return "machine" if since_sent is not None and since_sent < least else "human"


def clicked(tx: Tx, send: Send, *, link: str, agent: str, head: bool, trap: bool) -> str:
    """A click, and whose it was. Three links within two seconds were nobody's (OP-2)."""
    by = "machine" if trap else by_whom(
        agent, head=head, since_sent=_since(tx.now, send), least=AT_ONCE
    )  # fmt: skip
    burst = tx.exec(
        select(Touch).where(
            Touch.send == send.id, Touch.kind == "click", col(Touch.at) > tx.now - TOGETHER
        )
    ).all()
    if trap or len({touch.link for touch in burst} | {link}) >= BURST:
        by = "machine"
        for touch in burst:
            touch.by = "machine"
    _note(tx, send, "click", by, link)
    return by


def opened(tx: Tx, send: Send, *, agent: str) -> str:
    by = by_whom(agent, head=False, since_sent=_since(tx.now, send), least=OPEN_AT_ONCE)
    _note(tx, send, "open", by, "")
    return by


def _note(tx: Tx, send: Send, kind: str, by: str, link: str) -> None:
    tx.add(Touch(send=send.id or 0, person=send.person, kind=kind, by=by, link=link, at=tx.now))
    if send.state == State.UNKNOWN and by == "human":  # SS-1: somebody reads it, so it went out
        send.state, send.sent_at = State.SENT.value, send.handed_at
    tx.flush()


def _since(now: datetime, send: Send) -> timedelta | None:
    at = send.sent_at or send.handed_at
    return now - at if at else None

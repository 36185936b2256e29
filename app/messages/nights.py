"""What sending needs once a night: copies dropped, the mailbox still read, its standing."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, delete, or_, select

from app.kit.tx import Tx, among
from app.messages import queries, spending, standing, ways_out, windows
from app.messages.hooks.tables import Posting
from app.messages.reports import ReadInbox
from app.messages.rules import Channel, State
from app.messages.setting_up import CheckDomain
from app.messages.tables import Bounce, Posted, Send, SendNote, Touch

MESSAGES = timedelta(days=730)
"""PR-5: 24 months; what they were made of is gone when they are sent."""
COPIES = timedelta(days=30)
AT_ONCE = 500


def nightly(tx: Tx) -> None:
    windows.tidy(tx)
    spending.count(tx)
    tx.exec(delete(Posted).where(col(Posted.at) < tx.now - COPIES))
    tx.exec(delete(Posting).where(col(Posting.taken_at) < tx.now - COPIES))
    outlet = queries.outlet(tx, Channel.EMAIL)
    if outlet is not None:
        standing.reckon(tx, Channel.EMAIL)
        tx.later(CheckDomain(occasion=tx.now.date().isoformat()))
        if outlet.inbox:
            tx.postpone(ReadInbox(), until=tx.now)


def old(tx: Tx) -> list[int]:
    """PR-5: the first of the messages that are older than 24 months."""
    rows = select(Send.id).where(
        col(Send.asked_at) < tx.now - MESSAGES,
        or_(col(Send.ended_at).is_not(None), col(Send.state) != State.WAITING.value),
    )
    return [id_ for id_ in tx.exec(rows.limit(AT_ONCE)) if id_]


def retire(tx: Tx, ids: Sequence[int]) -> None:
    """With all that was noted of them, but for the way out of each."""
    ways_out.keep(tx, ids)
    for table in (SendNote, Touch, Bounce):
        tx.exec(delete(table).where(among(col(table.send), ids)))
    tx.exec(delete(Send).where(among(col(Send.id), ids)))

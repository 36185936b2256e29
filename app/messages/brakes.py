"""SS-3: everything is stopped, or one automation holds its breath; and they go on again."""

from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, delete, select

from app.kit.tx import Tx
from app.messages import flows, policy
from app.messages.rules import State, Word
from app.messages.tables import PausedCampaign, Send, SendingPolicy


def stop_all(tx: Tx) -> None:
    """SS-3: nothing leaves the house from this commit on."""
    row = policy.row(tx) or SendingPolicy()
    row.stopped_at = row.stopped_at or tx.now
    tx.add(row)
    tx.flush()
    tx.info.pop(policy.KNOWN, None)


def resume_all(tx: Tx, *, skip: bool) -> int:
    """SS-3: go on; what piled up meanwhile is sent, or skipped. How many that were."""
    row = policy.row(tx)
    if row is None or row.stopped_at is None:
        return 0
    since, row.stopped_at = row.stopped_at, None
    tx.flush()
    return _wake(tx, since=since, skip=skip, word=Word.STOPPED)


def pause_campaign(tx: Tx, campaign: str, *, reason: Word = Word.PAUSED) -> None:
    rows = [{"campaign": campaign, "reason": reason.value, "at": tx.now}]
    tx.put(PausedCampaign, rows, key=("campaign",))


def resume_campaign(tx: Tx, campaign: str, *, skip: bool) -> int:
    row = tx.exec(select(PausedCampaign).where(PausedCampaign.campaign == campaign)).first()
    if row is None:
        return 0
    since, word = row.at, row.reason
    tx.exec(delete(PausedCampaign).where(col(PausedCampaign.campaign) == campaign))
    return _wake(tx, since=since, skip=skip, word=word, campaign=campaign)


def _wake(tx: Tx, *, since: datetime, skip: bool, word: str, campaign: str | None = None) -> int:
    held = select(Send).where(
        Send.state == State.WAITING.value, or_(col(Send.reason) == word, col(Send.due) <= tx.now)
    )
    if campaign is not None:
        held = held.where(Send.campaign == campaign)
    found = [send for send in tx.exec(held) if send.due >= since or send.reason == word]
    for send in found:
        if skip:
            flows.end(tx, send, State.CANCELLED, Word.SKIPPED)
        else:
            flows.wait(tx, send, "", until=tx.now)
    return len(found)

"""PR-2, CO-7: everything that sending knows of a person, as she may take it away."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from app.kit.tx import Tx, among
from app.messages import consent, queries
from app.messages.consent_tables import Consent, Preference
from app.messages.tables import Send, SendNote, Touch


def export(tx: Tx, person: int) -> Mapping[str, Any]:
    """Plain values, ready for JSON."""
    people = queries.group(tx, person)
    sends = tx.exec(
        select(Send).where(among(col(Send.person), people)).order_by(col(Send.id))
    ).all()
    return {
        "consents": proof(tx, person),
        "stands": [_standing(row) for row in _rows(tx, Consent, people)],
        "preferences": [_wish(row) for row in _rows(tx, Preference, people)],
        "messages": [_message(tx, send) for send in sends],
        "opened_or_followed": [
            {"at": t.at.isoformat(), "what": t.kind, "by": t.by, "link": t.link, "message": t.send}
            for t in _rows(tx, Touch, people)
        ],
    }


def proof(tx: Tx, person: int) -> Sequence[Mapping[str, Any]]:
    """CO-7: each word with the text that was shown, in the order they were said."""
    return [
        {
            "at": entry.at.isoformat(), "address": entry.address, "channel": entry.channel,
            "purpose": entry.purpose, "said": entry.state, "basis": entry.basis,
            "country": entry.country, "source": entry.source, "language": entry.language,
            "text_version": entry.text_version, "text": entry.text, "evidence": entry.proof,
        }
        for entry in consent.words_of(tx, person)
    ]  # fmt: skip


def _rows(tx: Tx, table: Any, people: Sequence[int]) -> Sequence[Any]:  # noqa: ANN401
    rows = select(table).where(among(col(table.person), people)).order_by(col(table.id))
    return tx.exec(rows).all()


def _standing(row: Consent) -> Mapping[str, Any]:
    return {
        "address": row.address, "channel": row.channel, "purpose": row.purpose,
        "stands": row.state, "since": row.at.isoformat(), "source": row.source,
    }  # fmt: skip


def _wish(row: Preference) -> Mapping[str, Any]:
    paused = row.paused_until.isoformat() if row.paused_until else None
    return {
        "address": row.address, "not_about": row.topics_off, "less_often": row.fewer,
        "paused_until": paused, "language": row.language, "zone": row.zone, "reason": row.reason,
    }  # fmt: skip


def _message(tx: Tx, send: Send) -> Mapping[str, Any]:
    notes = tx.exec(select(SendNote).where(SendNote.send == send.id).order_by(col(SendNote.id)))
    return {
        "message": send.message, "campaign": send.campaign, "purpose": send.purpose,
        "channel": send.channel, "asked_at": send.asked_at.isoformat(),
        "sent_at": send.sent_at.isoformat() if send.sent_at else None, "ended": send.state,
        "why": send.reason,
        "story": [{"at": n.at.isoformat(), "what": n.outcome, "why": n.word} for n in notes],
    }  # fmt: skip

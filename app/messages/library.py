"""The shop's messages: written, changed, looked up. A change is a new version."""

from collections.abc import Sequence

from sqlmodel import col, select

from app.kit.tx import Tx
from app.messages.blocks import Block, Draft, Letter, Note
from app.messages.tables import Message

__all__ = ["Block", "Draft", "Letter", "Note", "all_messages", "ensure", "find", "missing", "save"]


def ensure(tx: Tx, draft: Draft) -> None:
    """Ready-made words, unless the shop has its own under that key."""
    if newest(tx, draft.key) is None:
        save(tx, draft)


def save(tx: Tx, draft: Draft, *, by: str | None = None) -> Message:
    last = newest(tx, draft.key)
    message = Message(
        key=draft.key, version=last.version + 1 if last else 1, name=draft.name,
        purpose=draft.purpose, plain_links=draft.plain_links, variants=draft.stored(),
        made_at=tx.now, by=by,
    )  # fmt: skip
    tx.add(message)
    tx.flush()
    return message


def newest(tx: Tx, key: str) -> Message | None:
    rows = select(Message).where(Message.key == key).order_by(col(Message.version).desc())
    return tx.exec(rows.limit(1)).first()


def find(tx: Tx, key: str) -> Draft | None:
    message = newest(tx, key)
    return draft_of(message) if message else None


def draft_of(message: Message) -> Draft:
    return Draft(
        key=message.key,
        name=message.name,
        purpose=message.purpose,
        plain_links=message.plain_links,
        variants=message.variants,
    )


def all_messages(tx: Tx) -> Sequence[Message]:
    """The newest version of each, by name."""
    rows = tx.exec(select(Message).order_by(col(Message.key), col(Message.version)))
    newest_of = {row.key: row for row in rows}
    return sorted(newest_of.values(), key=lambda row: row.name)


def missing(tx: Tx, key: str) -> list[tuple[str, str]]:
    """Translations that are not there, by channel and language."""
    draft = find(tx, key)
    return draft.missing() if draft else []

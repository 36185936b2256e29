"""SM-4: WhatsApp takes free words only within a day of the last that somebody wrote to the shop;
at any other time a message needs the name under which it was approved.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlmodel import col, delete, select

from app.kit.tx import Tx
from app.messages import consent, hashing
from app.messages.consent_tables import LastWord
from app.messages.rules import Channel

SPAN = timedelta(hours=24)


def heard(tx: Tx, sender: str, *, channel: str) -> bool:
    """Somebody wrote to us. False for what is no number."""
    try:
        address = consent.tidy(channel, sender)
    except ValueError:
        return False
    row = {"hash": hashing.of_address(address), "channel": channel, "at": tx.now}
    tx.put(LastWord, [row], key=("channel", "hash"), overwrite=("at",))
    return True


def free_words(tx: Tx, address: str, *, channel: str) -> bool:
    """Whether anything may be said there now. Of channels but WhatsApp: always."""
    if channel != Channel.WHATSAPP:
        return True
    last = tx.exec(
        select(LastWord.at).where(
            LastWord.channel == channel, LastWord.hash == hashing.of_address(address)
        )
    ).first()
    return last is not None and tx.now - last < SPAN


def tidy(tx: Tx) -> None:
    """What is older than a day says nothing any more."""
    tx.exec(delete(LastWord).where(col(LastWord.at) < tx.now - SPAN))


def forget(tx: Tx, addresses: Collection[str]) -> None:
    hashes = [hashing.of_address(address) for address in sorted(addresses)]
    tx.exec(delete(LastWord).where(col(LastWord.hash).in_(hashes)))

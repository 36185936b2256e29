"""UN-5: the way out of a message is good for ever, also when all else of it has been forgotten.

What is kept of it are two one-way hashes: of its token and of the address it went to.
"""

from collections.abc import Sequence

from sqlmodel import col, select

from app.kit.tx import Tx, among
from app.messages import consent, hashing
from app.messages.leaving import UNSUBSCRIBED
from app.messages.rules import Purpose
from app.messages.tables import Send, WayOut


def keep(tx: Tx, sends: Sequence[int]) -> None:
    """Before these messages are forgotten."""
    rows = tx.exec(
        select(Send.token_hash, Send.address_hash).where(
            among(col(Send.id), sends),
            col(Send.token_hash).is_not(None),
            col(Send.address_hash).is_not(None),
            Send.purpose != Purpose.SERVICE.value,
        )
    )
    kept = [{"token_hash": token, "address_hash": address} for token, address in rows]
    tx.put(WayOut, kept, key=("token_hash",))


def find(tx: Tx, token: str) -> WayOut | None:
    """Of a message that nobody remembers."""
    rows = select(WayOut).where(WayOut.token_hash == hashing.of_token(token))
    return tx.exec(rows).first()


def take(tx: Tx, way: WayOut) -> None:
    """No more advertising to that address, whoever has it: what kind it was is forgotten too."""
    consent.suppress(tx, way.address_hash, UNSUBSCRIBED)

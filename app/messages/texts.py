"""SM-1: what a country's law says of texts beyond consent, whatever the owner's caps allow."""

from datetime import timedelta

from sqlmodel import col, select

from app.carts import queries as carts
from app.kit.tx import Tx, among
from app.messages.gate import Addressee
from app.messages.rules import COUNTED, Channel, Word
from app.messages.tables import Send

ONCE = frozenset({"US"})
"""Where a left cart is reminded of by one text, within two days."""
WITHIN = timedelta(hours=48)


def against(tx: Tx, send: Send, to: Addressee) -> Word | None:
    """Why this reminder of a cart may not go as a text."""
    checkout = send.context.get("checkout")
    if to.channel != Channel.SMS or to.country not in ONCE or not checkout:
        return None
    cart = carts.by_checkout(tx, str(checkout))
    if cart is None or tx.now > cart.touched_at + WITHIN:
        return Word.TOO_LATE
    told = select(Send.id).where(
        among(col(Send.person), to.people),
        Send.channel == Channel.SMS.value,
        Send.campaign == send.campaign,
        among(col(Send.state), sorted(COUNTED)),
        col(Send.handed_at) >= cart.created_at,
    )
    return Word.CAPPED if tx.exec(told.limit(1)).first() else None

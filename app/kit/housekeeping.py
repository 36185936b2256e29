"""What the table of promises need not remember for ever."""

from datetime import timedelta

from sqlmodel import col, delete

from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx

KEPT_KEYS = timedelta(days=30)
"""How long a kept promise stands against its repeat: Saleor itself gives up after minutes."""
PARKED_BODIES = timedelta(days=14)


def tidy(tx: Tx) -> None:
    """Drop keys of what was kept a month ago, and bodies that stayed parked for two weeks."""
    tx.exec(delete(Promise).where(col(Promise.kept_at) < tx.now - KEPT_KEYS))
    tx.exec(delete(Delivery).where(col(Delivery.heard_at) < tx.now - PARKED_BODIES))

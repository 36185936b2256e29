"""PR-5: of checkouts that nobody bought from only what they came to is kept for long."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import col, or_, select, update

from app.carts.rules import State
from app.carts.tables import Cart
from app.kit.tx import Tx, among

KEPT = timedelta(days=180)
"""Twice as long as Saleor itself keeps them."""
AT_ONCE = 500


def old(tx: Tx) -> list[int]:
    """The first of those that were last touched longer ago and still tell of somebody."""
    tells = [
        col(column).is_not(None) for column in (Cart.email, Cart.person, Cart.visitor, Cart.code)
    ]
    rows = select(Cart.id).where(
        among(col(Cart.state), [state.value for state in State]),
        col(Cart.touched_at) < tx.now - KEPT,
        col(Cart.ordered_at).is_(None),
        or_(*tells),
    )
    return [id_ for id_ in tx.exec(rows.limit(AT_ONCE)) if id_]


def retire(tx: Tx, ids: Sequence[int]) -> None:
    """Whose it was and what was in it; when, where and how much stays for the books."""
    nobody: dict[str, Any] = {"person": None, "email": None, "visitor": None, "code": None}
    nobody |= {"lines": [], "trail": []}
    tx.exec(update(Cart).where(among(col(Cart.id), ids)).values(nobody))

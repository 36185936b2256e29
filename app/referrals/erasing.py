"""PR-3: what is forgotten with somebody who was brought, or who brought others."""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, delete, update

from app.kit.tx import Tx
from app.referrals.tables import Referral


def forget(tx: Tx, persons: Collection[int]) -> None:
    """An advocate takes her referrals along; a friend leaves one that names nobody."""
    tx.exec(delete(Referral).where(col(Referral.person).in_(persons)))
    nobody: dict[str, Any] = {"friend": None, "seen_from": None, "reasons": [], "allowed": []}
    tx.exec(update(Referral).where(col(Referral.friend).in_(persons)).values(nobody))

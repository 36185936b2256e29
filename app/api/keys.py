"""Making, taking away and recognising keys."""

import re
import secrets
from hashlib import sha256

from sqlmodel import col, select

from app.api.tables import ApiKey
from app.kit.tx import ShopId, Tx, shop_named

FORM = re.compile(r"perennial_(\d{1,18})_[\w-]{43}")
ENDING = 4


def make(tx: Tx, name: str, *, by: str, writes: bool = False) -> str:
    """The key itself, which nobody can see again. It names its shop, and proves it by its rest."""
    key = f"perennial_{tx.shop}_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        name=name, hash=_hash(key), ending=key[-ENDING:], made_at=tx.now, by=by, writes=writes
    )
    tx.add(row)
    tx.flush()
    return key


def revoke(tx: Tx, id_: int) -> bool:
    return _set(tx, id_, revoked=True)


def restore(tx: Tx, id_: int) -> bool:
    return _set(tx, id_, revoked=False)


def _set(tx: Tx, id_: int, *, revoked: bool) -> bool:
    row = tx.exec(select(ApiKey).where(ApiKey.id == id_)).first()
    if row is None:
        return False
    row.revoked_at = tx.now if revoked else None
    tx.add(row)
    tx.flush()
    return True


def every(tx: Tx) -> list[ApiKey]:
    """Those that work, the newest first."""
    rows = select(ApiKey).where(col(ApiKey.revoked_at).is_(None))
    return list(tx.exec(rows.order_by(col(ApiKey.id).desc())))


def shop_in(key: str) -> ShopId | None:
    """Which shop a key says it is of; nothing is proved by that yet."""
    form = FORM.fullmatch(key)
    return shop_named(int(form[1])) if form else None


def opens(tx: Tx, key: str) -> ApiKey | None:
    """The row of a key that works."""
    rows = select(ApiKey).where(ApiKey.hash == _hash(key), col(ApiKey.revoked_at).is_(None))
    return tx.exec(rows).first()


def _hash(key: str) -> str:
    """A key is 256 random bits: a plain hash of it leads nowhere back."""
    return sha256(key.encode()).hexdigest()

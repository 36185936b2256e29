"""Who may read the shop's numbers from outside."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class ApiKey(OfShop, SQLModel, table=True):
    """A key, of which only the hash is kept: it is shown once, when it is made."""

    __table_args__ = (UniqueConstraint("shop", "hash"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    """What the owner calls whoever uses it."""
    hash: str
    ending: str
    """Its last letters, to tell keys apart."""
    made_at: datetime = Field(sa_type=Instant)
    by: str
    """Saleor's id of the staff member."""
    writes: bool = False
    """It may hand in sales too (D8)."""
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)

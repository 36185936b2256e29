"""What has been promised: inbox, timers and outbox are rows of one table."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

OPEN = text("kept_at IS NULL AND parked_at IS NULL")
KEPT, LEASED = text("kept_at IS NOT NULL"), text("lease IS NOT NULL")


class Promise(OfShop, SQLModel, table=True):
    """A job, written down: due at a business instant, leased at a real one, kept once."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index(
            "promise_open", "shop", "rank", "due", "id", sqlite_where=OPEN, postgresql_where=OPEN
        ),
        Index("promise_kept", "kept_at", sqlite_where=KEPT, postgresql_where=KEPT),
        Index("promise_leased", "lease", sqlite_where=LEASED, postgresql_where=LEASED),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    kind: str
    body: dict[str, Any] = Field(sa_type=JSON)
    due: datetime = Field(sa_type=Instant)
    rank: int = Field(default=1, sa_type=SmallInteger)
    lane: str | None = None
    lease: str | None = None
    """The fencing token of whoever is at it; a holder whose token is gone changes nothing."""
    leased_till: datetime | None = Field(default=None, sa_type=Instant)
    tries: int = 0
    lost: int = 0
    """Leases that ran out: whoever held them died or hung."""
    kept_at: datetime | None = Field(default=None, sa_type=Instant)
    parked_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str | None = None


class Delivery(OfShop, SQLModel, table=True):
    """The raw body behind a `webhook.heard` promise, dropped once that is kept.

    It goes by its promise's number and needs no index of its own: bodies are appended.
    """

    id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    event: str
    body: bytes = Field(sa_type=LargeBinary)
    heard_at: datetime = Field(sa_type=Instant)

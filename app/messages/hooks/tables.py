"""Where events of ours go, and what is on its way."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Hook(OfShop, SQLModel, table=True):
    """Where events of ours go: another app of the shop's."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    url: str
    secret: str
    """Sealed."""
    events: list[str] = Field(default_factory=list, sa_type=JSON)
    active: bool = True
    last_status: int | None = None
    last_at: datetime | None = Field(default=None, sa_type=Instant)


class Posting(OfShop, SQLModel, table=True):
    """One event for one hook, until it is taken: no body outlives its delivery."""

    __table_args__ = (UniqueConstraint("shop", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    hook: int | None = Field(default=None, sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    event: str
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(sa_type=Instant)
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    status: int | None = None

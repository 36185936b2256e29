"""Which order came from which message, and by what windows that was told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Attribution(OfShop, SQLModel, table=True):
    """AT-4: an order and the one message it goes back to. It names nobody, and holds no money:
    that is the order's own, so that refunds count and sums never exceed what was really sold.
    """

    __table_args__ = (
        UniqueConstraint("shop", "order"),
        Index("attribution_campaign", "shop", "campaign", "at"),
        Index("attribution_at", "shop", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order: int = Field(sa_type=BigId)
    """app.orders' row."""
    way: str
    at: datetime = Field(sa_type=Instant)
    """Of the order."""
    send: int | None = Field(default=None, sa_type=BigId)
    """The message. None for a tier's code, which no message brought, and once it is too old."""
    campaign: str
    """Its automation or newsletter; `tier:<key>` for a tier's code."""
    step: str = ""
    variant: str = ""
    channel: str = ""


class AttributionWindow(OfShop, SQLModel, table=True):
    """AT-3: what counts from an instant on. The past stays as it was told."""

    __table_args__ = (UniqueConstraint("shop", "since"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    since: datetime = Field(sa_type=Instant)
    click: dict[str, Any] = Field(sa_type=JSON)
    """Hours by channel."""
    text: int = 0
    by: str | None = None

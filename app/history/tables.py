"""How far the reading of a shop's past has come, what did not fit, and whether the books agree."""

from datetime import datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Passage(OfShop, SQLModel, table=True):
    """One kind of thing being imported; its cursor moves with the page that it belongs to."""

    __table_args__ = (UniqueConstraint("shop", "kind"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    cursor: str | None = None
    done: int = 0
    total: int = 0
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class Swept(OfShop, SQLModel, table=True):
    """IN-4: up to which change everything of a kind is known to have been heard."""

    __table_args__ = (UniqueConstraint("shop", "kind"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    swept_at: datetime = Field(sa_type=Instant)


class Misfit(OfShop, SQLModel, table=True):
    """Something of Saleor's that could not be read whole: which, and why."""

    __table_args__ = (UniqueConstraint("shop", "kind", "saleor_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    saleor_id: str
    """Saleor's id, or the cursor before it where even that cannot be had."""
    number: str | None = None
    reason: str
    read: bool = False
    """Read all the same, but for the field that stood in the way."""
    seen_at: datetime = Field(sa_type=Instant)


class Reckoning(OfShop, SQLModel, table=True):
    """A channel's day in both books: how many orders, and their `charged` in minor units."""

    __table_args__ = (UniqueConstraint("shop", "channel", "day"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    day: str
    """ISO date, in UTC as Saleor's own filter has it."""
    currency: str
    our_orders: int = 0
    their_orders: int = 0
    our_minor: int = Field(default=0, sa_type=BigInteger)
    their_minor: int = Field(default=0, sa_type=BigInteger)
    checked_at: datetime = Field(sa_type=Instant)

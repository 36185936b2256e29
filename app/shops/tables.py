"""A shop that has the app installed, and its sales channels."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    """Deactivated in the Dashboard: nothing is heard and nothing is done until it is back."""
    DELETED = "deleted"
    """Uninstalled: erased after 30 days unless it comes back."""
    REFUSED = "refused"
    """Saleor does not take our token any more, and nobody told us why."""


class Shop(SQLModel, table=True):
    """One Saleor, under its normalised API address. The only table that is of no shop.

    The number of one that was erased is given to nobody else: SQLite would, and what old links,
    keys and this process still know by it would be another shop's.
    """

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    api_url: str = Field(unique=True)
    app_id: str
    token: str
    """Sealed (app.kit.secret); never rendered, never logged."""
    jwks: dict[str, Any] = Field(sa_type=JSON)
    jwks_at: datetime = Field(sa_type=Instant)
    status: str = Status.ACTIVE.value
    status_at: datetime = Field(sa_type=Instant)
    name: str = ""
    saleor_version: str = ""
    granted: list[str] = Field(default_factory=list, sa_type=JSON)
    """The permissions that Saleor has given us, when it was last asked."""
    app_version: str = ""
    """The version of ours whose webhooks the shop has."""
    registered_at: datetime = Field(sa_type=Instant)
    code_secret: str
    """Sealed; the key of the codes' hash. Never rotated, or a retry would mint another code."""
    zone: str = "UTC"
    currency: str = ""
    """Reporting currency; empty until the channels are known or the owner chooses."""
    locale: str = "en"


class Channel(OfShop, SQLModel, table=True):
    __table_args__ = (UniqueConstraint("shop", "slug"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    saleor_id: str
    slug: str
    currency: str
    active: bool = True


class Rate(OfShop, SQLModel, table=True):
    """What one unit of `currency` is worth in the shop's reporting currency from `day` on."""

    __table_args__ = (UniqueConstraint("shop", "currency", "day"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    currency: str
    day: str
    """ISO date in the shop's zone."""
    rate: str
    """A decimal number as text: SQLite would make a float of it."""

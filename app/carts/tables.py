"""Checkouts, kept as snapshots: Saleor forgets them, and tells nobody when it does."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.carts.rules import State
from app.kit.tx import BigId, Instant, OfShop

VISITED, LEFT = text("visitor IS NOT NULL"), text("abandoned_at IS NOT NULL")


class Cart(OfShop, SQLModel, table=True):
    """A Saleor checkout, from its first touch to the order it became or did not become."""

    __table_args__ = (
        UniqueConstraint("shop", "checkout"),
        Index("cart_person", "shop", "person"),
        Index("cart_email", "shop", "email"),
        Index("cart_state", "shop", "state", "touched_at"),
        Index(
            "cart_abandoned", "shop", "abandoned_at", "state", "currency", "worth_minor",
            sqlite_where=LEFT, postgresql_where=LEFT,
        ),
        Index(
            "cart_visitor", "shop", "visitor", "created_at",
            sqlite_where=VISITED, postgresql_where=VISITED,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    checkout: str
    """Saleor's id."""
    person: int | None = Field(default=None, sa_type=BigId)
    """The signed-in shopper. Never guessed from a typed address."""
    email: str | None = None
    channel: str
    currency: str
    language: str = ""
    country: str = ""
    code: str | None = None
    worth_minor: int = Field(default=0, sa_type=BigInteger)
    lines: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """`{variant, product, name, sku, quantity, unit_minor}`, ids as Saleor writes them."""
    reduced_hundredths: int = 0
    """MG-2: the deepest of the shop's own promotions on one of its lines; 20 % is 2000."""
    payment: bool = False
    """Money is authorised, charged or on its way."""
    staff: bool = False
    visitor: str | None = None
    """AC-12: a hash of the hashed IP address that the storefront passed, if it did."""
    state: str = State.ACTIVE.value
    created_at: datetime = Field(sa_type=Instant)
    touched_at: datetime = Field(sa_type=Instant)
    """AC-3: the shopper's last change; what apps and price refreshes do does not move it."""
    abandoned_at: datetime | None = Field(default=None, sa_type=Instant)
    ordered_at: datetime | None = Field(default=None, sa_type=Instant)
    order: str | None = None
    """Saleor's id of the order that closed it."""
    decision: str | None = None
    """Which message the order goes back to, if one of ours."""
    gone_at: datetime | None = Field(default=None, sa_type=Instant)
    """AC-9: since when Saleor does not know it any more."""
    trail: list[list[str]] = Field(default_factory=list, sa_type=JSON)
    """`[updatedAt, content, cause]` of each state heard, in order: touched_at is read off it."""

    updated_at: datetime = Field(sa_type=Instant)
    issued_at: datetime = Field(sa_type=Instant)
    hash: str = ""
    gaps: dict[str, str] | None = Field(default=None, sa_type=JSON)
    """As in app.orders.tables.Order."""


class Heir(OfShop, SQLModel, table=True):
    """A checkout that was made anew out of an abandoned one: what it brings is the old one's."""

    __table_args__ = (UniqueConstraint("shop", "checkout"), Index("heir_of", "shop", "of"))

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    checkout: str
    """Saleor's id of the new one."""
    of: str
    """And of the one that was left."""


class Patience(OfShop, SQLModel, table=True):
    """How long a checkout may rest before it is called abandoned, and which of several of one
    person counts, where the owner has said.
    """

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    minutes: int
    per_channel: bool = False
    """AC-8: checkouts in different channels and languages do not replace one another."""

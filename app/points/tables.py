"""Points: what a shop promises, what everybody has, and every line of how it came about."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

WITH_CODE = text("code IS NOT NULL")


class PointsTerms(OfShop, SQLModel, table=True):
    """What a shop promises. One row a shop; without one there are no points (PT-1)."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    on_since: datetime | None = Field(default=None, sa_type=Instant)
    rate_hundredths: int = 100
    """Points for one unit of the reporting currency."""
    rates: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """The same for one unit of a channel's currency, by its slug: of channels that differ."""
    return_days: int = 14
    least_points: int = 500
    expires_since: datetime | None = Field(default=None, sa_type=Instant)
    """PT-5: since when points can end by inactivity; None where they don't."""
    expiry_months: int = 12
    gift_cards: list[str] = Field(default_factory=list, sa_type=JSON)
    """PT-3: Saleor's ids of the products that are gift cards, as last read."""
    version: int = 0


class PointsAccount(OfShop, SQLModel, table=True):
    """What somebody has. It is what her lines in the ledger come to, and stands here so that two
    who write at once meet at one row."""

    __table_args__ = (
        UniqueConstraint("shop", "person"),
        Index("points_account_idle", "shop", "active_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    available: int = Field(default=0, sa_type=BigInteger)
    pending: int = Field(default=0, sa_type=BigInteger)
    active_at: datetime = Field(sa_type=Instant)
    """PT-5: when she last earned or spent."""
    warned_at: datetime | None = Field(default=None, sa_type=Instant)
    warned_again_at: datetime | None = Field(default=None, sa_type=Instant)


class PointsEntry(OfShop, SQLModel, table=True):
    """A line of the ledger. Nothing here is ever changed: what was wrong gets a line against it."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("points_entry_person", "shop", "person", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    """What it is about and which line about that: the same twice is one."""
    person: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    kind: str
    """app.points.rules.Kind."""
    points: int = Field(default=0, sa_type=BigInteger)
    """By how much what may be spent changes."""
    pending: int = Field(default=0, sa_type=BigInteger)
    order: int | None = Field(default=None, sa_type=BigId)
    spend: int | None = Field(default=None, sa_type=BigId)
    reason: str = ""
    """PT-7."""
    by: str | None = None


class Earning(OfShop, SQLModel, table=True):
    """PT-4: what one order stands at. Every telling of it is worked out anew and put against it."""

    __table_args__ = (
        UniqueConstraint("shop", "order"),
        Index("points_earning_person", "shop", "person"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order: int = Field(sa_type=BigId)
    person: int = Field(sa_type=BigId)
    rate_hundredths: int
    """As it was when the order first earned: a later change is for later orders."""
    return_days: int
    whole: int = 0
    """What it brings before refunds."""
    pending: int = 0
    points: int = 0
    """What of it was put into what may be spent, `spared` included."""
    spared: int = 0
    """PT-2: what a refund should have taken and did not, so as not to fall further below nought."""
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    ready_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its points came to what may be spent."""
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    """PT-5: its points ended; nothing is taken from or added to them any more."""
    turn: int = 0


class PointsSpend(OfShop, SQLModel, table=True):
    """PT-6: points that became a code, or are about to."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("points_spend_person", "shop", "person", "at"),
        Index("points_spend_state", "shop", "state"),
        Index(
            "points_spend_code", "shop", "code",
            sqlite_where=WITH_CODE, postgresql_where=WITH_CODE,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    person: int = Field(sa_type=BigId)
    points: int
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    at: datetime = Field(sa_type=Instant)
    by: str | None = None
    """Saleor's id of who pressed for her; None where she did herself."""
    state: str = "promised"
    """`promised`, `given` or `returned`."""
    code: int | None = Field(default=None, sa_type=BigId)
    back: int = 0
    """What of it has come back."""
    trouble: str = ""
    turn: int = 0


class PointsMonth(OfShop, SQLModel, table=True):
    """PT-8: what points would have cost at the end of a month. Written once."""

    __table_args__ = (UniqueConstraint("shop", "month"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    month: date
    """Its first day."""
    made_at: datetime = Field(sa_type=Instant)
    ages: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    pending: int = Field(default=0, sa_type=BigInteger)
    void_millionths: int = 0
    value_minor: int = Field(default=0, sa_type=BigInteger)
    currency: str

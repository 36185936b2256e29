"""What was bought, at what price, and what of it came back."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

WITH_CARDS = text("cards IS NOT NULL")
# In the very words of app.orders.queries: SQLite uses an index of some rows for no others.
BOUGHT_SQLITE = text("counts IS 1 AND paid IS 1")
BOUGHT_POSTGRESQL = text("counts IS TRUE AND paid IS TRUE")


class Order(OfShop, SQLModel, table=True):
    """A Saleor order as its newest delivery says. All money in minor units of `currency`."""

    __table_args__ = (
        UniqueConstraint("shop", "saleor_id"),
        Index("order_person", "shop", "person", "created_at"),
        Index(
            "order_bought", "shop", "person", "created_at", "goods_reporting_minor",
            sqlite_where=BOUGHT_SQLITE, postgresql_where=BOUGHT_POSTGRESQL,
        ),
        Index("order_source", "shop", "source"),
        Index("order_checkout", "shop", "checkout"),
        Index("order_created", "shop", "created_at", "counts", "goods_reporting_minor"),
        Index(
            "order_cards", "shop", "created_at",
            sqlite_where=WITH_CARDS, postgresql_where=WITH_CARDS,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    saleor_id: str
    number: str
    person: int | None = Field(default=None, sa_type=BigId)
    """Whose it is today; None where nobody is named."""
    source: int | None = Field(default=None, sa_type=BigId)
    """Whose it was before any merge."""
    status: str
    charge_status: str
    origin: str | None = None
    original: str | None = None
    """Saleor's id of the order that this one replaces (REISSUE)."""
    created_at: datetime = Field(sa_type=Instant)
    channel: str
    """Its slug."""
    currency: str
    total_minor: int = Field(sa_type=BigInteger)
    """Gross, with shipping, less discounts and gift cards: what was to be paid."""
    refunded_minor: int = Field(default=0, sa_type=BigInteger)
    granted_minor: int = Field(default=0, sa_type=BigInteger)
    """What staff have granted back; more than was refunded is still to be paid (FB-3)."""
    charged_minor: int = Field(sa_type=BigInteger)
    """LV-1: total gross − refunded, the figure that is compared with Saleor."""
    goods_minor: int = Field(sa_type=BigInteger)
    """LV-1: lines after discounts and refunds, with or without tax as the shop shows prices."""
    goods_reporting_minor: int | None = Field(default=None, sa_type=BigInteger)
    """`goods` in the shop's reporting currency; None where no rate is known for its day."""
    tax_minor: int = Field(default=0, sa_type=BigInteger)
    """The tax that is inside `goods_minor`; none where the shop shows prices without it."""
    shipping_minor: int = Field(default=0, sa_type=BigInteger)
    discount_minor: int = Field(default=0, sa_type=BigInteger)
    gift_card_minor: int = Field(default=0, sa_type=BigInteger)
    """What gift cards paid: it is missing from the total and not from the goods."""
    reward_minor: int = Field(default=0, sa_type=BigInteger)
    """What of it was paid by cards that we gave: it costs the shop what a discount costs."""
    cards: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Saleor's ids of the gift cards it was paid with."""
    checkout: str | None = None
    code: str | None = None
    """The voucher code that was used."""
    decision: str | None = None
    """`perennial.decision` of its private metadata: which message it goes back to."""
    brought_by: str | None = None
    """AC-11: the decision of a left cart's message that its code or a click led here, where the
    metadata does not say."""
    language: str = ""
    country: str = ""
    region: str = ""
    """State or province it went to (S3)."""
    postal: str = ""
    company: str = ""
    """These two are forgotten with the buyer."""
    paid: bool = False
    """Was paid in full, whatever has been refunded since."""
    sent: bool = False
    """Was fulfilled, whatever has come back since."""
    counts: bool = False
    """Is revenue: no draft, not cancelled, not expired, no replacement, paid if unconfirmed."""
    earns: bool = False
    """ID-2: it may earn tier and code. The account is confirmed, or the order vouched for."""
    history: bool = False
    """IN-5: it was old at first sight, or made in bulk: it triggers nothing."""

    updated_at: datetime = Field(sa_type=Instant)
    issued_at: datetime = Field(sa_type=Instant)
    hash: str = ""
    gaps: dict[str, str] | None = Field(default=None, sa_type=JSON)
    """Fields that an error nulled in the newest version, and the older version they are from."""
    content: str = ""
    """A hash of its lines and discounts: most updates of an order leave them alone."""


class Line(OfShop, SQLModel, table=True):
    """A line of an order; amounts as the shop shows its prices, after discounts."""

    __table_args__ = (
        UniqueConstraint("shop", "order", "position"),
        Index("line_product", "shop", "product", "order"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order: int = Field(sa_type=BigId)
    position: int = Field(sa_type=SmallInteger)
    variant: int | None = Field(default=None, sa_type=BigId)
    """app.catalog's row; None where the variant is gone and was never known."""
    product: int | None = Field(default=None, sa_type=BigId)
    sku: str | None = None
    name: str
    variant_name: str = ""
    quantity: int
    returned: int = 0
    """Pieces of it that were paid back, where a refund says so."""
    gift: bool = False
    unit_minor: int = Field(sa_type=BigInteger)
    undiscounted_unit_minor: int = Field(sa_type=BigInteger)
    total_minor: int = Field(sa_type=BigInteger)


class Discount(OfShop, SQLModel, table=True):
    """Why an order cost less."""

    __table_args__ = (UniqueConstraint("shop", "order", "position"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order: int = Field(sa_type=BigId)
    position: int = Field(sa_type=SmallInteger)
    kind: str
    """SALE, VOUCHER, MANUAL, PROMOTION or ORDER_PROMOTION."""
    name: str = ""
    amount_minor: int = Field(sa_type=BigInteger)


class Vouched(OfShop, SQLModel, table=True):
    """ID-2: this checkout was heard with this account signed in, so its order vouches for it."""

    __table_args__ = (UniqueConstraint("shop", "checkout", "account"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    checkout: str
    account: str

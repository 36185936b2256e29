"""What the shop sells, as far as orders, checkouts and the product list have told us."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Product(OfShop, SQLModel, table=True):
    __table_args__ = (UniqueConstraint("shop", "saleor_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    saleor_id: str
    name: str
    slug: str = ""
    category: str | None = None
    """Saleor's id."""
    category_name: str = ""
    picture: str | None = None
    created_at: datetime | None = Field(default=None, sa_type=Instant)
    first_hand: bool = False
    """From the product list; otherwise only named by a line of an order or a checkout."""
    known_at: datetime = Field(sa_type=Instant)
    """Of what instant this knowledge is: newer replaces older, first hand replaces hearsay."""


class Variant(OfShop, SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("shop", "saleor_id"),
        Index("variant_product", "shop", "product"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    saleor_id: str
    product: int = Field(sa_type=BigId)
    name: str = ""
    sku: str | None = None
    first_hand: bool = False
    known_at: datetime = Field(sa_type=Instant)


class Collection(OfShop, SQLModel, table=True):
    """A product in one of its collections."""

    __table_args__ = (UniqueConstraint("shop", "product", "saleor_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    product: int = Field(sa_type=BigId)
    saleor_id: str
    name: str


class Attribute(OfShop, SQLModel, table=True):
    """S4: what a product is like: one value of an attribute that is chosen from a list."""

    __table_args__ = (
        UniqueConstraint("shop", "product", "saleor_id"),
        Index("attribute_value", "shop", "saleor_id", "product"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    product: int = Field(sa_type=BigId)
    saleor_id: str
    """Of the value."""
    name: str
    """Attribute and value, as people say it: `Roast: dark`."""


class Price(OfShop, SQLModel, table=True):
    """What a variant costs in a channel, in minor units, before any discount."""

    __table_args__ = (UniqueConstraint("shop", "variant", "channel"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    variant: int = Field(sa_type=BigId)
    channel: str
    currency: str
    price_minor: int = Field(sa_type=BigInteger)
    cost_minor: int | None = Field(default=None, sa_type=BigInteger)
    known_at: datetime = Field(sa_type=Instant)

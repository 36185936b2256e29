"""What a shop set about its lists, what moved since, what is on sale, and what Saleor was told."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class What(StrEnum):
    """What a line of the log is about; `number` is its row."""

    ORDER = "order"
    PERSON = "person"
    """Whose orders are not what they were: merged, parted, erased, joined the staff."""
    PRODUCT = "product"
    """Saleor said that it changed: it may not be on sale any more."""
    OFFER = "offer"
    """It is on sale somewhere where it was not, or the other way round; 0: a channel was read."""
    TERMS = "terms"
    """Pins, blocks, weights or settings."""
    ALL = "all"
    """The whole history was read anew."""


class Counsel(OfShop, SQLModel, table=True):
    """What a shop has set about its recommendations, and what was learnt from its orders."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    public_key: str
    """What a storefront names itself by: it opens lists, and no more than lists."""
    origins: list[str] = Field(default_factory=list, sa_type=JSON)
    """`https://shop.example`: whose pages may ask from a browser."""
    telling: bool = False
    """Lists are written into the metadata of products and customers."""
    granted: bool = False
    """Saleor lets the app write products, as far as it was last seen."""
    told_upto: int = Field(default=0, sa_type=BigId)
    """The last line of the log that the lists in Saleor know of."""
    weights: dict[str, list[float]] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    methods: dict[str, int] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    quality: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    tuned_at: datetime | None = Field(default=None, sa_type=Instant)


class Moved(OfShop, SQLModel, table=True):
    """A log that every process reads to its end before it makes a list."""

    __tablename__ = "recommend_moved"
    __table_args__ = (Index("recommend_moved_shop", "shop", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    what: str
    number: int = Field(default=0, sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    """In real time: how long somebody may still be writing an earlier line."""


class Offered(OfShop, SQLModel, table=True):
    """Whether a product can be bought in a channel, when that was last looked at."""

    __table_args__ = (UniqueConstraint("shop", "channel", "product"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    """Its slug."""
    product: int = Field(sa_type=BigId)
    sold: bool
    seen_at: datetime = Field(sa_type=Instant)


class Choice(OfShop, SQLModel, table=True):
    """The merchant's own word: a product first, or never."""

    __table_args__ = (UniqueConstraint("shop", "product", "pinned", "beside"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    product: int = Field(sa_type=BigId)
    pinned: bool
    """First where it can be bought; otherwise it is in no list at all."""
    beside: int = Field(default=0, sa_type=BigId)
    """Pinned beside this product only; 0 is in the lists for customers."""
    at: datetime = Field(sa_type=Instant)
    by: str | None = None


class Told(OfShop, SQLModel, table=True):
    """What the metadata of a product or a customer says, as we wrote it."""

    __tablename__ = "recommend_told"
    __table_args__ = (
        UniqueConstraint("shop", "kind", "subject"),
        Index("recommend_told_untold", "shop", "untold", "kind"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    """`product` or `person`."""
    subject: int = Field(sa_type=BigId)
    """Our row of it."""
    text: str = Field(default="", sa_type=Text)
    """All keys and their texts as JSON; empty where nothing was written."""
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    refused: str = ""
    """Why Saleor did not take it."""
    untold: bool = True
    marked: datetime = Field(sa_type=Instant)
    """Since when it is due, in real time: who is marked again while it is written stays due."""

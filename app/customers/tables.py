"""Who buys: accounts, guests, and how the two found each other."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

JOINED = text("merged_into IS NOT NULL")
OBJECTED = text("no_profile_at IS NOT NULL")


class Person(OfShop, SQLModel, table=True):
    """ID-1: a Saleor account, or whoever buys as a guest under one e-mail address."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("person_account", "shop", "account"),
        Index("person_email", "shop", "email"),
        Index("person_unproved", "shop", "confirmed", "account"),
        Index("person_merged", "shop", "merged_into", sqlite_where=JOINED, postgresql_where=JOINED),
        Index(
            "person_no_profile", "shop", "no_profile_at",
            sqlite_where=OBJECTED, postgresql_where=OBJECTED,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    """`account:<Saleor's id>` or `guest:<address>`; `erased:<n>` once nobody may know any more."""
    account: str | None = None
    """Saleor's user id; None for a guest."""
    email: str | None = None
    """Trimmed and lower-case."""
    confirmed: bool = False
    """The account once proved an address. Stays true: what was proved is not unproved."""
    staff: bool = False
    active: bool = True
    first_name: str = ""
    last_name: str = ""
    letters: str = ""
    """Her names as people look for them: a blank before each, small, without accents."""
    language: str = ""
    country: str = ""
    region: str = ""
    """State or province of her address (S3)."""
    postal: str = ""
    company: str = ""
    """Named in her address."""
    joined_at: datetime | None = Field(default=None, sa_type=Instant)
    merged_into: int | None = Field(default=None, sa_type=BigId)
    """The account a guest turned out to be."""
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
    no_profile_at: datetime | None = Field(default=None, sa_type=Instant)
    """PR-4: since when she objects to a profile: no score, no list, no offer is made of what she
    bought. Of an account and its guests one word holds for all (ID-3)."""

    first_hand: bool = False
    """Told of by Saleor itself, and not merely named by an order or a checkout."""
    updated_at: datetime | None = Field(default=None, sa_type=Instant)
    issued_at: datetime | None = Field(default=None, sa_type=Instant)
    hash: str = ""

    @property
    def name(self) -> str:
        """As she gave it; empty where she gave none."""
        return f"{self.first_name} {self.last_name}".strip()


class Address(OfShop, SQLModel, table=True):
    """An e-mail address that a confirmed account had: guest orders under it are the account's."""

    __table_args__ = (UniqueConstraint("shop", "email", "person"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    email: str
    person: int = Field(sa_type=BigId)
    proved_at: datetime = Field(sa_type=Instant)
    """The earliest we know of: of two accounts with one address, the first one has the guest."""


class Merge(OfShop, SQLModel, table=True):
    """ID-3: a guest joined an account. Both are kept, and for 30 days it can be undone."""

    __table_args__ = (UniqueConstraint("shop", "source"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    source: int = Field(sa_type=BigId)
    target: int = Field(sa_type=BigId, index=True)
    merged_at: datetime = Field(sa_type=Instant)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)
    """Somebody said these are two people: they are not joined again."""


class Erasure(OfShop, SQLModel, table=True):
    """PR-3: a one-way hash of an account or address that asked to be forgotten."""

    __table_args__ = (UniqueConstraint("shop", "hash"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    hash: str
    erased_at: datetime = Field(sa_type=Instant)


class Note(OfShop, SQLModel, table=True):
    """What a member of staff wants the others to know of a customer."""

    __table_args__ = (Index("note_person", "shop", "person", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    text: str
    at: datetime = Field(sa_type=Instant)
    by: str
    """Saleor's id of the staff member."""
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
    """Taken away; a moment later it can still be put back."""

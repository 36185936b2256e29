"""Segments, who was in them from when to when, and what the shop wrote down about people."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

STAYING = text("left_at IS NULL")


class Segment(OfShop, SQLModel, table=True):
    __table_args__ = (UniqueConstraint("shop", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    name: str = ""
    """The owner's own; a standard one without is called by its key."""
    tree: dict[str, Any] = Field(sa_type=JSON)
    version: int = 1
    made_at: datetime = Field(sa_type=Instant)
    filled_at: datetime | None = Field(default=None, sa_type=Instant)
    """Since when its members are known: a new one takes in everybody once, and that is no news."""
    reviewed_at: datetime | None = Field(default=None, sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)

    people: int | None = None
    """How many are in it, as of `counted_at`: a page asks nobody to count."""
    reachable: float | None = None
    """The share who may be written to, of a sample."""
    came: int = 0
    """In the 30 days before `counted_at`, as is `gone`."""
    gone: int = 0
    counted_at: datetime | None = Field(default=None, sa_type=Instant)


class Stay(OfShop, SQLModel, table=True):
    """S8: a person in a segment, from when to when: membership and its log are one thing."""

    __table_args__ = (
        Index(
            "stay_open", "shop", "segment", "person", unique=True,
            sqlite_where=STAYING, postgresql_where=STAYING,
        ),
        Index("stay_person", "shop", "person"),
        Index("stay_entered", "shop", "segment", "entered_at"),
        Index("stay_left", "shop", "segment", "left_at"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    segment: int = Field(sa_type=BigId)
    version: int = 1
    """Of the segment's definition that took her in."""
    person: int = Field(sa_type=BigId)
    entered_at: datetime = Field(sa_type=Instant)
    left_at: datetime | None = Field(default=None, sa_type=Instant)
    cause: str = ""
    """`event`, `night`, `rules`, or `first` for who was in it when it began."""
    left_cause: str | None = None


class Trait(OfShop, SQLModel, table=True):
    """S4: one thing the shop knows of a person: a tag, a stated preference, a birthday."""

    __table_args__ = (
        UniqueConstraint("shop", "person", "name"),
        Index("trait_name", "shop", "name", "value"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    name: str
    value: str
    source: str
    """`journey`, `metadata`, `import`, `staff`."""
    at: datetime = Field(sa_type=Instant)


class Study(OfShop, SQLModel, table=True):
    """S6, S7: one thing worked out about all customers at once, at night."""

    __table_args__ = (UniqueConstraint("shop", "name"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    """`kinds`, `chances`, or `alike:` and the key of a segment."""
    asked_at: datetime = Field(sa_type=Instant)
    made_at: datetime | None = Field(default=None, sa_type=Instant)
    body: dict[str, Any] = Field(sa_type=JSON)


class Placing(OfShop, SQLModel, table=True):
    """S7: where a study has put a person: the number of her kind, or her rank among look-alikes."""

    __table_args__ = (
        UniqueConstraint("shop", "study", "person"),
        Index("placing_place", "shop", "study", "place"),
        Index("placing_person", "shop", "person"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    study: int = Field(sa_type=BigId)
    person: int = Field(sa_type=BigId)
    place: int
    because: list[dict[str, Any]] = Field(sa_type=JSON)
    """Of look-alikes: what speaks for her most (app.segments.telling)."""


class Handout(OfShop, SQLModel, table=True):
    """A list of a segment's people that was taken out of the app: when, by whom, how many."""

    __table_args__ = (Index("handout_segment", "shop", "segment", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    segment: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    by: str
    """Saleor's id of the staff member."""
    people: int

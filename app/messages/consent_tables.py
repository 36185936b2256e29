"""Who agreed to what, what they asked for, and whom we may not write to."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Consent(OfShop, SQLModel, table=True):
    """CO-1: how an address stands today, for one channel and one purpose."""

    __table_args__ = (
        UniqueConstraint("shop", "address", "channel", "purpose"),
        Index("consent_person", "shop", "person"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    address: str
    """A tidied e-mail address, a number in E.164, or what a channel calls a device."""
    channel: str
    purpose: str
    state: str
    person: int | None = Field(default=None, sa_type=BigId)
    country: str = ""
    source: str
    at: datetime = Field(sa_type=Instant)
    complained: bool = False
    """CO-3: a tick at checkout never brings back who complained; only a confirmed word does."""


class ConsentEntry(OfShop, SQLModel, table=True):
    """Append-only: every word an address has ever given, with its proof (CO-7)."""

    __table_args__ = (
        Index("consent_entry_person", "shop", "person"),
        Index("consent_entry_address", "shop", "address"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    address: str
    channel: str
    purpose: str
    state: str
    person: int | None = Field(default=None, sa_type=BigId)
    basis: str
    country: str = ""
    source: str
    text_version: str = ""
    text: str = ""
    """The words that were shown."""
    language: str = ""
    proof: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """A form's id, a checkout's, the row of an import; an IP address only if switched on."""
    at: datetime = Field(sa_type=Instant)


class Confirmation(OfShop, SQLModel, table=True):
    """CO-4: somebody typed an address, and whoever reads its mail has to say so too."""

    __table_args__ = (
        UniqueConstraint("shop", "address", "channel", "purpose"),
        Index("confirmation_token", "shop", "token_hash"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    address: str
    channel: str
    purpose: str
    token_hash: str = ""
    """Of the link in the newest mail; its bytes are drawn when that mail is made."""
    language: str = ""
    country: str = ""
    source: str
    text_version: str = ""
    text: str = ""
    proof: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    checkout: str | None = None
    """CO-6: a paid order from it counts as a confirmation too."""
    asked_at: datetime = Field(sa_type=Instant)
    reminded_at: datetime | None = Field(default=None, sa_type=Instant)


class Suppression(OfShop, SQLModel, table=True):
    """BO-1: an address that gets no marketing. Only its one-way hash: it outlives an erasure."""

    __table_args__ = (UniqueConstraint("shop", "hash", "reason"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    hash: str
    reason: str
    at: datetime = Field(sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    """BO-2: soft bounces suppress for 90 days; None is for good."""


class Preference(OfShop, SQLModel, table=True):
    """UN-4: what an address asked for in its own words."""

    __table_args__ = (UniqueConstraint("shop", "address"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    address: str
    person: int | None = Field(default=None, sa_type=BigId)
    topics_off: list[str] = Field(default_factory=list, sa_type=JSON)
    fewer: bool = False
    """Half as often."""
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    language: str = ""
    zone: str = ""
    """QH-1: stated by the person, it goes before everything else."""
    reason: str = ""
    at: datetime = Field(sa_type=Instant)


class Restraint(OfShop, SQLModel, table=True):
    """FB-6, FB-7: what somebody's own answers ask of us for a while."""

    __table_args__ = (UniqueConstraint("shop", "person", "campaign"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    campaign: str = ""
    """An automation that is of no use to her: half as often. Empty: no promotion at all."""
    at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)


class LastWord(OfShop, SQLModel, table=True):
    """SM-4: when a number last wrote to the shop. Only its one-way hash, and for a day."""

    __table_args__ = (UniqueConstraint("shop", "channel", "hash"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    hash: str
    at: datetime = Field(sa_type=Instant)

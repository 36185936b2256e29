"""What is written, how it went out, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Message(OfShop, SQLModel, table=True):
    """One version of a message: what it says in each channel and language."""

    __table_args__ = (UniqueConstraint("shop", "key", "version"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    version: int
    name: str
    purpose: str
    plain_links: bool = False
    """AT-1: its links are not led through us."""
    variants: dict[str, Any] = Field(sa_type=JSON)
    """By channel, then by language: app.messages.library has the shapes."""
    made_at: datetime = Field(sa_type=Instant)
    by: str | None = None


class Send(OfShop, SQLModel, table=True):
    """SS-1: one message to one person on one occasion: asked for once, handed over at most once."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("send_person", "shop", "person", "state"),
        Index("send_counted", "shop", "person", "handed_at"),
        Index("send_campaign", "shop", "campaign", "state", "step", "reason"),
        Index("send_day", "shop", "handed_at"),
        Index("send_token", "shop", "token_hash"),
        Index("send_provider", "shop", "provider_id"),
        Index("send_decision", "shop", "decision"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    person: int | None = Field(default=None, sa_type=BigId)
    address: str | None = None
    """Only where there is no person yet: CO-4's question to an address somebody typed."""
    message: str
    version: int | None = None
    """Of the message, once it is rendered."""
    purpose: str
    channel: str | None = None
    campaign: str = ""
    step: str = ""
    variant: str = ""
    priority: int = Field(sa_type=SmallInteger)
    context: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    guard: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    decision: str | None = None
    state: str
    reason: str = ""
    asked_at: datetime = Field(sa_type=Instant)
    due: datetime = Field(sa_type=Instant)
    not_after: datetime | None = Field(default=None, sa_type=Instant)
    """FC-3: it may wait until then, and is dropped after it."""
    unverified_since: datetime | None = Field(default=None, sa_type=Instant)
    """AC-6: since when Saleor could not be asked."""
    hold: str | None = None
    """The token of whoever reserved it: nobody else may say how it ended."""
    handed_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was reserved: from then on it counts for caps, whatever became of it."""
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    provider_id: str | None = None
    """The Message-ID, or what the provider calls it."""
    token_hash: str | None = None
    """UN-5: of the unsubscribe token in it."""
    address_hash: str | None = None
    language: str = ""


class WayOut(OfShop, SQLModel, table=True):
    """UN-5: what is left of a message after 24 months: whoever finds it can still say stop."""

    __table_args__ = (UniqueConstraint("shop", "token_hash"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    token_hash: str
    address_hash: str


class Pace(OfShop, SQLModel, table=True):
    """FC-7: one row a person that every reservation writes, so that two can't both be the last.

    PostgreSQL's snapshots would let two count the same messages; they can't write the same row.
    """

    __table_args__ = (UniqueConstraint("shop", "who"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    who: str
    """`person:<id>`, or a campaign's or domain's name for the caps that all share."""
    at: datetime = Field(sa_type=Instant)


class SendNote(OfShop, SQLModel, table=True):
    """Each refusal and each delay, with its reason: nothing is dropped in silence."""

    __table_args__ = (Index("send_note_send", "shop", "send"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    send: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    outcome: str
    """refused, postponed, reserved, left_out, sent, failed, unknown, cancelled"""
    word: str = ""
    until: datetime | None = Field(default=None, sa_type=Instant)


class Touch(OfShop, SQLModel, table=True):
    """OP-4: somebody, or some machine, opened or clicked. No address and no agent is kept."""

    __table_args__ = (
        Index("touch_send", "shop", "send", "kind", "by"),
        Index("touch_person", "shop", "person", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    send: int = Field(sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    kind: str
    """open or click"""
    by: str
    """human, machine or unknown"""
    link: str = ""
    at: datetime = Field(sa_type=Instant)


class Bounce(OfShop, SQLModel, table=True):
    """BO: what came back for a message that we sent: hard, soft, complaint, or that it arrived."""

    __table_args__ = (
        Index("bounce_hash", "shop", "address_hash", "at"),
        Index("bounce_send", "shop", "send"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    send: int = Field(sa_type=BigId)
    address_hash: str
    domain: str
    """BS-2: complaints are reckoned per domain of ours and by whom they come through."""
    kind: str
    status: str = ""
    """RFC 3463, where told."""
    source: str
    at: datetime = Field(sa_type=Instant)


class Outlet(OfShop, SQLModel, table=True):
    """How a shop sends in one channel."""

    __table_args__ = (UniqueConstraint("shop", "channel"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    url: str
    """Sealed: it may hold a password."""
    sender: str = ""
    """`Shop <hello@news.shop.example>`, or a sender's name or number."""
    reply_to: str = ""
    service_sender: str = ""
    """BS-4: service mail comes from another sub-domain."""
    postal: str = ""
    """The shop's postal address, which stands in every marketing mail."""
    return_path: str = ""
    """Where bounces go: `bounces@news.shop.example`; each message adds its own tag (VERP)."""
    inbox: str | None = None
    """Sealed: the mailbox that bounces are read from, imaps://user:password@host."""
    secret: str = ""
    """Sealed: signs what a provider reports to us."""
    checks: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """BS-1: by name of a check: good, warning or bad."""
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    since: datetime = Field(sa_type=Instant)
    """BS-3: a new domain is warmed up from here."""
    active: bool = True


class SendingPolicy(OfShop, SQLModel, table=True):
    """A shop's own law table, caps and hours, where the owner changed them; one row a shop."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    """SS-3: nothing leaves the house while this is set."""


class PausedCampaign(OfShop, SQLModel, table=True):
    """SS-3: one automation holds its breath."""

    __table_args__ = (UniqueConstraint("shop", "campaign"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    campaign: str
    reason: str
    at: datetime = Field(sa_type=Instant)


class Posted(OfShop, SQLModel, table=True):
    """The local mailbox: what would have gone out, where the shop's outlet is `mailbox:`."""

    __table_args__ = (Index("posted_at", "shop", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    send: int | None = Field(default=None, sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    channel: str
    recipient: str
    subject: str = ""
    html: str = ""
    text: str = ""
    raw: str = ""
    at: datetime = Field(sa_type=Instant)

"""Who agreed to what, whom we may not write to, what is written, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, SmallInteger, UniqueConstraint
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
    channel: str | None = None
    """None: every channel of the address."""
    purpose: str | None = None
    """None: all marketing."""


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


class LastWord(OfShop, SQLModel, table=True):
    """SM-4: when a number last wrote to the shop. Only its one-way hash, and for a day."""

    __table_args__ = (UniqueConstraint("shop", "channel", "hash"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    hash: str
    at: datetime = Field(sa_type=Instant)


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


class Hook(OfShop, SQLModel, table=True):
    """Where events of ours go: another app of the shop's."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    url: str
    secret: str
    """Sealed."""
    events: list[str] = Field(default_factory=list, sa_type=JSON)
    active: bool = True
    last_status: int | None = None
    last_at: datetime | None = Field(default=None, sa_type=Instant)


class Posting(OfShop, SQLModel, table=True):
    """One event for one hook, until it is taken: no body outlives its delivery."""

    __table_args__ = (UniqueConstraint("shop", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    hook: int | None = Field(default=None, sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    event: str
    body: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    at: datetime = Field(sa_type=Instant)
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    status: int | None = None


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

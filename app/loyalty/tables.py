"""The programme a shop runs, who is in which tier, and everything that was given and why."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

IS_CARD, WAS_USED = text("card IS NOT NULL"), text("used_order IS NOT NULL")


class Programme(OfShop, SQLModel, table=True):
    """A shop's rules. One row a shop; every change of them leaves an `Edit`."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    version: int = 0
    window_months: int = 12
    grace_days: int = 30
    return_days: int = 30
    """TI-5: how long after a rise a refund may take it back."""
    excluded: list[str] = Field(default_factory=list, sa_type=JSON)
    """E-mail addresses and domains of who gets neither tier nor code."""
    open_since: datetime | None = Field(default=None, sa_type=Instant)
    """Since when people can have a tier: not before the shop's history is in."""
    reviewed_at: datetime | None = Field(default=None, sa_type=Instant)
    proposed: list[list[int]] = Field(default_factory=list, sa_type=JSON)
    """TI-2, of the last review: thresholds, and of how many in a million buyers each is reached."""
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    """MG-8: all offers stopped at once, without touching what each tier is set to."""


class Tier(OfShop, SQLModel, table=True):
    """A rung of the ladder and what it gives. Its key never changes and is never used again."""

    __table_args__ = (UniqueConstraint("shop", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    """What a storefront reads in `perennial.tier`."""
    name: str
    threshold_minor: int = Field(default=0, sa_type=BigInteger)
    """Net spending on goods in the window, in the reporting currency."""
    percent_hundredths: int | None = None
    """10 % is 1000; None without an offer."""
    least_minor: int = Field(default=0, sa_type=BigInteger)
    """CP-1: what a basket has to come to for its code, in the reporting currency."""
    offer: bool = False
    """Switched on by the owner."""
    channels: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Slugs of the channels its code is good in; None is all of them."""
    retired_at: datetime | None = Field(default=None, sa_type=Instant)
    """Removed by the owner: nobody reaches it any more, whoever has it keeps it (TI-6)."""


class Edit(OfShop, SQLModel, table=True):
    """A change of the rules: who, when, from what to what."""

    __table_args__ = (UniqueConstraint("shop", "version"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    version: int
    at: datetime = Field(sa_type=Instant)
    by: str | None = None
    """Saleor's id of the staff member; None where the app proposed."""
    before: dict[str, Any] = Field(sa_type=JSON)
    after: dict[str, Any] = Field(sa_type=JSON)
    undone: bool = False


class Membership(OfShop, SQLModel, table=True):
    """A person's standing."""

    __table_args__ = (
        UniqueConstraint("shop", "person"),
        Index("membership_tier", "shop", "tier"),
        Index("membership_untold", "shop", "untold"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    tier: str
    """What was earned."""
    since: datetime = Field(sa_type=Instant)
    valid_till: datetime | None = Field(default=None, sa_type=Instant)
    manual_tier: str | None = None
    """TI-7: at least this, whatever was earned, until `manual_till`."""
    manual_till: datetime | None = Field(default=None, sa_type=Instant)
    manual_reason: str | None = None
    told_tier: str | None = None
    """What the customer's metadata in Saleor says, as we wrote it; None: nothing yet."""
    told_till: str | None = None
    untold: bool = False


class TierChange(OfShop, SQLModel, table=True):
    """Why a person is where she is: every move, and what it takes to go back."""

    __table_args__ = (Index("tier_change_person", "shop", "person", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    move: str
    from_tier: str
    to_tier: str
    cause: str
    bar_minor: int = Field(default=0, sa_type=BigInteger)
    """The threshold that was passed, as it was then."""
    spent_minor: int = Field(default=0, sa_type=BigInteger)
    before_since: datetime | None = Field(default=None, sa_type=Instant)
    before_till: datetime | None = Field(default=None, sa_type=Instant)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)
    by: str | None = None
    reason: str | None = None


class Voucher(OfShop, SQLModel, table=True):
    """CP-1: a tier's voucher of one calendar month. Its terms stay as they were when it began.

    An automation has one for each percentage that it promised within the month: the arms of a test
    may differ in it.
    """

    __table_args__ = (UniqueConstraint("shop", "tier", "month", "percent_hundredths"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    tier: str
    """The tier's key; with `programme`, an automation's."""
    programme: bool = False
    """An automation gives its codes, in every channel."""
    month: date
    name: str
    mark: str
    """How its name ends: by this it is found again."""
    percent_hundredths: int
    least_minor: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """What a basket has to come to at least, by currency; nothing in it is no bound. In a channel
    whose currency is not in it, it does not work."""
    amounts_minor: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """PT-6: what it takes off, by currency; nothing in it where it takes off a percentage."""
    begins_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    saleor_id: str | None = None
    listed: list[str] = Field(default_factory=list, sa_type=JSON)
    """Slugs of the channels it works in."""
    gone_at: datetime | None = Field(default=None, sa_type=Instant)
    """Deleted in Saleor by somebody."""
    tidied_at: datetime | None = Field(default=None, sa_type=Instant)


class Code(OfShop, SQLModel, table=True):
    """The ledger of codes: one a person and voucher (CP-8)."""

    __table_args__ = (
        UniqueConstraint("shop", "voucher", "person"),
        UniqueConstraint("shop", "code"),
        Index("code_person", "shop", "person"),
        Index("code_minted", "shop", "minted_at"),
        Index("code_used", "shop", "used_at"),
        Index(
            "code_used_order", "shop", "used_order",
            sqlite_where=WAS_USED, postgresql_where=WAS_USED,
        ),
        Index("code_card", "shop", "card", sqlite_where=IS_CARD, postgresql_where=IS_CARD),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    voucher: int = Field(sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    """None of a friend's code (RF-1): whose it is, its order tells."""
    code: str
    """In clear here and nowhere else of ours (CP-9)."""
    minted_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    """CP-3: where it ends before its voucher does."""
    card: str | None = None
    """CP-4, firm: Saleor's id of the gift card that it opens."""
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    """What the card was given for; None of a voucher's code."""
    currency: str | None = None
    in_saleor_at: datetime | None = Field(default=None, sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    used_order: str | None = None
    """Saleor's id."""
    used_by: int | None = Field(default=None, sa_type=BigId)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)
    """Unused, long expired, and gone from Saleor."""


class Attempt(OfShop, SQLModel, table=True):
    """How it went with one checkout: a code is put on it once, ever."""

    __table_args__ = (UniqueConstraint("shop", "checkout"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    checkout: str
    person: int = Field(sa_type=BigId)
    state: str
    turn: int = 1
    """Which try this is: another one only after lines changed or nothing came of the last."""
    wanted_at: datetime = Field(sa_type=Instant)
    lines: str | None = None
    """The lines that Saleor refused it for, or that it was wanted for."""
    code: int | None = Field(default=None, sa_type=BigId)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)
    """The checkout's `updatedAt` just before the call: unchanged, the call never arrived."""
    on_at: datetime | None = Field(default=None, sa_type=Instant)
    """The checkout's `updatedAt` with our code on it: what is older says nothing."""


class Act(OfShop, SQLModel, table=True):
    """What was done for a customer, or not done, with its reason. Each once, by its key."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("act_person", "shop", "person", "at"),
        Index("act_verb", "shop", "verb", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    at: datetime = Field(sa_type=Instant)
    verb: str
    reason: str
    person: int | None = Field(default=None, sa_type=BigId)
    checkout: str | None = None
    code: int | None = Field(default=None, sa_type=BigId)
    tier: str | None = None

"""Journeys, their versions, and who is on the way in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

IN_FLIGHT, GHOSTS = text("ended_at IS NULL"), text("withheld <> ''")


class Journey(OfShop, SQLModel, table=True):
    """An automation of the shop. Switched off it takes nobody in; who is in it waits."""

    __table_args__ = (UniqueConstraint("shop", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    """Never used again; the messages of a journey are counted under it."""
    name: str = ""
    """The owner's own; a ready-made one without is called by its recipe."""
    recipe: str | None = None
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the owner chose in the recipe's form."""
    version: int = 0
    """The newest; 0 before the first."""
    on_since: datetime | None = Field(default=None, sa_type=Instant)
    made_at: datetime = Field(sa_type=Instant)


class Version(OfShop, SQLModel, table=True):
    """A definition as it once was, for ever."""

    __table_args__ = (UniqueConstraint("shop", "journey", "number"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    journey: int = Field(sa_type=BigId)
    number: int
    definition: dict[str, Any] = Field(sa_type=JSON)
    made_at: datetime = Field(sa_type=Instant)
    by: str | None = None
    """Saleor's id of the staff member."""


class Run(OfShop, SQLModel, table=True):
    """A person on the way. One row from the first step to the last, and kept (4.2.18).

    No index holds what a step changes: PostgreSQL then writes the row in place.
    """

    __table_args__ = (
        UniqueConstraint("shop", "journey", "person", "occasion"),
        Index("run_subject", "shop", "subject"),
        Index("run_person", "shop", "person"),
        Index("run_entered", "shop", "journey", "entered_at"),
        Index(
            "run_in_flight", "shop", "journey",
            sqlite_where=IN_FLIGHT, postgresql_where=IN_FLIGHT,
        ),
        Index(
            "run_withheld", "shop", "journey", "entered_at",
            sqlite_where=GHOSTS, postgresql_where=GHOSTS,
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    journey: int = Field(sa_type=BigId)
    version: int
    person: int = Field(sa_type=BigId)
    occasion: str
    """What began it: nobody enters twice for the same."""
    subject: str | None = None
    """Saleor's id of the checkout, order, product or variant it is about."""
    step: int = Field(default=0, sa_type=SmallInteger)
    turn: int = Field(default=0, sa_type=SmallInteger)
    """AC-5: how often it was paused and began to wait afresh."""
    tick: int = 0
    """How often it was promised to go on; only the last promise counts."""
    anchor_at: datetime = Field(sa_type=Instant)
    """What waits are counted from: the shopper's last act for a cart, else when it began."""
    entered_at: datetime = Field(sa_type=Instant)
    waits_since: datetime | None = Field(default=None, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    why: str | None = None
    """How it ended."""
    withheld: str = ""
    """HO-3: the trial by which she is a ghost here: walks along, and gets nothing."""
    memo: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What steps leave for later ones: `{code, sent: {step: key}, …}`; ids only."""


class Footprint(OfShop, SQLModel, table=True):
    """What happened to somebody at a step, and why. Never changed."""

    __table_args__ = (
        UniqueConstraint("shop", "run", "turn", "step", "what"),
        Index("footprint_at", "shop", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    run: int = Field(sa_type=BigId)
    turn: int = Field(default=0, sa_type=SmallInteger)
    step: str
    what: str
    reason: str = ""
    at: datetime = Field(sa_type=Instant)


class Skip(OfShop, SQLModel, table=True):
    """Somebody who was not taken in, and why: "why didn't she get it" has an answer (J17)."""

    __table_args__ = (
        UniqueConstraint("shop", "journey", "person", "occasion", "why"),
        Index("skip_at", "shop", "journey", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    journey: int = Field(sa_type=BigId)
    person: int = Field(sa_type=BigId)
    occasion: str
    subject: str | None = None
    why: str
    at: datetime = Field(sa_type=Instant)


class Grant(OfShop, SQLModel, table=True):
    """CP-8: an incentive that was promised to a person on an occasion; a retry finds it again."""

    __table_args__ = (
        UniqueConstraint("shop", "key"),
        Index("grant_person", "shop", "person", "at"),
        Index("grant_code", "shop", "code"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    person: int = Field(sa_type=BigId)
    journey: str
    run: int = Field(sa_type=BigId)
    percent_hundredths: int
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    """CP-4, firm: what the gift card is worth; None for a code."""
    currency: str | None = None
    least_minor: int = Field(default=0, sa_type=BigInteger)
    """CP-1: the least basket of a code, in the reporting currency."""
    at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    code: int | None = Field(default=None, sa_type=BigId)
    """app.loyalty's row, once it was minted."""
    replaces: int | None = Field(default=None, sa_type=BigId)
    """CP-7: the grant whose code an order used that the shop then cancelled."""
    shared: bool = False
    """CP-4: somebody else used it."""


class Link(OfShop, SQLModel, table=True):
    """RL-2: a recovery link: of its token only the hash is known."""

    __table_args__ = (
        UniqueConstraint("shop", "hash"),
        Index("link_checkout", "shop", "checkout"),
        Index("link_person", "shop", "person"),
        Index("link_expires", "shop", "expires_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    hash: str
    purpose: str
    checkout: str
    person: int = Field(sa_type=BigId)
    run: int = Field(sa_type=BigId)
    decision: str
    """Written on the checkout it rebuilds: that order goes back to this message (AC-11)."""
    code: int | None = Field(default=None, sa_type=BigId)
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    asked_again_at: datetime | None = Field(default=None, sa_type=Instant)
    """RL-7: a new link went to the address on file."""


class Redemption(OfShop, SQLModel, table=True):
    """RL-5: a turn of a link, and the checkout that it rebuilt."""

    __table_args__ = (
        UniqueConstraint("shop", "checkout"),
        Index("redemption_link", "shop", "link", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    link: int = Field(sa_type=BigId)
    checkout: str | None = None
    """Saleor's id of the new one; None where nothing was left, or Saleor did not answer."""
    at: datetime = Field(sa_type=Instant)
    problems: list[str] = Field(default_factory=list, sa_type=JSON)


class Recovery(OfShop, SQLModel, table=True):
    """How the shop wants its abandoned checkouts followed up. One row a shop."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    least_minor: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """AC-1: by currency, below this nobody is written to."""
    excluded: list[str] = Field(default_factory=list, sa_type=JSON)
    """AC-1: addresses, domains and countries."""
    cool_down_days: int = 7
    """AC-7."""
    link_days: int = 7
    """RL-2."""
    storefronts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """RL-1, RL-8: by channel `{recover: pattern, checkout: pattern, hosts: […]}`."""


class Cycle(OfShop, SQLModel, table=True):
    """RC-3: how long a product lasts, as those who bought it again have shown. In days."""

    __table_args__ = (UniqueConstraint("shop", "product"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    product: int = Field(sa_type=BigId)
    """app.catalog's row."""
    days: float
    """The 25th percentile of the gaps: when a reminder is in time."""
    middle: float
    late: float
    """The 75th."""
    gaps: int
    at: datetime = Field(sa_type=Instant)


class Newsletter(OfShop, SQLModel, table=True):
    """J15: one message to a segment, once or again and again."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    message: str
    """Its key in app.messages."""
    segment: str | None = None
    """None: everybody who agreed."""
    at: datetime = Field(sa_type=Instant)
    """The next time."""
    every_days: int | None = None
    digest: bool = False
    """Of products that are new since the last time; nothing new, nothing sent."""
    made_at: datetime = Field(sa_type=Instant)
    by: str | None = None
    last_at: datetime | None = Field(default=None, sa_type=Instant)
    asked: int = 0
    """People it was asked for, the last time."""
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)


class Wish(OfShop, SQLModel, table=True):
    """J9: somebody wants to know when a variant is back in a channel."""

    __table_args__ = (
        UniqueConstraint("shop", "person", "variant", "channel"),
        Index("wish_open", "shop", "told_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    variant: str
    """Saleor's id."""
    channel: str
    at: datetime = Field(sa_type=Instant)
    told_at: datetime | None = Field(default=None, sa_type=Instant)

"""What is kept of every customer's value. Money is whole minor units of the reporting currency.

A day is a whole number: days since 1970-01-01 in the shop's zone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class BookedOrder(OfShop, SQLModel, table=True):
    """What one order adds to its buyer's line. An order that is no revenue has no row."""

    __table_args__ = (
        UniqueConstraint("shop", "order"),
        Index("booked_person", "shop", "person", "day"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    order: int = Field(sa_type=BigId)
    person: int = Field(sa_type=BigId)
    day: int
    gross: int = Field(sa_type=BigInteger)
    """Goods before any discount, as the shop shows its prices."""
    discount: int = Field(sa_type=BigInteger)
    cost: int = Field(sa_type=BigInteger)
    """Of the goods that were kept."""
    tax: int = Field(sa_type=BigInteger)
    """Inside the goods that were kept."""
    refunded: int = Field(sa_type=BigInteger)
    costed: int = Field(sa_type=BigInteger)
    """The part of gross less discount whose cost is known."""


class CustomerTally(OfShop, SQLModel, table=True):
    """A customer's sufficient statistics, moved by each order, refund and merge."""

    __table_args__ = (
        UniqueConstraint("shop", "person"),
        Index("tally_stale", "shop", "stale_at"),
        Index("tally_first", "shop", "first"),
        Index("tally_last", "shop", "last", "person"),
        Index("tally_channel", "shop", "channel"),
        Index("tally_country", "shop", "country"),
        Index("tally_category", "shop", "category"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    days: int
    """Days with a purchase: the first one and the repeats (x = days − 1)."""
    first: int
    last: int
    orders: int
    gross: int = Field(sa_type=BigInteger)
    discount: int = Field(sa_type=BigInteger)
    cost: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)
    refunded: int = Field(sa_type=BigInteger)
    costed: int = Field(sa_type=BigInteger)
    first_value: int = Field(sa_type=BigInteger)
    """Gross less discount of the first day."""
    channel: str = ""
    """Of the first order, as are country, product and category: how somebody came."""
    country: str = ""
    product: int | None = Field(default=None, sa_type=BigId)
    """app.catalog's row of the dearest thing in the first order."""
    category: str = ""
    stale_at: datetime | None = Field(default=None, sa_type=Instant)
    """Something has changed since the score was made."""


class CustomerScore(OfShop, SQLModel, table=True):
    """What is said of a customer. Written anew only where it says something else, so two rows may
    have been made on different days.
    """

    __table_args__ = (
        UniqueConstraint("shop", "person"),
        Index("score_worth", "shop", "net_12", "person"),
        Index("score_value", "shop", "to_date", "person"),
        Index("score_groups", "shop", "group", "r", "fm", "group_before", "net_12"),
        Index("score_tier", "shop", "tier"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    day: int
    """As of the end of this day."""
    to_date: int = Field(sa_type=BigInteger)
    """Net value so far (LV-1)."""
    orders_12: float
    net_12: int = Field(sa_type=BigInteger)
    net_12_low: int | None = Field(default=None, sa_type=BigInteger)
    """The 80 % range; None where people may not be judged alone (PV-2)."""
    net_12_high: int | None = Field(default=None, sa_type=BigInteger)
    net_24: int = Field(sa_type=BigInteger)
    alive: float
    """P(still a customer)."""
    silent: float
    """CT-4: P(no further order in the next 180 days)."""
    next_from: int | None = None
    """Days between which the next order comes with 80 %, and their middle, if she comes at all."""
    next_mid: int | None = None
    next_to: int | None = None
    due: int | None = None
    """After this day she is later than nine in ten of her own gaps."""
    lapsed: bool = False
    """CT-4: silent for longer than nine in ten who bought as often as she did."""
    stage: str
    tier: str = ""
    """TI-0: A to D; empty for who has not bought in the window."""
    r: int = Field(default=0, sa_type=SmallInteger)
    f: int = Field(default=0, sa_type=SmallInteger)
    m: int = Field(default=0, sa_type=SmallInteger)
    fm: int = Field(default=0, sa_type=SmallInteger)
    group: str = ""
    group_before: str = ""
    """RM-4: the group at the end of last month; empty for who was in none."""


class Fitting(OfShop, SQLModel, table=True):
    """One learning of the shop: dated, comparable, and there to be used again."""

    __table_args__ = (Index("fitting_made", "shop", "made_at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    made_at: datetime = Field(sa_type=Instant)
    day: int
    """Learnt from everything up to this day."""
    occasion: str
    customers: int
    status: str
    personal: bool
    """False where people may not be judged alone (PV-2)."""
    rule: str | None = None
    """PV-3: the simple rule that is used instead."""
    boosted: bool = False
    seconds: float = 0.0
    trials: list[dict[str, Any]] = Field(sa_type=JSON)
    """The backtest, cut-off by cut-off (app.ltv.backtest.Trial.summary)."""
    skipped: list[int] = Field(sa_type=JSON)
    learnt: dict[str, Any] = Field(sa_type=JSON)
    """app.ltv.refit.encoded."""
    active: bool = False
    drift: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """What came since against what was thought, where that is beyond chance."""


class RfmBoundary(OfShop, SQLModel, table=True):
    """RM-4: where points begin, frozen for a month."""

    __table_args__ = (UniqueConstraint("shop", "month"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    month: str
    recency: list[float] = Field(sa_type=JSON)
    money: list[float] = Field(sa_type=JSON)


class ValueCosts(OfShop, SQLModel, table=True):
    """What an order costs beside its goods, which lines count, and how value is looked at."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    version: int = 0
    fees_basis_points: int = 200
    """Of what is charged."""
    shipping: int = Field(default=0, sa_type=BigInteger)
    """Paid by the shop, an order."""
    returns: int = Field(default=0, sa_type=BigInteger)
    """Handling of one order given back."""
    messages: int = Field(default=0, sa_type=BigInteger)
    """A customer and year."""
    counted: bool = False
    """`messages` is counted from what was sent, not typed."""
    rewards: int = Field(default=0, sa_type=BigInteger)
    service: int = Field(default=0, sa_type=BigInteger)
    usual_margin_basis_points: int | None = None
    """For goods whose cost nobody told; None leaves them without cost."""
    off: list[str] = Field(default_factory=list, sa_type=JSON)
    """Lines that are switched off (app.ltv.rules.CostLine)."""
    window_months: int = 24
    """RM-1: who bought in it is a buyer of today."""
    held: bool = False
    """Somebody went back to an older fitting: new ones are made and not used."""
    changed_at: datetime | None = Field(default=None, sa_type=Instant)
    changed_by: str = ""


class UnitCost(OfShop, SQLModel, table=True):
    """A cost that was handed in: it goes before Saleor's own."""

    __table_args__ = (UniqueConstraint("shop", "sku", "since"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    sku: str
    since: int = 0
    """From this day on; 0 is always."""
    cost: int = Field(sa_type=BigInteger)


class AdSpend(OfShop, SQLModel, table=True):
    """LV-3: what winning customers cost, by channel and month, as handed in."""

    __table_args__ = (UniqueConstraint("shop", "channel", "month"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    month: str
    amount: int = Field(sa_type=BigInteger)


class AdWeek(OfShop, SQLModel, table=True):
    """LV-5: the same by week: what advice on the next unit of money is read from."""

    __table_args__ = (UniqueConstraint("shop", "channel", "week"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: str
    week: int
    """Its Monday, as a number of days."""
    amount: int = Field(sa_type=BigInteger)


class Budgets(OfShop, SQLModel, table=True):
    """LV-6: what may be spent a month on winning customers, keeping them, looking after them."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    acquisition: int = Field(default=0, sa_type=BigInteger)
    retention: int = Field(default=0, sa_type=BigInteger)
    service: int = Field(default=0, sa_type=BigInteger)


class ValueSheet(OfShop, SQLModel, table=True):
    """Figures of the whole shop, worked out at night so that a page only reads them."""

    __table_args__ = (UniqueConstraint("shop", "name"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    made_at: datetime = Field(sa_type=Instant)
    body: dict[str, Any] = Field(sa_type=JSON)

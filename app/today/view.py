"""What the Today page is given. Every instant is aware, every share is of one.

None means "not known yet", which a page never shows as zero; an empty tuple means "none".
A link is a path: /app… is a page of ours, anything else a page of the Dashboard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.feedback.view import Answer
from app.ltv.glance import Outlook
from app.setup.view import Guide
from app.today.rules import What
from app.web.notation import Sum


class State(StrEnum):
    """How the shop is doing, in a word. Where several are true, the first one counts."""

    REFUSED = "refused"
    """Saleor does not take our token: the app has to be installed again."""
    PAUSED = "paused"
    """The app is switched off in the Dashboard."""
    IMPORTING = "importing"
    PARKED = "parked"
    """Some deliveries could not be understood."""
    INCOMPLETE = "incomplete"
    """Saleor knows orders that we don't, or other sums."""
    BEHIND = "behind"
    """More is waiting than can be worked at once."""
    WELL = "well"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Our books beside Saleor's, one channel, the nightly comparison's days."""

    channel: str
    currency: str
    orders_here: int
    orders_there: int
    charged_here: Decimal
    charged_there: Decimal

    @property
    def equal(self) -> bool:
        return (self.orders_here, self.charged_here) == (self.orders_there, self.charged_there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    state: State
    heard_at: datetime | None
    """When Saleor last told us something."""
    complete_until: datetime | None
    """All orders up to here are in."""
    waiting: int = 0
    """Deliveries that are written down and not worked yet."""
    oldest_waiting: datetime | None = None
    parked: int = 0
    compared_at: datetime | None = None
    days_compared: int = 35
    completeness: Decimal | None = None
    """Share of Saleor's orders, of the days compared, that we have with the same sum."""
    comparisons: tuple[Comparison, ...] = ()


class Stock(StrEnum):
    """What the import fetches."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    PRODUCTS = "products"
    CHECKOUTS = "checkouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStep:
    stock: Stock
    done: int
    total: int | None
    """None while Saleor has not said how many there are."""
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    started_at: datetime
    steps: tuple[ImportStep, ...]
    remaining: timedelta | None = None
    held_back: bool = False
    """The shop's rate limit makes us wait; the shop comes first."""
    skipped: tuple[str, ...] = ()
    """Numbers of orders that Saleor could not hand over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCount:
    key: str = ""
    name: str
    threshold: Sum
    people: int | None
    share: Decimal | None
    percent: Decimal | None
    """The offer in percent points; None where the tier has none."""
    offer: bool
    """Switched on by the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    who: str | None
    """Name or e-mail; None where the viewer may not see people."""
    link: str | None
    items: int
    value: Sum
    touched_at: datetime
    tier: str | None = None
    coded: bool = False
    """The month's code is on it."""
    person: int | None = None
    """Our row, where the viewer may see people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Checkouts that are abandoned, and not bought, replaced or expired since."""

    carts: int
    value: tuple[Sum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carts:
    days: int
    """The period of `left`, `bought` and `nameless`."""
    waiting: int
    """Abandoned, and not bought, replaced or expired since."""
    value: tuple[Sum, ...]
    left: int
    bought: int
    """Of those left in the period, how many were followed by an order of the same person."""
    nameless: int
    """Left without an e-mail: nobody to come back to."""
    patience: timedelta = timedelta(hours=1)
    """How long a checkout rests before it counts as left."""
    lines: tuple[CartLine, ...] = ()
    """The most valuable ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    tier: str
    """Its name; of an automation, its own or its key."""
    who: str | None
    link: str | None
    given_at: datetime
    automation: bool = False
    used_at: datetime | None = None
    order: str | None = None
    order_link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Codes of one calendar month of the shop's zone."""

    month: date
    """Its first day."""
    given: int
    used: int
    discount: tuple[Sum, ...] = ()
    """What they took off the orders they were used on."""
    turnover: tuple[Sum, ...] = ()
    """What those orders came to."""
    recent: tuple[CodeLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedDelivery:
    event: str
    heard_at: datetime
    reason: str
    tries: int
    until: datetime
    """Until when its body is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """Accounts that nobody has confirmed, and the guest orders that wait with them (ID-2)."""

    people: int
    orders: int
    value: tuple[Sum, ...] = ()


class Measure(StrEnum):
    """V13: what a goal can be set for."""

    SALES = "sales"
    """Goods after discounts and refunds, in the reporting currency."""
    ORDERS = "orders"
    NEW = "new"
    """People whose first order it was."""
    BACK = "back"
    """Of checkouts that were left, the share bought after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A measure over the last 28 days, beside the 28 before and the owner's goal."""

    measure: Measure
    now: Decimal | None
    before: Decimal | None
    goal: Decimal | None
    since: int = 0
    """The first of the 28 days, as app.ltv counts days."""
    currency: str

    @property
    def change(self) -> Decimal | None:
        """As a share of before; of a share, the difference."""
        if self.now is None or not self.before:
            return None
        apart = self.now - self.before
        return apart if self.measure is Measure.BACK else apart / self.before

    @property
    def reached(self) -> Decimal | None:
        """The share of the goal, one at most."""
        return min(self.now / self.goal, Decimal(1)) if self.goal and self.now is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """V13: something worth doing, and what speaks for it."""

    what: What
    address: str
    count: int = 0
    worth: tuple[Sum, ...] = ()
    share: Decimal | None = None
    who: str | None = None
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    now: datetime
    zone: str
    health: Health
    importing: ImportProgress | None = None
    tiers: tuple[TierCount, ...] | None = None
    window_months: int = 12
    carts: Carts | None = None
    codes: Codes | None = None
    offers: bool = False
    """At least one tier's offer is switched on."""
    stopped_at: datetime | None = None
    """Since when the owner has all offers stopped."""
    parked: tuple[ParkedDelivery, ...] = ()
    unconfirmed: Unconfirmed | None = None
    sees_people: bool = True
    worth: Outlook | None = None
    """What customers are expected to bring; None before the first night."""
    guide: Guide | None = None
    """How far the set-up has come; None once all of it is done."""
    marks: tuple[Mark, ...] = ()
    actions: tuple[Action, ...] = ()
    may_change: bool = True
    """The viewer may set goals."""
    unhappy: Sequence[Answer] = ()
    """FB-6: the latest who gave a low score, while nobody has looked after it."""
    unhappy_count: int = 0
    goals_wrong: tuple[Measure, ...] = ()
    """Goals that could not be read just now."""

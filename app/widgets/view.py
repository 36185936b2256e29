"""What the widgets are given. Money is major units, shares are of one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.today.view import Action, Health, Mark
from app.web.notation import Sum


class Sight(StrEnum):
    """What a widget can show, in a word."""

    READY = "ready"
    FORBIDDEN = "forbidden"
    """The viewer lacks the permission: nothing is shown."""
    STALE = "stale"
    """The token in the form is not valid (any more)."""
    UNKNOWN = "unknown"
    """We have not heard of this thing, or it is none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Only for who may see customers."""

    name: str
    tier: str | None
    orders: int
    value: tuple[Sum, ...]
    expected: Sum | None
    """Net, in the next 12 months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSight:
    total: Sum
    discount: Sum | None
    code: str
    """Whose code was used: a tier's or a programme's name; empty without one of ours."""
    message: str
    """The message that led here; empty where none did."""
    place: int | None
    """Which order of hers it is."""
    buyer: Buyer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSight:
    """The best that may be given with this draft."""

    buyer: Buyer | None
    code: str | None
    """A code of hers that works today."""
    percent: Decimal | None
    ends_at: datetime | None
    least: tuple[Sum, ...] = ()
    """CP-1: what an order has to come to, in each currency the shop sells in."""
    why_not: str = ""
    """What stands against one: a word of app.loyalty.guards."""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSight:
    buyers: int
    """Who began with it."""
    judged: int
    """Of them, long enough ago to tell."""
    back: int
    ratio: Decimal | None
    """How often they come back beside others of the same time and basket: 1 is as often."""
    cycle: int | None
    """Days between two purchases of it: the middle."""
    gaps: int = 0
    sold: int = 0
    """Orders with it in the last 90 days."""
    sold_more: bool = False
    """There were more than are counted."""
    returned: Decimal | None = None
    """Of the pieces sold, those that came back."""
    together: tuple[str, ...] = ()
    """What else was in orders with it, most often first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherSight:
    name: str
    """The tier's, or the programme's key."""
    automation: bool
    percent: Decimal
    begins_at: datetime
    ends_at: datetime
    given: int
    used: int
    shared: int
    """Codes that somebody else than their owner used."""
    brought: tuple[Sum, ...]
    zone: str
    gone: bool


class CardState(StrEnum):
    WAITING = "waiting"
    """Not in Saleor yet."""
    LIVE = "live"
    USED = "used"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOrder:
    """An order that a gift card paid, or a part of it."""

    number: str
    at: datetime
    who: str | None
    """Only for who may see customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftCardSight:
    name: str
    """The programme's that gave it; empty where it is none of ours."""
    state: CardState | None
    worth: Sum | None
    owner: str | None
    """Only for who may see customers."""
    given_at: datetime | None
    ends_at: datetime | None
    orders: tuple[PaidOrder, ...]
    leaked: bool
    """Somebody else than its owner paid with it."""
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSight:
    health: Health
    marks: tuple[Mark, ...]
    waiting: int | None
    """Carts; None before the first checkout."""
    worth: tuple[Sum, ...]
    action: Action | None
    now: datetime
    zone: str

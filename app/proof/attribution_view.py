"""What the tab *Attribution* is given. Money is major units of the reporting currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.proof.view import Amount
from app.web.notation import Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """AT-5: what is attributed, and beside it what was really more."""

    key: str
    name: str
    """The owner's own; a recipe without is called by its key in the template."""
    tier: str = ""
    """The tier's name, where it is a tier's code that brought it."""
    orders: int
    certain: int
    attributed: Sum
    incremental: Amount | None = None
    weeks: int | None = None
    held: bool = False
    """Somebody is held back, so that it will be known one day."""
    together: bool = False
    """So it is, of the codes of all tiers together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    number: str
    link: str
    at: datetime
    sum: Sum
    way: str
    """`metadata`, `code`, `click`, `text`, or nothing."""
    campaign: str = ""
    name: str = ""
    tier: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """What the codes of a tier or an automation cost, and who would have bought anyway."""

    key: str
    name: str
    tier: str = ""
    minted: int
    used: int
    shared: int
    """CP-4: used by somebody else."""
    cost: Sum
    anyway: float | None
    """The share of what it cost that went to people who would have bought anyway."""
    measured: bool
    """From people held back; else estimated from how often they bought before."""
    waste: Sum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    campaigns: Sequence[CampaignLine]
    orders: Sequence[OrderLine]
    offers: Sequence[OfferLine]
    sold: Sum
    sold_orders: int
    attributed: Sum
    attributed_orders: int
    hours: Mapping[str, str]
    """As typed, or as they stand: by channel, and `text`."""
    changes: Sequence[tuple[datetime, Mapping[str, int], int]]
    """AT-3: when windows were changed, to what; the newest first."""
    problems: Mapping[str, str] = field(default_factory=dict)
    may_change: bool = True
    saved: bool = False
    zone: str = "UTC"
    currency: str = ""

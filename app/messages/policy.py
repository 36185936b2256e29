"""What the owner has changed of caps, hours and law; else what the product ships with."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field
from sqlmodel import select

from app.kit.tx import Tx
from app.messages import caps, hours
from app.messages.caps import Cap
from app.messages.hours import Hours
from app.messages.tables import SendingPolicy


class OwnCap(BaseModel, frozen=True):
    channels: tuple[str, ...]
    most: int | None = None
    """FC-5: 0 or nothing is no limit."""
    hours: int


class OwnHours(BaseModel, frozen=True):
    opens: time
    closes: time
    sundays: bool = True
    holidays: bool = True


class Policy(BaseModel, frozen=True):
    """Everything has a default; a shop stores only what it says otherwise."""

    caps: tuple[OwnCap, ...] | None = None
    hours: Mapping[str, OwnHours] = Field(default_factory=dict)
    """By `email`, or `email:FR` for one country."""
    law: Mapping[str, str] = Field(default_factory=dict)
    """By country: consent, soft_opt_in, legitimate_interest, opt_out."""
    soft_opt_in: tuple[str, ...] = ()
    """CO-2: countries whose local rule the owner has confirmed."""
    single_opt_in: tuple[str, ...] = ()
    """CO-4: countries where one word is enough."""
    opens: bool = False
    """OP-1: count opens, where consent allows it."""
    wrap_links: bool = True
    """AT-1: off is privacy mode."""
    keep_ip: bool = False
    country: str = ""
    """Whose rules hold for somebody whose country nobody knows; empty: the strictest."""
    storefront: str = ""
    """Where links of products lead: `https://shop.example/products/{slug}`."""
    logo: str = ""
    ramped: bool = True
    """SS-2."""
    prices: Mapping[str, Decimal] = Field(default_factory=dict)
    """LV-1: by channel, what one message costs, in the reporting currency."""

    @property
    def front(self) -> str:
        """Where the storefront begins; empty where nobody has said."""
        parts = urlsplit(self.storefront)
        return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else ""

    @property
    def all_caps(self) -> Sequence[Cap]:
        if self.caps is None:
            return caps.USUAL
        return [Cap(one.channels, one.most or 0, one.hours) for one in self.caps]

    def hours_of(self, channel: str, country: str) -> Hours:
        own = self.hours.get(f"{channel}:{country}") or self.hours.get(channel)
        if own:
            return Hours(own.opens, own.closes, own.sundays, own.holidays)
        return hours.USUAL.get(channel, hours.PHONE)


KNOWN = "sending policy"


def row(tx: Tx) -> SendingPolicy | None:
    """Asked many times for one message: read once a unit of work."""
    if KNOWN not in tx.info:
        tx.info[KNOWN] = tx.exec(select(SendingPolicy)).first()
    known: SendingPolicy | None = tx.info[KNOWN]
    return known


def policy(tx: Tx) -> Policy:
    stored = row(tx)
    return Policy.model_validate(stored.body) if stored else Policy()


def set_policy(tx: Tx, **changes: Any) -> Policy:  # noqa: ANN401  # fields of Policy
    """Raises pydantic's ValidationError where a field is none of Policy's."""
    stored = row(tx) or SendingPolicy()
    changed = Policy.model_validate({**stored.body, **changes})
    stored.body = changed.model_dump(mode="json", exclude_defaults=True)
    tx.add(stored)
    tx.flush()
    tx.info.pop(KNOWN, None)
    return changed


def stopped(tx: Tx) -> datetime | None:
    """SS-3: since when nothing leaves."""
    stored = row(tx)
    return stored.stopped_at if stored else None

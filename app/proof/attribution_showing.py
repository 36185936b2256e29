"""The tab *Attribution*: what is attributed beside what was really more, and how each order was
matched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from app.journeys import newsletters
from app.journeys import queries as journeys
from app.journeys.tables import Newsletter
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty.tables import Tier
from app.orders.exchange import exchange
from app.orders.rules import page_of
from app.orders.tables import Order
from app.proof import attribution, attribution_offers, showing
from app.proof import attribution_rules as rules
from app.proof.attribution_tables import Attribution, AttributionWindow
from app.proof.attribution_view import CampaignLine, OfferLine, OrderLine, Shown
from app.proof.view import Card
from app.shops.flows import this_shop
from app.trials.flows import TIERS
from app.web.notation import Sum

DAYS = timedelta(days=30)
ORDERS = 50
CHANGES = 5


@dataclass(frozen=True)
class Names:
    """What campaigns and tiers are called."""

    campaigns: Mapping[str, str]
    tiers: Mapping[str, str]

    def of(self, campaign: str) -> tuple[str, str]:
        """The owner's name of a campaign; the name of a tier."""
        if campaign.startswith(rules.TIER):
            key = campaign.removeprefix(rules.TIER)
            return "", self.tiers.get(key, key)
        return self.campaigns.get(campaign, ""), ""


def shown(tx: Tx, *, may_change: bool, **more: Any) -> Shown:  # noqa: ANN401  # what was typed
    names, since = _names(tx), tx.now - DAYS
    sums = attribution.sums(tx, since=since)
    cards = {one.subject: one for one in showing.automations(tx, may_change=False).cards}
    tiers = cards.get(TIERS)
    together = tiers is not None and not tiers.promised and tiers.mode != "off"
    changes = tx.exec(
        select(AttributionWindow).order_by(col(AttributionWindow.since).desc()).limit(CHANGES)
    ).all()
    window = attribution.in_force(attribution.windows(tx), tx.now)
    hours = {name: str(span) for name, span in window.click.items()} | {"text": str(window.text)}
    return Shown(
        campaigns=[
            _campaign(tx, one, names, cards.get(one.campaign), together=together)
            for one in sums.campaigns
        ],
        orders=_orders(tx, names),
        offers=[
            _offer(tx, one, names, cards.get(one.subject))
            for one in attribution_offers.costs(tx, since=since)
        ],
        sold=_sum(tx, sums.sold_minor),
        sold_orders=sums.sold_orders,
        attributed=_sum(tx, sum(one.minor for one in sums.campaigns)),
        attributed_orders=sum(one.orders for one in sums.campaigns),
        changes=[(row.since, row.click, row.text) for row in changes],
        may_change=may_change,
        zone=this_shop(tx).zone,
        currency=exchange(tx).currency,
        **{"hours": hours, **more},
    )


def _names(tx: Tx) -> Names:
    own = {journey.key: journey.name for journey in journeys.every(tx)}
    letters = {newsletters.campaign_of(one): one.name for one in tx.exec(select(Newsletter))}
    return Names(own | letters, {tier.key: tier.name for tier in tx.exec(select(Tier))})


def _sum(tx: Tx, minor: int) -> Sum:
    currency = exchange(tx).currency
    return Sum(major(minor, currency), currency)


def _campaign(
    tx: Tx, one: attribution.Brought, names: Names, card: Card | None, *, together: bool
) -> CampaignLine:
    """AT-5: never the one without the other."""
    name, tier = names.of(one.campaign)
    known = card is not None and card.enough
    return CampaignLine(
        key=one.campaign, name=name, tier=tier, orders=one.orders, certain=one.certain,
        attributed=_sum(tx, one.minor),
        incremental=card.incremental if card and known else None,
        weeks=card.weeks if card else None, held=card is not None,
        together=bool(tier) and together,
    )  # fmt: skip


def _orders(tx: Tx, names: Names) -> Sequence[OrderLine]:
    """The latest, each with the way in which it was matched, or with none."""
    rows: Any = tx.exec(
        select(Order, Attribution)
        .join(Attribution, col(Attribution.order) == col(Order.id), isouter=True)
        .where(col(Order.counts), col(Order.created_at) >= tx.now - DAYS)
        .order_by(col(Order.created_at).desc(), col(Order.id).desc())
        .limit(ORDERS)
    )
    return [_order(order, found, names) for order, found in rows]


def _order(order: Order, found: Attribution | None, names: Names) -> OrderLine:
    name, tier = names.of(found.campaign) if found else ("", "")
    return OrderLine(
        number=order.number, link=page_of(order.saleor_id), at=order.created_at,
        sum=Sum(major(order.charged_minor, order.currency), order.currency),
        way=found.way if found else "", campaign=found.campaign if found else "",
        name=name, tier=tier, step=found.step if found else "",
    )  # fmt: skip


def _offer(tx: Tx, one: attribution_offers.Costs, names: Names, card: Card | None) -> OfferLine:
    name, tier = names.of(one.subject)
    measured = anyway_of(card)
    share = attribution_offers.estimated(tx, one.used) if measured is None else measured
    return OfferLine(
        key=one.subject, name=name, tier=tier, minted=one.minted, used=len(one.used),
        shared=one.shared, cost=_sum(tx, one.cost_minor), anyway=share,
        measured=measured is not None,
        waste=None if share is None else _sum(tx, round(one.cost_minor * share)),
    )  # fmt: skip


def anyway_of(card: Card | None) -> float | None:
    """Of those who got it and bought, the share that bought without it too: as many as bought
    among those who were held back. None before there are enough of them.
    """
    if card is None or not card.enough or card.conversion is None or card.base is None:
        return None
    treated = card.base + card.conversion.value
    return min(1.0, max(0.0, card.base / treated)) if treated > 0 else None


def typed(fields: Mapping[str, str]) -> tuple[dict[str, int], int, dict[str, str]]:
    """AT-3: hours by channel, of a text, and by field what is wrong."""
    hours: dict[str, int] = {}
    problems: dict[str, str] = {}
    for name in rules.USUAL.click:
        told = fields.get(name, "").strip()
        if told.isdecimal() and rules.LEAST <= int(told) <= rules.MOST:
            hours[name] = int(told)
        else:
            problems[name] = "window"
    told = fields.get("text", "").strip()
    text = int(told) if told.isdecimal() else -1
    if not 0 <= text <= rules.MOST_TEXT:
        problems["text"] = "text"
    return hours, text, problems

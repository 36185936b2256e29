"""AT-2: an order was heard: which message does it go back to? Decided with the order, once more
with each later telling of it, by the windows in force when it was made.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlmodel import col, delete, func, select, update

from app.carts import flows as carts
from app.kit.asking import ask, question
from app.kit.tx import Tx, among
from app.messages.tables import Send
from app.orders.tables import Order
from app.proof import attribution_evidence
from app.proof import attribution_rules as rules
from app.proof.attribution_rules import Match, Way, Window
from app.proof.attribution_tables import Attribution, AttributionWindow

JUDGED_AGAIN = timedelta(days=365)
"""What led to an order is kept for 24 months (PR-5): of older ones it may be gone."""

A_SEND = question(select(col(Send.id)).limit(1))


class Purchase(Protocol):
    """What hearing of an order has changed (app.orders.flows.Recorded)."""

    @property
    def saleor_id(self) -> str: ...
    @property
    def news(self) -> bool: ...


def orders_heard(tx: Tx, purchases: Sequence[Purchase]) -> None:
    """Before carts are judged: whether one was recovered hangs on it (AC-11)."""
    ids = {one.saleor_id for one in purchases if one.news}
    if ids and ask(tx, A_SEND):
        attribute(tx, list(tx.exec(select(Order).where(among(col(Order.saleor_id), sorted(ids))))))


def owners_changed(tx: Tx, people: Collection[int]) -> None:
    """ID-3: they turned out to be one, or two after all. What they bought is judged anew, by what
    was written to all of their addresses; what is long over stays as it was told."""
    if not people or not ask(tx, A_SEND):
        return
    theirs = select(Order).where(
        among(col(Order.person), sorted(people)), col(Order.created_at) >= tx.now - JUDGED_AGAIN
    )
    orders = list(tx.exec(theirs))
    before = {order.id: order.brought_by for order in orders}
    attribute(tx, orders)
    changed = [order.checkout for order in orders if order.brought_by != before[order.id]]
    carts.judge_all(tx, [checkout for checkout in changed if checkout])


def attribute(tx: Tx, orders: Sequence[Order]) -> None:
    """Write down for each what brought it, or that nothing of ours did."""
    if not orders:
        return
    known = windows(tx)
    by_text = any(window.text for _, window in known)
    cases = attribution_evidence.cases(tx, orders, by_text=by_text)
    matches = {
        order.id or 0: rules.match(cases[order.id or 0], in_force(known, order.created_at))
        for order in orders
    }
    _write(tx, orders, matches)


def _write(tx: Tx, orders: Sequence[Order], matches: Mapping[int, Match | None]) -> None:
    rows, none = [], list[int]()
    for order in orders:
        id_ = order.id or 0
        found = matches[id_]
        if found is None and order.person is None:
            continue  # nobody is named any more: what was told of her order stays in the books
        if found is None:
            none.append(id_)
        else:
            rows.append(_row(order, found))
        brought = _brought_by(found)
        if order.brought_by != brought:
            tx.exec(update(Order).where(col(Order.id) == id_).values(brought_by=brought))
    tx.put(
        Attribution, rows, key=("order",),
        overwrite=("way", "at", "send", "campaign", "step", "variant", "channel"),
    )  # fmt: skip
    if none:
        tx.exec(delete(Attribution).where(among(col(Attribution.order), none)))


def _row(order: Order, found: Match) -> dict[str, Any]:
    reach = found.reach
    return {
        "order": order.id, "way": found.way.value, "at": order.created_at, "send": reach.send,
        "campaign": reach.campaign, "step": reach.step, "variant": reach.variant,
        "channel": reach.channel,
    }  # fmt: skip


def _brought_by(found: Match | None) -> str | None:
    """AC-11, the weaker half: by a code or a click of the series, where no metadata says so."""
    if found is None or found.way is Way.METADATA or not found.reach.of_cart:
        return None
    return found.reach.decision


# -- AT-3


def windows(tx: Tx) -> Sequence[tuple[datetime, Window]]:
    """Each with the instant from which it holds, the newest first. Read once a unit of work."""
    known: Sequence[tuple[datetime, Window]] | None = tx.info.get("attribution windows")
    if known is None:
        rows = tx.exec(select(AttributionWindow).order_by(col(AttributionWindow.since).desc()))
        known = [(row.since, rules.window(row.click, text=row.text)) for row in rows]
        tx.info["attribution windows"] = known
    return known


def in_force(known: Sequence[tuple[datetime, Window]], at: datetime) -> Window:
    return next((window for since, window in known if since <= at), rules.USUAL)


def choose(tx: Tx, click: Mapping[str, int], *, text: int, by: str | None = None) -> None:
    """AT-3: from now on. Raises ValueError outside the bounds."""
    chosen = rules.window(click, text=text)
    row = {"since": tx.now, "click": dict(chosen.click), "text": chosen.text, "by": by}
    tx.put(AttributionWindow, [row], key=("since",), overwrite=("click", "text", "by"))
    tx.info.pop("attribution windows", None)


# -- AT-4

GOODS = func.coalesce(func.sum(Order.goods_reporting_minor), 0)


@dataclass(frozen=True)
class Brought:
    """What one automation or newsletter brought, as far as it is attributed."""

    campaign: str
    orders: int
    minor: int
    """Net of refunds, in the reporting currency."""
    certain: int
    """Of these orders, those matched by metadata or code."""


@dataclass(frozen=True)
class Sums:
    campaigns: Sequence[Brought]
    """The most first."""
    sold_orders: int
    sold_minor: int
    """All that was really sold in that time: no sum of the above exceeds it."""


def sums(tx: Tx, *, since: datetime) -> Sums:
    """By campaign; each order once, at what is left of it after refunds."""
    all_: Any = tx.exec(
        select(func.count(), GOODS)
        .select_from(Order)
        .where(col(Order.created_at) >= since, col(Order.counts))
    ).one()
    return Sums(brought(tx, since=since), all_[0], int(all_[1]))


def brought(tx: Tx, *, since: datetime, campaign: str | None = None) -> list[Brought]:
    """What each campaign brought, or this one alone; the most first."""
    certain = func.count().filter(among(col(Attribution.way), sorted(rules.CERTAIN)))
    asked: Any = (
        select(Attribution.campaign, func.count(), GOODS, certain)
        .join(Order, col(Order.id) == col(Attribution.order))
        .where(col(Attribution.at) >= since, col(Order.counts))
        .group_by(col(Attribution.campaign))
    )
    if campaign is not None:
        asked = asked.where(Attribution.campaign == campaign)
    found = [
        Brought(name, orders, int(minor), sure) for name, orders, minor, sure in tx.exec(asked)
    ]
    return sorted(found, key=lambda one: (-one.minor, one.campaign))

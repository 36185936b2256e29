"""AT-2: an order was heard: which message does it go back to? Decided with the order, once more
with each later telling of it, by the windows in force when it was made.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlmodel import col, delete, func, or_, select, update

from app.carts import flows as carts
from app.carts.tables import Cart
from app.customers.tables import Merge, Person
from app.journeys import queries as journeys
from app.journeys.tables import Grant
from app.kit.asking import ask, question
from app.kit.tx import Tx, among
from app.loyalty.tables import Code, Voucher
from app.messages import touches
from app.messages.tables import Send, Touch
from app.messages.touches import By
from app.orders.tables import Order
from app.proof import attribution_rules as rules
from app.proof.attribution_rules import Case, Match, Reach, Way, Window
from app.proof.attribution_tables import Attribution, AttributionWindow

LONGEST = timedelta(hours=rules.MOST)
PEOPLE = (By.HUMAN.value, By.DOUBTFUL.value)
TIER = "tier:"
CART = "not_bought"


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
    cases = _cases(tx, orders)
    known = windows(tx)
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


def _cases(tx: Tx, orders: Sequence[Order]) -> Mapping[int, Case]:
    families = _families(tx, {order.person for order in orders if order.person})
    named = _named(tx, {order.decision for order in orders if order.decision})
    coded = _coded(tx, [order for order in orders if order.code or order.cards])
    clicks = _clicks(tx, orders, families)
    texts = _texts(tx, orders, families)
    found: dict[int, Case] = {}
    for order in orders:
        theirs = families.get(order.person or 0, frozenset())
        found[order.id or 0] = Case(
            at=order.created_at,
            named=named.get(order.decision or ""),
            coded=coded.get(order.id or 0),
            clicks=[one for who in sorted(theirs) for one in clicks.get(who, ())],
            texts=[one for who in sorted(theirs) for one in texts.get(who, ())],
        )
    return found


def _families(tx: Tx, people: Collection[int]) -> Mapping[int, frozenset[int]]:
    """By person: she, the guests that joined her, and whoever has her address."""
    same = journeys.same_address(tx, people)
    rows: Any = tx.exec(
        select(Person.id, Person.merged_into).where(among(col(Person.merged_into), sorted(people)))
    )
    found = {person: set(same.get(person, {person})) for person in people}
    for guest, account in rows:
        found[account].add(guest)
    for guest, account in _parted(tx, {id_ for ids in found.values() for id_ in ids}):
        found.get(guest, set()).discard(account)
        found.get(account, set()).discard(guest)
    return {person: frozenset(ids) for person, ids in found.items()}


def _parted(tx: Tx, people: Collection[int]) -> Sequence[tuple[int, int]]:
    """Guest and account that somebody said are two, whatever address they share (ID-3)."""
    rows: Any = tx.exec(
        select(Merge.source, Merge.target).where(
            among(col(Merge.source), sorted(people)), col(Merge.undone_at).is_not(None)
        )
    )
    return list(rows)


def _named(tx: Tx, decisions: Collection[str]) -> Mapping[str, Reach]:
    """By decision: the message it was made for."""
    if not decisions:
        return {}
    rows = tx.exec(select(Send).where(among(col(Send.decision), sorted(decisions))))
    return {send.decision or "": reach_of(send) for send in rows}


def reach_of(send: Send, *, at: datetime | None = None) -> Reach:
    return Reach(
        send=send.id, at=at or send.sent_at or send.asked_at, channel=send.channel or "",
        campaign=send.campaign, step=send.step, variant=send.variant, decision=send.decision,
        of_cart=bool(send.guard and send.guard.get("kind") == CART),
    )  # fmt: skip


def _coded(tx: Tx, orders: Sequence[Order]) -> Mapping[int, Reach]:
    """By order: what its code was given by: an automation's message, or a tier."""
    texts = sorted({order.code for order in orders if order.code})
    cards = sorted({card for order in orders for card in order.cards or ()})
    if not orders:
        return {}
    rows: Any = tx.exec(
        select(Code, Voucher, Grant)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .join(Grant, col(Grant.code) == col(Code.id), isouter=True)
        .where(or_(among(col(Code.code), texts), among(col(Code.card), cards)))
        .order_by(col(Grant.id))
    )
    by_text: dict[str, Reach] = {}
    for code, voucher, grant in rows:
        by_text[code.card or code.code] = _of_grant(tx, grant) if grant else _of_tier(code, voucher)
    spent = {order.id or 0: [order.code or "", *(order.cards or ())] for order in orders}
    return {
        id_: by_text[named] for id_, given in spent.items() for named in given if named in by_text
    }


def _of_tier(code: Code, voucher: Voucher) -> Reach:
    campaign = voucher.tier if voucher.programme else f"{TIER}{voucher.tier}"
    return Reach(send=None, at=code.minted_at, campaign=campaign.removeprefix("journey:"))


def _of_grant(tx: Tx, grant: Grant) -> Reach:
    """The last message of the run that the code was promised in."""
    rows = select(Send).where(
        Send.person == grant.person,
        Send.campaign == grant.journey,
        col(Send.sent_at) >= grant.at,
    )
    mine = [
        send
        for send in tx.exec(rows)
        if f"{send.key}:".startswith((f"journey:{grant.run}:", f"grant:{grant.id}:"))
    ]
    if not mine:
        return Reach(send=None, at=grant.at, campaign=grant.journey)
    last = max((reach_of(send) for send in mine), key=lambda one: one.at)
    return replace(last, of_cart=any(reach_of(send).of_cart for send in mine))


def _clicks(
    tx: Tx, orders: Sequence[Order], families: Mapping[int, frozenset[int]]
) -> Mapping[int, Sequence[Reach]]:
    """By person: the clicks of people in the longest window before any of these orders (OP-3)."""
    people = {id_ for ids in families.values() for id_ in ids}
    if not people:
        return {}
    since = min(order.created_at for order in orders) - LONGEST
    until = max(order.created_at for order in orders)
    rows: Any = tx.exec(
        select(Touch, Send)
        .join(Send, col(Send.id) == col(Touch.send))
        .where(
            among(col(Touch.person), sorted(people)),
            Touch.kind == touches.CLICK,
            among(col(Touch.by), PEOPLE),
            col(Touch.at) >= since,
            col(Touch.at) <= until,
        )
    )
    found: dict[int, list[Reach]] = {}
    doubtful: list[tuple[Touch, Send]] = []
    for touch, send in rows:
        if touch.by == By.DOUBTFUL:
            doubtful.append((touch, send))
        else:
            found.setdefault(touch.person, []).append(reach_of(send, at=touch.at))
    for touch, send in _came(tx, doubtful, orders, people):
        touches.became_human(touch)
        found.setdefault(touch.person or 0, []).append(reach_of(send, at=touch.at))
    return found


def _came(
    tx: Tx, doubtful: Sequence[tuple[Touch, Send]], orders: Sequence[Order], people: Collection[int]
) -> Sequence[tuple[Touch, Send]]:
    """OP-2: those of them after which somebody did something at a checkout."""
    if not doubtful:
        return ()
    checkouts = sorted({order.checkout for order in orders if order.checkout})
    carts = tx.exec(
        select(Cart).where(
            or_(among(col(Cart.person), sorted(people)), among(col(Cart.checkout), checkouts))
        )
    )
    moments = [
        moment
        for cart in carts
        for moment in (
            cart.created_at, cart.touched_at,
            *(datetime.fromisoformat(step[0]) for step in cart.trail),
        )
    ]  # fmt: skip
    return [(touch, send) for touch, send in doubtful if rules.somebody_came(touch.at, moments)]


def _texts(
    tx: Tx, orders: Sequence[Order], families: Mapping[int, frozenset[int]]
) -> Mapping[int, Sequence[Reach]]:
    """AT-2 (4): only where the owner switched it on."""
    people = {id_ for ids in families.values() for id_ in ids}
    if not people or not any(one.text for _, one in windows(tx)):
        return {}
    since = min(order.created_at for order in orders) - timedelta(hours=rules.MOST_TEXT)
    rows = tx.exec(
        select(Send).where(
            among(col(Send.person), sorted(people)),
            among(col(Send.channel), rules.TEXTS),
            col(Send.sent_at) >= since,
        )
    )
    found: dict[int, list[Reach]] = {}
    for send in rows:
        reach = replace(reach_of(send), at=send.delivered_at or send.sent_at or send.asked_at)
        found.setdefault(send.person or 0, []).append(reach)
    return found


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

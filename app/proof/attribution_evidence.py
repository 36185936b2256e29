"""AT-2: what speaks for a message, order by order: its metadata, its code, clicks and texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, or_, select

from app.carts.tables import Cart
from app.customers.tables import Merge, Person
from app.journeys import queries as journeys
from app.journeys.tables import Grant
from app.kit.tx import Tx, among
from app.loyalty.tables import Code, Voucher
from app.messages import touches
from app.messages.tables import Send, Touch
from app.messages.touches import By
from app.orders.tables import Order
from app.proof import attribution_rules as rules
from app.proof.attribution_rules import Case, Reach

LONGEST = timedelta(hours=rules.MOST)
PEOPLE = (By.HUMAN.value, By.DOUBTFUL.value)
CART = "not_bought"


def cases(tx: Tx, orders: Sequence[Order], *, by_text: bool) -> Mapping[int, Case]:
    """By order. `by_text`: whether a text alone may speak for itself, without a click."""
    families = _families(tx, {order.person for order in orders if order.person})
    named = _named(tx, {order.decision for order in orders if order.decision})
    coded = _coded(tx, [order for order in orders if order.code or order.cards])
    clicks = _clicks(tx, orders, families)
    texts = _texts(tx, orders, families) if by_text else {}
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
    campaign = voucher.tier if voucher.programme else f"{rules.TIER}{voucher.tier}"
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
    """AT-2 (4)."""
    people = {id_ for ids in families.values() for id_ in ids}
    if not people:
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

"""May somebody be given a code? CP-5, CP-6, MG-2, MG-8: every no by name, and promised once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import case, col, func, select

from app.carts.tables import Cart
from app.customers import queries as customers
from app.decisions import flows as decisions
from app.journeys import deciding, offer_rules, queries, rewards
from app.journeys.naming import programme_of
from app.journeys.offer_rules import Case, Word
from app.journeys.rules import Offer
from app.journeys.tables import Grant, Journey, Run
from app.kit.money import minor
from app.kit.tx import Tx, among
from app.loyalty import cards as loyalty_cards
from app.loyalty import coupons
from app.loyalty import least as basket
from app.loyalty import queries as loyalty
from app.loyalty.tables import Code
from app.ltv.tables import BookedOrder
from app.orders.tables import Order
from app.shops.flows import this_shop

YEAR = timedelta(days=365)
LEAST_LEFT = timedelta(days=7)
UNSENT = frozenset({"UNFULFILLED", "UNCONFIRMED"})


def against_all(
    tx: Tx, journey: Journey, step: Offer, runs: Sequence[Run]
) -> Mapping[int, Word | None]:
    """By run: what stands against a code for its person; None where nothing does."""
    cases = cases_of(tx, journey, step, runs)
    words = {id_: offer_rules.word(case, now=tx.now) for id_, case in cases.items()}
    decisions.record_all(
        tx,
        [
            deciding.offer(
                journey.key, run, step.key, cases[run.id or 0], words[run.id or 0], now=tx.now
            )
            for run in runs
        ],
    )
    return words


def cases_of(tx: Tx, journey: Journey, step: Offer, runs: Sequence[Run]) -> Mapping[int, Case]:
    """By run: what it is decided on."""
    if not runs:
        return {}
    terms = loyalty.terms(tx)
    people = {run.person for run in runs}
    emails, carts = loyalty.emails(tx, people), _carts(tx, runs)
    least = basket.by_currency(tx, least_of(tx, step))
    known = _history(tx, journey, people)
    cards = _as_cards(tx, step, runs) if step.bound == "firm" else {}
    unprofiled = customers.unprofiled(tx)  # PR-4
    usual = Case(
        percent_hundredths=step.percent_hundredths,
        stopped=terms is not None and terms.programme.stopped_at is not None,
    )
    return {
        run.id or 0: replace(
            usual,
            excluded=run.person in unprofiled
            or bool(terms and terms.excludes(emails.get(run.person))),
            **_of_cart(carts.get(run.subject or ""), least),
            **known[run.person],
            **cards.get(run.id or 0, {}),
        )
        for run in runs
    }


def _as_cards(tx: Tx, step: Offer, runs: Sequence[Run]) -> Mapping[int, Mapping[str, Any]]:
    """By run: what there is to know of a gift card in place of a code."""
    current, granted = loyalty_cards.possible(tx), loyalty_cards.allowed(tx)
    return {
        id_: {
            "firm": True, "current": current, "granted": granted, "account": reward.account,
            "worth_minor": reward.minor,
        }
        for id_, reward in rewards.rewards(tx, step, runs).items()
    }  # fmt: skip


def _carts(tx: Tx, runs: Sequence[Run]) -> Mapping[str, Cart]:
    """By checkout that a journey is about. What a code without a cart will be used on is nobody's
    knowledge."""
    subjects = sorted({run.subject for run in runs if run.subject})
    rows = select(Cart).where(among(col(Cart.checkout), subjects))
    return {cart.checkout: cart for cart in tx.exec(rows)} if subjects else {}


def _of_cart(cart: Cart | None, least: Mapping[str, int]) -> Mapping[str, Any]:
    """MG-2: the deepest promotion in it. CP-1: whether a code of that least basket would not do."""
    if cart is None:
        return {}
    enough = least.get(cart.currency)
    short = bool(least) and (enough is None or cart.worth_minor < enough)
    return {"reduced_hundredths": cart.reduced_hundredths, "short": short}


def least_of(tx: Tx, step: Offer) -> int:
    """CP-1: the least basket of a code, in minor units of the reporting currency."""
    currency = this_shop(tx).currency
    return minor(Decimal(step.least), currency) if step.least and step.bound == "soft" else 0


def _history(tx: Tx, journey: Journey, people: set[int]) -> Mapping[int, dict[str, Any]]:
    """Of each and of whoever has her address: a guest's codes and her account's are one purse."""
    family = queries.same_address(tx, people)
    everybody = {id_ for ids in family.values() for id_ in ids}
    grants = queries.grants(tx, everybody, since=tx.now - YEAR)
    live = coupons.live(tx, everybody)
    serial = coupons.on_last_orders(tx, everybody, programme_of(journey))
    given, earned = _given(tx, everybody), _earned(tx, everybody)
    found: dict[int, dict[str, Any]] = {}
    for person in people:
        ids = family[person]
        own = [g for g in grants if g.person in ids]
        found[person] = {
            "live": not live.isdisjoint(ids),
            "latest": max((g.at for g in own), default=None),
            "a_year": len(own),
            "shared": sum(g.shared for g in own),
            "serial": max(serial.get(id_, 0) for id_ in ids),
            "given_minor": sum(given.get(id_, 0) for id_ in ids),
            "brought_minor": sum(earned.get(id_, 0) for id_ in ids),
        }
    return found


def _given(tx: Tx, people: set[int]) -> Mapping[int, int]:
    """CP-5: what codes took off somebody's orders, as far as it is in the reporting currency."""
    by_card = col(Code.card).is_not(None)
    off = case((by_card, col(Order.reward_minor)), else_=col(Order.discount_minor))
    used: Any = (
        select(Code.person, off, Order.goods_minor, Order.goods_reporting_minor)
        .join(Order, col(Order.saleor_id) == col(Code.used_order))
        .where(among(col(Code.person), sorted(people)))
    )
    total: dict[int, int] = {}
    for person, off, goods, reporting in tx.exec(used):
        rate = (reporting or 0) / goods if goods else 0
        total[person] = total.get(person, 0) + round(off * rate)
    return total


def _earned(tx: Tx, people: set[int]) -> Mapping[int, int]:
    """CP-5: the margin on what somebody kept: after discounts, tax and the cost of goods, as far as
    anybody told what they cost; in the reporting currency."""
    b = BookedOrder
    margin = col(b.gross) - col(b.discount) - col(b.refunded) - col(b.tax) - col(b.cost)
    rows: Any = tx.exec(
        select(b.person, func.sum(margin))
        .where(among(col(b.person), sorted(people)))
        .group_by(col(b.person))
    )
    return {person: max(int(units), 0) for person, units in rows}


def promise(tx: Tx, journey: Journey, step: Offer, run: Run) -> Grant:
    """CP-8: one occasion, one promise; asked again it is the same."""
    key = f"{run.id}:{step.key}"
    if grant := queries.grant(tx, key):
        return grant
    grant = Grant(
        key=key, person=run.person, journey=journey.key, run=run.id or 0,
        percent_hundredths=step.percent_hundredths, at=tx.now,
        ends_at=tx.now + timedelta(days=step.days), least_minor=least_of(tx, step),
    )  # fmt: skip
    if step.bound == "firm":
        reward = rewards.rewards(tx, step, [run])[run.id or 0]
        grant.amount_minor, grant.currency = reward.minor, reward.currency
    tx.add(grant)
    tx.flush()
    return grant


def codes_used(tx: Tx, orders: Sequence[Order]) -> None:
    """CP-4: a code that somebody else used is marked, and counts against whom it was given to."""
    for order, grant in _granted(tx, orders):
        family = queries.same_address(tx, [grant.person])[grant.person]
        if order.person not in family and order.source not in family:
            grant.shared = True


def orders_fell_through(tx: Tx, orders: Sequence[Order]) -> list[Grant]:
    """CP-7: Saleor frees no code when an order is cancelled or given back before it was sent: an
    equal one is promised in its place, once, for the days that were left, at least seven."""
    fallen = [order for order in orders if _fell_through(order)]
    promised: list[Grant] = []
    for order, grant in _granted(tx, fallen):
        key = f"again:{grant.replaces or grant.id}"
        if grant.replaces or queries.grant(tx, key):
            continue
        left = max(grant.ends_at - order.created_at, LEAST_LEFT)
        again = Grant(
            key=key, person=grant.person, journey=grant.journey, run=grant.run,
            percent_hundredths=grant.percent_hundredths, at=tx.now, ends_at=tx.now + left,
            replaces=grant.id, currency=grant.currency, least_minor=grant.least_minor,
            amount_minor=order.reward_minor if grant.amount_minor else None,
        )  # fmt: skip
        tx.add(again)
        tx.flush()
        promised.append(again)
    return promised


def _fell_through(order: Order) -> bool:
    back = order.refunded_minor >= order.total_minor > 0 and order.status in UNSENT
    return order.status == "CANCELED" or back


def _granted(tx: Tx, orders: Sequence[Order]) -> list[tuple[Order, Grant]]:
    """Those of these orders that a code of ours was used on, with the promise of it."""
    found: list[tuple[Order, Grant]] = []
    for order in orders:
        for code in loyalty.codes_on(tx, order):
            grant = queries.grant_of_code(tx, code.id or 0)
            if grant and code.used_order == order.saleor_id:
                found.append((order, grant))
    return found

"""What an order is worth, whether it counts, and what it may set in motion."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.saleor.shapes import Line, LineOf, Order, OrderMoney

ZERO = Decimal(0)
HISTORY_AFTER = timedelta(days=7)
NO_REVENUE = frozenset({"DRAFT", "CANCELED", "EXPIRED"})
TILL = "TILL"
"""The origin of what was sold elsewhere and handed in (app.till): no order of Saleor's has it."""
PAID = frozenset({"FULL", "OVERCHARGED"})
REFUNDED_LINES = frozenset({"REFUNDED", "REFUNDED_AND_RETURNED"})
"""Fulfilments of the payment flow that name the lines which were paid back."""


@dataclass(frozen=True)
class Sums:
    """The figures of an order, in its currency."""

    total: Decimal
    refunded: Decimal
    goods: Decimal
    tax: Decimal
    """What of `goods` is tax."""
    shipping: Decimal
    discount: Decimal
    gift_card: Decimal

    @property
    def charged(self) -> Decimal:
        """LV-1."""
        return self.total - self.refunded


def sums(order: Order) -> Sums:
    lines, shipping = order.subtotal.gross.amount, order.shipping_price.gross.amount
    total = order.total.gross.amount
    by_card = max(lines + shipping - total, ZERO) if order.gift_cards else ZERO
    kept = goods(order)
    return Sums(
        total=total,
        refunded=order.total_refunded.amount,
        goods=kept,
        tax=tax_in(kept, order),
        shipping=shipping,
        discount=max(order.undiscounted_total.gross.amount - total - by_card, ZERO),
        gift_card=by_card,
    )


def charged(order: OrderMoney) -> Decimal:
    """LV-1: what is compared with Saleor's own books."""
    return order.total.gross.amount - order.total_refunded.amount


def goods(order: Order) -> Decimal:
    """LV-1: the lines after discounts, less what of them was paid back, taxed as the shop shows.

    A gift card lowers the total and not the goods. A refund that names lines takes those; any
    other takes the goods in proportion to the total.
    """
    lines = sum((shown(line, order) for line in order.lines), ZERO)
    refunded, total = order.total_refunded.amount, order.total.gross.amount
    if refunded <= 0 or lines <= 0:
        return lines
    named = given_back(order)
    claimed = _claimed(order, named)
    paid = min(refunded, claimed)
    taken = sum((_shown_of(line, order, named[line.id]) for line in order.lines), ZERO)
    if claimed:
        taken *= paid / claimed * _goods_share(order, named, claimed)
    rest = (refunded - paid) / total if total > 0 else ZERO
    return max(lines - taken - lines * min(rest, Decimal(1)), ZERO)


def tax_in(kept: Decimal, order: Order) -> Decimal:
    """LV-1: how much of `goods` is tax, by the share of tax in the order's lines."""
    gross = sum((line.total_price.gross.amount for line in order.lines), ZERO)
    net = sum((line.total_price.net.amount for line in order.lines), ZERO)
    return kept * (gross - net) / gross if order.display_gross_prices and gross else ZERO


def shown(line: Line, order: Order) -> Decimal:
    """What a line cost as the shop shows its prices: with tax or without."""
    return (line.total_price.gross if order.display_gross_prices else line.total_price.net).amount


def _shown_of(line: Line, order: Order, pieces: int) -> Decimal:
    return shown(line, order) * min(pieces, line.quantity) / line.quantity if pieces else ZERO


def paid_back(order: Order) -> Counter[str]:
    """The same, once money has flowed: what is only granted is still hers."""
    return given_back(order) if order.total_refunded.amount > 0 else Counter()


def given_back(order: Order) -> Counter[str]:
    """How many pieces of which lines were paid back, as the refunds themselves say."""
    granted = Counter(
        _pieces(part for grant in order.granted_refunds for part in grant.lines or ())
    )
    returned = Counter(
        _pieces(
            part
            for parcel in order.fulfillments
            if parcel.status in REFUNDED_LINES
            for part in parcel.lines or ()
        )
    )
    return granted | returned  # the same pieces may be told of twice: the greater of the two


def _pieces(parts: Iterable[LineOf]) -> dict[str, int]:
    pieces: Counter[str] = Counter()
    for part in parts:
        if part.line:
            pieces[part.line] += part.quantity
    return pieces


def _gross_of(order: Order, pieces: Counter[str]) -> Decimal:
    return sum(
        (
            line.total_price.gross.amount * min(pieces[line.id], line.quantity) / line.quantity
            for line in order.lines
            if pieces[line.id]
        ),
        ZERO,
    )


def _claimed(order: Order, named: Counter[str]) -> Decimal:
    """The gross amount of the refunds that name lines: as granted, else what the lines cost."""
    granted = sum((grant.amount.amount for grant in order.granted_refunds if grant.lines), ZERO)
    return granted or _gross_of(order, named)


def _goods_share(order: Order, named: Counter[str], claimed: Decimal) -> Decimal:
    """Less was granted than the lines cost: so much less of them was taken."""
    cost = _gross_of(order, named)
    return min(claimed / cost, Decimal(1)) if cost else ZERO


def page_of(saleor_id: str) -> str:
    """Where the Dashboard shows it; empty for what was sold elsewhere, which it does not know."""
    return "" if saleor_id.startswith("till:") else f"/orders/{saleor_id}"


def was_paid(order: Order) -> bool:
    """Paid in full at one time: a refund lowers `totalCharged` and even `chargeStatus`."""
    if order.charge_status in PAID:
        return True
    return order.total_charged.amount + order.total_refunded.amount >= order.total.gross.amount


def counts(order: Order) -> bool:
    """Is it revenue? A REISSUE replaces goods of an order that counts already."""
    if order.status in NO_REVENUE or (order.origin == "REISSUE" and order.original):
        return False
    return order.status != "UNCONFIRMED" or was_paid(order)


def is_history(order: Order, *, now: datetime) -> bool:
    """IN-5: made in bulk, or old when first heard of."""
    return order.origin == "BULK_CREATE" or order.created < now - HISTORY_AFTER


def may_earn(*, account: bool, confirmed: bool, vouched: bool) -> bool:
    """ID-2: an account's order, and one it can be sure of."""
    return account and (confirmed or vouched)

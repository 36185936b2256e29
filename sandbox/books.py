"""The shop's own books, to compare what an app says with what is so."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.money import ZERO
from sandbox.store import Store

UNBOOKED = ("DRAFT", "CANCELED", "EXPIRED")


@dataclass
class Line:
    """Orders of one status in one channel: how many, and their money."""

    orders: int = 0
    gross: Decimal = ZERO
    charged: Decimal = ZERO
    refunded: Decimal = ZERO


@dataclass
class Book:
    """One channel. `charged` is Σ totalCharged of all orders, `gross` Σ total.gross, both by
    status too; `net_of_refunds` is Σ (total.gross − totalRefunded) of what was neither called off
    nor expired; `discounts` what codes took off; `codes_used` the codes on orders, by voucher."""

    currency: str
    orders: int = 0
    gross: Decimal = ZERO
    charged: Decimal = ZERO
    refunded: Decimal = ZERO
    net_of_refunds: Decimal = ZERO
    discounts: Decimal = ZERO
    codes_used: dict[str, int] = field(default_factory=dict)
    by_status: dict[str, Line] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """With money as text, for JSON."""
        return {
            "currency": self.currency,
            "orders": self.orders,
            "gross": str(self.gross),
            "charged": str(self.charged),
            "refunded": str(self.refunded),
            "net_of_refunds": str(self.net_of_refunds),
            "discounts": str(self.discounts),
            "codes_used": dict(self.codes_used),
            "by_status": {
                name: {
                    "orders": line.orders,
                    "gross": str(line.gross),
                    "charged": str(line.charged),
                    "refunded": str(line.refunded),
                }
                for name, line in sorted(self.by_status.items())
            },
        }


def books(store: Store) -> dict[str, Book]:
    """Every channel's book, by slug."""
    with store.lock:
        held = {slug: Book(one.currency_code) for slug, one in store.channels.items()}
        for order in store.orders.values():
            book = held[order.channel.slug]
            gross, charged, refunded = order.total_amount, order.charged, order.refunded
            for line in (book, book.by_status.setdefault(order.status, Line())):
                line.orders += 1
                line.gross += gross
                line.charged += charged
                line.refunded += refunded
            if order.status not in UNBOOKED:
                book.net_of_refunds += gross - refunded
            book.discounts += sum((one.total.amount for one in order.discounts), ZERO)
            if order.voucher_code and order.voucher is not None:
                name = order.voucher.name or ""
                book.codes_used[name] = book.codes_used.get(name, 0) + 1
        return held

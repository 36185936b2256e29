"""D8: what was sold elsewhere, at a counter or on a market, as an order like any other. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from app.orders.rules import TILL
from app.saleor.shapes import Order

AHEAD = timedelta(days=1)
"""Clocks of tills go wrong, but not by more than a day."""
MOST = 500
"""Sales handed in at a time."""
COUNTER = "counter"
"""Where it was sold, where nobody says."""
ZERO = Decimal(0)
Amount = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=15, decimal_places=4)]


class Piece(BaseModel, frozen=True, extra="forbid"):
    """A line of the receipt."""

    sku: str = Field("", max_length=255, description="As the shop has it; unknown is no mistake")
    name: str = Field("", max_length=250)
    quantity: int = Field(1, ge=1, le=100_000)
    amount: Amount = Field(description="What the line came to, with tax, after discounts")


class Sale(BaseModel, frozen=True, extra="forbid"):
    """One receipt. Handed in again under its `id` it takes the place of what it was."""

    id: str = Field(min_length=1, max_length=100, description="The receipt's own, of its place")
    at: AwareDatetime = Field(description="When it was sold")
    place: str = Field(COUNTER, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Which till")
    email: str | None = Field(None, max_length=254, description="Whose it was, where she said so")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    lines: tuple[Piece, ...] = Field(min_length=1, max_length=200)
    tax: Amount = Field(ZERO, description="How much of it all is tax")
    refunded: Amount = Field(ZERO, description="Given back of it since, with tax")
    cancelled: bool = Field(default=False, description="It was rung up by mistake")

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def key(self) -> str:
        """Never one of Saleor's ids: those are base64 and have no colon."""
        return f"till:{self.place}:{self.id}"

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.refunded > self.total or self.tax > self.total:
            raise ValueError("tax, and what was given back, are at most what was paid")
        if self.email is not None and "@" not in self.email:
            raise ValueError("this is no e-mail address")
        return self


def order(sale: Sale, variants: Mapping[str, str], *, told_as_of: datetime | None = None) -> Order:
    """As Saleor would tell of it. `variants`: Saleor's ids, by SKU.

    Its `updatedAt` is the sale itself, and never before `told_as_of`, which it had when it was last
    handed in: so of two tellings the one handed in last stands, also where it says that it was sold
    earlier, and the same one twice is no news.
    """
    total = _price(sale.total, sale)
    nothing = _price(ZERO, sale)
    return Order.model_validate({
        "id": sale.key, "number": sale.id, "created": sale.at,
        "updatedAt": max(sale.at, told_as_of or sale.at),
        "status": "CANCELED" if sale.cancelled else "FULFILLED", "chargeStatus": "FULL",
        "authorizeStatus": "FULL", "isPaid": True, "origin": TILL, "languageCodeEnum": "",
        "channel": {
            "id": f"till:{sale.place}", "slug": sale.place, "currencyCode": sale.currency,
        },
        "userEmail": sale.email, "displayGrossPrices": True, "total": total, "subtotal": total,
        "undiscountedTotal": total, "shippingPrice": nothing, "totalCharged": total["gross"],
        "totalRefunded": _money(sale.refunded, sale), "totalGrantedRefund": nothing["gross"],
        "lines": _lines(sale, variants),
    })  # fmt: skip


def _lines(sale: Sale, variants: Mapping[str, str]) -> Sequence[Mapping[str, object]]:
    return [
        {
            "id": f"{sale.key}:{at}", "productName": piece.name or piece.sku, "variantName": "",
            "productSku": piece.sku or None, "productVariantId": variants.get(piece.sku),
            "quantity": piece.quantity, "unitPrice": _price(piece.amount / piece.quantity, sale),
            "undiscountedUnitPrice": _price(piece.amount / piece.quantity, sale),
            "totalPrice": _price(piece.amount, sale),
        }
        for at, piece in enumerate(sale.lines)
    ]  # fmt: skip


def _price(gross: Decimal, sale: Sale) -> dict[str, dict[str, object]]:
    """With tax, and without its share of the receipt's."""
    net = gross * (1 - sale.tax / sale.total) if sale.total else gross
    return {"gross": _money(gross, sale), "net": _money(net, sale)}


def _money(amount: Decimal, sale: Sale) -> dict[str, object]:
    return {"amount": round(amount, 4), "currency": sale.currency}

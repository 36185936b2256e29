from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from app.saleor.shapes.base import Channel, Money, Person, Place, Price, Shape
from app.saleor.shapes.catalogue import Variant


class CheckoutLine(Shape):
    id: str
    quantity: int
    is_gift: bool | None = None
    variant: Variant


class Transaction(Shape):
    """One attempt to pay, as the payment app reported it."""

    id: str
    authorized: Annotated[Money, Field(validation_alias="authorizedAmount")]
    authorize_pending: Annotated[Money, Field(validation_alias="authorizePendingAmount")]
    charged: Annotated[Money, Field(validation_alias="chargedAmount")]
    charge_pending: Annotated[Money, Field(validation_alias="chargePendingAmount")]

    @property
    def holds_money(self) -> bool:
        sums = (self.authorized, self.authorize_pending, self.charged, self.charge_pending)
        return any(money.amount > 0 for money in sums)


class Checkout(Shape):
    """A checkout. No field of it makes Saleor ask the shop's tax or shipping apps."""

    id: str
    token: str
    created: datetime
    updated_at: datetime
    email: str | None = None
    language: Annotated[str, Field(validation_alias="languageCode")]
    voucher_code: str | None = None
    discount: Money | None = None
    user: Person | None = None
    channel: Channel
    shipping_address: Place | None = None
    billing_address: Place | None = None
    transactions: tuple[Transaction, ...] | None = None
    lines: tuple[CheckoutLine, ...] = ()
    decision: str | None = None
    consent: str | None = None
    """CO-6: `true` where the storefront's box is ticked. Anybody with the id can write it."""
    consent_text: str | None = None
    visitor: str | None = None
    """AC-12: the shopper's IP address, hashed by the storefront, where that passes one."""

    @property
    def worth(self) -> Decimal:
        """`goods` less the voucher, in the channel's currency."""
        return max(self.goods - (self.discount.amount if self.discount else 0), Decimal(0))

    @property
    def goods(self) -> Decimal:
        """The catalogue's gross price of all lines.

        Shipping and the tax app's word are left out, and so is a line that has no price today.
        """
        return sum((many * price.gross.amount for many, price in self._priced), Decimal(0))

    @property
    def goods_net(self) -> Decimal:
        """The same without tax: what Saleor counts where the shop's prices are net."""
        return sum((many * price.net.amount for many, price in self._priced), Decimal(0))

    @property
    def _priced(self) -> Iterator[tuple[int, Price]]:
        for line in self.lines:
            if line.variant.price and not line.is_gift:
                yield line.quantity, line.variant.price

    @property
    def reduced_hundredths(self) -> int:
        """The deepest running promotion among its lines: 20 % off is 2000."""
        prices = [
            (line.variant.price.gross.amount, line.variant.undiscounted.gross.amount)
            for line in self.lines
            if line.variant.price and line.variant.undiscounted and not line.is_gift
        ]
        cuts = [int((1 - now / full) * 10_000) for now, full in prices if full > now]
        return max(cuts, default=0)

    @property
    def payment_tried(self) -> bool:
        """Somebody has begun to pay, even if nothing came of it: hands off the price."""
        return bool(self.transactions)

    @property
    def payment_holds(self) -> bool:
        """Money is authorized, charged or on its way: nobody has abandoned this."""
        return any(transaction.holds_money for transaction in self.transactions or ())

"""What Saleor tells of checkouts: that they are there and that they change, never that they end."""

from app.carts import flows as carts
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty import offers
from app.loyalty import queries as codes
from app.saleor.shapes import CheckoutEvent
from webhooks.telling import telling


def checkout_changed(event: CheckoutEvent, tx: Tx) -> None:
    if (checkout := event.checkout) is None:
        return
    code = checkout.voucher_code
    ours = code is not None and codes.code_called(tx, code) is not None
    touch = carts.touch(tx, checkout, heard=telling(event), own_code=ours)
    if touch is None:
        return
    if touch.by_shopper:
        offers.shopper_at_checkout(tx, checkout, touch.person)
    for person in sorted(touch.touched):
        loyalty.reconsider(tx, person)

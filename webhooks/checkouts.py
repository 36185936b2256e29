"""What Saleor tells of checkouts: that they are there and that they change, never that they end."""

from collections.abc import Sequence

from app.carts import flows as carts
from app.journeys import recovery
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty import offers
from app.loyalty import queries as codes
from app.ltv import flows as value
from app.messages import joining
from app.saleor.shapes import CheckoutEvent
from webhooks.telling import telling


def checkout_changed(event: CheckoutEvent, tx: Tx) -> None:
    checkouts_changed([event], tx)


def checkouts_changed(events: Sequence[CheckoutEvent], tx: Tx) -> None:
    told = [(event.checkout, telling(event)) for event in events if event.checkout]
    ours = codes.codes_called(tx, {c.voucher_code for c, _ in told if c.voucher_code})
    tellings = [carts.Telling(c, heard, c.voucher_code in ours) for c, heard in told]
    touches = [touch for touch in carts.touch_all(tx, tellings) if touch]
    recovery.shopper_moved(tx, [touch.cart for touch in touches])
    joining.ticked(tx, [touch.checkout for touch in touches if touch.news])
    for touch in touches:
        if touch.by_shopper:
            offers.shopper_at_checkout(tx, touch.checkout, touch.person)
    touched = {person for touch in touches for person in touch.touched}
    value.follow(tx, touched)
    loyalty.reconsider_all(tx, touched)

"""In which language a discount is named: Saleor shows a voucher's name in checkout and order.

A voucher has one name for everybody, so it is in the language that most shoppers speak; the owner
finds it by the same words in the Dashboard's list of vouchers.
"""

from collections import Counter
from collections.abc import Callable

from babel import Locale
from babel.support import Translations
from sqlmodel import col, select

from app.carts.tables import Cart
from app.kit.tx import Tx
from app.orders.tables import Order
from app.shops.flows import this_shop
from app.web.words import language

Title = Callable[[Translations], str]
"""What a programme's discount is called, in words of a catalogue."""
LATEST = 100
"""Orders and checkouts that are listened to."""


def of_shoppers(tx: Tx) -> Locale:
    """What most of the latest orders and checkouts were in; where there are none, the shop's."""
    orders = select(Order.language).order_by(col(Order.created_at).desc()).limit(LATEST)
    carts = select(Cart.language).order_by(col(Cart.id).desc()).limit(LATEST)
    heard = Counter(each for rows in (orders, carts) for each in tx.exec(rows) if each)
    most = max(heard, key=lambda each: (heard[each], each), default=None)
    return language(most or this_shop(tx).locale)

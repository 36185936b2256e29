"""What would be recommended to one customer, as her page shows it."""

from collections.abc import Callable

from sqlmodel import col, select

from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.orders.tables import Order
from app.people.view import Picks
from app.recommend import asking
from app.recommend.asking import Asked, NoSuchChannelError
from app.recommend.rules import Slot
from app.recommend.sale import NobodyKnowsError
from app.recommend.stall import stalls_of
from app.saleor.client import Saleor
from app.shops import flows as shops

HOW_MANY = 5
PATIENCE = 1.0


def channel_of(tx: Tx, person: int) -> str:
    """Where she bought last, or the shop's first."""
    rows = select(Order.channel).where(Order.person == person)
    last = tx.exec(rows.order_by(col(Order.created_at).desc()).limit(1)).first()
    return last or next((one.slug for one in shops.channels(tx) if one.active), "")


def picks(
    house: House, shop: ShopId, person: int, channel: str, reach: Callable[[], Saleor]
) -> Picks:
    stall = stalls_of(house).ready(shop, patience=PATIENCE)
    if stall is None:
        return Picks(none="opening")
    with house.look(shop) as tx:
        stall.refresh(tx)
    try:
        lines = asking.make(stall, Asked(channel, Slot.FOR_YOU, person=person, n=HOW_MANY), reach)
    except NobodyKnowsError:
        return Picks(none="away")
    except NoSuchChannelError:
        return Picks(none="channel")
    return Picks(lines=tuple(lines))

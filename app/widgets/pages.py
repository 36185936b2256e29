"""DOOR 3 beside Saleor's own pages: each form's token is verified before anything is rendered, and
what its bearer may not see in Saleor is not shown here either.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.kit.house import House
from app.kit.tx import Tx
from app.loyalty.pages import whoever
from app.orders import queries as orders
from app.saleor import shapes
from app.saleor.errors import SaleorError
from app.saleor.operations import ORDER
from app.web.asked import TheHouse, Typed
from app.web.door import Caller
from app.web.page import Page, Rendered
from app.widgets import sights
from app.widgets.view import Sight

router = APIRouter()

SEES_PEOPLE = "MANAGE_USERS"
SEES_ORDERS = "MANAGE_ORDERS"
SEES_VOUCHERS = "MANAGE_DISCOUNTS"

Shower = Annotated[Caller | None, Depends(whoever)]


@router.post("/app/widgets/order")
def order_widget(fields: Typed, caller: Shower, house: TheHouse, page: Rendered) -> HTMLResponse:
    def seen(tx: Tx, caller: Caller) -> object:
        id_ = str(fields.get("orderId", ""))
        return sights.order(tx, id_, sees_people=caller.may(SEES_PEOPLE))

    return _show(page, house, caller, "order", seen, needs=SEES_ORDERS)


@router.post("/app/widgets/draft")
def draft_widget(
    fields: Typed, caller: Shower, house: TheHouse, page: Rendered, request: Request
) -> HTMLResponse:
    """Whose draft it is, Saleor is asked: nobody tells of drafts."""
    id_ = str(fields.get("orderId", ""))
    allowed = caller is not None and all(map(caller.may, (SEES_ORDERS, SEES_PEOPLE)))
    told = _ask(request, house, caller, id_) if caller and allowed else None

    def seen(tx: Tx, _: Caller) -> object:
        return sights.draft(tx, told, id_)

    return _show(page, house, caller, "draft", seen, needs=SEES_ORDERS, also=SEES_PEOPLE)


def _ask(request: Request, house: House, caller: Caller, id_: str) -> shapes.Order | None:
    with house.look(caller.shop) as tx:
        if not id_ or orders.by_saleor_id(tx, id_):
            return None
    try:
        saleor = request.app.state.saleors.world(caller.shop).saleor
        found: shapes.Order | None = saleor.run(ORDER, id=id_).order
    except SaleorError:
        return None
    return found


@router.post("/app/widgets/product")
def product_widget(fields: Typed, caller: Shower, house: TheHouse, page: Rendered) -> HTMLResponse:
    def seen(tx: Tx, _: Caller) -> object:
        return sights.product(tx, str(fields.get("productId", "")))

    return _show(page, house, caller, "product", seen, needs=SEES_ORDERS)


@router.post("/app/widgets/voucher")
def voucher_widget(fields: Typed, caller: Shower, house: TheHouse, page: Rendered) -> HTMLResponse:
    def seen(tx: Tx, _: Caller) -> object:
        return sights.voucher(tx, str(fields.get("voucherId", "")))

    return _show(page, house, caller, "voucher", seen, needs=SEES_VOUCHERS)


@router.post("/app/widgets/gift-card")
def gift_card_widget(
    fields: Typed, caller: Shower, house: TheHouse, page: Rendered
) -> HTMLResponse:
    def seen(tx: Tx, caller: Caller) -> object:
        id_ = str(fields.get("giftCardId", ""))
        return sights.gift_card(tx, id_, sees_people=caller.may(SEES_PEOPLE))

    return _show(page, house, caller, "gift_card", seen, needs=SEES_ORDERS)


@router.post("/app/widgets/home")
def home_widget(caller: Shower, house: TheHouse, page: Rendered) -> HTMLResponse:
    def seen(tx: Tx, _: Caller) -> object:
        return sights.home(tx)

    return _show(page, house, caller, "home", seen, needs=SEES_ORDERS)


def _show(
    page: Page,
    house: House,
    caller: Caller | None,
    name: str,
    look: Callable[[Tx, Caller], Any],
    *,
    needs: str,
    also: str | None = None,
) -> HTMLResponse:
    """The widget, or the words for why there is nothing in it. A frame can't show a 401."""
    template, page.part = f"widgets/{name}.html", None  # a widget is whole, whoever asks
    if caller is None:
        return page(template, sight=Sight.STALE, seen=None)
    if not caller.may(needs) or (also and not caller.may(also)):
        return page(template, sight=Sight.FORBIDDEN, seen=None)
    with house.look(caller.shop) as tx:
        seen = look(tx, caller)
    return page(template, sight=Sight.READY if seen else Sight.UNKNOWN, seen=seen)

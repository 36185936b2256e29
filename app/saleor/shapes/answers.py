"""What queries and mutations answer, but for the nouns they carry."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import AliasChoices, AliasPath, BaseModel, Field

from app.saleor.shapes.base import Channel, Country, Shape
from app.saleor.shapes.catalogue import CatalogueProduct, ForSale, GiftCardProduct
from app.saleor.shapes.checkouts import Checkout
from app.saleor.shapes.customers import Customer
from app.saleor.shapes.orders import Order, OrderMoney, OrderName

N = TypeVar("N", bound=BaseModel)


class PageInfo(Shape):
    has_next_page: bool
    end_cursor: str | None = None


class Edge(Shape, Generic[N]):
    node: N


class Connection(Shape, Generic[N]):
    edges: tuple[Edge[N], ...]
    page_info: PageInfo


class Page(Shape, Generic[N]):
    """One page of a list; empty where what it hangs on does not exist.

    A list that an error nulled comes as `PartialAnswer`, never as a page.
    """

    connection: Annotated[
        Connection[N] | None,
        Field(
            validation_alias=AliasChoices(
                "orders",
                "customers",
                "checkouts",
                "products",
                "vouchers",
                "giftCards",
                AliasPath("voucher", "codes"),
            )
        ),
    ] = None

    @property
    def nodes(self) -> Sequence[N]:
        return [edge.node for edge in self.connection.edges] if self.connection else []

    @property
    def next(self) -> str | None:
        """The cursor to ask the next page with; None on the last."""
        if self.connection is None or not self.connection.page_info.has_next_page:
            return None
        return self.connection.page_info.end_cursor


OrdersPage = Page[Order]
OrderNamesPage = Page[OrderName]
OrderBooksPage = Page[OrderMoney]
CustomersPage = Page[Customer]
CheckoutsPage = Page[Checkout]
ProductsPage = Page[CatalogueProduct]
ForSalePage = Page[ForSale]
GiftCardProductsPage = Page[GiftCardProduct]


class OneOrder(Shape):
    order: Order | None = None


class Purchase(Shape):
    """An order, as far as it stops a message."""

    id: str
    created: datetime
    origin: str | None = None
    email: Annotated[str | None, Field(validation_alias="userEmail")] = None
    account: Annotated[str | None, Field(validation_alias=AliasPath("user", "id"))] = None


class PurchasesSince(Shape):
    by_address: Annotated[
        tuple[Edge[Purchase], ...], Field(validation_alias=AliasPath("byAddress", "edges"))
    ] = ()
    of_checkout: Annotated[
        tuple[Edge[Purchase], ...], Field(validation_alias=AliasPath("ofCheckout", "edges"))
    ] = ()


class OneCheckout(Shape):
    checkout: Checkout | None = None


class OneCustomer(Shape):
    customer: Annotated[Customer | None, Field(validation_alias="user")] = None


class Permission(Shape):
    code: str


class App(Shape):
    id: str
    identifier: str | None = None
    is_active: bool | None = None
    version: str | None = None
    permissions: tuple[Permission, ...] | None = None


class Domain(Shape):
    host: str
    url: str


class ShopName(Shape):
    name: str
    version: str | None = None
    domain: Domain


class AppIdentity(Shape):
    """Who we are to this Saleor. `app` is None for a token it does not know."""

    app: App | None = None
    shop: ShopName


class ChannelFacts(Channel):
    name: str
    is_active: bool
    default_country: Country


class Shop(ShopName):
    version: str
    default_country: Country | None = None


class ShopFacts(Shape):
    shop: Shop
    channels: tuple[ChannelFacts, ...] | None = None


class Count(Shape):
    total_count: int | None = None


class HistorySize(Shape):
    """How much there is to import. None: Saleor does not say."""

    products: Count | None = None
    customers: Count | None = None
    orders: Count | None = None
    checkouts: Count | None = None


class AsyncEvent(Shape):
    event_type: str


class Webhook(Shape):
    id: str
    name: str | None = None
    is_active: bool
    target_url: str
    query: Annotated[str | None, Field(validation_alias="subscriptionQuery")] = None
    async_events: tuple[AsyncEvent, ...] = ()

    @property
    def events(self) -> frozenset[str]:
        return frozenset(event.event_type for event in self.async_events)


class OwnWebhooks(Shape):
    webhooks: Annotated[
        tuple[Webhook, ...] | None, Field(validation_alias=AliasPath("app", "webhooks"))
    ] = None


class Delivery(Shape):
    """A delivery Saleor gave up on; `payload` is the body it could not hand over."""

    id: str
    created_at: datetime
    event_type: str
    payload: str | None = None


class Deliveries(Shape):
    edges: tuple[Edge[Delivery], ...] = ()


class FailingWebhook(Shape):
    id: str
    name: str | None = None
    deliveries: Annotated[Deliveries | None, Field(validation_alias="eventDeliveries")] = None


class FailedDeliveries(Shape):
    webhooks: Annotated[
        tuple[FailingWebhook, ...] | None, Field(validation_alias=AliasPath("app", "webhooks"))
    ] = None

    @property
    def deliveries(self) -> Sequence[Delivery]:
        heard = (hook.deliveries for hook in self.webhooks or () if hook.deliveries)
        return [edge.node for deliveries in heard for edge in deliveries.edges]


class VoucherListing(Shape):
    channel: Channel
    discount_value: Decimal
    currency: str


class Voucher(Shape):
    id: str
    name: str | None = None
    start_date: datetime
    end_date: datetime | None = None
    discount_value_type: str
    single_use: bool
    apply_once_per_customer: bool
    usage_limit: int | None = None
    channel_listings: tuple[VoucherListing, ...] | None = None


class VoucherCode(Shape):
    id: str
    code: str | None = None
    used: int | None = None
    is_active: bool | None = None


class KnownGiftCard(Shape):
    id: str
    last_used_on: datetime | None = None


VouchersPage = Page[Voucher]
VoucherCodesPage = Page[VoucherCode]
GiftCardsPage = Page[KnownGiftCard]

"""Every question and order we have for Saleor: the document that asks and the shape it answers."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from app.saleor import shapes

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Operation(Generic[T]):
    name: str
    returns: type[T]
    refusals: bool = True
    """Whether a mutation's `errors` are raised; those of a batch are part of its answer."""


APP_IDENTITY = Operation("queries/app_identity", shapes.AppIdentity)
SHOP_FACTS = Operation("queries/shop_facts", shapes.ShopFacts)
HISTORY_SIZE = Operation("queries/history_size", shapes.HistorySize)
OWN_WEBHOOKS = Operation("queries/own_webhooks", shapes.OwnWebhooks)
FAILED_DELIVERIES = Operation("queries/failed_deliveries", shapes.FailedDeliveries)

ORDERS = Operation("queries/orders", shapes.OrdersPage)
ORDERS_WITHOUT_ORIGIN = Operation("queries/orders_without_origin", shapes.OrdersPage)
ORDER_NAMES = Operation("queries/order_names", shapes.OrderNamesPage)
ORDER_BOOKS = Operation("queries/order_books", shapes.OrderBooksPage)
CUSTOMERS = Operation("queries/customers", shapes.CustomersPage)
CHECKOUTS = Operation("queries/checkouts", shapes.CheckoutsPage)
PRODUCTS = Operation("queries/products", shapes.ProductsPage)
GIFT_CARD_PRODUCTS = Operation("queries/products_as_gift_cards", shapes.GiftCardProductsPage)
PRODUCTS_FOR_SALE = Operation("queries/products_for_sale", shapes.ForSalePage)
VARIANTS_ON_SALE = Operation("queries/variants_on_sale", shapes.VariantsOnSale)
VOUCHERS_NAMED = Operation("queries/vouchers_named", shapes.VouchersPage)
VOUCHER_CODES = Operation("queries/voucher_codes", shapes.VoucherCodesPage)
GIFT_CARD_CALLED = Operation("queries/gift_card_called", shapes.GiftCardsPage)

PURCHASES_SINCE = Operation("queries/purchases_since", shapes.PurchasesSince)
ORDER = Operation("queries/order", shapes.OneOrder)
ORDER_WITHOUT_ORIGIN = Operation("queries/order_without_origin", shapes.OneOrder)
CUSTOMER = Operation("queries/customer", shapes.OneCustomer)
CHECKOUT = Operation("queries/checkout", shapes.OneCheckout)

VOUCHER_CREATE = Operation("mutations/voucher_create", shapes.VoucherWritten)
VOUCHER_LIST_IN_CHANNELS = Operation(
    "mutations/voucher_channel_listing_update", shapes.VoucherWritten
)
VOUCHER_ADD_CODES = Operation("mutations/voucher_add_codes", shapes.VoucherWritten)
VOUCHER_CODE_DELETE = Operation("mutations/voucher_code_delete", shapes.CodesDeleted)
GIFT_CARD_CREATE = Operation("mutations/gift_card_create", shapes.GiftCardWritten)
GIFT_CARD_DELETE = Operation("mutations/gift_card_delete", shapes.GiftCardsDeleted)
CHECKOUT_CREATE = Operation("mutations/checkout_create", shapes.CheckoutMade)
CHECKOUT_ADD_PROMO_CODE = Operation("mutations/checkout_add_promo_code", shapes.PromoCodeWritten)
CUSTOMER_METADATA = Operation("mutations/customer_metadata", shapes.MetadataWritten, refusals=False)
CUSTOMER_PRIVATE_METADATA = Operation(
    "mutations/customer_private_metadata", shapes.MetadataWritten, refusals=False
)
WEBHOOK_CREATE = Operation("mutations/webhook_create", shapes.WebhookWritten)
WEBHOOK_UPDATE = Operation("mutations/webhook_update", shapes.WebhookWritten)
WEBHOOK_DELETE = Operation("mutations/webhook_delete", shapes.WebhookGone)

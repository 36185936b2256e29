"""Which fields are whose to read (saleor/graphql/*/types.py): a denied one nulls its parent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.api.ask import Ask
from sandbox.apps import Principal
from sandbox.people import User
from sandbox.rules.refusal import PermissionDenied


@dataclass(frozen=True)
class Guard:
    """One of `permissions`, or being staff or an app, or being the person it is about."""

    permissions: tuple[str, ...] = ()
    staff_or_app: bool = False
    owner: Callable[[Any], User | None] | None = None

    def passes(self, who: Principal) -> bool:
        """Whether this token may read it of everybody."""
        if self.staff_or_app and who.is_staff_or_app:
            return True
        return any(one in who.permissions for one in self.permissions)

    def check(self, ask: Ask, source: Any) -> None:
        """Raises PermissionDenied."""
        if self.passes(ask.who):
            return
        if self.owner is not None and ask.is_owner(self.owner(source)):
            return
        words = ("AUTHENTICATED_APP", "AUTHENTICATED_STAFF_USER") if self.staff_or_app else ()
        raise PermissionDenied((*self.permissions, *words))


def needs(*permissions: str, owner: Callable[[Any], User | None] | None = None) -> Guard:
    return Guard(permissions, owner=owner)


def owner_of(source: Any) -> User | None:
    user: User | None = source.user
    return user


def oneself(source: Any) -> User | None:
    return source if isinstance(source, User) else None


STAFF_OR_APP = Guard(staff_or_app=True)
STAFF = needs("MANAGE_STAFF", "MANAGE_USERS")
READS_BUYERS = ("MANAGE_USERS", "MANAGE_ORDERS", "HANDLE_PAYMENTS", "HANDLE_TAXES")

GUARDS: dict[str, Guard] = {
    "Shop.version": STAFF_OR_APP,
    "Shop.permissions": STAFF_OR_APP,
    "Shop.channelCurrencies": STAFF_OR_APP,
    "Shop.enableAccountConfirmationByEmail": needs("MANAGE_SETTINGS"),
    "Shop.allowLoginWithoutConfirmation": needs("MANAGE_SETTINGS"),
    "Shop.useLegacyUpdateWebhookEmission": needs("MANAGE_SETTINGS"),
    "Channel.hasOrders": needs("MANAGE_CHANNELS"),
    "Channel.orderSettings": needs("MANAGE_CHANNELS", "MANAGE_ORDERS"),
    "Channel.checkoutSettings": needs("MANAGE_CHANNELS", "MANAGE_CHECKOUTS"),
    "Order.user": needs(*READS_BUYERS, owner=owner_of),
    "Order.voucher": needs("MANAGE_DISCOUNTS"),
    "Order.transactions": needs("MANAGE_ORDERS", "HANDLE_PAYMENTS"),
    "Order.payments": needs("MANAGE_ORDERS"),
    "Order.grantedRefunds": needs("MANAGE_ORDERS"),
    "Order.totalGrantedRefund": needs("MANAGE_ORDERS"),
    "Order.totalRemainingGrant": needs("MANAGE_ORDERS"),
    "OrderLine.allocations": needs("MANAGE_PRODUCTS", "MANAGE_ORDERS"),
    "Checkout.user": needs("MANAGE_USERS", "HANDLE_PAYMENTS", "HANDLE_TAXES", owner=owner_of),
    "Checkout.voucher": needs("MANAGE_DISCOUNTS"),
    "Checkout.transactions": needs("MANAGE_CHECKOUTS", "HANDLE_PAYMENTS"),
    "User.note": needs("MANAGE_USERS", "MANAGE_STAFF"),
    "User.orders": needs("MANAGE_ORDERS", "MANAGE_STAFF", owner=oneself),
    "User.checkouts": needs("MANAGE_CHECKOUTS", owner=oneself),
    "User.giftCards": needs("MANAGE_GIFT_CARD", owner=oneself),
    "GiftCard.code": needs("MANAGE_GIFT_CARD", "MANAGE_USERS"),
    "GiftCard.createdBy": needs("MANAGE_USERS"),
    "GiftCard.usedBy": needs("MANAGE_USERS"),
    "GiftCard.assignedTo": needs("MANAGE_GIFT_CARD"),
    "Product.channelListings": STAFF_OR_APP,
    "ProductVariant.channelListings": STAFF_OR_APP,
    "ProductVariantChannelListing.costPrice": STAFF_OR_APP,
    "ProductVariantChannelListing.margin": needs("MANAGE_PRODUCTS"),
    "ProductChannelListing.purchaseCost": needs("MANAGE_PRODUCTS"),
    "ProductChannelListing.margin": needs("MANAGE_PRODUCTS"),
}

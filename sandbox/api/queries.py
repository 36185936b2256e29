"""The questions the API answers: what each asks for, who may ask, in which order it comes."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from graphql import GraphQLError

from sandbox.api.ask import Args, Ask
from sandbox.api.filters import (
    anything,
    cart_fits,
    customer_fits,
    gift_card_fits,
    order_fits,
    product_fits,
    voucher_fits,
)
from sandbox.api.pages import Page, page
from sandbox.apps import App
from sandbox.catalogue import Channel, ProductView, VariantView
from sandbox.ids import split_id
from sandbox.people import User
from sandbox.promos import Voucher
from sandbox.rules.refusal import PermissionDenied
from sandbox.sales import Checkout, Order
from sandbox.shop import Shop
from sandbox.store import Store

Key = Callable[[Any], tuple[Any, int]]

ORDER_KEYS: dict[str, Key] = {
    "CREATED_AT": lambda order: (order.created, order.seq),
    "CREATION_DATE": lambda order: (order.created, order.seq),
    "LAST_MODIFIED_AT": lambda order: (order.updated_at, order.seq),
    "NUMBER": lambda order: (int(order.number), order.seq),
    "STATUS": lambda order: (order.status, order.seq),
}
USER_KEYS: dict[str, Key] = {
    "CREATED_AT": lambda user: (user.date_joined, number(user.id)),
    "LAST_MODIFIED_AT": lambda user: (user.updated_at, number(user.id)),
    "EMAIL": lambda user: (user.email, number(user.id)),
    "FIRST_NAME": lambda user: (user.first_name, number(user.id)),
    "LAST_NAME": lambda user: (user.last_name, number(user.id)),
    "ORDER_COUNT": lambda user: (len(user.order_ids), number(user.id)),
}
PRODUCT_KEYS: dict[str, Key] = {
    "NAME": lambda product: (product.name, number(product.id)),
    "LAST_MODIFIED_AT": lambda product: (product.updated_at, number(product.id)),
    "LAST_MODIFIED": lambda product: (product.updated_at, number(product.id)),
    "CREATED_AT": lambda product: (product.created, number(product.id)),
}


def number(text: str) -> int:
    """The serial number inside a global id, to tell equals apart."""
    key = split_id(text)[1]
    return int(key) if key.isdigit() else 0


def in_order(ask: Ask, name: str, things: Iterable[Any], keys: dict[str, Key], args: Args) -> Any:
    """The things sorted as asked, and the key they are sorted by."""
    asked = args.get("sortBy") or {}
    default, falling = next(iter(keys)), False
    field = asked.get("field") or default
    if field not in keys:
        raise GraphQLError(f"The sandbox does not sort {name} by {field}.")
    falling = asked.get("direction") == "DESC" if asked else name in ("orders", "checkouts")
    key = keys[field]
    return ask.shop.sorted_by((name, field, falling), things, key, falling=falling), key


def orders(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_ORDERS")
    limits_first("orders", args)
    every, key = in_order(ask, "orders", ask.shop.store.orders.values(), ORDER_KEYS, args)
    fits = order_fits(args)
    kept = [one for one in every if fits(one)] if fits else every
    return page("orders", kept, key, args)


def limits_first(name: str, args: Args) -> None:
    """Refuse a bad page size before doing the work."""
    page(name, (), lambda _one: ("", 0), {**args, "after": None, "before": None})


def draft_orders(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_ORDERS")
    return page("draftOrders", [], ORDER_KEYS["CREATED_AT"], args)


def order(_root: Any, args: Args, ask: Ask) -> Order | None:
    """Public by id, as in Saleor; what is private in it is guarded field by field."""
    if args.get("id"):
        return ask.shop.store.orders.get(args["id"])
    ask.need("MANAGE_ORDERS")
    wanted = args.get("externalReference")
    found = (one for one in ask.shop.store.orders.values() if one.external_reference == wanted)
    return next(found, None) if wanted else None


def customers(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_ORDERS", "MANAGE_USERS")
    shoppers = [one for one in ask.shop.store.users.values() if is_customer(one)]
    every, key = in_order(ask, "customers", shoppers, USER_KEYS, args)
    fits = customer_fits(args)
    return page("customers", [one for one in every if fits(one)], key, args)


def is_customer(user: User) -> bool:
    """Staff counts as a customer once it has ordered."""
    return not user.is_staff or bool(user.order_ids)


def user(_root: Any, args: Args, ask: Ask) -> User | None:
    ask.need("MANAGE_STAFF", "MANAGE_USERS", "MANAGE_ORDERS")
    store = ask.shop.store
    if args.get("id"):
        return store.users.get(args["id"])
    return store.user_by_email(args.get("email"))


def me(_root: Any, _args: Args, ask: Ask) -> User | None:
    return ask.who.user


def checkouts(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_CHECKOUTS", "HANDLE_PAYMENTS")
    keys: dict[str, Key] = {"CREATION_DATE": lambda cart: (cart.created, cart.seq)}
    every, key = in_order(ask, "checkouts", ask.shop.store.checkouts.values(), keys, args)
    fits = cart_fits(args)
    return page("checkouts", [one for one in every if fits(one)], key, args)


def checkout(_root: Any, args: Args, ask: Ask) -> Checkout | None:
    carts = ask.shop.store.checkouts
    if args.get("token"):
        return next((one for one in carts.values() if one.token == args["token"]), None)
    return carts.get(args.get("id") or "")


def channel_of(ask: Ask, slug: str | None) -> Channel | None:
    return ask.shop.store.channels.get(slug) if slug else None


def sees_everything(ask: Ask) -> bool:
    """Staff and apps with any permission about goods see unpublished ones and no channel."""
    goods = {"MANAGE_PRODUCTS", "MANAGE_ORDERS", "MANAGE_CHECKOUTS", "MANAGE_DISCOUNTS"}
    return bool(goods & ask.who.permissions)


def products(_root: Any, args: Args, ask: Ask) -> Page:
    channel = channel_of(ask, args.get("channel"))
    every, key = in_order(ask, "products", ask.shop.store.products.values(), PRODUCT_KEYS, args)
    fits = product_fits(args, channel)
    whole = sees_everything(ask)
    kept = [
        one
        for one in every
        if fits(one) and (whole or (channel is not None and one.on_sale_in(channel)))
    ]
    return page("products", kept, key, args, show=lambda one: one.within(channel))


def product(_root: Any, args: Args, ask: Ask) -> ProductView | None:
    store, channel = ask.shop.store, channel_of(ask, args.get("channel"))
    found = store.products.get(args.get("id") or "") or next(
        (one for one in store.products.values() if one.slug == args.get("slug")), None
    )
    if found is None:
        return None
    shown = sees_everything(ask) or (channel is not None and found.on_sale_in(channel))
    return found.within(channel) if shown else None


def product_variant(_root: Any, args: Args, ask: Ask) -> VariantView | None:
    store = ask.shop.store
    found = store.variants.get(args.get("id") or "") or next(
        (one for one in store.variants.values() if one.sku == args.get("sku")), None
    )
    return found.within(channel_of(ask, args.get("channel"))) if found else None


def product_variants(_root: Any, args: Args, ask: Ask) -> Page:
    channel, wanted = channel_of(ask, args.get("channel")), args.get("ids")
    every = ask.shop.store.variants.values()
    kept = [one for one in every if wanted is None or one.id in wanted]
    key: Key = lambda one: (one.sku, number(one.id))  # noqa: E731 - a key is a value here
    return page("productVariants", kept, key, args, show=lambda one: one.within(channel))


def named(kind: str, get: Callable[[Store], dict[str, Any]]) -> Callable[[Any, Args, Ask], Any]:
    """One thing of a kind by id or slug."""

    def find(_root: Any, args: Args, ask: Ask) -> Any:
        held = get(ask.shop.store)
        slug = args.get("slug")
        return held.get(args.get("id") or "") or next(
            (one for one in held.values() if slug and one.slug == slug), None
        )

    find.__name__ = kind
    return find


def listed(kind: str, get: Callable[[Store], dict[str, Any]]) -> Callable[[Any, Args, Ask], Any]:
    def every(_root: Any, args: Args, ask: Ask) -> Page:
        held = sorted(get(ask.shop.store).values(), key=attrgetter("name"))
        return page(kind, held, lambda one: (one.name, number(one.id)), args)

    return every


def vouchers(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_DISCOUNTS")
    fits = voucher_fits(args)
    kept = [one for one in ask.shop.store.vouchers.values() if fits(one)]
    kept.sort(key=lambda one: (one.name or "", number(one.id)))
    return page("vouchers", kept, lambda one: (one.name or "", number(one.id)), args)


def voucher(_root: Any, args: Args, ask: Ask) -> Voucher | None:
    ask.need("MANAGE_DISCOUNTS")
    return ask.shop.store.vouchers.get(args["id"])


def gift_cards(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need("MANAGE_GIFT_CARD")
    fits = gift_card_fits(args) or anything
    held: Sequence[Any] = [c for c in ask.shop.store.gift_cards.values() if fits(c)]
    return page("giftCards", held, lambda one: (one.created, number(one.id)), args)


def gift_card(_root: Any, args: Args, ask: Ask) -> Any:
    ask.need("MANAGE_GIFT_CARD")
    return ask.shop.store.gift_cards.get(args["id"])


def app(_root: Any, args: Args, ask: Ask) -> App | None:
    """Without an id the asking app itself; null for a token nobody knows, with no error."""
    if not args.get("id"):
        return ask.who.app
    found = ask.shop.store.apps.get(args["id"])
    if found is None or found is ask.who.app or ask.who.is_staff_or_app:
        return found
    raise PermissionDenied(("AUTHENTICATED_STAFF_USER", "MANAGE_APPS"))


def apps(_root: Any, args: Args, ask: Ask) -> Page:
    ask.need_staff_or_app()
    held = [one for one in ask.shop.store.apps.values() if one.is_installed]
    return page("apps", held, lambda one: (one.created, number(one.id)), args)


def installations(_root: Any, _args: Args, ask: Ask) -> list[Any]:
    ask.need("MANAGE_APPS")
    return list(ask.shop.store.installations.values())


def shop(_root: Any, _args: Args, ask: Ask) -> Shop:
    return ask.shop


def channels(_root: Any, _args: Args, ask: Ask) -> list[Channel]:
    ask.need_staff_or_app()
    return list(ask.shop.store.channels.values())


def channel(_root: Any, args: Args, ask: Ask) -> Channel | None:
    return ask.shop.store.channel_by(args.get("id") or args.get("slug"))


def webhook(_root: Any, args: Args, ask: Ask) -> Any:
    ask.need_staff_or_app()
    own = [ask.who.app] if ask.who.app else ask.shop.store.apps.values()
    return next((one for app in own for one in app.webhooks if one.id == args["id"]), None)


QUERIES: dict[str, Callable[[Any, Args, Ask], Any]] = {
    "Query.app": app,
    "Query.apps": apps,
    "Query.appsInstallations": installations,
    "Query.shop": shop,
    "Query.channels": channels,
    "Query.channel": channel,
    "Query.orders": orders,
    "Query.draftOrders": draft_orders,
    "Query.order": order,
    "Query.customers": customers,
    "Query.user": user,
    "Query.me": me,
    "Query.checkouts": checkouts,
    "Query.checkout": checkout,
    "Query.products": products,
    "Query.product": product,
    "Query.productVariant": product_variant,
    "Query.productVariants": product_variants,
    "Query.categories": listed("categories", attrgetter("categories")),
    "Query.category": named("category", attrgetter("categories")),
    "Query.collections": listed("collections", attrgetter("collections")),
    "Query.collection": named("collection", attrgetter("collections")),
    "Query.vouchers": vouchers,
    "Query.voucher": voucher,
    "Query.giftCards": gift_cards,
    "Query.giftCard": gift_card,
    "Query.webhook": webhook,
}

"""Goods, channels and settings at the API: as much of them as an app has to notice."""

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.answer import Answer, Asked, change, found, pairs
from sandbox.catalogue import Channel, Product, ProductListing, ProductView


def product(ask: Ask, args: Args) -> Product:
    thing: Product = found(ask.shop.store.products.get(args.get("id") or ""), "id", "Product")
    return thing


def update(ask: Ask, args: Args) -> ProductView:
    thing, asked, store = product(ask, args), args["input"], ask.shop.store
    thing.name = asked.get("name") or thing.name
    thing.slug = asked.get("slug") or thing.slug
    if asked.get("category"):
        thing.category = found(store.categories.get(asked["category"]), "category", "Category")
    if asked.get("collections") is not None:
        every = store.collections
        thing.collections = [every[key] for key in asked["collections"] if key in every]
    thing.metadata.update(pairs(asked.get("metadata")))
    thing.private_metadata.update(pairs(asked.get("privateMetadata")))
    thing.updated_at = store.instant()
    store.emit("PRODUCT_UPDATED", thing)
    return thing.within(None)


def delete(ask: Ask, args: Args) -> ProductView:
    """Order lines of a deleted product keep their words and lose their variant."""
    thing, store = product(ask, args), ask.shop.store
    del store.products[thing.id]
    for variant in thing.variants:
        store.variants.pop(variant.id, None)
    for order in store.orders.values():
        for line in order.lines:
            if line.variant_of is not None and line.variant_of.product is thing:
                line.variant_of = None
    for cart in store.checkouts.values():
        cart.lines = [line for line in cart.lines if line.variant_of.product is not thing]
    store.emit("PRODUCT_DELETED", thing)
    return thing.within(None)


def list_in(ask: Ask, args: Args) -> ProductView:
    thing, asked, store = product(ask, args), args["input"], ask.shop.store
    for wanted in asked.get("updateChannels") or ():
        channel = found(store.channel_by(wanted["channelId"]), "channelId", "Channel")
        listing = thing.listings.setdefault(
            channel.slug,
            ProductListing(store.numbers.serial("ProductChannelListing"), channel, None),
        )
        if wanted.get("isPublished") is not None:
            listing.is_published = wanted["isPublished"]
        if wanted.get("visibleInListings") is not None:
            listing.visible_in_listings = wanted["visibleInListings"]
        if wanted.get("isAvailableForPurchase") is not None:
            listing.is_available_for_purchase = wanted["isAvailableForPurchase"]
    for key in asked.get("removeChannels") or ():
        gone = store.channel_by(key)
        thing.listings.pop(gone.slug if gone else "", None)
    thing.updated_at = store.instant()
    store.emit("PRODUCT_UPDATED", thing)
    return thing.within(None)


def update_channel(ask: Ask, args: Args) -> Channel:
    asked = args["input"]
    thing: Channel = found(ask.shop.store.channel_by(args["id"]), "id", "Channel")
    thing.name = asked.get("name") or thing.name
    if asked.get("isActive") is not None:
        thing.is_active = asked["isActive"]
    names = {
        "automaticallyConfirmAllNewOrders": "automatically_confirm_all_new_orders",
        "allowUnpaidOrders": "allow_unpaid_orders",
        "expireOrdersAfter": "expire_orders_after",
    }
    for spelled, value in (asked.get("orderSettings") or {}).items():
        if spelled in names:
            setattr(thing, names[spelled], value)
    return thing


def update_settings(ask: Ask, args: Args) -> Answer:
    asked, store = args["input"], ask.shop.store
    if asked.get("enableAccountConfirmationByEmail") is not None:
        store.confirm_accounts_by_email = asked["enableAccountConfirmationByEmail"]
    if asked.get("allowLoginWithoutConfirmation") is not None:
        store.allow_login_without_confirmation = asked["allowLoginWithoutConfirmation"]
    return Answer(shop=ask.shop)


GOODS: dict[str, Asked] = {
    "productUpdate": change("product", update, "MANAGE_PRODUCTS"),
    "productDelete": change("product", delete, "MANAGE_PRODUCTS"),
    "productChannelListingUpdate": change("product", list_in, "MANAGE_PRODUCTS"),
    "channelUpdate": change("channel", update_channel, "MANAGE_CHANNELS"),
    "shopSettingsUpdate": change("shop", update_settings, "MANAGE_SETTINGS"),
}

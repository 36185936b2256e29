"""Metadata at the API, on anything that carries it."""

from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.mutations.answer import Asked, change, found, pairs
from sandbox.catalogue import Product, Variant
from sandbox.ids import split_id
from sandbox.rules import metadata
from sandbox.rules.refusal import Refused
from sandbox.store import Store


def thing_by(store: Store, key: str) -> Any:
    """Whatever a global id names."""
    kind = split_id(key)[0]
    tables: dict[str, dict[str, Any]] = {
        "User": store.users,
        "Order": store.orders,
        "Checkout": store.checkouts,
        "Product": store.products,
        "ProductVariant": store.variants,
        "Category": store.categories,
        "Collection": store.collections,
        "Voucher": store.vouchers,
        "GiftCard": store.gift_cards,
        "App": store.apps,
        "Channel": {one.id: one for one in store.channels.values()},
    }
    if kind == "OrderLine":
        lines = (line for order in store.orders.values() for line in order.lines)
        return next((line for line in lines if line.id == key), None)
    return tables.get(kind, {}).get(key)


def shown(thing: Any) -> Any:
    """Goods go out as seen from no channel."""
    return thing.within(None) if isinstance(thing, Product | Variant) else thing


def write(*, private: bool) -> Any:
    def act(ask: Ask, args: Args) -> Any:
        thing = found(thing_by(ask.shop.store, args["id"]), "id", args["id"])
        metadata.allow(ask.who, thing, private=private)
        texts = pairs(args["input"])
        if any(not key.strip() for key in texts):
            raise Refused("input", "REQUIRED", "Metadata key cannot be empty.")
        metadata.write(ask.shop.store, thing, texts, private=private)
        return shown(thing)

    return act


def erase(*, private: bool) -> Any:
    def act(ask: Ask, args: Args) -> Any:
        thing = found(thing_by(ask.shop.store, args["id"]), "id", args["id"])
        metadata.allow(ask.who, thing, private=private)
        metadata.remove(ask.shop.store, thing, args["keys"], private=private)
        return shown(thing)

    return act


TEXTS: dict[str, Asked] = {
    "updateMetadata": change("item", write(private=False)),
    "updatePrivateMetadata": change("item", write(private=True)),
    "deleteMetadata": change("item", erase(private=False)),
    "deletePrivateMetadata": change("item", erase(private=True)),
}

"""Learning what the shop sells: first hand from its product list, else from whatever names it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import col, delete

from app.catalog import queries
from app.catalog.queries import Shelf
from app.catalog.tables import Attribute, Collection, Price, Product, Variant
from app.kit.money import minor
from app.kit.tx import Tx, among
from app.saleor import shapes

PRODUCT = (
    "name", "slug", "category", "category_name", "picture", "created_at", "first_hand", "known_at",
)  # fmt: skip
VARIANT = ("product", "name", "sku", "first_hand", "known_at")
PRICE = ("currency", "price_minor", "cost_minor", "known_at")


class Sighting(NamedTuple):
    """A variant seen on a line of an order or a checkout, and what it cost there and then."""

    at: datetime
    variant: shapes.Variant
    channel: str
    currency: str
    price_minor: int | None


@dataclass(frozen=True)
class Novelty:
    """What of a page's sightings we did not know better already."""

    sightings: Sequence[Sighting]

    @property
    def products(self) -> dict[str, Sighting]:
        return {seen.variant.product.id: seen for seen in self.sightings}

    @property
    def variants(self) -> dict[str, Sighting]:
        return {seen.variant.id: seen for seen in self.sightings}


def learn(tx: Tx, sightings: Iterable[Sighting]) -> Mapping[str, Shelf]:
    """Where on our shelves these variants are, by Saleor's id; the unknown ones are put there.

    The product list knows better than any line, and a newer line better than an older one.
    """
    seen = sorted(sightings, key=lambda sighting: (sighting.at, sighting.variant.id))
    shelves = queries.shelves(tx, {sighting.variant.id for sighting in seen})
    news = Novelty([s for s in seen if _is_news(s, shelves.get(s.variant.id))])
    if not news.sightings:
        return shelves
    _note_products(tx, news)
    products = queries.products(tx, news.products)
    rows = [
        {
            "saleor_id": id_,
            "product": products[seen.variant.product.id],
            "name": seen.variant.name,
            "sku": seen.variant.sku,
            "first_hand": False,
            "known_at": seen.at,
        }
        for id_, seen in news.variants.items()
    ]
    tx.put(Variant, rows, key=("saleor_id",), overwrite=VARIANT)
    shelves |= queries.shelves(tx, news.variants)
    _note_prices(tx, news, shelves)
    return shelves


def _is_news(seen: Sighting, shelf: Shelf | None) -> bool:
    return shelf is None or (not shelf.first_hand and seen.at > shelf.known_at)


def _note_products(tx: Tx, news: Novelty) -> None:
    """Products told of by lines only; one that the product list has told of stays as it is."""
    known = queries.knowledge(tx, news.products)
    fresh = {
        id_: seen
        for id_, seen in news.products.items()
        if (old := known.get(id_)) is None or (not old.first_hand and seen.at > old.known_at)
    }
    rows = [
        {
            "saleor_id": id_,
            "name": seen.variant.product.name,
            "slug": seen.variant.product.slug,
            "category": category.id if (category := seen.variant.product.category) else None,
            "category_name": category.name if category else "",
            "picture": None,
            "created_at": None,
            "first_hand": False,
            "known_at": seen.at,
        }
        for id_, seen in fresh.items()
    ]
    tx.put(Product, rows, key=("saleor_id",), overwrite=PRODUCT)
    _sort_into_collections(
        tx, {id_: seen.variant.product.collections for id_, seen in fresh.items()}
    )


def _note_prices(tx: Tx, news: Novelty, shelves: Mapping[str, Shelf]) -> None:
    rows = {
        (shelves[seen.variant.id].variant, seen.channel): {
            "variant": shelves[seen.variant.id].variant,
            "channel": seen.channel,
            "currency": seen.currency,
            "price_minor": seen.price_minor,
            "cost_minor": None,
            "known_at": seen.at,
        }
        for seen in news.sightings
        if seen.price_minor is not None
    }
    tx.put(Price, list(rows.values()), key=("variant", "channel"), overwrite=PRICE)


def stock(tx: Tx, products: Sequence[shapes.CatalogueProduct]) -> None:
    """A page of the product list, first hand."""
    known = queries.knowledge(tx, {product.id for product in products})
    fresh = [
        product
        for product in products
        if (old := known.get(product.id)) is None
        or not old.first_hand
        or product.updated_at >= old.known_at
    ]
    tx.put(Product, [_product(p) for p in fresh], key=("saleor_id",), overwrite=PRODUCT)
    ids = queries.products(tx, {product.id for product in fresh})
    _sort_into_collections(tx, {product.id: product.collections for product in fresh})
    _describe(tx, fresh, ids)
    variants = [_variant(v, p, ids[p.id]) for p in fresh for v in p.variants]
    tx.put(Variant, variants, key=("saleor_id",), overwrite=VARIANT)
    shelves = queries.shelves(tx, {row["saleor_id"] for row in variants})
    prices = [
        price for p in fresh for v in p.variants for price in _prices(v, p, shelves[v.id].variant)
    ]
    tx.put(Price, prices, key=("variant", "channel"), overwrite=PRICE)


def _product(product: shapes.CatalogueProduct) -> dict[str, Any]:
    return {
        "saleor_id": product.id,
        "name": product.name,
        "slug": product.slug,
        "category": product.category.id if product.category else None,
        "category_name": product.category.name if product.category else "",
        "picture": product.thumbnail.url if product.thumbnail else None,
        "created_at": product.created,
        "first_hand": True,
        "known_at": product.updated_at,
    }


def _variant(
    variant: shapes.CatalogueVariant, product: shapes.CatalogueProduct, row: int
) -> dict[str, Any]:
    return {
        "saleor_id": variant.id,
        "product": row,
        "name": variant.name,
        "sku": variant.sku,
        "first_hand": True,
        "known_at": product.updated_at,
    }


def _prices(
    variant: shapes.CatalogueVariant, product: shapes.CatalogueProduct, row: int
) -> Iterable[dict[str, Any]]:
    for listing in variant.channel_listings or ():
        if (price := listing.price) is not None:
            cost = listing.cost_price
            yield {
                "variant": row,
                "channel": listing.channel.slug,
                "currency": price.currency,
                "price_minor": minor(price.amount, price.currency),
                "cost_minor": minor(cost.amount, cost.currency) if cost else None,
                "known_at": product.updated_at,
            }


def _describe(tx: Tx, products: Sequence[shapes.CatalogueProduct], ids: Mapping[str, int]) -> None:
    """A product has the attributes last told of; where none are told, it keeps its own."""
    told = {ids[one.id]: one.chosen for one in products if one.attributes is not None}
    if not told:
        return
    tx.exec(delete(Attribute).where(among(col(Attribute.product), sorted(told))))
    rows = [
        {"product": product, "saleor_id": id_, "name": f"{name}: {value}"}
        for product, chosen in told.items()
        for id_, (name, value) in chosen.items()
    ]
    tx.put(Attribute, rows, key=("product", "saleor_id"), overwrite=("name",))


def _sort_into_collections(tx: Tx, told: Mapping[str, Sequence[shapes.Named] | None]) -> None:
    """A product is in the collections last told of; None tells nothing."""
    told = {id_: named for id_, named in told.items() if named is not None}
    if not told:
        return
    ids = queries.products(tx, told)
    tx.exec(delete(Collection).where(among(col(Collection.product), sorted(ids.values()))))
    rows = [
        {"product": ids[id_], "saleor_id": collection.id, "name": collection.name}
        for id_, named in told.items()
        for collection in named or ()
    ]
    tx.put(Collection, rows, key=("product", "saleor_id"), overwrite=("name",))

"""The shelves of a coffee, tea and kitchen shop, with prices in euro before they go to a market."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sandbox.catalogue import (
    Attribute,
    AttributeValue,
    Category,
    Channel,
    Collection,
    Product,
    ProductListing,
    ProductType,
    SelectedAttribute,
    Variant,
    VariantListing,
    pretty,
)
from sandbox.ids import global_id
from sandbox.store import Store

BAG = (("250 g", "8.90"), ("1 kg", "29.90"))
TIN = (("100 g", "7.90"), ("250 g", "16.90"))
BOX = (("20 bags", "4.90"),)


class Ware(NamedTuple):
    name: str
    sizes: tuple[tuple[str, str], ...]
    collections: tuple[str, ...] = ()


TREE = {
    "Coffee": ("Coffee beans", "Ground coffee", "Capsules"),
    "Tea": ("Black tea", "Green tea", "Herbal tea"),
    "Kitchen": ("Brewing", "Cups and glasses", "Cookware", "Baking"),
    "Pantry": ("Chocolate and biscuits", "Honey and jam"),
}

SHELVES: dict[str, tuple[Ware, ...]] = {
    "Coffee beans": (
        Ware("House blend", BAG, ("Bestsellers",)),
        Ware("Minas Gerais, natural", BAG, ("Bestsellers", "Origins")),
        Ware("Ethiopia Yirgacheffe", (("250 g", "11.90"), ("1 kg", "39.90")), ("Origins",)),
        Ware("Colombia Huila", (("250 g", "10.90"), ("1 kg", "36.90")), ("Origins",)),
        Ware("Kenya AA", (("250 g", "12.90"), ("1 kg", "43.90")), ("Origins",)),
        Ware("Espresso roast", BAG, ("Bestsellers",)),
        Ware("Decaf, Swiss water", (("250 g", "10.90"), ("1 kg", "35.90"))),
        Ware("Sumatra Mandheling", (("250 g", "11.50"),), ("Origins",)),
    ),
    "Ground coffee": (
        Ware("House blend, filter grind", BAG, ("Bestsellers",)),
        Ware("Espresso roast, fine grind", BAG),
        Ware("Cold brew, coarse grind", (("500 g", "15.90"),)),
        Ware("Moka grind", (("250 g", "8.50"),)),
    ),
    "Capsules": (
        Ware("Espresso capsules", (("10 pieces", "4.20"), ("50 pieces", "18.90"))),
        Ware("Lungo capsules", (("10 pieces", "4.20"), ("50 pieces", "18.90"))),
        Ware("Decaf capsules", (("10 pieces", "4.50"),)),
    ),
    "Black tea": (
        Ware("Earl Grey", TIN, ("Bestsellers",)),
        Ware("English breakfast", TIN),
        Ware("Darjeeling, first flush", (("100 g", "14.90"),), ("Origins",)),
        Ware("Assam", TIN),
        Ware("Masala chai", (("100 g", "8.90"), ("250 g", "18.90")), ("Bestsellers",)),
    ),
    "Green tea": (
        Ware("Sencha", TIN),
        Ware("Jasmine pearls", (("100 g", "12.90"),)),
        Ware("Matcha, ceremonial", (("30 g", "19.90"), ("80 g", "44.90")), ("Bestsellers",)),
        Ware("Genmaicha", TIN),
    ),
    "Herbal tea": (
        Ware("Camomile", BOX),
        Ware("Peppermint", BOX),
        Ware("Lemon and ginger", BOX, ("Bestsellers",)),
        Ware("Rooibos vanilla", TIN),
        Ware("Hibiscus", BOX),
        Ware("Mate, toasted", (("250 g", "6.90"), ("500 g", "11.90"))),
    ),
    "Brewing": (
        Ware("Moka pot", (("3 cups", "24.90"), ("6 cups", "34.90")), ("Bestsellers",)),
        Ware("French press", (("350 ml", "22.90"), ("1 l", "34.90"))),
        Ware("Pour-over dripper", (("1–4 cups", "18.90"),)),
        Ware("Paper filters", (("100 pieces", "5.90"),), ("Everyday",)),
        Ware("Hand grinder", (("one size", "49.90"),), ("Gifts",)),
        Ware("Burr grinder", (("one size", "189.00"),)),
        Ware("Espresso machine", (("one size", "649.00"),)),
        Ware("Gooseneck kettle", (("0.9 l", "59.90"),), ("Gifts",)),
        Ware("Kitchen scale", (("one size", "29.90"),)),
        Ware("Milk frother", (("one size", "27.90"),), ("Gifts",)),
        Ware("Cold brew bottle", (("750 ml", "25.90"),)),
        Ware("Descaler", (("500 ml", "7.90"),), ("Everyday",)),
        Ware("Cast iron teapot", (("0.8 l", "54.90"),), ("Gifts",)),
        Ware("Tea strainer", (("one size", "6.90"),), ("Everyday",)),
    ),
    "Cups and glasses": (
        Ware("Espresso cups", (("set of 2", "16.90"), ("set of 6", "42.90")), ("Gifts",)),
        Ware("Cappuccino cups", (("set of 2", "19.90"),), ("Gifts",)),
        Ware("Stoneware mug", (("sand", "12.90"), ("forest", "12.90"), ("night", "12.90"))),
        Ware("Double-walled glasses", (("set of 2", "21.90"),), ("Gifts",)),
        Ware("Travel mug", (("350 ml", "24.90"),), ("Bestsellers",)),
    ),
    "Cookware": (
        Ware("Cast iron pan", (("24 cm", "49.90"), ("28 cm", "59.90"))),
        Ware("Chef's knife", (("20 cm", "69.90"),), ("Gifts",)),
        Ware("Oak cutting board", (("40 × 25 cm", "39.90"),)),
        Ware("Linen tea towel", (("blue", "9.90"), ("red", "9.90"))),
    ),
    "Baking": (
        Ware("Loaf tin", (("30 cm", "17.90"),)),
        Ware("Silicone spatula", (("one size", "8.90"),)),
        Ware("Rolling pin", (("beech", "14.90"),)),
    ),
    "Chocolate and biscuits": (
        Ware("Dark chocolate 70 %", (("100 g", "4.90"),), ("Everyday",)),
        Ware("Cantuccini", (("250 g", "5.90"),)),
        Ware("Butter biscuits", (("200 g", "4.50"),), ("Everyday",)),
        Ware("Chocolate-covered beans", (("150 g", "6.50"),), ("Gifts",)),
    ),
    "Honey and jam": (
        Ware("Orange blossom honey", (("500 g", "9.90"),)),
        Ware("Fig jam", (("280 g", "5.90"),)),
        Ware("Tasting box", (("four seasons", "34.90"),), ("Gifts", "Bestsellers")),
    ),
}

MARKETS = (
    # slug, name, currency, country, tax, price of a euro, shipping, language
    ("br", "Brasil", "BRL", "BR", "0", "5.4", "24.90", "PT_BR"),
    ("pt", "Portugal", "EUR", "PT", "0.23", "1", "4.90", "PT"),
    ("pl", "Polska", "PLN", "PL", "0.23", "4.2", "14.90", "PL"),
)
COST_SHARE = Decimal("0.52")


def slugged(name: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in kept.split("-") if part)


def open_markets(store: Store) -> None:
    for slug, name, currency, country, tax, _rate, shipping, language in MARKETS:
        store.channels[slug] = Channel(
            id=store.numbers.serial("Channel"),
            slug=slug,
            name=name,
            currency_code=currency,
            country=country,
            tax_rate=Decimal(tax),
            shipping_gross=Decimal(shipping),
            language=language,
        )
    store.channels["pt"].mark_as_paid_strategy = "TRANSACTION_FLOW"


def fill_shelves(store: Store, *, since: datetime) -> None:
    """Put every ware into the catalogue and price it in each market."""
    kind = ProductType(store.numbers.serial("ProductType"), "goods", "Goods")
    for top, children in TREE.items():
        parent = add_category(store, top, since, None)
        for name in children:
            category = add_category(store, name, since, parent)
            for ware in SHELVES[name]:
                add_product(store, ware, category, kind, since)


def add_category(store: Store, name: str, at: datetime, parent: Category | None) -> Category:
    key = store.numbers.serial("Category")
    category = Category(key, slugged(name), name, at, parent)
    store.categories[key] = category
    return category


def collection(store: Store, name: str) -> Collection:
    known = next((one for one in store.collections.values() if one.name == name), None)
    if known is None:
        known = Collection(store.numbers.serial("Collection"), slugged(name), name)
        store.collections[known.id] = known
    return known


def add_product(
    store: Store, ware: Ware, category: Category, kind: ProductType, at: datetime
) -> Product:
    product = Product(
        id=store.numbers.serial("Product"),
        slug=slugged(ware.name),
        name=ware.name,
        product_type=kind,
        category=category,
        collections=[collection(store, name) for name in ware.collections],
        created=at,
        updated_at=at,
        attributes=described(ware, category),
    )
    store.products[product.id] = product
    for channel in store.channels.values():
        key = store.numbers.serial("ProductChannelListing")
        product.listings[channel.slug] = ProductListing(key, channel, at)
    for size, euros in ware.sizes:
        add_variant(store, product, size, Decimal(euros))
    return product


CAFFEINE = Attribute(global_id("Attribute", 1), "caffeine", "Caffeine")
WITH, WITHOUT = (
    AttributeValue(global_id("AttributeValue", number), name, name)
    for number, name in enumerate(("with", "without"), 1)
)
MILD = frozenset({"Herbal tea"})


def described(ware: Ware, category: Category) -> list[SelectedAttribute]:
    """What is drunk has caffeine in it, or has not."""
    if category.parent is None or category.parent.name not in ("Coffee", "Tea"):
        return []
    bare = category.name in MILD or ware.name.startswith("Decaf")
    return [SelectedAttribute(CAFFEINE, [WITHOUT if bare else WITH])]


def add_variant(store: Store, product: Product, size: str, euros: Decimal) -> Variant:
    number = store.numbers.next("ProductVariant")
    variant = Variant(
        id=global_id("ProductVariant", number),
        sku=f"{product.slug[:3].upper()}-{number:04d}",
        name=size,
        product=product,
        created=product.created,
        updated_at=product.created,
    )
    product.variants.append(variant)
    store.variants[variant.id] = variant
    for slug, *_, rate, _shipping, _language in MARKETS:
        gross = euros if rate == "1" else pretty(euros * Decimal(rate))
        variant.listings[slug] = VariantListing(
            id=store.numbers.serial("ProductVariantChannelListing"),
            channel=store.channels[slug],
            gross=gross,
            cost=(gross * COST_SHARE).quantize(Decimal("0.01")),
        )
    return variant

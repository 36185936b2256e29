from datetime import datetime
from typing import Annotated

from pydantic import AliasPath, Field

from app.saleor.shapes.base import Channel, Money, Named, Price, Shape


class Product(Shape):
    """A product as a line of an order or a checkout knows it."""

    id: str
    name: str
    slug: str
    category: Named | None = None
    collections: tuple[Named, ...] | None = None


class Variant(Shape):
    id: str
    name: str
    sku: str | None = None
    product: Product
    price: Annotated[Price | None, Field(validation_alias=AliasPath("pricing", "price"))] = None
    """What the catalogue asks today, in the line's channel; read for checkouts only."""
    undiscounted: Annotated[
        Price | None, Field(validation_alias=AliasPath("pricing", "priceUndiscounted"))
    ] = None
    """What it would ask without the shop's running promotions."""


class Picture(Shape):
    url: str
    alt: str | None = None


class VariantListing(Shape):
    channel: Channel
    price: Money | None = None
    cost_price: Money | None = None


class CatalogueVariant(Shape):
    id: str
    name: str
    sku: str | None = None
    channel_listings: tuple[VariantListing, ...] | None = None


class VariantEdge(Shape):
    node: CatalogueVariant


class VariantEdges(Shape):
    edges: tuple[VariantEdge, ...] = ()


CHOSEN = frozenset({"DROPDOWN", "MULTISELECT", "SWATCH", "BOOLEAN"})
"""Attributes whose values are chosen from a list: many products can have the same."""


class AttributeName(Shape):
    name: str | None = None
    input_type: str | None = None


class AttributeValue(Shape):
    id: str
    name: str | None = None


class SelectedAttribute(Shape):
    attribute: AttributeName
    values: tuple[AttributeValue, ...] = ()


class CatalogueProduct(Shape):
    """A product and its first hundred variants, with what each asks and costs in each channel."""

    id: str
    name: str
    slug: str
    created: datetime
    updated_at: datetime
    category: Named | None = None
    collections: tuple[Named, ...] | None = None
    attributes: tuple[SelectedAttribute, ...] | None = None
    thumbnail: Picture | None = None
    product_variants: VariantEdges | None = None

    @property
    def variants(self) -> tuple[CatalogueVariant, ...]:
        edges = self.product_variants.edges if self.product_variants else ()
        return tuple(edge.node for edge in edges)

    @property
    def chosen(self) -> dict[str, tuple[str, str]]:
        """By id of the value: the attribute and its value, of those chosen from a list."""
        return {
            value.id: (one.attribute.name, value.name)
            for one in self.attributes or ()
            if one.attribute.input_type in CHOSEN and one.attribute.name
            for value in one.values
            if value.name
        }


class GiftCardProduct(Shape):
    id: str


class ForSale(Shape):
    """A product that a channel lists; whether it is in stock there, and for how much."""

    id: str
    is_available: bool | None = None
    price: Annotated[
        Money | None, Field(validation_alias=AliasPath("pricing", "priceRange", "start", "gross"))
    ] = None


class OfferedProduct(Shape):
    id: str
    name: str
    is_available: bool | None = None


class OnSale(Shape):
    """A variant as it can be had in a channel right now."""

    id: str
    quantity_available: int | None = None
    product: OfferedProduct
    price: Annotated[Price | None, Field(validation_alias=AliasPath("pricing", "price"))] = None


class OnSaleEdge(Shape):
    node: OnSale


class VariantsOnSale(Shape):
    edges: Annotated[
        tuple[OnSaleEdge, ...] | None, Field(validation_alias=AliasPath("productVariants", "edges"))
    ] = None

    @property
    def by_id(self) -> dict[str, OnSale]:
        """Only what can be bought."""
        nodes = [edge.node for edge in self.edges or ()]
        return {node.id: node for node in nodes if node.product.is_available and node.price}

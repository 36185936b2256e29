"""What blocks show of one person: a cart, an order, products, a tier, a code. Read just before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.carts import queries as carts
from app.catalog.tables import Price, Product, Variant
from app.customers.rules import greeted_as
from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.messages.blocks import Draft, Kind, Letter
from app.messages.policy import Policy
from app.orders.tables import Line as OrderLine
from app.orders.tables import Order
from app.saleor.shapes import Checkout
from app.web.notation import Sum

POPULAR = timedelta(days=90)


@dataclass(frozen=True)
class Item:
    """One product as a message shows it."""

    name: str
    variant: str = ""
    quantity: int = 1
    price: Sum | None = None
    picture: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Tier:
    name: str
    kept_until: datetime | None = None


@dataclass(frozen=True)
class Code:
    text: str
    ends_at: datetime
    percent: Decimal | None = None
    worth: Sum | None = None
    """CP-4, firm: it opens a gift card of so much, for her account alone."""
    least: Sum | None = None
    """CP-1: what a basket has to come to."""


@dataclass(frozen=True)
class Content:
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Merge fields."""
    cart: Sequence[Item] = ()
    order: Sequence[Item] = ()
    order_number: str = ""
    products: Sequence[Item] = ()
    recommendations: Sequence[Item] = ()
    tier: Tier | None = None
    code: Code | None = None
    zone: str = "UTC"


def kinds_of(draft: Draft) -> frozenset[Kind]:
    letters = [v for by in draft.variants.values() for v in by.values() if isinstance(v, Letter)]
    return frozenset(block.kind for letter in letters for block in letter.blocks)


def gather(
    tx: Tx,
    person: Person | None,
    draft: Draft,
    told: Mapping[str, Any],
    *,
    own: Policy,
    fresh: Checkout | None,
    shop_name: str,
    zone: str,
) -> Content:
    """`told` is the request's context with what was supplied laid over it."""
    kinds = kinds_of(draft)
    cart = _cart(tx, told, fresh)
    order, number = _order(tx, told, own)
    tier, code = (
        _tier(tx, person) if Kind.TIER in kinds or _asks(draft, "tier") else None,
        _code(told),
    )
    fields: dict[str, Any] = {
        name: value for name, value in told.items() if isinstance(value, str | int | Decimal)
    }
    fields |= {
        "first_name": greeted_as(person.first_name) if person else "",
        "last_name": greeted_as(person.last_name) if person else "",
        "shop_name": shop_name,
        "tier": tier.name if tier else "",
        "n_items": sum(item.quantity for item in cart) or "",
        "order_number": number,
        "code": code.text if code else "",
        "code_ends": code.ends_at if code else "",
        "code_least": code.least if code and code.least else "",
    }
    recommended = _recommended(tx, person, told, own) if Kind.RECOMMENDATIONS in kinds else ()
    return Content(
        fields=fields, cart=cart, order=order, order_number=number,
        products=_items(tx, told.get("products") or (), told, own),
        recommendations=recommended, tier=tier, code=code, zone=zone,
    )  # fmt: skip


def _asks(draft: Draft, field_name: str) -> bool:
    words = [w for by in draft.variants.values() for v in by.values() for w in v.words]
    return any(field_name in text for text in words)


def _code(told: Mapping[str, Any]) -> Code | None:
    given = told.get("code")
    if not isinstance(given, Mapping):
        return None
    ends = given["ends_at"]
    percent = given.get("percent")
    return Code(
        text=str(given["text"]),
        ends_at=ends if isinstance(ends, datetime) else datetime.fromisoformat(str(ends)),
        percent=None if percent is None else Decimal(str(percent)),
        worth=given.get("worth"),
        least=given.get("least"),
    )


def _cart(tx: Tx, told: Mapping[str, Any], fresh: Checkout | None) -> Sequence[Item]:
    """AC-10: as Saleor has it now, without what has no price any more; else as we last heard."""
    if fresh is not None:
        lines = [line for line in fresh.lines if line.variant.price is not None]
        pictures = _pictures(tx, {line.variant.product.id for line in lines})
        return [
            Item(
                line.variant.product.name, _named(line.variant.name, line.variant.sku),
                line.quantity, _sum(line.variant.price.gross),
                pictures.get(line.variant.product.id), told.get("link"),
            )
            for line in lines if line.variant.price
        ]  # fmt: skip
    cart = carts.by_checkout(tx, str(told["checkout"])) if told.get("checkout") else None
    if cart is None:
        return ()
    pictures = _pictures(tx, {str(line["product"]) for line in cart.lines})
    return [
        Item(
            line["name"], "", line["quantity"],
            Sum(major(line["unit_minor"], cart.currency), cart.currency),
            pictures.get(str(line["product"])), told.get("link"),
        )
        for line in cart.lines
    ]  # fmt: skip


def _sum(money: Any) -> Sum:  # noqa: ANN401  # a shape's money
    return Sum(money.amount, money.currency)


def _named(variant: str, sku: str | None) -> str:
    return "" if variant == sku else variant


def _order(tx: Tx, told: Mapping[str, Any], own: Policy) -> tuple[Sequence[Item], str]:
    if not told.get("order"):
        return (), ""
    order = tx.exec(select(Order).where(Order.saleor_id == str(told["order"]))).first()
    if order is None:
        return (), ""
    rows = tx.exec(select(OrderLine).where(OrderLine.order == order.id)).all()
    known = {p.id: p for p in _rows(tx, [row.product for row in rows if row.product])}
    items = []
    for row in rows:
        product = known.get(row.product) if row.product else None
        price = Sum(major(row.unit_minor, order.currency), order.currency)
        picture, link = (product.picture, _link(product, own)) if product else (None, None)
        items.append(Item(row.name, row.variant_name, row.quantity, price, picture, link))
    return items, order.number


def _rows(tx: Tx, ids: Sequence[int]) -> Sequence[Product]:
    return tx.exec(select(Product).where(among(col(Product.id), sorted(set(ids))))).all()


def _pictures(tx: Tx, saleor_ids: set[str]) -> dict[str, str]:
    rows = select(Product.saleor_id, Product.picture)
    found = tx.exec(rows.where(among(col(Product.saleor_id), sorted(saleor_ids))))
    return {id_: picture for id_, picture in found if picture}


def _items(
    tx: Tx, saleor_ids: Sequence[str], told: Mapping[str, Any], own: Policy
) -> Sequence[Item]:
    """Products in the order they were named, those we know."""
    rows = tx.exec(select(Product).where(among(col(Product.saleor_id), sorted(saleor_ids)))).all()
    prices = _prices(tx, [row.id or 0 for row in rows], str(told.get("channel") or ""))
    known = {
        row.saleor_id: Item(
            row.name, price=prices.get(row.id or 0), picture=row.picture, link=_link(row, own)
        )
        for row in rows
    }
    return [known[id_] for id_ in saleor_ids if id_ in known]


def _prices(tx: Tx, products: Sequence[int], channel: str) -> dict[int, Sum]:
    """The lowest price of each in the channel; nothing where nobody said which channel."""
    if not channel:
        return {}
    rows: Any = tx.exec(
        select(Variant.product, Price.currency, func.min(Price.price_minor))
        .join(Price, col(Price.variant) == col(Variant.id))
        .where(among(col(Variant.product), products), Price.channel == channel)
        .group_by(col(Variant.product), col(Price.currency))
    )
    return {product: Sum(major(units, currency), currency) for product, currency, units in rows}


def _link(product: Product, own: Policy) -> str | None:
    if not own.storefront or not product.slug:
        return None
    return own.storefront.replace("{slug}", product.slug)


def _recommended(
    tx: Tx, person: Person | None, told: Mapping[str, Any], own: Policy
) -> Sequence[Item]:
    """Those that were chosen for her; else what many bought of late and she did not."""
    if chosen := told.get("recommended"):
        return _items(tx, list(chosen), told, own)
    had = select(OrderLine.product).join(Order, col(Order.id) == col(OrderLine.order))
    mine = set(tx.exec(had.where(Order.person == (person.id if person else 0))))
    best: Any = tx.exec(
        select(OrderLine.product, func.count())
        .join(Order, col(Order.id) == col(OrderLine.order))
        .where(col(Order.counts), col(Order.created_at) > tx.now - POPULAR)
        .group_by(col(OrderLine.product))
        .order_by(func.count().desc(), col(OrderLine.product))
        .limit(20 + len(mine))
    )
    ids = [product for product, _ in best if product and product not in mine][:10]
    known = {row.id: row.saleor_id for row in _rows(tx, ids)}
    return _items(tx, [known[id_] for id_ in ids if id_ in known], told, own)


def _tier(tx: Tx, person: Person | None) -> Tier | None:
    terms = loyalty.terms(tx)
    if terms is None or person is None or not terms.open:
        return None
    member = loyalty.member(tx, person.id or 0)
    tier = terms.tier_of(member, person.email, now=tx.now)
    return Tier(tier.name, kept_until=member.valid_till if member else None)

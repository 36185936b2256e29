"""What Saleor tells of products, where the shop lets the app write them: what may be shown now."""

from collections.abc import Sequence

from app.kit.tx import Tx
from app.recommend import flows as recommend
from app.saleor.shapes import ProductEvent


def product_changed(event: ProductEvent, tx: Tx) -> None:
    """Published, hidden, renamed, deleted: it is not said which, and asked about when shown."""
    products_changed([event], tx)


def products_changed(events: Sequence[ProductEvent], tx: Tx) -> None:
    recommend.products_changed(tx, {event.product.id for event in events if event.product})

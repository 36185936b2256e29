"""A file of orders, read as `perennial ltv` reads it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from app.ltv.reading import Book, Layout, read


def book_of(text: str, *, layout: Layout | None = None) -> Book:
    with TemporaryDirectory() as folder:
        orders = Path(folder) / "orders.csv"
        orders.write_text(text, encoding="utf-8")
        return read(str(orders), layout=layout or Layout())

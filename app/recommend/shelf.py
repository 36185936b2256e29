"""What one channel can sell at this moment, told by product: the only things a list may name.

`sells` is the rule for one listing; `Shelf` holds its answers as arrays. A product that the shelf
does not know is not sold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from app.recommend.arrays import Flags, Ints, Longs
from app.recommend.names import Names

NONE = -1  # no family, no category


class Listing(Protocol):
    """One product in one channel."""

    @property
    def published(self) -> bool: ...
    @property
    def available_for_purchase(self) -> bool: ...
    @property
    def in_stock(self) -> bool: ...
    @property
    def price_currency(self) -> str | None: ...
    @property
    def gift_card(self) -> bool: ...
    @property
    def bundle(self) -> bool: ...
    @property
    def hidden(self) -> bool: ...


def sells(listing: Listing, *, currency: str) -> bool:
    """Whether somebody can put it into a basket here and now, and it may be recommended."""
    return (
        listing.published
        and listing.available_for_purchase
        and listing.in_stock
        and listing.price_currency == currency
        and not (listing.gift_card or listing.bundle or listing.hidden)
    )


@dataclass(eq=False)
class Shelf:
    """By product number (see `Names`). Make one with `of`, change what is sold with `sell`."""

    names: Names
    sold: Flags  # can be bought here and now
    family: Ints  # at most two of a family stand in one list; NONE is no family
    category: Ints
    new: Flags  # listed not long ago: may be shown before anybody bought it
    version: int = 0

    @classmethod
    def of(
        cls,
        names: Names,
        products: Sequence[int] | Longs,
        *,
        sold: Sequence[bool] | Flags | None = None,
        family: Sequence[int] | Ints | None = None,
        category: Sequence[int] | Ints | None = None,
        new: Sequence[bool] | Flags | None = None,
    ) -> "Shelf":
        """Columns of equal length, a cell a product. Raises ValueError where they are not."""
        numbers = names.name_all(np.asarray(products, np.int64))
        length = names.count

        def column(cells: Sequence[int] | Flags | Ints | None, default: int) -> Ints:
            out = np.full(length, NONE if default == NONE else 0, np.int32)
            if cells is not None and len(cells) != len(numbers):
                raise ValueError(f"{len(cells)} cells for {len(numbers)} products")
            out[numbers] = default if cells is None else np.asarray(cells, np.int32)
            return out

        return cls(
            names,
            column(sold, 1).astype(np.uint8),
            column(family, NONE),
            column(category, NONE),
            column(new, 0).astype(np.uint8),
        )

    def sell(self, products: Sequence[int], *, sold: bool) -> None:
        """Put known products back on the shelf or take them off: stock, publication, blocks."""
        numbers = self.names.numbers(np.asarray(products, np.int64))
        self.sold[numbers[(numbers >= 0) & (numbers < len(self.sold))]] = sold
        self.version += 1

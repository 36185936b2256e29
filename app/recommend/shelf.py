"""What one channel can sell at this moment, told by product: the only things a list may name.

A product that the shelf does not know is not sold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.recommend.arrays import Flags, Ints, Longs
from app.recommend.names import Names

NONE = -1  # no family, no category


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

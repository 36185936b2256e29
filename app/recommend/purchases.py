"""What was bought, as a book takes it in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.recommend.arrays import Longs

NOBODY = np.iinfo(np.int64).min  # no key of anyone: a guest, or a number whose owner is forgotten


@dataclass(frozen=True)
class Purchase:
    order: int
    customer: int | None
    when: int  # seconds since 1970
    products: Sequence[int]


@dataclass(frozen=True)
class Purchases:
    """Many at once, in columns; the products of order i are `product[first[i] : first[i + 1]]`."""

    order: Longs
    customer: Longs  # NOBODY for none
    when: Longs
    first: Longs
    product: Longs

    @classmethod
    def of(cls, purchases: Sequence[Purchase]) -> "Purchases":
        sizes = [len(p.products) for p in purchases]
        return cls(
            np.array([p.order for p in purchases], np.int64),
            np.array([NOBODY if p.customer is None else p.customer for p in purchases], np.int64),
            np.array([p.when for p in purchases], np.int64),
            np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64),
            np.array([key for p in purchases for key in p.products], np.int64),
        )

    def each(self) -> Iterator[Purchase]:
        for n, (order, customer, when) in enumerate(
            zip(self.order.tolist(), self.customer.tolist(), self.when.tolist(), strict=True)
        ):
            products = self.product[self.first[n] : self.first[n + 1]].tolist()
            yield Purchase(order, None if customer == NOBODY else customer, when, products)

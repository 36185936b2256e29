"""What sells on a shelf: the order of popularity, and what may truly be called popular."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.recommend import chances
from app.recommend.arrays import Flags, Floats, Ints, Longs, N
from app.recommend.kernel import kernel
from app.recommend.ledger import RECENT, Ledger
from app.recommend.shelf import Shelf

TOP = 1_024  # of the order of popularity is kept sorted; the rest only when asked for
BEST = 10  # products of a category may be called popular in it
BEST_OF_SHOP = 50  # and popular in the shop
UNTRIED = 0.5  # of its category's mean sale: what a new product is taken for until it sells
UNTRIED_EACH, UNTRIED_ALL = 2, 256  # new products of a category, and in all, that lists look at


class Offer(NamedTuple):
    """A shelf and its fame, for the loops. By product number unless said otherwise."""

    sold: Flags
    family: Ints
    category: Ints
    new: Flags
    order: Ints  # products that can be bought, the most popular first
    fame: Floats  # of each in `order`, see `chances.fame`
    whole: bool  # whether `order` is all of them
    families: bool  # whether there are any
    untried: Ints  # new products to look at
    cut: Longs  # by category: recent sales from which on a product is popular in it
    shop_cut: int
    items: Ints  # by category: products on the shelf
    share: Floats  # by category: of recent sales


def offer(book: Ledger, products: int, shelf: Shelf, *, whole: bool = False) -> Offer:
    """As things stand now; `products` is how many the book knows."""
    sold, new = _fitted(shelf.sold, products, 0), _fitted(shelf.new, products, 0)
    family, category = _fitted(shelf.family, products, -1), _fitted(shelf.category, products, -1)
    categories = int(category.max(initial=-1)) + 1
    items, sums, cut, shop_cut = _by_category(book.recent, sold, category, categories)
    worth = _worth(book, sold, category, new, sums / np.maximum(items, 1))
    order, complete = _popular(worth, sold, book.product_key, len(worth) if whole else TOP)
    untried = _untried(book, sold, category, new, sums / np.maximum(items, 1))
    total = max(int(book.totals[RECENT]), 1)
    return Offer(
        sold,
        family,
        category,
        new,
        order,
        np.log(book.recent[order] / total + chances.LEAST_SHARE),
        complete,
        bool((family >= 0).any()),
        untried,
        cut,
        int(shop_cut),
        items,
        sums / total,
    )


def _fitted(column: NDArray[N], length: int, fill: int) -> NDArray[N]:
    if len(column) >= length:
        return column[:length]
    return np.concatenate((column, np.full(length - len(column), fill, column.dtype)))


@kernel
def _by_category(
    recent: Longs, sold: Flags, category: Ints, categories: int
) -> tuple[Ints, Floats, Longs, int]:
    items, sums = np.zeros(categories, np.int32), np.zeros(categories)
    best, best_of_shop = np.zeros((categories, BEST), np.int64), np.zeros(BEST_OF_SHOP, np.int64)
    for product in range(len(sold)):
        if sold[product]:
            _climb(best_of_shop, recent[product])
            if category[product] >= 0:
                items[category[product]] += 1
                sums[category[product]] += recent[product]
                _climb(best[category[product]], recent[product])
    return items, sums, best[:, BEST - 1].copy(), best_of_shop[BEST_OF_SHOP - 1]


@kernel
def _climb(best: Longs, value: int) -> None:
    """Keep the highest values, the highest first."""
    j = len(best) - 1
    if value <= best[j]:
        return
    while j > 0 and best[j - 1] < value:
        best[j] = best[j - 1]
        j -= 1
    best[j] = value


@kernel
def _worth(book: Ledger, sold: Flags, category: Ints, new: Flags, mean: Floats) -> Longs:
    """Recent sales; of a new product that nobody could buy yet, a part of its category's mean."""
    worth = book.recent[: len(sold)].copy()
    for product in range(len(sold)):
        if new[product] and category[product] >= 0 and book.sales.size[product] == 0:
            worth[product] = int(UNTRIED * mean[category[product]])
    return worth


@kernel
def _popular(worth: Longs, sold: Flags, key: Longs, most: int) -> tuple[Ints, bool]:
    """Products on the shelf by worth and then key, the leading ones, and whether those are all."""
    here = np.flatnonzero(sold)
    complete = len(here) <= most
    if not complete:
        least = np.partition(worth[here], len(here) - most)[len(here) - most]
        here = here[worth[here] > least]  # equals of the least are left out together
    here = here[np.argsort(key[here])]
    return here[np.argsort(-worth[here], kind="mergesort")].astype(np.int32), complete


@kernel
def _untried(book: Ledger, sold: Flags, category: Ints, new: Flags, mean: Floats) -> Ints:
    """New products without a sale, the newest keys of the best categories first."""
    found = np.empty(len(sold), np.int32)
    count = 0
    for product in range(len(sold)):
        untried = new[product] and sold[product] and book.sales.size[product] == 0
        if untried and category[product] >= 0:
            found[count] = product
            count += 1
    found = found[:count]
    found = found[np.argsort(-book.product_key[found])]
    found = found[np.argsort(-mean[category[found]], kind="mergesort")]
    taken, kept = np.zeros(len(mean), np.int32), np.empty(UNTRIED_ALL, np.int32)
    count = 0
    for i in range(len(found)):
        product = found[i]
        if taken[category[product]] < UNTRIED_EACH and count < UNTRIED_ALL:
            taken[category[product]] += 1
            kept[count] = product
            count += 1
    return kept[:count].copy()

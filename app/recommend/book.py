"""A shop's orders, kept so that lists can be made from them at any moment.

About 24 bytes an order and 8 a line, all in arrays. `put` and its opposites change every count at
once; `read` takes whole histories. Products, customers and orders are whole numbers of the
caller's (row ids); a basket without a customer has `None`.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from app.recommend import ledger as books
from app.recommend.arrays import Flags, Halves, Ints, Longs
from app.recommend.kernel import grown, kernel
from app.recommend.ledger import Ledger
from app.recommend.lists import cells_to_add, lengthened, nothing, sized, with_cells
from app.recommend.names import Names
from app.recommend.purchases import NOBODY, Purchase, Purchases

EPOCH = 946_684_800  # 2000-01-01: times are kept as seconds from there, 1932 to 2068


def kept_time(when: int | Longs) -> Ints:
    """Seconds since 1970 as they are kept in 4 bytes; what is beyond falls on the nearest end."""
    return np.clip(np.asarray(when, np.int64) - EPOCH, -(2**31), 2**31 - 1).astype(np.int32)


class Book:
    def __init__(self) -> None:
        self.products, self.customers, self.orders = Names(), Names(), Names()
        self.anchor, self.half_life = 0, 30.0  # as times are kept; days
        self.version = 0
        self._lines = 0
        self.ledger = _empty()

    # what is asked of it

    def history(self, customer: int) -> tuple[Ints, int]:
        """The customer's orders, the oldest first, and his number (-1: unknown)."""
        number = self.customers.number(customer)
        if number < 0:
            return np.empty(0, np.int32), -1
        bought = self.ledger.bought
        start = int(bought.start[number])
        return bought.data[start : start + int(bought.size[number])].copy(), number

    def time_of(self, order: int) -> int:
        """Seconds since 1970."""
        return int(self.ledger.when[order]) + EPOCH

    def products_of(self, order: int) -> Ints:
        first = int(self.ledger.first[order])
        return self.ledger.line[first : first + int(self.ledger.size[order])].copy()

    # what changes it

    def know(self, products: Sequence[int] | Longs) -> Ints:
        """The numbers of these products; those never sold get one, too."""
        numbers = self.products.name_all(np.asarray(products, np.int64))
        self._room()
        return numbers

    def put(self, purchase: Purchase) -> bool:
        """Write an order down, or what it has become; False if nothing is new."""
        wanted = np.unique(np.array(purchase.products, np.int64))
        if not len(wanted):
            return self.drop(purchase.order)
        order = self.orders.number(purchase.order)
        if order >= 0:
            if self._is(order, purchase, wanted):
                return False
            books.leave(self.ledger, order, self.anchor, self.half_life)
        else:
            order = self.orders.name(purchase.order)
        products = self.products.name_all(wanted)
        if purchase.customer is None:
            customer = int(self.customers.nameless(1)[0])
        else:
            customer = self.customers.name(purchase.customer)
        self._room(lines=len(products))
        book, end = self.ledger, self._lines + len(products)
        book.line[self._lines : end] = products
        book.first[order], book.size[order] = self._lines, len(products)
        book.who[order], book.when[order] = customer, kept_time(purchase.when)
        book.guest[customer] = purchase.customer is None
        self._lines = end
        self._enter(order)
        return True

    def drop(self, order: int) -> bool:
        """It was refunded, cancelled, a test: it never happened. False if it is not known."""
        number = self.orders.number(order)
        if number < 0:
            return False
        books.leave(self.ledger, number, self.anchor, self.half_life)
        self.orders.forget(order)
        self.version += 1
        return True

    def merge(self, source: int, target: int) -> bool:
        """Two customers turn out to be one; False if there was nothing to join."""
        orders, number = self.history(source)
        if number < 0 or source == target:
            return False
        customer = self.customers.name(target)
        self._room()
        for order in orders:
            books.leave(self.ledger, int(order), self.anchor, self.half_life)
            self.ledger.who[order] = customer
            self._enter(int(order))
        self.customers.forget(source)
        self.version += 1
        return True

    def forget(self, customer: int) -> bool:
        """Erase a customer and all his orders; False if he is not known."""
        orders, number = self.history(customer)
        if number < 0:
            return False
        for order in orders:
            books.leave(self.ledger, int(order), self.anchor, self.half_life)
            first, size = int(self.ledger.first[order]), int(self.ledger.size[order])
            self.ledger.line[first : first + size] = 0
            self.ledger.when[order] = 0
            self.orders.forget(int(self.orders.keys[order]))
        self.customers.forget(customer)
        self.version += 1
        return True

    def weigh(self, anchor: int, half_life: float) -> None:
        """Let sales fade from that instant on (seconds since 1970), to half in so many days."""
        self.anchor, self.half_life = int(kept_time(anchor)), half_life
        books.weigh_all(self.ledger, self.orders.count, self.anchor, half_life)
        self.version += 1

    def read(self, batches: Iterable[Purchases]) -> None:
        """Take in whole histories, in any sequence. An order that is known already stays as is."""
        for batch in batches:
            self._write_down(batch)
        self.settle()

    def settle(self) -> None:
        """Set all in order anew: no gaps, exact room, every count from scratch."""
        customers, products = len(self.ledger.guest), len(self.ledger.holders)
        self.ledger = self.ledger._replace(bought=nothing(), sales=nothing())
        live = self._in_time()
        # One column after the other, so that never two of all are in memory.
        first, size = np.zeros(len(live), np.int32), self.ledger.size[live]
        np.cumsum(size[:-1], out=first[1:])
        line = np.empty(int(size.sum(dtype=np.int64)), np.int32)
        packed(live, self.ledger.first, self.ledger.size, self.ledger.line, line)
        self.ledger = self.ledger._replace(first=first, line=line, size=size)
        for column in ("who", "when", "order_key"):
            kept = getattr(self.ledger, column)[live]
            self.ledger = self.ledger._replace(**{column: kept})
        self.orders.again(self.ledger.order_key)
        self._lines, orders = len(self.ledger.line), len(live)
        del live
        self.ledger = _counted_anew(self.ledger, customers, products)
        books.count_all(self.ledger, orders, customers, self.anchor, self.half_life)
        self.version += 1

    # inside

    def _in_time(self) -> Ints:
        """The numbers of all orders that count, by time and then key."""
        book = self.ledger
        live: Ints = np.flatnonzero(book.who[: self.orders.count] >= 0).astype(np.int32)
        when, key = book.when[live], book.order_key[live]
        if not _sorted(when, key):
            live = live[np.lexsort((key, when))]
        return live

    def _is(self, order: int, purchase: Purchase, wanted: Longs) -> bool:
        book = self.ledger
        owner = int(book.who[order])
        same_owner = (
            bool(book.guest[owner])
            if purchase.customer is None
            else self.customers.keys[owner] == purchase.customer
        )
        return (
            same_owner
            and book.when[order] == kept_time(purchase.when)
            and np.array_equal(self.products.keys[self.products_of(order)], wanted)
        )

    def _enter(self, order: int) -> None:
        book = self.ledger
        products = self.products_of(order)
        sales = with_cells(book.sales, cells_to_add(book.sales, products))
        customer = book.who[order : order + 1]
        bought = with_cells(book.bought, cells_to_add(book.bought, customer))
        self.ledger = book._replace(sales=sales, bought=bought)
        books.enter(self.ledger, order, self.anchor, self.half_life)
        self.version += 1

    def _write_down(self, batch: Purchases) -> None:
        new = np.flatnonzero(self.orders.numbers(batch.order) < 0)
        new = new[np.sort(np.unique(batch.order[new], return_index=True)[1])]
        first, keys = _distinct(new, batch.first, batch.product)
        new, first = new[np.diff(first) > 0], first[np.append(True, np.diff(first) > 0)]
        orders = self.orders.name_all(batch.order[new])
        products = self.products.name_all(keys)
        known = batch.customer[new] != NOBODY
        customers = np.empty(len(new), np.int32)
        customers[known] = self.customers.name_all(batch.customer[new][known])
        customers[~known] = self.customers.nameless(int((~known).sum()))
        self._room(lines=len(products))
        book = self.ledger
        book.line[self._lines : self._lines + len(products)] = products
        book.first[orders], book.size[orders] = self._lines + first[:-1], np.diff(first)
        book.who[orders], book.when[orders] = customers, kept_time(batch.when[new])
        book.guest[customers] = ~known
        self._lines += len(products)

    def _room(self, *, lines: int = 0) -> None:
        """Let every array be as long as the names are many, and `lines` more lines fit."""
        book = self.ledger
        orders, customers, products = (
            names.count for names in (self.orders, self.customers, self.products)
        )
        self.ledger = book._replace(
            order_key=self.orders.keys,
            product_key=self.products.keys,
            when=grown(book.when, orders),
            who=grown(book.who, orders, -1),
            first=grown(book.first, orders),
            size=grown(book.size, orders),
            line=grown(book.line, self._lines + lines, None),
            bought=lengthened(book.bought, customers),
            guest=grown(book.guest, customers),
            sales=lengthened(book.sales, products),
            **{name: grown(getattr(book, name), products) for name in _BY_PRODUCT},
            reach=grown(book.reach, products, 1),
            lift=grown(book.lift, products, 1),
        )


_BY_PRODUCT = (
    "holders", "recent", "rebought", "chances", "moved", "mark", "since", "times",
)  # fmt: skip


def _empty() -> Ledger:
    def longs(count: int = 0) -> Longs:
        return np.zeros(count, np.int64)

    def ints() -> Ints:
        return np.zeros(0, np.int32)

    def flags() -> Flags:
        return np.zeros(0, np.uint8)

    def halves() -> Halves:
        return np.zeros(0, np.float32)

    return Ledger(
        order_key=longs(), when=ints(), who=ints(), first=ints(), size=ints(), line=ints(),
        bought=nothing(), guest=flags(), product_key=longs(), sales=nothing(), holders=ints(),
        recent=longs(), rebought=longs(), chances=longs(), reach=halves(), lift=halves(),
        moved=flags(), totals=longs(4), mark=longs(), since=ints(), times=ints(),
        token=longs(1),
    )  # fmt: skip


def _counted_anew(book: Ledger, customers: int, products: int) -> Ledger:
    """Empty lists of the right sizes, and zeros where counts go."""
    orders_of = counted(book.who, customers)
    sales_of = counted(book.line, products)
    for column in (book.holders, book.recent, book.rebought, book.chances):
        column[:] = 0
    book.totals[:] = 0
    book.reach[:] = book.lift[:] = 1
    return book._replace(bought=sized(orders_of), sales=sized(sales_of))


@kernel
def counted(values: Ints, count: int) -> Ints:
    """How often each of 0 … count-1 appears."""
    times = np.zeros(count, np.int32)
    for value in values:
        times[value] += 1
    return times


@kernel
def _sorted(when: Ints, key: Longs) -> bool:
    for i in range(1, len(when)):
        if when[i] < when[i - 1] or (when[i] == when[i - 1] and key[i] < key[i - 1]):
            return False
    return True


@kernel
def packed(live: Ints, first: Ints, size: Ints, line: Ints, out: Ints) -> None:
    """Write the lines of some orders into `out`, one order after the other."""
    end = 0
    for order in live:
        for j in range(first[order], first[order] + size[order]):
            out[end] = line[j]
            end += 1


@kernel
def _distinct(rows: Longs, first: Longs, product: Longs) -> tuple[Longs, Longs]:
    """Each row's different products, sorted, one row after the other, and where each begins."""
    total = 0
    for row in rows:
        total += first[row + 1] - first[row]
    starts, keys = np.zeros(len(rows) + 1, np.int64), np.empty(total, np.int64)
    end = 0
    for i in range(len(rows)):
        mine = np.sort(product[first[rows[i]] : first[rows[i] + 1]])
        for j in range(len(mine)):
            if j == 0 or mine[j] != mine[j - 1]:
                keys[end] = mine[j]
                end += 1
        starts[i + 1] = end
    return starts, keys[:end].copy()

"""What is known of a shop's orders, in arrays, and the loops that keep its counts exact.

Every count is a whole number, so taking an order out again leaves no trace, and orders that come
twice, late or in another sequence end in the same book.
"""

from typing import NamedTuple

from app.recommend.arrays import Flags, Halves, Ints, Longs
from app.recommend.kernel import kernel
from app.recommend.lists import Lists, append, insert, remove

WIDE = 100  # an order of more different products is a wholesaler's: it pairs nothing with nothing
GUEST_WIDE = 30  # the same for a basket without a customer
WEEK = 7 * 86_400
UNIT = 1 << 24  # of a sale's weight: one whole sale at the anchor

SOLD, RECENT, REBOUGHT, CHANCES = range(4)  # places in `totals`


class Ledger(NamedTuple):
    # by order
    order_key: Longs
    when: Ints  # seconds since 2000
    who: Ints  # customer, -1 for an order taken out
    first: Ints  # its lines are line[first : first + size], distinct products by key
    size: Ints
    line: Ints
    # by customer
    bought: Lists  # orders, the oldest first
    guest: Flags
    # by product
    product_key: Longs
    sales: Lists  # orders, the oldest first
    holders: Ints  # customers who have it
    recent: Longs  # sales, weighed down with age, in UNITs
    rebought: Longs  # orders of a customer with the product after his first one with it
    chances: Longs  # orders of a customer after his first one with it
    reach: Halves  # holders ** -0.5: how far a product speaks for its neighbours
    lift: Halves  # holders ** -0.4: how much a neighbour's own fame is discounted
    moved: Flags  # its neighbours must be looked up again
    # of the shop
    totals: Longs  # sums of four of the above
    # notes for the loops
    mark: Longs  # by product: last token
    since: Ints  # by product
    times: Ints  # by product
    token: Longs


@kernel
def weight(when: int, anchor: int, half_life: float) -> int:
    """Of a sale, in UNITs. A date ahead of the anchor's week counts as that week's end."""
    ahead = (min(when, anchor + WEEK) - anchor) / 86_400.0
    return int(UNIT * 2.0 ** (ahead / half_life))


@kernel
def teaches(book: Ledger, order: int) -> bool:
    """Whether the order says anything about which products go together."""
    widest = GUEST_WIDE if book.guest[book.who[order]] else WIDE
    return bool(book.size[order] <= widest)


@kernel
def _place(book: Ledger, lists: Lists, r: int, order: int) -> int:
    """Where the order stands, or would stand, in a list by time and then key."""
    when, key = book.when[order], book.order_key[order]
    low, high = 0, lists.size[r]
    while low < high:
        middle = (low + high) // 2
        other = lists.data[lists.start[r] + middle]
        if book.when[other] < when or (book.when[other] == when and book.order_key[other] < key):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _note(book: Ledger, customer: int, sign: int) -> None:
    """Add (1) or take away (-1) what a customer's history says about repurchase."""
    book.token[0] += 1
    token = book.token[0]
    start, size = book.bought.start[customer], book.bought.size[customer]
    for k in range(size):
        order = book.bought.data[start + k]
        for j in range(book.first[order], book.first[order] + book.size[order]):
            product = book.line[j]
            if book.mark[product] == token:
                book.rebought[product] += sign
                book.totals[REBOUGHT] += sign
                continue
            book.mark[product] = token
            book.chances[product] += sign * (size - 1 - k)
            book.totals[CHANCES] += sign * (size - 1 - k)
            book.holders[product] += sign
            book.reach[product] = max(book.holders[product], 1) ** -0.5
            book.lift[product] = max(book.holders[product], 1) ** -0.4
            book.moved[product] = 1


@kernel
def _sell(book: Ledger, order: int, sign: int, anchor: int, half_life: float) -> None:
    worth = sign * weight(book.when[order], anchor, half_life)
    for j in range(book.first[order], book.first[order] + book.size[order]):
        book.recent[book.line[j]] += worth
    book.totals[SOLD] += sign * book.size[order]
    book.totals[RECENT] += worth * book.size[order]


@kernel
def enter(book: Ledger, order: int, anchor: int, half_life: float) -> None:
    """Let an order that is written down count. There must be room in both lists."""
    customer = book.who[order]
    _note(book, customer, -1)
    insert(book.bought, customer, _place(book, book.bought, customer, order), order)
    for j in range(book.first[order], book.first[order] + book.size[order]):
        product = book.line[j]
        insert(book.sales, product, _place(book, book.sales, product, order), order)
    _sell(book, order, 1, anchor, half_life)
    _note(book, customer, 1)


@kernel
def leave(book: Ledger, order: int, anchor: int, half_life: float) -> None:
    """Let an order count no more."""
    customer = book.who[order]
    _note(book, customer, -1)
    remove(book.bought, customer, _place(book, book.bought, customer, order))
    for j in range(book.first[order], book.first[order] + book.size[order]):
        product = book.line[j]
        remove(book.sales, product, _place(book, book.sales, product, order))
    _sell(book, order, -1, anchor, half_life)
    _note(book, customer, 1)
    book.who[order] = -1


@kernel
def count_all(book: Ledger, orders: int, customers: int, anchor: int, half_life: float) -> None:
    """Fill empty lists and counts from orders that stand in the sequence of time and key."""
    for order in range(orders):
        append(book.bought, book.who[order], order)
        for j in range(book.first[order], book.first[order] + book.size[order]):
            append(book.sales, book.line[j], order)
        _sell(book, order, 1, anchor, half_life)
    for customer in range(customers):
        _note(book, customer, 1)


@kernel
def weigh_all(book: Ledger, orders: int, anchor: int, half_life: float) -> None:
    """Weigh every sale anew."""
    book.recent[:] = 0
    book.totals[RECENT] = 0
    for order in range(orders):
        if book.who[order] >= 0:
            worth = weight(book.when[order], anchor, half_life)
            for j in range(book.first[order], book.first[order] + book.size[order]):
                book.recent[book.line[j]] += worth
            book.totals[RECENT] += worth * book.size[order]

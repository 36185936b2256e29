"""One customer's list, best first: gather what may stand in it, score it, choose.

All valid products have one sequence, by log odds and then key; a list takes the first that their
families admit (two of each), and only then those left out. So a list of 5 begins a list of 10, and
is never short while the shelf has products.
"""

import numpy as np

from app.recommend import chances
from app.recommend.arrays import Floats, Ints
from app.recommend.chances import Habits, Weights
from app.recommend.choose import choose, pin
from app.recommend.fame import Offer
from app.recommend.kernel import kernel, part
from app.recommend.ledger import CHANCES, REBOUGHT, RECENT, SOLD, Ledger
from app.recommend.near import PRODUCTS, Near
from app.recommend.notes import (
    AGAIN,
    CHARM,
    DEEP,
    FREQUENT,
    LEARNT,
    LIFT,
    MIXED,
    NEW,
    POPULAR,
    Asking,
    Notes,
    within,
)
from app.recommend.sequence import sequence

BARELY = 1.0 - 1e-12  # so that rounding leaves no equal out


@part
def remember(book: Ledger, notes: Notes, customer: int) -> tuple[int, Habits]:
    """Begin a list: what the customer has, the latest first, and how he buys."""
    notes.token[0] += 1
    token, count, lines = notes.token[0], 0, 0
    notes.had[0] = 0
    if customer < 0:
        return 0, chances.habits(0, 0, 0)
    start, orders = book.bought.start[customer], book.bought.size[customer]
    long = short = 1.0
    for k in range(orders):
        order = book.bought.data[start + orders - 1 - k]
        for j in range(book.first[order], book.first[order] + book.size[order]):
            product = book.line[j]
            if notes.held[product] != token:
                notes.held[product] = token
                notes.times[product] = 0
                notes.since[product] = k
                notes.long[product] = notes.short[product] = 0.0
                notes.have[count] = product
                count += 1
            notes.times[product] += 1
            notes.long[product] += long
            notes.short[product] += short
        lines += book.size[order]
        long *= chances.LONG
        short *= chances.SHORT
    notes.had[0] = count
    return count, chances.habits(orders, lines, count)


@kernel
def rising(book: Ledger, product: int) -> float:
    """Log of its share of recent sales by its share of all; 0 where nothing is known."""
    all_sales, all_recent, sales = book.totals[SOLD], book.totals[RECENT], book.sales.size[product]
    if all_recent <= 0 or sales == 0:
        return 0.0
    ratio = book.recent[product] / all_recent * all_sales / sales
    return float(np.log(min(max(ratio, 1.0 / chances.STEADY), chances.STEADY)))


@kernel
def rebuys(book: Ledger, product: int) -> float:
    """Log of how often a chance to buy it again was taken."""
    prior = chances.REBUYS_PRIOR * book.totals[REBOUGHT] / max(book.totals[CHANCES], 1)
    rate = (book.rebought[product] + prior) / (book.chances[product] + chances.REBUYS_PRIOR)
    return float(np.log(rate + 1e-6))


@part
def pulls(book: Ledger, near: Near, notes: Notes, have: int) -> tuple[int, float]:
    """What he has pulls its neighbours: how many are `touched`, and the sum of how `strong`."""
    pulled, touched, strong, lift = notes.pulled, notes.touched, notes.strong, notes.of
    others, strength, width = near.product, near.strength, near.product.shape[1]
    count, total = 0, 0.0
    for i in range(min(have, PRODUCTS)):
        product = notes.have[i]
        say = chances.say(notes.since[product]) * book.reach[product]
        if say < 1e-9:
            break  # and nothing older says more
        for j in range(width):
            other = others[product, j]
            if other < 0:
                break
            touched[count] = other  # stays there if it is a new one: no branch to foretell
            before = pulled[other]
            count += before == 0.0
            pulled[other] = before + say * abs(strength[product, j])
    for i in range(count):
        strong[i] = pulled[touched[i]] * lift[touched[i], LIFT]
        total += strong[i]
    return count, total


@part
def gather(
    book: Ledger, near: Near, offer: Offer, w: Weights, notes: Notes, asking: Asking,
    have: int, who: Habits, deep: int,
) -> tuple[int, bool]:  # fmt: skip
    """All that may stand in the list, with its log odds; not all of what nothing pulls, but so
    much that the best `deep` are among it. Says how many, and whether that is everything."""
    count = 0
    if asking.slot != NEW:
        count = _gather_again(book, offer, w, notes, asking, have, who)
    if asking.slot == AGAIN:
        return count, True
    if asking.method != LEARNT:
        return _gather_rest(book, offer, w, notes, asking, who, count, deep, -np.inf)
    for i in range(have):
        notes.out[notes.have[i]] = notes.token[0]  # from here on only what is new
    touched, total = pulls(book, near, notes, have)
    count, least = _gather_pulled(book, offer, w, notes, asking, touched, total, who, count, deep)
    if len(offer.untried):
        count = _gather_untried(offer, w, notes, asking, have, who, count)
    count, all_here = _gather_rest(book, offer, w, notes, asking, who, count, deep, least)
    for i in range(touched):
        notes.pulled[notes.touched[i]] = 0.0
    return count, all_here and least == -np.inf


# The loops below bind arrays to names first: handing whole ledgers on for each product is slow.


@part
def _gather_again(
    book: Ledger, offer: Offer, w: Weights, notes: Notes, asking: Asking, have: int, who: Habits
) -> int:
    token, stay, count = notes.token[0], notes.stay, 0
    for i in range(have):
        p = notes.have[i]
        if offer.sold[p] and notes.out[p] != token and within(asking.within, offer.category[p]):
            notes.product[count] = p
            if asking.method == FREQUENT:
                notes.score[count] = notes.times[p] + 1.0 / (2.0 + notes.since[p])
            else:
                if np.isnan(stay[p]):
                    stay[p] = chances.stay(w.again, rebuys(book, p), rising(book, p))
                notes.score[count] = chances.again(
                    w.again, notes.long[p], notes.short[p], stay[p], who
                )
            count += 1
    return count


@part
def _gather_pulled(
    book: Ledger, offer: Offer, w: Weights, notes: Notes, asking: Asking,
    touched: int, total: float, who: Habits, count: int, deep: int,
) -> tuple[int, float]:  # fmt: skip
    """Also says the log odds below which nothing was gathered, because `deep` others are better."""
    token, only, category = notes.token[0], asking.within, offer.category
    of, out, top, strong = notes.of, notes.out, notes.top, notes.strong
    products, scores, weights = notes.product, notes.score, w.new
    first, tall, least, share = count, 0, 0.0, 1.0 / max(total, 1e-300)
    for i in range(touched):
        p = notes.touched[i]
        if np.isnan(of[p, CHARM]):
            of[p, CHARM] = _charm(book, weights, p) if offer.sold[p] else 0.0
        drawn = chances.drawn(strong[i] * share, of[p, CHARM])
        if drawn <= least or out[p] == token:
            continue
        if len(only) == 0 or within(only, category[p]):
            products[count], scores[count] = p, drawn
            count += 1
            if deep <= DEEP:
                tall = _climb(top, tall, deep, drawn)
                least = top[deep - 1] * BARELY if tall == deep else 0.0
    count = _odds_of(products, scores, first, count, least, weights, who)
    return count, chances.new(weights, least, who) if least > 0.0 else -np.inf


@part
def _odds_of(
    products: Ints, scores: Floats, first: int, last: int, least: float, w: Floats, who: Habits
) -> int:
    """Turn how much products are drawn into log odds, from `first` to `last`; those that turned
    out to be below `least` go. Says where the rest end."""
    end = first
    for i in range(first, last):
        if scores[i] > least:
            products[end], scores[end] = products[i], chances.new(w, scores[i], who)
            end += 1
    return end


@part
def _climb(top: Floats, tall: int, deep: int, value: float) -> int:
    """Keep the best `deep` values, the best first; how many there are."""
    j = tall if tall < deep else deep - 1
    if tall == deep and value <= top[j]:
        return tall
    while j > 0 and top[j - 1] < value:
        top[j] = top[j - 1]
        j -= 1
    top[j] = value
    return min(tall + 1, deep)


@kernel
def _charm(book: Ledger, weights: Floats, p: int) -> float:
    share = book.recent[p] / max(book.totals[RECENT], 1)
    return chances.charm(weights, share, rising(book, p))


@kernel
def _gather_untried(
    offer: Offer, w: Weights, notes: Notes, asking: Asking, have: int, who: Habits, count: int
) -> int:
    """New products, by the customer's liking of their category."""
    token, category, liked = notes.token[0], offer.category, notes.liked
    likes = 1e-9
    for i in range(have):
        if category[notes.have[i]] >= 0:
            liked[category[notes.have[i]]] += notes.long[notes.have[i]]
            likes += notes.long[notes.have[i]]
    for p in offer.untried:
        k = category[p]
        if notes.out[p] != token and within(asking.within, k):
            part = 1.0 / offer.items[k]
            taste = (liked[k] / likes + 0.3 * offer.share[k]) / 1.3
            charm = chances.charm(w.new, offer.share[k] * part / 2.0, 0.0)
            notes.product[count] = p
            notes.score[count] = chances.new(w.new, chances.drawn(taste * part, charm), who)
            notes.out[p] = token
            count += 1
    for i in range(have):
        if category[notes.have[i]] >= 0:
            liked[category[notes.have[i]]] = 0.0
    return count


@part
def _gather_rest(
    book: Ledger, offer: Offer, w: Weights, notes: Notes, asking: Asking,
    who: Habits, count: int, deep: int, least: float,
) -> tuple[int, bool]:  # fmt: skip
    """What nothing pulls, the most popular first: `deep` of it, and none below `least`."""
    token, held, out, pulled = notes.token[0], notes.held, notes.out, notes.pulled
    order, fame, recent = offer.order, offer.fame, book.recent
    taken, all_here = 0, offer.whole
    for i in range(len(order)):
        p = order[i]
        score = chances.unrelated(w.new, fame[i], who)
        if score < least:
            all_here = False
            if recent[p] == 0 and offer.new[p]:
                continue  # it stands higher in the order than its sales would have it
            break
        if held[p] == token or out[p] == token or pulled[p] > 0.0:
            continue
        if not within(asking.within, offer.category[p]):
            continue
        if taken == deep:
            return count, False
        notes.product[count] = p
        notes.score[count] = score
        count += 1
        taken += 1
    return count, all_here


@part
def rank(
    book: Ledger, near: Near, offer: Offer, w: Weights, notes: Notes, asking: Asking,
    customer: int, deep: int, products: Ints, scores: Floats,
) -> int:  # fmt: skip
    """Fill `products` and `scores`; how many, or -1 if it takes a deeper look to tell."""
    alike = asking.method == POPULAR and asking.slot == MIXED  # one list for all
    have, who = remember(book, notes, -1 if alike else customer)
    picked = pin(offer, notes, asking, products, scores)
    count, all_here = gather(book, near, offer, w, notes, asking, have, who, deep)
    ranked = sequence(notes.product, notes.score, count, book.product_key, deep, notes.places)
    return choose(
        offer, notes, asking, ranked, picked, all_here and count <= deep, products, scores
    )

"""Who comes into a list, of all that may: what is pinned, what families admit, then the rest."""

import numpy as np

from app.recommend.arrays import Floats, Ints
from app.recommend.fame import Offer
from app.recommend.kernel import part
from app.recommend.notes import Asking, Notes, within

OF_A_FAMILY = 2


@part
def choose(
    offer: Offer, notes: Notes, asking: Asking, ranked: int,
    picked: int, all_here: bool, products: Ints, scores: Floats,
) -> int:  # fmt: skip
    """Fill up after the `picked` pins: first what families admit, then the rest; how many in all,
    or -1 if more must be gathered to tell."""
    places, chosen, score = notes.places, notes.product, notes.score
    for i in range(ranked):
        if picked == asking.want:
            return picked
        place = places[i]
        if not offer.families or _room_in_family(offer, notes, chosen[place]):
            products[picked], scores[picked] = chosen[place], score[place]
            picked += 1
            places[i] = -1
    if picked < asking.want and not all_here:
        return -1
    for i in range(ranked):
        place = places[i]
        if picked < asking.want and place >= 0:
            products[picked], scores[picked] = chosen[place], score[place]
            picked += 1
    return picked


@part
def _room_in_family(offer: Offer, notes: Notes, product: int) -> bool:
    family = offer.family[product]
    if family < 0:
        return True
    if notes.family[family] // 4 != notes.token[0]:
        notes.family[family] = notes.token[0] * 4
    if notes.family[family] % 4 == OF_A_FAMILY:
        return False
    notes.family[family] += 1
    return True


@part
def pin(offer: Offer, notes: Notes, asking: Asking, products: Ints, scores: Floats) -> int:
    """The merchant's own choice comes first, where it can be bought."""
    picked = 0
    for i in range(len(asking.without)):
        notes.out[asking.without[i]] = notes.token[0]
    for i in range(len(asking.pins)):
        product = asking.pins[i]
        here = offer.sold[product] and within(asking.within, offer.category[product])
        if picked < asking.want and here and notes.out[product] != notes.token[0]:
            _room_in_family(offer, notes, product)
            products[picked], scores[picked] = product, np.inf
            notes.out[product] = notes.token[0]
            picked += 1
    return picked

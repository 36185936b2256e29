"""The one sequence in which products stand: by log odds, equals by key."""

import numpy as np

from app.recommend.arrays import Floats, Ints, Longs
from app.recommend.kernel import kernel, part


@part
def sequence(  # a compiled loop takes arrays
    products: Ints, scores: Floats, count: int, key: Longs, deep: int, places: Ints
) -> int:
    """Put the places of the best `deep` of the first `count` gathered into `places`, by log odds
    and then key; says how many those are."""
    if count <= deep:
        _all(products[:count], scores[:count], key, places)
        return count
    found = 0
    for i in range(count):
        score = scores[i]
        j = found if found < deep else deep - 1
        if found == deep and score < scores[places[j]]:
            continue
        name = key[products[i]]
        if found == deep and score == scores[places[j]] and name > key[products[places[j]]]:
            continue
        while j > 0 and (
            score > scores[places[j - 1]]
            or (score == scores[places[j - 1]] and name < key[products[places[j - 1]]])
        ):
            places[j] = places[j - 1]
            j -= 1
        places[j] = i
        found = min(found + 1, deep)
    return found


@kernel
def _all(products: Ints, scores: Floats, key: Longs, places: Ints) -> None:
    by_key = np.argsort(key[products])
    places[: len(products)] = by_key[np.argsort(-scores[by_key], kind="mergesort")]

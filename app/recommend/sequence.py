"""The one sequence in which products stand: by log odds, equals by key."""

import numpy as np

from app.recommend.kernel import Floats, Ints, Longs, part


@part
def sequence(products: Ints, scores: Floats, key: Longs, deep: int) -> Ints:
    """Places of the best `deep` of what was gathered, by log odds and then key."""
    if len(products) <= deep:
        by_key = np.argsort(key[products])
        return by_key[np.argsort(-scores[by_key], kind="mergesort")].astype(np.int32)
    best, found = np.empty(deep, np.int32), 0
    for i in range(len(products)):
        score = scores[i]
        j = found if found < deep else deep - 1
        if found == deep and score < scores[best[j]]:
            continue
        name = key[products[i]]
        if found == deep and score == scores[best[j]] and name > key[products[best[j]]]:
            continue
        while j > 0 and (
            score > scores[best[j - 1]]
            or (score == scores[best[j - 1]] and name < key[products[best[j - 1]]])
        ):
            best[j] = best[j - 1]
            j -= 1
        best[j] = i
        found = min(found + 1, deep)
    return best

"""What is said of a kind of customers, and of one of them, as facts that a page has words for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from app.segments.crowd import Crowd, Floats, Mask

Told = dict[str, Any]

MOSTLY = 0.6
"""A share from which on a kind is said to be of one place, channel or goods."""
LIFT = 1.25
"""How much more than everybody, before it is worth a word."""
SOME = 0.25
ONCE = 0.7
SMALL, LARGE = 2 / 3, 1.5
DEEP = 0.1
"""More of the price taken off than everybody gets."""


def of_kind(crowd: Crowd, inside: Mask) -> list[Told]:
    """What sets these customers apart, the plainest first. Money is in minor units."""
    return [
        *_goods(crowd, inside), *_rhythm(crowd, inside), *_basket(crowd, inside),
        *_mostly("place", crowd.place, crowd.places, inside),
        *_mostly("channel", crowd.channel, crowd.channels, inside),
    ]  # fmt: skip


def _goods(crowd: Crowd, inside: Mask) -> Iterator[Told]:
    here, all_ = crowd.shares[inside].mean(axis=0), crowd.shares.mean(axis=0)
    found = [at for at in np.argsort(-here) if here[at] >= SOME and here[at] >= LIFT * all_[at]]
    for at in found[:2]:
        yield {"what": "goods", "name": crowd.goods[at], "share": _share(here[at])}


def _rhythm(crowd: Crowd, inside: Mask) -> Iterator[Told]:
    days, gap = crowd.days[inside], crowd.gap[inside]
    once = float((days == 1).mean())
    if once >= ONCE:
        yield {"what": "once", "share": _share(once)}
    else:
        yield {"what": "every", "days": max(round(float(np.nanmedian(gap))), 1)}
    here, others = _middles((crowd.today - crowd.last).astype(np.float64), inside)
    if here < SMALL * others or here > LARGE * others:
        yield {"what": "last", "days": round(here)}


def _basket(crowd: Crowd, inside: Mask) -> Iterator[Told]:
    here, others = _middles(crowd.value, inside)
    size = "small" if here < SMALL * others else "large" if here > LARGE * others else "usual"
    yield {"what": "basket", "size": size, "amount": round(here)}
    off = float(crowd.discount[inside].mean())
    if off >= float(crowd.discount.mean()) + DEEP:
        yield {"what": "discount", "share": _share(off)}


def _middles(column: Floats, inside: Mask) -> tuple[float, float]:
    """Of these, and of the others: of everybody where there are no others."""
    outside = column[~inside] if not inside.all() else column
    return float(np.median(column[inside])), float(np.median(outside))


def _mostly(what: str, codes: Any, names: Sequence[str], inside: Mask) -> Iterator[Told]:  # noqa: ANN401
    for at, name in enumerate(names):
        here, all_ = float((codes[inside] == at).mean()), float((codes == at).mean())
        if here >= MOSTLY and here >= LIFT * all_:
            yield {"what": what, "name": name, "share": _share(here)}


def of_person(crowd: Crowd, row: int, column: str) -> Told | None:
    """The fact behind one column of one customer; None where she has none."""
    side, _, name = column.partition(":")
    told: Mapping[str, Told | None] = {
        "recency": {"what": "last", "days": int(crowd.today - crowd.last[row])},
        "times": {"what": "times", "days": int(crowd.days[row])},
        "gap": _gap(crowd, row),
        "value": {"what": "basket", "size": "usual", "amount": round(float(crowd.value[row]))},
        "pieces": {"what": "pieces", "pieces": round(float(crowd.pieces[row]), 1)},
        "discount": {"what": "discount", "share": _share(crowd.discount[row])},
    }
    if side in told:
        return told[side]
    if side == "goods":
        share = _share(crowd.shares[row, list(crowd.goods).index(name)])
        return {"what": "goods", "name": name, "share": share} if share else None
    names, codes = (
        (crowd.places, crowd.place) if side == "place" else (crowd.channels, crowd.channel)
    )
    theirs = codes[row] == list(names).index(name)
    return {"what": side, "name": name, "share": 1.0} if theirs else None


def _gap(crowd: Crowd, row: int) -> Told | None:
    if crowd.days[row] < 2:  # noqa: PLR2004  # a first and a second time
        return {"what": "once", "share": 1.0}
    return {"what": "every", "days": max(round(float(crowd.gap[row])), 1)}


def _share(value: float) -> float:
    return round(float(value), 3)

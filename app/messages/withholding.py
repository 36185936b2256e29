"""HO-8: what a message holds, so that who is kept from it by one automation gets it from no other.

A message as a whole is kept from her for as long as she is held back; what it holds, for a month,
so that the windows in which it is measured stay clean and nobody goes for ever without.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from app.messages.blocks import Block, Draft, Kind, Letter, Note
from app.messages.rendering import EMPTY

SPAN = timedelta(days=30)
"""HO-4: the first two windows."""
BLOCK = "block:"
OF_HER = frozenset({Kind.CART, Kind.RECOMMENDATIONS, Kind.TIER})
"""Made for each person anew: alike by what they are. A code is its automation's own, and an order
or a product says what a message is about; these cross over in no other.
"""
FRAME = frozenset({Kind.HEADING, Kind.BUTTON, Kind.DIVIDER})
"""Of these alone a message would say nothing."""
TELLING = 40
"""Letters: what is shorter ("Hello Ana", "See you soon") is not what anybody is kept from."""


@dataclass(frozen=True)
class Kept:
    """What is left of a message for somebody, and what she is kept from."""

    variant: Letter | Note | None
    """None: nothing that says anything."""
    left_out: frozenset[str] = frozenset()


def blocks(draft: Draft) -> frozenset[str]:
    """What is in it, of all its channels and languages."""
    variants = [variant for by in draft.variants.values() for variant in by.values()]
    return frozenset(key for variant in variants for key in _keys(variant))


def _keys(variant: Letter | Note) -> Iterator[str]:
    if isinstance(variant, Note):
        yield from filter(None, [_words(variant.text)])
        return
    yield from filter(None, (of(block) for block in variant.blocks))


def of(block: Block) -> str | None:
    """What a block is called among things somebody is kept from; None where it never is."""
    if block.kind in OF_HER:
        return f"{BLOCK}{block.kind.value}"
    if block.kind is Kind.TEXT:
        return _words(block.text)
    return _hashed(block.url) if block.kind is Kind.IMAGE else None


def _words(text: str) -> str | None:
    plain = re.sub(r"\W+", " ", text).strip().casefold()
    return _hashed(plain) if len(plain) >= TELLING else None


def _hashed(words: str) -> str:
    return BLOCK + blake2b(words.encode(), digest_size=8).hexdigest()


def without(variant: Letter | Note, denied: Collection[str]) -> Kept:
    """The message without what she is kept from."""
    gone = frozenset(_keys(variant)) & frozenset(denied)
    if not gone:
        return Kept(variant)
    if isinstance(variant, Note):
        return Kept(None, gone)
    rest = tuple(block for block in variant.blocks if of(block) not in gone)
    missed = {block.kind for block in variant.blocks if of(block) in gone}
    says = not missed & EMPTY and any(block.kind not in FRAME for block in rest)
    return Kept(variant.model_copy(update={"blocks": rest}) if says else None, gone)

"""What the things in a definition are called, in the language of whoever reads it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from babel import Locale
from sqlmodel import col, select

from app.journeys.goods import NOTHING, Goods, proposed
from app.kit.letters import plain
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.segments import queries, rules
from app.segments.tables import Trait
from app.shops.flows import channels, this_shop

Names = Mapping[str, str]
"""By key."""
MOST_NOTES = 50
COUNTRY = 2
"""Letters of its code."""
ANOTHER_SCRIPT = re.compile(r"[A-Z][a-z]{3}\b")


@dataclass(frozen=True)
class Vocabulary:
    goods: Goods = NOTHING
    countries: Names = field(default_factory=dict)
    languages: Names = field(default_factory=dict)
    segments: Names = field(default_factory=dict)
    """The shop's own names; the page has words for the standard ones."""
    kinds: Mapping[int, int] = field(default_factory=dict)
    """S7: number of each kind of customers, and how many are of it."""
    alike: Sequence[str] = ()
    """Segments whose look-alikes are known."""
    tiers: Names = field(default_factory=dict)
    channels: Sequence[str] = ()
    notes: Sequence[str] = ()
    """Names under which something is written down about people."""
    proposed: Sequence[str] = ()
    """Names of categories and collections."""
    currency: str = ""

    def country(self, word: str) -> str | None:
        """The code of what somebody calls a country."""
        return _key_of(word, self.countries) or _code(word)

    def language(self, word: str) -> str | None:
        return _key_of(word, self.languages)


def vocabulary(tx: Tx, locale: Locale, goods: Goods = NOTHING) -> Vocabulary:
    """`goods`: those that the definition names."""
    study = queries.study(tx, rules.KINDS)
    found = study.body.get("kinds", ()) if study else ()
    terms = loyalty.terms(tx)
    return Vocabulary(
        goods=goods,
        countries={c: name for c, name in locale.territories.items() if len(c) == COUNTRY},
        languages={
            tag.replace("_", "-"): name
            for tag, name in locale.languages.items()
            if not ANOTHER_SCRIPT.search(tag)
        },
        segments={one.key: one.name for one in queries.live(tx)},
        kinds={one["number"]: one["people"] for one in found},
        alike=[
            one.name.removeprefix(rules.ALIKE)
            for one in queries.studies(tx)
            if one.name.startswith(rules.ALIKE) and one.body.get("apart")
        ],
        tiers={rung.key: rung.name for rung in terms.rungs} if terms and terms.open else {},
        channels=[one.slug for one in channels(tx)],
        notes=_notes(tx),
        proposed=proposed(tx),
        currency=this_shop(tx).currency,
    )


def _notes(tx: Tx) -> list[str]:
    names = select(Trait.name).distinct().order_by(col(Trait.name)).limit(MOST_NOTES)
    return list(tx.exec(names))


def _key_of(word: str, names: Names) -> str | None:
    """A key as it is written, or a name in whatever letters."""
    keys = {key.lower(): key for key in names}
    if found := keys.get(word.replace("_", "-").lower()):
        return found
    wanted = plain(word)
    return next((key for key, name in names.items() if plain(name) == wanted), None)


def _code(word: str) -> str | None:
    return word.upper() if len(word) == COUNTRY and word.isascii() and word.isalpha() else None


def names_of(keys: Iterable[str], names: Names) -> str:
    """As somebody writes them into a field."""
    low = {key.lower(): name for key, name in names.items()}
    return ", ".join(low.get(key.replace("_", "-").lower(), key) for key in keys)

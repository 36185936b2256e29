"""What a message is made of: a list of small blocks, checked when it is saved."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from app.messages import merge
from app.messages.rules import Channel, Purpose


class Kind(StrEnum):
    HEADING = "heading"
    TEXT = "text"
    BUTTON = "button"
    IMAGE = "image"
    DIVIDER = "divider"
    CART = "cart"
    ORDER = "order"
    PRODUCTS = "products"
    RECOMMENDATIONS = "recommendations"
    TIER = "tier"
    CODE = "code"
    SCALE = "scale"
    """FB-4: the figures of a survey, each a link to its page; `most` is the highest."""


OFFERS, CODES = frozenset({Kind.CODE}), frozenset({"code", "code_ends", "code_least"})
"""FC-2: with one of these blocks or fields in it, a message is no service message."""
PRIVATE = CODES | {"first_name", "last_name"}
"""AT-1, CP-9: fields that are never part of an address: whoever counts visits would read them."""
SCALES = {5: 1, 10: 0}
"""FB-1, FB-2: where a scale begins that ends there."""
FILLED_IN = re.compile(r"https?://[^\s{]*(?:\{\{[^}]*\}\}[^\s{]*)+")
NEEDS = {
    Kind.HEADING: ("text",), Kind.TEXT: ("text",), Kind.BUTTON: ("label", "link"),
    Kind.IMAGE: ("url", "alt"),
}  # fmt: skip


class Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    text: str = ""
    """May hold merge fields, **bold** and [words](https://…)."""
    label: str = ""
    link: str = ""
    url: str = ""
    alt: str = ""
    title: str = ""
    most: int = 3

    @model_validator(mode="after")
    def _whole(self) -> "Block":
        for name in NEEDS.get(self.kind, ()):
            if not getattr(self, name).strip():
                raise ValueError(f"a {self.kind} needs {name}")
        if self.kind is Kind.SCALE and self.most not in SCALES:
            raise ValueError("a scale goes to 5 or to 10")
        for words in self.words:
            merge.names(words)
            harmless(words)
        for address in (self.link, self.url):
            if address and "{{" not in address:
                safe_link(address)
        return self

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(
            filter(None, (self.text, self.label, self.link, self.url, self.alt, self.title))
        )


class Letter(BaseModel):
    """An e-mail in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    preheader: str = ""
    blocks: tuple[Block, ...]

    @property
    def words(self) -> Iterator[str]:
        yield from (self.subject, self.preheader)
        for block in self.blocks:
            yield from block.words

    @model_validator(mode="after")
    def _whole(self) -> "Letter":
        for words in (self.subject, self.preheader):
            merge.names(words)
        if not self.subject.strip():
            raise ValueError("a letter needs a subject")
        return self


class Note(BaseModel):
    """A text message, or a push, in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    template: str = ""
    """SM-4: the name under which WhatsApp approved it."""

    @property
    def words(self) -> Iterator[str]:
        yield self.text

    @model_validator(mode="after")
    def _whole(self) -> "Note":
        merge.names(self.text)
        harmless(self.text)
        return self


class Draft(BaseModel):
    """A message in all its channels and languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    name: str
    purpose: str = Purpose.MARKETING.value
    plain_links: bool = False
    """AT-1: privacy mode: its links lead straight there, and nobody knows who followed them."""
    variants: Mapping[str, Mapping[str, Letter | Note]]

    @model_validator(mode="after")
    def _whole(self) -> "Draft":
        for channel, languages in self.variants.items():
            kind = Letter if Channel(channel) is Channel.EMAIL else Note
            if not all(isinstance(variant, kind) for variant in languages.values()):
                raise ValueError(f"{channel} wants a {kind.__name__}")
        if self.purpose == Purpose.SERVICE and self.offers:
            raise ValueError("a service message may hold no offer (FC-2)")
        return self

    @property
    def offers(self) -> bool:
        told = [variant for by in self.variants.values() for variant in by.values()]
        letters = [variant for variant in told if isinstance(variant, Letter)]
        return any(block.kind in OFFERS for letter in letters for block in letter.blocks) or any(
            not CODES.isdisjoint(merge.names(words)) for variant in told for words in variant.words
        )

    def missing(self, languages: tuple[str, ...] = ("en", "pt_BR", "pl")) -> list[tuple[str, str]]:
        """Channel and language of each translation that is not there."""
        return [
            (c, wish) for c, by in self.variants.items() for wish in languages if wish not in by
        ]

    def variant(self, channel: str, wishes: tuple[str, ...]) -> tuple[str, Letter | Note] | None:
        """The language it is told in and the words: the first wish there is, else the base
        language of one, else English, else whatever there is.
        """
        by = self.variants.get(channel, {})
        for wish in [*wishes, *(w.partition("_")[0] for w in wishes), "en", *by]:
            for own in by:
                if wish and (own == wish or own.partition("_")[0] == wish):
                    return own, by[own]
        return None

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True)["variants"]  # type: ignore[no-any-return]


def harmless(words: str) -> None:
    """AT-1, CP-9. Raises ValueError on an address with a name or a code in it."""
    for address in FILLED_IN.findall(words):
        if told := sorted(merge.names(address) & PRIVATE):
            raise ValueError(f"no address may hold {', '.join(told)}: others would read it there")


def safe_link(address: str) -> str:
    """Only plain web addresses. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.username:
        raise ValueError(f"not a web address: {address[:60]!r}")
    return address


def tidy_language(code: str) -> str:
    """`PT_BR` of Saleor, `pt-BR` of a browser: `pt_BR`."""
    base, _, rest = code.replace("-", "_").partition("_")
    return f"{base.lower()}_{rest.upper()}" if rest else base.lower()

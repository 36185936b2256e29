"""What a ready-made journey is: a definition made from a few choices, and its messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.journeys.rules import Definition
from app.messages.blocks import Block, Draft, Letter, Note

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One thing an owner may set before switching on."""

    name: str
    default: int
    least: int
    most: int
    unit: str
    """`percent`, `days`, `hours`, `minutes` or `money`: the page has the words."""

    def bounded(self, value: int) -> int:
        return min(max(value, self.least), self.most)


BOUND = Choice("bound", 0, 0, 1, "bound")
"""CP-4: nought is a voucher's code, one is a gift card for one account."""

LEAST = Choice("least", 0, 0, 100_000, "money")
"""CP-1: the least basket, in whole units of the shop's currency; nought is no bound."""


def bound(options: Options) -> Literal["soft", "firm"]:
    return "firm" if options["bound"] else "soft"


@dataclass(frozen=True)
class Recipe:
    key: str
    define: Callable[[Options], Definition]
    messages: Sequence[Draft]
    choices: Sequence[Choice] = field(default_factory=tuple)
    minutes: int = 2
    """How long it takes an owner to set it up."""

    def options(self, given: Options) -> dict[str, int]:
        """Every choice made, within its bounds."""
        return {
            one.name: one.bounded(int(given.get(one.name, one.default))) for one in self.choices
        }

    def definition(self, given: Options) -> Definition:
        return self.define(self.options(given))


def draft(
    key: str,
    name: str,
    letters: Mapping[str, Letter],
    *,
    purpose: str = "marketing",
    notes: Mapping[str, str] | None = None,
) -> Draft:
    variants: dict[str, Mapping[str, Letter | Note]] = {"email": letters}
    if notes:
        for channel in ("sms", "whatsapp"):
            variants[channel] = {language: Note(text=text) for language, text in notes.items()}
    return Draft(key=key, name=name, purpose=purpose, variants=variants)


def letter(subject: str, preheader: str, *blocks: Block) -> Letter:
    return Letter(subject=subject, preheader=preheader, blocks=blocks)


def text(words: str) -> Block:
    return Block(kind="text", text=words)


def heading(words: str) -> Block:
    return Block(kind="heading", text=words)


def button(label: str) -> Block:
    return Block(kind="button", label=label, link="{{ link }}")


def block(kind: str, **told: Any) -> Block:  # noqa: ANN401  # the fields of a block
    return Block(kind=kind, **told)


def three(
    key: str,
    name: str,
    *,
    en: Letter,
    pt: Letter,
    pl: Letter,
    purpose: str = "marketing",
) -> Draft:
    """The same letter in our three languages."""
    return draft(key, name, {"en": en, "pt_BR": pt, "pl": pl}, purpose=purpose)

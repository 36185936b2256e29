"""From a message and what is known of a person to the words that go out. Writes nothing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import mjml
from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.messages import merge
from app.messages.blocks import SCALES, Block, Kind, Letter, Note, safe_link
from app.messages.content import Content, Item
from app.messages.rules import RefusedError, Word
from app.web.notation import Notation, Sum
from app.web.words import ENGLISH, LANGUAGES, catalogue, tag_of

TEMPLATES = Path(__file__).parent / "email" / "templates"
BOLD = re.compile(r"\*\*(.+?)\*\*")
NAMED_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s)]+)\)")
WEB = re.compile(r"https?://\S+")
NOTHING = Markup()
EMPTY = frozenset({Kind.CART, Kind.ORDER, Kind.CODE})
"""Blocks that a message can't do without once it has them: nothing to show, nothing to send."""


@dataclass(frozen=True)
class Sender:
    """The shop as its messages name it."""

    name: str
    postal: str = ""
    logo: str = ""


@dataclass(frozen=True)
class Frame:
    """What stands around the words: way out, sender, language."""

    sender: Sender
    language: str
    link: Callable[[str], str]
    """Marks a link, and leads it through us."""
    unsubscribe: str | None = None
    preferences: str | None = None
    home: str | None = None
    """The storefront's first page, where it is known: the shop's name leads there."""
    survey: str | None = None
    """FB-4: the page of the survey that it asks for."""
    useful: str | None = None
    """FB-7: where she says whether it was of use."""
    pixel: str | None = None
    honeypot: str | None = None


@dataclass(frozen=True)
class Rendered:
    language: str
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    template: str = ""
    """SM-4: the name under which WhatsApp approved it, where free words may not go."""
    left_out: frozenset[str] = frozenset()
    """HO-8: what somebody who is held back from it does not find in it."""


@dataclass(frozen=True)
class Piece:
    """A block with its words filled in."""

    kind: str
    text: str = ""
    html: Markup = NOTHING
    label: str = ""
    link: str = ""
    url: str = ""
    alt: str = ""
    title: str = ""
    items: Sequence[Item] = ()
    scores: Sequence[int] = ()


def locale_of(language: str) -> Locale:
    """Ours, for the words that we say ourselves; English where we don't speak it."""
    base = language.partition("_")[0]
    return next(
        (own for own in LANGUAGES if str(own) == language),
        next((own for own in LANGUAGES if own.language == base), ENGLISH),
    )


@cache
def _environment(locale: Locale, *, html: bool) -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701  # the other part of a mail is plain text
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["ext.i18n.trimmed"] = True
    words = catalogue(locale)
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= Notation(locale, words).filters()
    env.globals["lang"] = tag_of(locale)
    return env


def render(letter: Letter, content: Content, frame: Frame) -> Rendered:
    """An e-mail. Raises RefusedError where a field or a block has nothing to show."""
    locale = locale_of(frame.language)
    fields = _fields(content, locale)
    pieces = [piece for block in letter.blocks if (piece := _piece(block, content, fields, frame))]
    subject = " ".join(merge.fill(letter.subject, fields).split())
    preheader = merge.fill(letter.preheader, fields) if letter.preheader else ""
    values: dict[str, Any] = {
        "subject": subject, "preheader": preheader, "pieces": pieces, "content": content,
        "frame": frame, "sender": frame.sender,
    }  # fmt: skip
    source = _environment(locale, html=True).get_template("letter.html").render(values)
    html = mjml.mjml2html(source, disable_comments=False, fonts={})
    plain = _environment(locale, html=False).get_template("letter.txt.html").render(values)
    return Rendered(frame.language, subject, preheader, html, _tidy(plain))


def render_note(
    note: Note, content: Content, frame: Frame, *, introduces: bool = False, template: str = ""
) -> Rendered:
    """A short message: its words alone; one that introduces itself says who writes and how to end
    it (SM-2).
    """
    fields = _fields(content, locale_of(frame.language))
    fields = fields | {
        name: frame.link(value)
        for name, value in fields.items()
        if isinstance(value, str) and value.startswith(("https://", "http://"))
    }
    text = merge.fill(note.text, fields).strip()
    if introduces:
        named = frame.sender.name in WEB.sub("", text)
        who = "" if named else f"{frame.sender.name}: "
        hint = catalogue(locale_of(frame.language)).gettext("Reply STOP to get no more.")
        text = f"{who}{text} {hint}"
    return Rendered(frame.language, text=text, template=template)


def _fields(content: Content, locale: Locale) -> dict[str, Any]:
    notation = Notation(locale, catalogue(locale))

    def worded(value: object) -> object:
        if isinstance(value, datetime):
            return _plain(notation.until(value, content.zone))
        return notation.money(*value) if isinstance(value, Sum) else value

    return {name: worded(value) for name, value in content.fields.items()}


def _plain(markup: str) -> str:
    return Markup(markup).striptags()  # noqa: S704  # taken out again at once


def _piece(block: Block, content: Content, fields: dict[str, Any], frame: Frame) -> Piece | None:
    items = _items(block, content)
    if items is not None and not items:
        if block.kind in EMPTY:
            raise RefusedError(Word.NOTHING_LEFT)
        return None
    if block.kind is Kind.CODE and content.code is None:
        raise RefusedError(Word.NOTHING_LEFT)
    if block.kind is Kind.SCALE and frame.survey is None:
        raise RefusedError(Word.NOTHING_LEFT)
    if block.kind is Kind.TIER and content.tier is None:
        return None
    link = merge.fill(block.link, fields) if block.link else ""
    return Piece(
        kind=block.kind.value,
        text=_unmarked(merge.fill(block.text, fields)) if block.text else "",
        html=_html(merge.fill(block.text, fields, html=True), frame) if block.text else Markup(),
        label=merge.fill(block.label, fields) if block.label else "",
        link=frame.link(safe_link(link)) if link else "",
        url=safe_link(merge.fill(block.url, fields)) if block.url else "",
        alt=merge.fill(block.alt, fields) if block.alt else "",
        title=merge.fill(block.title, fields) if block.title else "",
        items=[
            replace(item, link=frame.link(item.link) if item.link else None)
            for item in (items or ())
        ],
        scores=range(SCALES[block.most], block.most + 1) if block.kind is Kind.SCALE else (),
    )


def _items(block: Block, content: Content) -> Sequence[Item] | None:
    match block.kind:
        case Kind.CART:
            return content.cart
        case Kind.ORDER:
            return content.order
        case Kind.PRODUCTS:
            return content.products[: block.most]
        case Kind.RECOMMENDATIONS:
            return content.recommendations[: block.most]
        case _:
            return None


def _html(escaped: str, frame: Frame) -> Markup:
    """Two marks in words that are escaped already: bold, and links; a new line stays one."""

    def linked(found: re.Match[str]) -> str:
        address = unescape(found[2])
        return f'<a href="{escape(frame.link(safe_link(address)))}">{found[1]}</a>'

    text = NAMED_LINK.sub(linked, BOLD.sub(r"<strong>\1</strong>", escaped))
    return Markup("<br />".join(text.splitlines()))  # noqa: S704  # merge.fill escaped it


def _unmarked(text: str) -> str:
    return NAMED_LINK.sub(r"\1 (\2)", BOLD.sub(r"\1", text))


def _tidy(text: str) -> str:
    """No more than one empty line, none at the ends."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

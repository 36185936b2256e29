"""Merge fields: what a merchant's words may hold, filled in for one person. Sandboxed Jinja.

Names and a few filters, nothing else: no statements, no attributes, no calls. What is filled in is
escaped, its brackets and stars too, so that only the merchant's own words can hold a link or bold
letters; an empty field without a fallback stops the message (SS-4).
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from app.messages.rules import RefusedError, Word

ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.Const,
)  # fmt: skip
FILTERS = frozenset({"fallback", "upper", "lower", "capitalize", "trim"})
MARKS = str.maketrans({"[": "&#91;", "]": "&#93;", "*": "&#42;"})
"""The letters of a link and of bold words (rendering), as HTML says them when they mean nothing."""


class MissingFieldError(RefusedError):
    """A field of these words has no value for this person."""

    def __init__(self, name: str) -> None:
        super().__init__(Word.MISSING_FIELD)
        self.name = name


def _fallback(value: Any, words: str) -> Any:  # noqa: ANN401  # whatever a field holds
    return words if isinstance(value, Undefined) or value in (None, "") else value


def _filled(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Undefined) or value in (None, ""):
        raise UndefinedError("an empty field")
    return value


def _inert(value: Any) -> Any:  # noqa: ANN401
    return Markup(str(escape(_filled(value))).translate(MARKS))  # noqa: S704  # escaped


@cache
def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=_inert if html else _filled,
        keep_trailing_newline=True,
    )
    env.filters = {name: env.filters[name] for name in FILTERS if name in env.filters}
    env.filters["fallback"] = _fallback
    env.globals.clear()
    return env


@lru_cache(maxsize=2048)
def _template(text: str, *, html: bool) -> Template:
    return _environment(html=html).from_string(text)


@lru_cache(maxsize=2048)
def names(text: str) -> frozenset[str]:
    """The fields that are asked for. Raises ValueError on what is no plain merge field."""
    try:
        tree = _environment(html=True).parse(text)
    except TemplateSyntaxError as failure:
        raise ValueError(f"line {failure.lineno}: {failure.message}") from failure
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            kind = type(node).__name__
            raise ValueError(f"{kind} is no merge field")  # noqa: TRY004  # what somebody typed
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ValueError(f"there is no filter {node.name!r}")
    return frozenset(node.name for node in tree.find_all(nodes.Name))


def fill(text: str, fields: Mapping[str, Any], *, html: bool = False) -> str:
    """The words for one person. Raises MissingFieldError; ValueError on what `names` refuses."""
    asked = names(text)
    try:
        return _template(text, html=html).render(dict(fields))
    except UndefinedError as failure:
        empty = sorted(name for name in asked if fields.get(name) in (None, ""))
        raise MissingFieldError(", ".join(empty) or "?") from failure

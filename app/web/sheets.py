"""What a page shows as a table for a spreadsheet, read off the page itself.

`GET /app/…?csv=goals-title` is the page that is named, asked by the same person with the same
questions, and so under the same permissions; of it comes the section under that title: its tables,
its figures and its facts. Numbers are written plainly in it (1234.5, a share as 0.125), days and
instants as ISO 8601, and a column of amounts has its currency beside it.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

from babel.dates import get_timezone
from babel.support import Translations
from markupsafe import Markup
from typing_extensions import override

from app.web.notation import Notation

OF = "\N{INVISIBLE SEPARATOR}"
"""Between an amount and its currency, until a column is made of each."""
AMOUNT = re.compile(rf"(-?[\d.]+){OF}(\w{{3}})")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula, whoever wrote it."""
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "col"})
UNTOLD = frozenset({"svg", "button", "form", "select", "template", "nav", "progress"})
UNSEEN = frozenset({"unseen", "how", "csv"})
Row = list[str]


def safe(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULAS) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return "" if cell is None else cell


def written(rows: Iterable[Sequence[object]]) -> str:
    """As CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def kept_as(name: str) -> dict[str, str]:
    """Headers of a table that a browser saves under that name, and no cache keeps."""
    return {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "no-store",
    }


class Plain(Notation):
    """The filters of a page that is read by a machine."""

    @override
    def money(self, amount: Decimal, currency: str) -> str:
        return f"{self.number(amount)}{OF}{currency}"

    @override
    def round_money(self, amount: Decimal | int, currency: str) -> str:
        return self.money(Decimal(amount), currency)

    @override
    def number(self, value: Decimal | float) -> str:
        return f"{Decimal(str(value)):f}"

    @override
    def percent(self, share: Decimal | float) -> str:
        return self.number(round(Decimal(share), 6).normalize())

    @override
    def day(self, at: date, zone: str | None = None) -> str:
        if isinstance(at, datetime) and zone is not None:
            at = at.astimezone(get_timezone(zone)).date()
        return at.isoformat()

    @override
    def month(self, first: date) -> str:
        return f"{first:%Y-%m}"

    @override
    def period(self, name: str) -> str:
        return name

    @override
    def clock(self, at: datetime, zone: str, now: datetime) -> Markup:
        return self.moment(at, zone)

    @override
    def moment(self, at: datetime, zone: str) -> Markup:
        return Markup(at.astimezone(get_timezone(zone)).isoformat(timespec="seconds"))  # noqa: S704

    @override
    def until(self, end: datetime, zone: str) -> Markup:
        return self.moment(end - timedelta(seconds=1), zone)

    @override
    def ago(self, at: datetime, now: datetime) -> Markup:
        return Markup(at.isoformat(timespec="seconds"))  # noqa: S704


@dataclass
class Node:
    """An element of the page."""

    tag: str
    classes: frozenset[str] = frozenset()
    labelled: str | None = None
    span: int = 1
    children: list["Node | str"] = field(default_factory=list)

    def all(self, wanted: Callable[["Node"], bool]) -> Iterator["Node"]:
        for child in self.children:
            if isinstance(child, Node):
                if wanted(child):
                    yield child
                else:
                    yield from child.all(wanted)

    def tagged(self, *tags: str) -> Iterator["Node"]:
        return self.all(lambda node: node.tag in tags)

    def classed(self, name: str) -> Iterator["Node"]:
        return self.all(lambda node: name in node.classes)

    def text(self) -> str:
        return " ".join(" ".join(self.words()).split())

    def words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNTOLD and not child.classes & UNSEEN:
                yield from child.words()


class Reader(HTMLParser):
    """The elements of a page, which our own templates have closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page")]

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        span = told.get("colspan") or "1"
        node = Node(
            tag,
            frozenset((told.get("class") or "").split()),
            told.get("aria-labelledby"),
            int(span) if span.isdecimal() else 1,
        )
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    @override
    def handle_endtag(self, tag: str) -> None:
        at = next((n for n in range(len(self.open) - 1, 0, -1) if self.open[n].tag == tag), None)
        if at is not None:
            del self.open[at:]

    @override
    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def sheet(html: str, title: str, words: Translations) -> str | None:
    """CSV of the section under that title; None where there is none, or nothing to tell in it."""
    reader = Reader()
    reader.feed(html)
    named = reader.open[0].all(lambda node: node.tag == "section" and node.labelled == title)
    if (section := next(named, None)) is None or not (parts := list(_parts(section, words))):
        return None
    currency = words.gettext("Currency")
    empty = written([[]])
    return empty.join(written(_widened(part, currency)) for part in parts)


def _parts(section: Node, words: Translations) -> Iterator[list[Row]]:
    facts = [
        [pair.text() for pair in (one, other)]
        for listed in section.classed("facts")
        for one, other in zip(listed.tagged("dt"), listed.tagged("dd"), strict=False)
    ]
    if facts:
        yield facts
    if figures := [_figure(one) for one in section.classed("figure")]:
        yield [
            [words.gettext("Figure"), words.gettext("Value"), words.gettext("Beside it"),
             words.gettext("Period"), words.gettext("How it is counted")],
            *figures,
        ]  # fmt: skip
    for table in section.tagged("table"):
        yield [_cells(row) for row in table.tagged("tr")]


def _figure(one: Node) -> Row:
    def told(found: Iterable[Node]) -> str:
        return " ".join(filter(None, (node.text() for node in found)))

    formula = [p for how in one.classed("how") for p in how.tagged("p")]
    return [
        told(one.tagged("h3")),
        *(told(one.classed(f"figure-{name}")) for name in ("value", "more", "period")),
        told(formula),
    ]


def _cells(row: Node) -> Row:
    found: Row = []
    for cell in row.tagged("td", "th"):
        found += [_told(cell), *[""] * (cell.span - 1)]
    return found


def _told(cell: Node) -> str:
    """Empty for a word that only says that there is nothing."""
    children = [one for one in cell.children if isinstance(one, Node) or one.strip()]
    quiet = len(children) == 1 and isinstance(children[0], Node) and "quiet" in children[0].classes
    return "" if quiet else cell.text()


def _widened(rows: Sequence[Row], currency: str) -> Iterator[Row]:
    """Each column in which a cell is an amount gets one for its currency."""
    wide = {at for row in rows for at, cell in enumerate(row) if AMOUNT.fullmatch(cell)}
    for n, row in enumerate(rows):
        told: Row = []
        for at, cell in enumerate(row):
            amount = AMOUNT.fullmatch(cell)
            told.append(amount[1] if amount else cell.replace(OF, " "))
            if at in wide:
                told.append(amount[2] if amount else "" if n else currency)
        yield told

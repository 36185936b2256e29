"""Tables that people hand in, pasted or as a file: rows by the names of their columns, as they are
called in English, Portuguese and Polish. What they mean is known to whoever takes them."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel import Locale

from app.web.inputs import read_decimal
from app.web.words import ENGLISH

MOST_ROWS = 100_000
NAMES = {
    "sku": ("sku", "article", "variant", "product"),
    "cost": ("cost", "cost_price", "unit_cost", "koszt", "custo"),
    "since": ("since", "from", "date", "day", "od", "desde"),
    "channel": ("channel", "source", "kanal", "kanał", "canal"),
    "month": ("month", "date", "miesiac", "miesiąc", "mes", "mês"),
    "id": ("id", "receipt", "order", "paragon", "numer", "recibo", "pedido", "número"),
    "currency": ("currency", "waluta", "moeda"),
    "refunded": ("refunded", "refund", "zwrot", "zwrócono", "devolvido", "reembolso"),
    "quantity": ("quantity", "pieces", "qty", "ilość", "ilosc", "quantidade"),
    "name": ("name", "title", "nazwa", "nome"),
    "place": ("place", "till", "shop", "store", "miejsce", "sklep", "loja", "local"),
    "basis": ("basis", "legal_basis", "podstawa", "base_legal", "base legal"),
    "origin": ("source", "form", "origin", "źródło", "zrodlo", "origem", "fonte"),
    "said": ("date", "said_at", "consent_date", "opt_in_date", "data"),
    "country": ("country", "kraj", "país", "pais"),
    "wording": ("text", "wording", "treść", "tresc", "texto"),
    "email": ("email", "e-mail", "mail", "address", "endereço", "adres"),
    "day": ("date", "day", "data", "dia", "dzień", "dzien"),
    "birthday": (
        "birthday",
        "birth_date",
        "born",
        "urodziny",
        "aniversario",
        "aniversário",
        "nascimento",
    ),
    "week": ("week", "day", "date", "semana", "tydzien", "tydzień"),
    "amount": ("amount", "spend", "cost", "total", "kwota", "valor", "gasto"),
}
DAY_FIRST = frozenset({"pt", "pl"})
DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{2}:\d{2}(?::\d{2})?))?")
Refused = tuple[int, str, str]
"""A line, what is wrong with it in a word, and what it says."""


MOST_KEPT = 200_000
"""Characters: no browser is asked to edit a longer text."""


def kept(text: str) -> str:
    """What stays in the field when a table was refused, to be mended there."""
    return text if len(text) <= MOST_KEPT else ""


class RefusedError(Exception):
    """Nothing was taken. `rows` tells why, line by line."""

    def __init__(self, rows: Sequence[Refused]) -> None:
        super().__init__(f"{len(rows)} rows cannot be taken")
        self.rows = tuple(rows[:20])


@dataclass(frozen=True)
class Table:
    columns: dict[str, int]
    rows: list[tuple[int, list[str]]]


def read(text: str, *, needs: Sequence[str], may: Sequence[str] = ()) -> Table:
    """A table with a header, separated by commas, semicolons or tabs. Raises RefusedError."""
    bare = text.lstrip("\ufeff").strip()
    first = bare.splitlines()[0] if bare else ""
    comma = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(bare), delimiter=comma))
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    columns = {
        name: at
        for name in (*needs, *may)
        for at in [next((header.index(k) for k in NAMES[name] if k in header), -1)]
        if at >= 0
    }
    if missing := [name for name in needs if name not in columns]:
        raise RefusedError([(1, "column", NAMES[name][0]) for name in missing])
    if len(rows) > MOST_ROWS:
        raise RefusedError([(MOST_ROWS, "long", str(len(rows)))])
    told = [(n, row) for n, row in enumerate(rows[1:], start=2) if any(c.strip() for c in row)]
    if not told:
        raise RefusedError([(2, "empty", "")])
    return Table(columns, told)


def cells_of(table: Table, wrong: list[Refused]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by column of each row that is whole; the others go to `wrong`."""
    for line, row in table.rows:
        if max(table.columns.values()) >= len(row):
            wrong.append((line, "short", ", ".join(row)))
        else:
            yield line, {name: row[at].strip() for name, at in table.columns.items()}


def number(text: str, locale: Locale) -> Decimal:
    """Not below zero; as people of this language write it, else as a computer does. Raises
    ValueError."""
    try:
        return read_decimal(text, locale)
    except ValueError:
        return read_decimal(text, ENGLISH)


def moment(text: str, locale: Locale) -> datetime | None:
    """A day, and a time if one follows: as computers write it, or in Portuguese and Polish with the
    day first. Without a zone where none is named."""
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    if locale.language in DAY_FIRST and (told := DAY.fullmatch(text)):
        day, month, year, time = told.groups()
        with suppress(ValueError):
            return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{time or '00:00'}")
    return None

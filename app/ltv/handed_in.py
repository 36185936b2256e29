"""Tables that people hand in: costs by article, spend by channel and month. Whole or not at all."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from babel import Locale
from sqlmodel import col, delete

from app.kit.money import minor
from app.kit.tx import Tx
from app.ltv.entries import EPOCH
from app.ltv.tables import AdSpend, AdWeek, UnitCost
from app.orders.exchange import exchange
from app.web.inputs import read_decimal

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
        raise RefusedError([(1, "column", name) for name in missing])
    if len(rows) > MOST_ROWS:
        raise RefusedError([(MOST_ROWS, "long", str(len(rows)))])
    told = [(n, row) for n, row in enumerate(rows[1:], start=2) if any(c.strip() for c in row)]
    if not told:
        raise RefusedError([(2, "empty", "")])
    return Table(columns, told)


def costs(tx: Tx, text: str, locale: Locale) -> int:
    """Costs by article, in the reporting currency; they take the place of those handed in before.
    How many. Raises RefusedError."""
    table = read(text, needs=("sku", "cost"), may=("since",))
    rows, wrong = {}, list[Refused]()
    for line, cells in cells_of(table, wrong):
        sku, cost = cells["sku"], _money(cells["cost"], locale, exchange(tx).currency)
        since = _day(cells["since"]) if cells.get("since") else 0
        if not sku or cost is None or since is None:
            told = "number" if cost is None else "day" if since is None else "empty"
            wrong.append((line, told, ", ".join(cells.values())))
            continue
        rows[sku, since] = {"sku": sku, "since": since, "cost": cost}
    if wrong:
        raise RefusedError(wrong)
    tx.exec(delete(UnitCost))
    tx.put(UnitCost, list(rows.values()), key=("sku", "since"))
    return len(rows)


def spend(tx: Tx, text: str, locale: Locale) -> int:
    """Spend by channel and month; a month handed in again takes the place of what it was."""
    table = read(text, needs=("channel", "month", "amount"))
    rows, wrong = dict[tuple[str, str], int](), list[Refused]()
    for line, cells in cells_of(table, wrong):
        month = re.match(r"(\d{4})-(0[1-9]|1[0-2])(-\d\d)?$", cells["month"])
        amount = _money(cells["amount"], locale, exchange(tx).currency)
        if not cells["channel"] or amount is None or month is None:
            told = "month" if month is None else "number" if amount is None else "empty"
            wrong.append((line, told, ", ".join(cells.values())))
            continue
        key = (cells["channel"], f"{month[1]}-{month[2]}")
        rows[key] = rows.get(key, 0) + amount
    if wrong:
        raise RefusedError(wrong)
    told_months = sorted({month for _, month in rows})
    tx.exec(delete(AdSpend).where(col(AdSpend.month).in_(told_months)))
    tx.put(
        AdSpend,
        [{"channel": c, "month": m, "amount": a} for (c, m), a in rows.items()],
        key=("channel", "month"),
    )
    return len(rows)


def weeks(tx: Tx, text: str, locale: Locale) -> int:
    """LV-5: spend by channel and week, a week named by any of its days; one handed in again takes
    the place of what it was."""
    table = read(text, needs=("channel", "week", "amount"))
    rows, wrong = dict[tuple[str, int], int](), list[Refused]()
    for line, cells in cells_of(table, wrong):
        day, amount = _day(cells["week"]), _money(cells["amount"], locale, exchange(tx).currency)
        if not cells["channel"] or amount is None or day is None:
            told = "day" if day is None else "number" if amount is None else "empty"
            wrong.append((line, told, ", ".join(cells.values())))
            continue
        key = (cells["channel"], day - date.fromordinal(day + EPOCH).weekday())
        rows[key] = rows.get(key, 0) + amount
    if wrong:
        raise RefusedError(wrong)
    tx.put(
        AdWeek,
        [{"channel": c, "week": w, "amount": a} for (c, w), a in rows.items()],
        key=("channel", "week"),
        overwrite=("amount",),
    )
    return len(rows)


def cells_of(table: Table, wrong: list[Refused]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by column of each row that is whole; the others go to `wrong`."""
    for line, row in table.rows:
        if max(table.columns.values()) >= len(row):
            wrong.append((line, "short", ", ".join(row)))
        else:
            yield line, {name: row[at].strip() for name, at in table.columns.items()}


def _money(text: str, locale: Locale, currency: str) -> int | None:
    """As people of this language write it, else as a computer does."""
    for reading in (locale, Locale("en")):
        try:
            return minor(read_decimal(text, reading), currency or "EUR")
        except ValueError:
            continue
    return None


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


def _day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - EPOCH
    except ValueError:
        return None

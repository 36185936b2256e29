"""D8: a table of what was sold elsewhere, a row a line of a receipt. Whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from pydantic import ValidationError

from app.till.rules import COUNTER, Piece, Sale
from app.web.handed_in import Refused, RefusedError, cells_of, moment, number, read

NOON = time(12)
"""Of a day without an hour."""
WHOLE = ("id", "said", "email", "amount")
PARTS = ("currency", "refunded", "sku", "quantity", "name", "place")
Row = Mapping[str, str]


def sales_of(text: str, locale: Locale, *, currency: str, zone: ZoneInfo) -> list[Sale]:
    """Columns `id`, `date`, `email` and `amount`; `currency`, `refunded`, `sku`, `quantity`, `name`
    and `place` if there are. Rows with one id, of one place, are lines of one receipt. Raises
    RefusedError."""
    table = read(text, needs=WHOLE, may=PARTS)
    wrong: list[Refused] = []
    receipts: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for line, row in cells_of(table, wrong):
        receipts.setdefault((_place(row), row["id"]), []).append((line, row))
    sales = []
    for rows in receipts.values():
        try:
            sales.append(_sale([row for _, row in rows], locale, currency=currency, zone=zone))
        except WrongCellError as cell:
            wrong.append((rows[0][0], cell.what, cell.text))
        except ValidationError as failure:
            told = failure.errors()[0]
            wrong.append((rows[0][0], "sale", str(told["loc"][0] if told["loc"] else "")))
    if wrong:
        raise RefusedError(wrong)
    return sales


class WrongCellError(Exception):
    def __init__(self, what: str, text: str) -> None:
        super().__init__(what)
        self.what, self.text = what, text


def _sale(rows: Sequence[Row], locale: Locale, *, currency: str, zone: ZoneInfo) -> Sale:
    first = rows[0]
    told = {
        "id": first["id"], "at": _moment(first["said"], locale, zone),
        "email": _agreed(rows, "email") or None, "place": _place(first),
        "currency": (_agreed(rows, "currency") or currency).upper(),
        "refunded": sum((_number(row.get("refunded"), locale) for row in rows), Decimal(0)),
        "lines": [_piece(row, locale) for row in rows],
    }  # fmt: skip
    return Sale.model_validate(told)


def _place(row: Row) -> str:
    return row.get("place", "").lower().replace(" ", "-") or COUNTER


def _agreed(rows: Sequence[Row], name: str) -> str:
    """What the lines of a receipt say of it, in small letters; not every one has to say it."""
    said = {row.get(name, "").lower() for row in rows} - {""}
    if len(said) > 1:
        raise WrongCellError("sale", name)
    return next(iter(said), "")


def _piece(row: Row, locale: Locale) -> Piece:
    quantity = row.get("quantity") or "1"
    if not quantity.isdecimal() or not int(quantity):
        raise WrongCellError("number", quantity)
    if not row["amount"]:
        raise WrongCellError("number", row["amount"])
    return Piece(
        sku=row.get("sku", ""), name=row.get("name", ""), quantity=int(quantity),
        amount=_number(row["amount"], locale),
    )  # fmt: skip


def _number(text: str | None, locale: Locale) -> Decimal:
    try:
        return number(text, locale) if text else Decimal(0)
    except ValueError:
        raise WrongCellError("number", text or "") from None


def _moment(text: str, locale: Locale, zone: ZoneInfo) -> datetime:
    told = moment(text, locale)
    if told is None:
        raise WrongCellError("day", text)
    if ":" not in text:
        told = datetime.combine(told.date(), NOON)
    return told if told.tzinfo else told.replace(tzinfo=zone)

"""Costs by article, and spend by channel and month or week, as tables: whole or not at all."""

import re
from datetime import date

from babel import Locale
from sqlmodel import col, delete

from app.kit.money import minor
from app.kit.tx import Tx
from app.ltv.entries import EPOCH
from app.ltv.tables import AdSpend, AdWeek, UnitCost
from app.orders.exchange import exchange
from app.web.handed_in import Refused, RefusedError, cells_of, number, read


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


def _money(text: str, locale: Locale, currency: str) -> int | None:
    try:
        return minor(number(text, locale), currency or "EUR")
    except ValueError:
        return None


def _day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - EPOCH
    except ValueError:
        return None

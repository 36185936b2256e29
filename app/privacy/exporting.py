"""PR-2: everything that is kept about a person, as she may take it away."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from app.customers.tables import Note, Person
from app.kit.money import major
from app.kit.tx import Tx, among
from app.messages import exporting as messages
from app.messages import queries as known
from app.messages.consent_tables import Consent, ConsentEntry, Preference
from app.messages.tables import Send, Touch
from app.orders.tables import Line, Order
from app.privacy import flows
from app.recommend import queries as recommend
from app.referrals import queries as referrals

SILENT = frozenset({
    "id", "shop", "person", "source", "key", "hash", "letters", "token", "token_hash", "secret",
    "guard", "content", "gaps", "issued_at", "updated_at", "first_hand", "by", "tick", "lease",
    "friend", "hand_by", "seen_from",
})  # fmt: skip
"""Columns that say nothing of anybody, or open a door."""
TOLD_ELSEWHERE = frozenset({Person, Consent, ConsentEntry, Preference, Send, Touch})

Row = dict[str, Any]


def export(tx: Tx, person: Person) -> Mapping[str, Any]:
    """Plain values, ready for JSON: who she is, her consents and messages, and every row of every
    other table that is about her, by the table's name.
    """
    people = known.group(tx, person.id or 0)
    kept = {
        name: rows
        for table in sorted(flows.tables(), key=lambda one: str(one.__tablename__))
        if "person" in inspect(table).columns and table not in TOLD_ELSEWHERE
        if (rows := _rows(tx, table, people)) and (name := str(table.__tablename__))
    }
    return {
        "made_at": tx.now.isoformat(),
        "profile": [_plain(row) for row in _named(tx, people)],
        "lines": _lines(tx, people),
        "recommendations": recommend.told_to(tx, people),
        "referred": [_plain(row) for row in referrals.referred(tx, people)],
        **kept,
        **messages.export(tx, person.id or 0),
    }


def _named(tx: Tx, people: Collection[int]) -> Sequence[Person]:
    return tx.exec(select(Person).where(among(col(Person.id), people)).order_by(col(Person.id)))  # type: ignore[return-value]


def _rows(tx: Tx, table: type[SQLModel], people: Collection[int]) -> list[Row]:
    about: Any = table
    rows = tx.exec(select(about).where(among(about.person, people)).order_by(about.id))
    live = (row for row in rows if not (isinstance(row, Note) and row.removed_at))
    return [_plain(row) for row in live]


def _lines(tx: Tx, people: Collection[int]) -> list[Row]:
    """What was in her orders."""
    rows = tx.exec(
        select(Order.number, Order.currency, Line)
        .join(Order, col(Order.id) == col(Line.order))
        .where(among(col(Order.person), people))
        .order_by(col(Line.id))
    )
    return [
        {
            "number": number, "name": line.name, "variant": line.variant_name, "sku": line.sku,
            "quantity": line.quantity, "total": str(major(line.total_minor, currency)),
            "currency": currency,
        }
        for number, currency, line in rows
    ]  # fmt: skip


def _plain(row: SQLModel) -> Row:
    """Amounts in major units where the row says in which currency."""
    currency = getattr(row, "currency", None)
    told: Row = {}
    for column in inspect(type(row)).columns:
        value = getattr(row, column.key)
        if column.key in SILENT or value is None or value in ("", [], {}):
            continue
        if column.key.endswith("_minor") and currency:
            told[column.key.removesuffix("_minor")] = str(major(value, currency))
        else:
            told[column.key] = _said(value)
    return told


def _said(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value

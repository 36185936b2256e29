"""Cells of order rows to columns, one row at a time, refusing what cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from app.ltv.arrays import Ints
from app.ltv.history import History, build

EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Layout:
    """How the file says things: names of columns where they are unusual, the format of dates
    where they are not ISO, digits of the currency's minor unit, and traits to carry along."""

    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    digits: int = 2
    traits: Sequence[str] = ()


@dataclass(frozen=True)
class Book:
    """What was read. `names` of customers and `labels` of traits are by code; `repeats` rows were
    the same as an earlier one, order id and all, and count once."""

    history: History
    rows: int
    repeats: int
    currency: str | None
    digits: int
    labels: Mapping[str, tuple[str, ...]]
    money: bool


class Taker:
    """Turns cells into columns, and says what is wrong with a row that it will not take."""

    def __init__(self, found: Mapping[str, str], layout: Layout) -> None:
        self.places = {meaning: at for at, meaning in enumerate(found)}
        self.layout = layout
        self.width = len(found)
        self.names: dict[str, int] = {}
        self.who: list[int] = []
        self.days: list[int] = []
        self.money: dict[str, list[int]] = {
            m: [] for m in ("amount", "discount", "cost", "refunded") if m in found
        }
        self.labels: dict[str, dict[str, int]] = {t: {"": 0} for t in layout.traits}
        self.trait_of: dict[str, dict[int, int]] = {t: {} for t in layout.traits}
        self.seen: set[tuple[str, int, int, int]] = set()
        self.currency: str | None = None
        self.rows = self.repeats = 0
        self.known_days: dict[str, int] = {}

    def take(self, cells: Sequence[Any]) -> str | None:
        if len(cells) != self.width:
            return str(cells[0])
        self.rows += 1
        try:
            self._take(cells)
        except ValueError as wrong:
            return str(wrong)
        return None

    def _take(self, cells: Sequence[Any]) -> None:
        name = _word(cells[self.places["customer"]])
        if not name:
            raise ValueError("has no customer")
        day = self._day(cells[self.places["date"]])
        money = {m: self._money(m, cells[self.places[m]]) for m in self.money}
        for meaning in ("discount", "cost", "refunded"):
            if money.get(meaning, 0) < 0:
                raise ValueError(f"the {meaning} is negative")
        self._one_currency(cells)
        who = self.names.setdefault(name, len(self.names))
        if "order" in self.places:
            order = _word(cells[self.places["order"]])
            mark = (order, who, day, money.get("amount", 0))
            if order and mark in self.seen:
                self.repeats += 1
                return
            self.seen.add(mark)
        self.who.append(who)
        self.days.append(day)
        for meaning, value in money.items():
            self.money[meaning].append(value)
        for trait in self.layout.traits:
            word = _word(cells[self.places[f"trait {trait}"]])
            labels = self.labels[trait]
            self.trait_of[trait].setdefault(who, labels.setdefault(word, len(labels)))

    def _day(self, value: Any) -> int:  # noqa: ANN401
        if isinstance(value, datetime | date):
            return value.toordinal() - EPOCH  # the calendar day as written
        text = _word(value)
        day = self.known_days.get(text)
        if day is None:
            day = self.known_days[text] = _parse_day(text, self.layout.date_format)
        return day

    def _money(self, meaning: str, value: Any) -> int:  # noqa: ANN401
        if value is None or value == "":
            if meaning == "amount":
                raise ValueError("has no amount")
            return 0
        try:
            amount = Decimal(str(value).strip().replace("\u00a0", ""))
        except InvalidOperation:
            raise ValueError(
                f"the {meaning} {str(value)[:40]!r} is no number (write 1234.50)"
            ) from None
        if not amount.is_finite() or abs(amount) > Decimal(10) ** 13:
            raise ValueError(f"the {meaning} {value} is no sum of money")
        return int(amount.scaleb(self.layout.digits).to_integral_value())

    def _one_currency(self, cells: Sequence[Any]) -> None:
        if "currency" not in self.places:
            return
        currency = _word(cells[self.places["currency"]])
        self.currency = self.currency or currency
        if currency != self.currency:
            raise ValueError(
                f"is in {currency}, earlier ones in {self.currency}: two currencies are never "
                "added; convert them first"
            )

    def book(self) -> Book:
        traits: dict[str, Ints] = {}
        for trait, codes in self.trait_of.items():
            traits[trait] = np.array([codes[i] for i in range(len(self.names))], dtype=np.int32)
        amounts = self.money.get("amount")
        # Without amounts every row is an order of nought: rhythm alone is learnt.
        history = build(
            self.who,
            self.days,
            amounts if amounts is not None else np.zeros(len(self.days), np.int64),
            discount=self.money.get("discount"),
            cost=self.money.get("cost"),
            refunded=self.money.get("refunded"),
            names=np.array(list(self.names), dtype=object),
            traits=traits,
        )
        return Book(
            history=history,
            rows=self.rows,
            repeats=self.repeats,
            currency=self.currency,
            digits=self.layout.digits,
            labels={trait: tuple(words) for trait, words in self.labels.items()},
            money=amounts is not None and any(amounts),
        )


def _word(value: Any) -> str:  # noqa: ANN401
    return "" if value is None else str(value).strip()


def _parse_day(text: str, form: str | None) -> int:
    if not text:
        raise ValueError("has no date")
    try:
        if form is not None:
            return datetime.strptime(text, form).date().toordinal() - EPOCH  # noqa: DTZ007  # a calendar day
        return datetime.fromisoformat(text).date().toordinal() - EPOCH
    except ValueError:
        wish = f"in the format {form}" if form else "a date like 2024-06-30"
        hint = "" if form else " (or name its format: --date-format %d/%m/%Y)"
        raise ValueError(f"the date {text[:40]!r} is not {wish}{hint}") from None

"""Customers' lines, kept up to date by every order, refund, merge, and its undoing.

An order is set to what it adds, never added to: tellings may come twice and in any order. A change
touches the line of its buyer and looks at one day of hers, so it costs the same however often she
has bought (`folding.fold`); only when her first or last purchase goes away is the rest looked at.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import col, delete, func, select, update

from app.kit.asking import any_of, ask, question
from app.kit.tx import Tx, among
from app.ltv import entries
from app.ltv.entries import MONEY, Entry
from app.ltv.folding import Day, Ends, Line, fold
from app.ltv.tables import BookedOrder, CustomerScore, CustomerTally
from app.orders.tables import Order

NUMBERS = (
    "days", "first", "last", "orders", "gross", "discount", "cost", "tax", "refunded", "costed",
    "first_value",
)  # fmt: skip
ORIGIN = ("channel", "country", "product", "category")
"""Of the first order; looked up at night (app.ltv.origins)."""
Key = tuple[int, int]
"""A person and a day."""


_DAY: list[Any] = [
    BookedOrder.person,
    BookedOrder.day,
    func.count(),
    *(func.sum(getattr(BookedOrder, name)) for name in MONEY),
]
DAYS = question(
    select(*_DAY)
    .where(any_of(col(BookedOrder.person), "persons"), any_of(col(BookedOrder.day), "days"))
    .group_by(col(BookedOrder.person), col(BookedOrder.day))
)
TALLIES = question(select(CustomerTally).where(any_of(col(CustomerTally.person), "persons")))


def book(tx: Tx, orders: Collection[int]) -> frozenset[int]:
    """Set these orders to what they add. Whose lines have changed."""
    if not orders:
        return frozenset()
    owed, known = entries.owed(tx, orders), entries.booked(tx, orders)
    changed = {id_ for id_ in owed.keys() | known.keys() if owed.get(id_) != known.get(id_)}
    if not changed:
        return frozenset()
    gone = [known[id_] for id_ in changed & known.keys()]
    come = [owed[id_] for id_ in changed & owed.keys()]
    moving = {(entry.person, entry.day) for entry in [*gone, *come]}
    before = _days(tx, moving)
    _write(tx, come, stale=changed - owed.keys())
    return _fold(tx, moving, before, gone, come)


def moved(tx: Tx, people: Collection[int]) -> set[int]:
    """Orders booked for these people that are another's by now: a merge, or its undoing."""
    if not people:
        return set()
    rows = tx.exec(
        select(BookedOrder.order)
        .join(Order, col(Order.id) == col(BookedOrder.order))
        .where(
            among(col(BookedOrder.person), sorted(people)),
            func.coalesce(col(Order.person), 0) != col(BookedOrder.person),
        )
    )
    return set(rows)


def bought_by(tx: Tx, people: Collection[int]) -> set[int]:
    """Every order that is theirs today."""
    if not people:
        return set()
    rows = tx.exec(select(Order.id).where(among(col(Order.person), sorted(people))))
    return {id_ for id_ in rows if id_}


def orphans(tx: Tx) -> set[int]:
    """Booked orders that Saleor itself does not have any more."""
    rows = (
        select(BookedOrder.order)
        .join(Order, col(Order.id) == col(BookedOrder.order), isouter=True)
        .where(col(Order.id).is_(None))
    )
    return set(tx.exec(rows))


def forget(tx: Tx, persons: Collection[int]) -> None:
    """PR-3: nothing is left that speaks of them. What others bought is untouched."""
    for table in (BookedOrder, CustomerTally, CustomerScore):
        tx.exec(delete(table).where(col(table.person).in_(persons)))


def unscore(tx: Tx, persons: Collection[int]) -> None:
    tx.exec(delete(CustomerScore).where(among(col(CustomerScore.person), sorted(persons))))


def mark(tx: Tx, persons: Collection[int]) -> None:
    """To be scored anew."""
    theirs = among(col(CustomerTally.person), sorted(persons))
    tx.exec(update(CustomerTally).where(theirs).values(stale_at=tx.now))


def _days(tx: Tx, keys: Collection[Key]) -> dict[Key, Day]:
    """What is booked of these people on these days."""
    persons, days = ({key[0] for key in keys}, {key[1] for key in keys})
    rows = ask(tx, DAYS, persons=sorted(persons), days=sorted(days))
    return {
        (row[0], row[1]): Day(
            row[1],
            orders=row[2],
            gross=int(row[3]),
            discount=int(row[4]),
            cost=int(row[5]),
            refunded=int(row[7]),
        )
        for row in rows
    }


def _write(tx: Tx, come: Iterable[Entry], *, stale: Collection[int]) -> None:
    if stale:
        tx.exec(delete(BookedOrder).where(among(col(BookedOrder.order), sorted(stale))))
    rows = [asdict(entry) for entry in come]
    overwrite = ("person", "day", *MONEY)
    tx.put(BookedOrder, rows, key=("order",), overwrite=overwrite)


def _fold(
    tx: Tx,
    moving: Collection[Key],
    before: Mapping[Key, Day],
    gone: Iterable[Entry],
    come: Iterable[Entry],
) -> frozenset[int]:
    changes = [(entry, -1) for entry in gone] + [(entry, 1) for entry in come]
    lines = _lines(tx, {person for person, _ in moving})
    after, extra = dict(before), dict[int, dict[str, int]]()
    for entry, sign in changes:
        key = (entry.person, entry.day)
        after[key] = _moved(after.get(key, Day(entry.day)), entry, sign)
        more = extra.setdefault(entry.person, {"tax": 0, "costed": 0})
        for name in more:
            more[name] += sign * getattr(entry, name)
    bought = defaultdict[int, list[Day]](list)
    for (person, _), day in sorted(after.items()):
        if day.orders > 0:
            bought[person].append(day)
    for person, number in sorted(moving):
        was, now = before.get((person, number), Day(number)), after[person, number]
        line = lines[person].line
        ends = _Ends(tx, person, line, now, bought[person])
        lines[person].line = fold(line, was, now, ends=ends)
    return _keep(tx, lines, extra)


def _moved(day: Day, entry: Entry, sign: int) -> Day:
    return Day(
        day.day,
        day.orders + sign,
        day.gross + sign * entry.gross,
        day.discount + sign * entry.discount,
        day.cost + sign * entry.cost,
        day.refunded + sign * entry.refunded,
    )


class _Ends:
    """First and last purchase as they are now. Who has just bought on that day need not look."""

    def __init__(self, tx: Tx, person: int, line: Line, day: Day, moving: Sequence[Day]) -> None:
        """`moving`: her days with orders among those that change now, the earliest first."""
        self.tx, self.person, self.line, self.day, self.moving = tx, person, line, day, moving

    def __call__(self) -> Ends:
        line, day = self.line, self.day
        if day.orders > 0 and line.days == 0:  # what changes now is all there is
            first, last = self.moving[0], self.moving[-1]
            return Ends(first.day, last.day, first.gross - first.discount)
        if day.orders > 0 and line.first < day.day:
            return Ends(line.first, max(line.last, day.day), line.first_value)
        if day.orders > 0:
            return Ends(day.day, max(line.last, day.day), day.gross - day.discount)
        return self._look()

    def _look(self) -> Ends:
        mine = BookedOrder.person == self.person
        span: Any = self.tx.exec(
            select(func.min(BookedOrder.day), func.max(BookedOrder.day)).where(mine)
        )
        first, last = span.one()
        if first is None:  # another of her days, folded next, is not there any more either
            return Ends(0, 0, 0)
        value = func.sum(BookedOrder.gross) - func.sum(BookedOrder.discount)
        brought: Any = self.tx.exec(select(value).where(mine, BookedOrder.day == first))
        return Ends(first, last, int(brought.one()))


class _Kept:
    """A line in the making, and the first purchase as it was."""

    def __init__(self, line: Line, tax: int, costed: int) -> None:
        self.line, self.tax, self.costed, self.first = line, tax, costed, line.first


def _lines(tx: Tx, persons: Collection[int]) -> dict[int, _Kept]:
    rows = ask(tx, TALLIES, persons=sorted(persons))
    found = {
        row.person: _Kept(
            Line(
                row.days, row.first, row.last, row.orders, row.gross, row.discount, row.cost,
                row.refunded, row.first_value,
            ),
            row.tax,
            row.costed,
        )
        for row in rows
    }  # fmt: skip
    return {person: found.get(person) or _Kept(Line(), 0, 0) for person in persons}


def _keep(
    tx: Tx, lines: Mapping[int, _Kept], extra: Mapping[int, Mapping[str, int]]
) -> frozenset[int]:
    left = [person for person, kept in lines.items() if kept.line.days == 0]
    if left:
        tx.exec(delete(CustomerTally).where(among(col(CustomerTally.person), left)))
        tx.exec(delete(CustomerScore).where(among(col(CustomerScore.person), left)))
    rows = {
        person: {
            **asdict(kept.line),
            "person": person,
            "tax": kept.tax + extra[person]["tax"],
            "costed": kept.costed + extra[person]["costed"],
            "channel": "",
            "country": "",
            "product": None,
            "category": "",
            "stale_at": tx.now,
        }
        for person, kept in lines.items()
        if kept.line.days
    }
    anew = [row for person, row in rows.items() if lines[person].first != row["first"]]
    same = [row for person, row in rows.items() if lines[person].first == row["first"]]
    tx.put(CustomerTally, same, key=("person",), overwrite=(*NUMBERS, "stale_at"))
    tx.put(CustomerTally, anew, key=("person",), overwrite=(*NUMBERS, *ORIGIN, "stale_at"))
    return frozenset(lines)

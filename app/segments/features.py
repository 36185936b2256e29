"""A shop's customers as a crowd: from the statistics that are kept, and one pass over the lines."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from sqlmodel import case, col, func, select

from app.catalog.tables import Product
from app.customers.tables import Person
from app.kit.tx import Tx
from app.ltv import entries
from app.ltv.tables import CustomerTally
from app.orders.queries import BOUGHT
from app.orders.tables import Line, Order
from app.segments.compiling import PEOPLE
from app.segments.crowd import Crowd, Floats, Longs

GOODS, PLACES, CHANNELS = 8, 5, 4
"""So many of each are told apart; the rest is everything else."""
ONE_COUNTRY = 0.9
"""From this share on a shop is one country's, and its regions are told apart."""


def crowd(tx: Tx) -> Crowd:
    """Everybody who bought and is still here, by our own number."""
    rows = _people(tx)
    numbers = np.array([row[:7] for row in rows], dtype=np.int64).reshape(-1, 7)
    people, first, last, days, orders, gross, discount = numbers.T
    goods = _goods(tx)
    table = _bought(tx, goods, people)
    pieces = table[:, 0]
    places, place = _coded(_places(rows), PLACES)
    channels, channel = _coded([row[7] for row in rows], CHANNELS)
    many = np.maximum(orders, 1)
    return Crowd(
        people=people,
        today=entries.today(tx),
        first=first,
        last=last,
        days=days,
        value=(gross - discount) / many,
        pieces=pieces / many,
        discount=np.clip(discount / np.maximum(gross, 1), 0.0, 1.0),
        shares=table[:, 1:] / np.maximum(pieces, 1.0)[:, None],
        goods=goods,
        place=place,
        places=places,
        channel=channel,
        channels=channels,
    )


def _people(tx: Tx) -> Sequence[Any]:
    tally = CustomerTally
    columns: list[Any] = [
        tally.person, tally.first, tally.last, tally.days, tally.orders, tally.gross,
        tally.discount, tally.channel, Person.country, tally.country, Person.region,
    ]  # fmt: skip
    rows = select(*columns).join(Person, col(Person.id) == col(tally.person)).where(PEOPLE)
    found: Any = tx.exec(rows.order_by(col(tally.person)))
    return list(found)


def _places(rows: Sequence[Any]) -> list[str]:
    """Countries; or, in a shop that sells to one country, that country's regions."""
    countries = [row[8] or row[9] for row in rows]
    country, most = (Counter(countries).most_common(1) or [("", 0)])[0]
    if not country or most < ONE_COUNTRY * len(rows):
        return countries
    pairs = zip(countries, rows, strict=True)
    return [f"{here}-{row[10]}" if here == country and row[10] else "" for here, row in pairs]


def _coded(told: Sequence[str], most: int) -> tuple[list[str], Longs]:
    """The commonest, and which of them each is; −1 for another."""
    names = [name for name, _ in Counter(name for name in told if name).most_common(most)]
    code = {name: at for at, name in enumerate(names)}
    return names, np.array([code.get(name, -1) for name in told], dtype=np.int64)


def _goods(tx: Tx) -> list[str]:
    """Saleor's ids of the categories that most pieces are of."""
    rows: Any = tx.exec(
        select(Product.category, func.sum(Line.quantity))
        .join(Line, col(Line.product) == col(Product.id))
        .where(col(Product.category).is_not(None))
        .group_by(col(Product.category))
        .order_by(func.sum(Line.quantity).desc(), col(Product.category))
        .limit(GOODS)
    )
    return [category for category, _ in rows]


def _bought(tx: Tx, goods: Sequence[str], people: Longs) -> Floats:
    """Of each of these people: pieces, and pieces of each of these categories."""
    out = np.zeros((len(people), 1 + len(goods)))
    quantity = col(Line.quantity)
    of: list[Any] = [
        func.sum(case((col(Product.category) == one, quantity), else_=0)) for one in goods
    ]
    rows: Any = tx.exec(
        select(Order.person, func.sum(quantity), *of)
        .join(Line, col(Line.order) == col(Order.id))
        .join(Product, col(Product.id) == col(Line.product), isouter=True)
        .where(BOUGHT, col(Order.person).is_not(None))
        .group_by(col(Order.person))
    )
    flat = np.fromiter(chain.from_iterable(rows), dtype=np.float64)
    told = flat.reshape(-1, 2 + len(goods))
    place = np.searchsorted(people, told[:, 0])
    known = place < len(people)
    known[known] = people[place[known]] == told[known, 0]
    out[place[known]] = told[known, 1:]
    return out

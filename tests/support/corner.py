"""A corner shop told in words: products and customers by name, days instead of seconds."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from app.recommend.adviser import Adviser
from app.recommend.picks import Pick, Wish
from app.recommend.purchases import Purchase, Purchases
from app.recommend.shelf import Shelf

DAY = 86_400
FIRST_DAY = 1_700_000_000


class Corner:
    """`products` stand on the shelf; their numbers are their places in it, from 0."""

    def __init__(
        self,
        *products: str,
        category: Mapping[str, int] | None = None,
        family: Mapping[str, int] | None = None,
        new: Iterable[str] = (),
    ) -> None:
        self.adviser = Adviser()
        self.products = list(products)
        self.people: list[str] = []
        self.orders: dict[int, Purchase] = {}
        self._of = (dict(category or {}), dict(family or {}), set(new))
        self.shelf = self.channel()
        self.adviser.book.weigh(FIRST_DAY + 100 * DAY, 30.0)

    def channel(self, *missing: str) -> Shelf:
        """A shelf of everything but this."""
        category, family, new = self._of
        return self.adviser.shelf(
            range(len(self.products)),
            sold=[name not in missing for name in self.products],
            category=[category.get(name, -1) for name in self.products],
            family=[family.get(name, -1) for name in self.products],
            new=[name in new for name in self.products],
        )

    def person(self, name: str) -> int:
        if name not in self.people:
            self.people.append(name)
        return self.people.index(name)

    def numbers(self, names: Iterable[str]) -> list[int]:
        return [self.products.index(name) for name in names]

    def buys(self, who: str | None, *products: str, day: float = 50) -> int:
        """An order; gives back its number."""
        order = Purchase(
            max(self.orders, default=-1) + 1,
            None if who is None else self.person(who),
            int(FIRST_DAY + day * DAY),
            self.numbers(products),
        )
        self.orders[order.order] = order
        assert self.adviser.book.put(order)
        return order.order

    def cancels(self, order: int) -> None:
        del self.orders[order]
        assert self.adviser.book.drop(order)

    def again(self, who: str | None, shelf: Shelf | None = None, **wish: object) -> list[str]:
        return self.names(self.adviser.again(self._who(who), shelf or self.shelf, _wish(wish)))

    def discover(self, who: str | None, shelf: Shelf | None = None, **wish: object) -> list[str]:
        return self.names(self.adviser.discover(self._who(who), shelf or self.shelf, _wish(wish)))

    def mixed(self, who: str | None, shelf: Shelf | None = None, **wish: object) -> list[str]:
        return self.names(self.adviser.mixed(self._who(who), shelf or self.shelf, _wish(wish)))

    def popular(self, shelf: Shelf | None = None, **wish: object) -> list[str]:
        return self.names(self.adviser.popular(shelf or self.shelf, _wish(wish)))

    def together(self, *products: str, shelf: Shelf | None = None, **wish: object) -> list[str]:
        numbers = self.numbers(products)
        return self.names(self.adviser.together(numbers, shelf or self.shelf, _wish(wish)))

    def every(self, who: str | None, shelf: Shelf | None = None, **wish: object) -> list[list[str]]:
        """All lists that such a shopper can meet."""
        return [
            self.again(who, shelf, **wish),
            self.discover(who, shelf, **wish),
            self.mixed(who, shelf, **wish),
            self.popular(shelf, **wish),
            self.together(self.products[0], shelf=shelf, **wish),
        ]

    def names(self, picks: Sequence[Pick]) -> list[str]:
        return [self.products[pick.product] for pick in picks]

    def _who(self, who: str | None) -> int | None:
        return None if who is None else self.person(who)


def _wish(words: dict[str, object]) -> Wish:
    return Wish(**words)  # type: ignore[arg-type]  # as the test has it


def rebuilt(orders: Iterable[Purchase]) -> Adviser:
    """An engine that read these orders at once."""
    adviser = Adviser()
    adviser.book.read([Purchases.of(list(orders))])
    adviser.book.weigh(FIRST_DAY + 100 * DAY, 30.0)
    return adviser


def made_up(
    customers: int = 300, products: int = 200, *, tastes: int = 8, seed: int = 5, guests: int = 30
) -> list[Purchase]:
    """Orders of people who each like one kind of product (its number modulo `tastes`), and come
    back for what they had."""
    chance = np.random.default_rng(seed)
    orders: list[Purchase] = []
    for person in range(customers + guests):
        taste, had = int(chance.integers(tastes)), list[int]()
        for _ in range(int(chance.integers(1, 7)) if person < customers else 1):
            basket = {
                had[int(chance.integers(len(had)))]
                if had and chance.random() < 0.5
                else _taken(chance, products, tastes, taste)
                for _ in range(int(chance.integers(1, 6)))
            }
            had += basket
            orders.append(
                Purchase(
                    len(orders),
                    person if person < customers else None,
                    FIRST_DAY + int(chance.integers(90 * DAY)),
                    sorted(basket),
                )
            )
    return orders


def _taken(chance: np.random.Generator, products: int, tastes: int, taste: int) -> int:
    """A product of the taste, three times of four; those with low numbers sell more."""
    place = int(products * chance.random() ** 2)
    if chance.random() < 0.75:
        place = place - place % tastes + taste
    return min(place, products - 1)

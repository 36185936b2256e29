"""S6: predictive segments: who is likely to do what, and how such words came true in the past."""

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import insert
from sqlmodel import select

from app.customers.tables import Person
from app.kit import shares
from app.kit.house import House
from app.ltv import entries
from app.ltv.flows import Reckon
from app.ltv.history import History, build
from app.ltv.tables import BookedOrder, CustomerTally
from app.segments import flows, foretelling, queries, rules
from app.segments.foretelling import BUYS, LAPSES
from app.segments.rules import WrongTreeError
from app.segments.tables import Placing, Study
from tests.support.story import Shop

WEEKLY, RARE, ONCE = 50, 40, 40
TODAY = 20_000


def purchases(seed: int = 5) -> list[tuple[int, int, int]]:
    """Person, days ago, value: some buy every ten days, some twice a year, some came once."""
    chance = np.random.default_rng(seed)
    rows = list[tuple[int, int, int]]()
    for person in range(1, WEEKLY + RARE + ONCE + 1):
        pace = 10 if person <= WEEKLY else 170
        ago = int(chance.integers(380, 700))
        value = 2_000 if person <= WEEKLY else 3_000
        while ago > 0:
            rows.append((person, ago, value + int(chance.integers(0, 400))))
            if person > WEEKLY + RARE:
                break
            ago -= max(int(chance.exponential(pace)), 1)
    return rows


def history() -> History:
    person, ago, value = np.array(purchases()).T
    return build(person - 1, TODAY - ago, value)


def test_what_was_said_at_days_gone_by_is_held_against_what_came() -> None:
    """S6: "likely to lapse (70–85 %)": the range is the shop's past and not the model's word."""
    found = foretelling.calibrate(history(), today=TODAY, window=730)
    buys = found[BUYS]
    assert [then.days_ago for then in buys.thens] == [30, 60, 90]
    assert buys.low
    assert buys.high
    real = [then.came / then.picked for then in buys.thens]
    assert buys.low < min(real) <= max(real) < buys.high, "every day is inside"
    assert buys.low > 0.7, "who buys every ten days buys within thirty"


def test_of_too_few_nothing_is_said() -> None:
    """S6: half the past is needed to be held against the other half."""
    few = build(np.arange(20), np.full(20, TODAY - 400), np.full(20, 1_000))
    assert {one.low for one in foretelling.calibrate(few, today=TODAY, window=730).values()} == {
        None
    }


def test_the_range_is_wilsons() -> None:
    """Wilson (1927), as in Brown, Cai and DasGupta (2001): 0 of 10 is not surely nought."""
    low, high = shares.wilson(0, 10, z=1.96)
    assert (low, round(high, 4)) == (0.0, 0.2775)
    assert shares.wilson(10, 10, z=foretelling.Z80)[1] == 1.0
    low, high = shares.wilson(78, 100, z=foretelling.Z80)
    assert low < 0.78 < high


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house) as shop:
        fills(shop)
        with shop.work() as tx:
            flows.begin(tx)
            tx.later(Reckon(occasion="history read", learn=True))
        yield shop


def fills(shop: Shop) -> None:
    with shop.work() as tx:
        today, told = entries.today(tx), purchases()
        names = range(1, WEEKLY + RARE + ONCE + 1)
        people = [
            {"shop": shop.id, "key": f"account:U{n}", "account": f"U{n}", "email": f"u{n}@a.pt"}
            for n in names
        ]
        tx.connection().execute(insert(Person), people)
        found = dict(tx.exec(select(Person.key, Person.id)).all())
        id_of = {n: found[f"account:U{n}"] for n in names}
        nothing = dict.fromkeys(("discount", "cost", "tax", "refunded", "costed"), 0)
        tx.connection().execute(insert(BookedOrder), [
            nothing
            | {"shop": shop.id, "order": at, "person": id_of[n], "day": today - ago, "gross": value}
            for at, (n, ago, value) in enumerate(told, 1)
        ])  # fmt: skip
        mine = {n: [(ago, value) for one, ago, value in told if one == n] for n in names}
        tx.connection().execute(insert(CustomerTally), [
            nothing | {
                "shop": shop.id, "person": id_of[n], "days": len(some), "orders": len(some),
                "first": today - some[0][0], "last": today - some[-1][0],
                "gross": sum(value for _, value in some), "first_value": some[0][1],
                "channel": "web", "country": "PT", "category": "",
            }
            for n, some in mine.items()
        ])  # fmt: skip


def test_who_is_likely_to_buy_is_a_segment_with_its_range(shop: Shop) -> None:
    """S6: expected number with its range, on the page; IN-5: the first time it is no news."""
    assert "Nothing is said of single customers yet" in shop.sees("/app/segments")
    shop.settles()
    shop.waits(seconds=60)
    assert shop.errors() == []
    [study] = [one for one in shop.all(Study) if one.name == "chances"]
    assert study.body["personal"]
    buys, lapses = study.body["questions"][BUYS], study.body["questions"][LAPSES]
    assert 0 < buys["low"] < buys["high"] <= 1
    assert lapses["thens"] is not None
    with shop.look() as tx:
        row = queries.by_key(tx, "may-buy")
        assert row
        inside = set(queries.people_in(tx, row.id or 0))
    likely = {one.person for one in shop.all(Placing) if one.place >= 50}
    assert inside == likely
    assert inside
    told = shop.sees("/app/segments")
    for words in ("Likely to buy in 30 days", "will buy in the next 30 days", "30 days ago:"):
        assert words in told
    for locale in ("pl", "pt-BR"):
        assert shop.sees("/app/segments", locale=locale)


def test_a_chance_below_what_is_kept_is_refused() -> None:
    with pytest.raises(WrongTreeError):
        rules.read({"fact": "chance", "of": "buys_30", "at_least": 0.1})

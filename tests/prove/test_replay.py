"""DC-3 at full size: 10,000 decisions of a story, each made once more."""

import sys

import pytest

from app.decisions import flows, queries
from app.decisions.rules import MOST_BYTES
from app.decisions.tables import Decision
from app.kit.house import House
from app.proof import replaying
from tests.support.deciding import Deciding
from tests.support.recovering import Counter

WANTED = 10_000
TOGETHER = 60


@pytest.mark.prove
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_dc3_ten_thousand_decisions_come_out_as_they_were(house: House) -> None:
    with Deciding(house, Counter(house.clock.now)) as shop:
        people, decided = 0, 0
        while decided < WANTED:
            shop.lives(TOGETHER, first=people, together=TOGETHER)
            people += TOGETHER
            decided = len(shop.all(Decision))
        with shop.look() as tx:
            found = replaying.replay(queries.walk(tx))
        largest = max(flows.size(one.model_dump()) for one in shop.all(Decision))
        told = f"{found.same} of {decided} the same, {people} people, the largest {largest} bytes"
        sys.stdout.write(f"\n{told}\n{dict(sorted(found.by_rule.items()))}\n")
        assert found.different == []
        assert found.same == decided >= WANTED
        assert largest <= MOST_BYTES
        assert not shop.errors()

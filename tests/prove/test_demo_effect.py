"""The sandbox knows what a code does to its people; the page Proof finds it out by itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import cast

import pytest
from sqlmodel import select

from app.kit.house import House
from app.loyalty import settings
from app.loyalty.tables import Programme
from app.proof import errands
from app.proof.jobs import Measure
from app.proof.tables import Finding
from app.trials import flows as trials
from app.trials import queries
from app.trials.tables import Assignment
from sandbox import response
from sandbox.people import User
from sandbox.shopper import Cart, Shopper
from tests.support.loyal import draft
from tests.support.market import Market

pytestmark = pytest.mark.prove
CROWD = 1_300
RATES = {"BRL": Decimal("0.19"), "PLN": Decimal("0.23")}


@pytest.fixture
def market(house: House) -> Iterator[Market]:
    """Everybody who ever bought has a tier with a code; of half of them it is withheld."""
    with Market(house, customers=CROWD, orders=CROWD + 300) as market:
        with market.work() as tx:
            ladder = replace(draft(bronze=1, silver=None, gold=10**7), rates=RATES)
            settings.save(tx, ladder, by="owner")
            tx.exec(select(Programme)).one().open_since = tx.now
            trials.terms(tx, share=0.5)
        market.waits(seconds=31)
        market.waits(minutes=10)
        yield market


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_holds_the_effect_that_the_sandbox_knows(market: Market) -> None:
    """HO-4, HO-5: drawn by the app at real carts, codes put on by it, bought or not by the
    sandbox's own dice; two weeks later the interval on the page holds the truth."""
    dice, store = Random("hesitating"), market.sandbox.store
    users = [one for one in store.users.values() if one.is_confirmed and one.order_ids]
    carts: list[tuple[User, Cart]] = []
    for at, user in enumerate(users):
        channel = store.orders[user.order_ids[-1]].channel
        cart = Shopper(store, channel, user.email, user).fills_cart()
        carts.append((user, cart))
        if at % 20 == 19:
            market.waits(seconds=2)
            market.waits(seconds=2)
    market.waits(seconds=3)
    coded = sum(cart.voucher_code is not None for _, cart in carts)
    with market.look() as tx:
        drawn = len(tx.exec(select(Assignment)).all())
    assert 0.4 < coded / drawn < 0.6
    for at, (_, cart) in enumerate(carts):
        if response.buys_after_all(dice, coded=cart.voucher_code is not None):
            cart.pays()
        if at % 20 == 19:
            market.settles()
    market.settles()
    market.waits(days=15)
    now = market.house.clock.now()
    errands.measure(Measure(day=now.date().isoformat()), market.perennial.reach.world(market.id))
    with market.look() as tx:
        trial = queries.newest(tx, "holdout:tiers")
        assert trial
        rows = select(Finding).where(Finding.trial == trial.id, Finding.span == 14)
        told = tx.exec(rows).one().body["against"][0]
    found = told["metrics"]["conversion"]
    page = market.http.get("/app/proof", headers=market.owner()).text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    print(  # noqa: T201  # `make prove` shows it
        f"\n{drawn} people drawn, {coded} with a code: {found['estimate']:+.3f} "
        f"({found['low']:+.3f} to {found['high']:+.3f}), truth {response.EFFECT:+.3f}"
    )
    assert found["low"] < response.EFFECT < found["high"]
    assert told["verdict"] == "better"
    shown = re.search(r"\+([\d.]+) points \(95%: \+([\d.]+) to \+([\d.]+)\)", text)
    assert shown, text[:2000]
    low, high = cast("tuple[str, str]", shown.group(2, 3))
    assert float(low) < response.EFFECT * 100 < float(high)

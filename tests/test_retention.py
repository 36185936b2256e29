"""PR-5, DC-5: what was kept for long enough goes at night, however much of it there is."""

from datetime import timedelta

from app.carts.tables import Cart
from app.decisions import flows as decisions
from app.decisions.flows import Decided
from app.decisions.tables import Decision, DecisionMonth
from app.kit.tx import Tx
from app.privacy import retention
from tests.support.makers import checkout, event
from tests.support.story import Shop


def night(shop: Shop) -> None:
    with shop.work() as tx:
        retention.nightly(tx)
    shop.settles()
    assert shop.errors() == []


def test_dc5_one_night_is_enough_for_all_that_has_grown_old(shop: Shop) -> None:
    """DC-5: a newsletter is a decision a person: a shop must not forget slower than it decides."""
    many = 2 * decisions.AT_ONCE + 1

    def decide(tx: Tx, name: str) -> None:
        decisions.record_all(
            tx, [Decided(rule="gate", ref=f"{name}{n}", outcome="sent") for n in range(many)]
        )

    with shop.work() as tx:
        decide(tx, "old")
    shop.waits(days=731)
    with shop.work() as tx:
        decisions.record(tx, Decided(rule="gate", ref="new", outcome="sent"))
    night(shop)
    assert [one.ref for one in shop.all(Decision)] == ["new"]
    assert [month.count for month in shop.all(DecisionMonth)] == [many]


def test_pr5_of_an_old_cart_only_what_it_came_to_is_kept(shop: Shop) -> None:
    """PR-5: after 180 days; before, and where it was bought, it stays as it is."""
    for name, days in (("old", 181), ("young", 179)):
        ago = timedelta(days=-days)
        told = checkout(f"{name}@example.com", no=name, updated=ago)
        shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", issued=ago, checkout=told))
    old, young = shop.all(Cart)
    worth = old.worth_minor
    assert (old.email, bool(old.lines), worth > 0) == ("old@example.com", True, True)
    night(shop)
    old, young = shop.all(Cart)
    assert (old.email, old.person, old.lines, old.trail, old.worth_minor) == (
        None, None, [], [], worth,
    )  # fmt: skip
    assert (young.email, bool(young.lines)) == ("young@example.com", True)

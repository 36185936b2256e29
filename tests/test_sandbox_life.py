"""The shop lives: shoppers with plans, people in their order, and a story of what was seen."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from sandbox import Sandbox
from sandbox.cast import ANA, BEN, CLEO, remember
from sandbox.clock import StandingClock, read_clock
from sandbox.life import Life
from sandbox.money import spread
from sandbox.rules import carts, metadata, promotions
from sandbox.shopper import Cart
from sandbox.story import Story


@dataclass
class Town:
    """A shop whose hours pass as the test says; a real second is a business minute."""

    sandbox: Sandbox
    clock: StandingClock
    story: Story
    life: Life

    def passes(self, hours: float) -> None:
        for _ in range(int(hours * 60 * 20)):
            self.clock.wait(seconds=3)
            self.life.step()

    def texts(self) -> list[str]:
        return [line.text for line in self.story.lines]


@pytest.fixture
def town() -> Town:
    clock = StandingClock()
    sandbox = Sandbox(seed=4, clock=clock, customers=30, orders=120)
    remember(sandbox.store)
    story = Story(clock)
    life = Life(sandbox, story, speed=60, now=lambda: clock.now().timestamp() / 60)
    return Town(sandbox, clock, story, life)


class FirstApp:
    """Does what an app with tiers would: gold for who spends much, a code on her next cart."""

    def __init__(self, town: Town) -> None:
        self.store = town.sandbox.store
        self.app = town.sandbox.install(
            {"id": "x", "name": "X", "version": "1", "tokenTargetUrl": "http://x/register"},
            via=lambda *_: 200,
        )
        self.taken_off: set[str] = set()
        self.insists = False
        with self.store.acting_as(self.who):
            self.voucher = promotions.create(
                self.store, [], name="Gold", discount_value_type="PERCENTAGE", single_use=True
            )
            for channel in self.store.channels.values():
                promotions.list_in(self.store, self.voucher, channel, Decimal(10), None)
        town.sandbox.watchers.append(self.see)

    @property
    def who(self) -> object:
        from sandbox.apps import Principal

        return Principal(app=self.app, permissions=frozenset({"MANAGE_USERS"}))

    def see(self, event: str, subject: object, who: object) -> None:
        if getattr(who, "app", None) is not None:
            return
        with self.store.acting_as(self.who):
            if event == "ORDER_CREATED" and subject.user and subject.total_amount > 1000:
                texts = {"perennial.tier": "gold"}
                metadata.write(self.store, subject.user, texts, private=False)
            if event in ("CHECKOUT_CREATED", "CHECKOUT_UPDATED"):
                self.reward(event, subject)

    def reward(self, event: str, cart: object) -> None:
        tier = cart.user and cart.user.metadata.get("perennial.tier")
        if event == "CHECKOUT_UPDATED" and cart.voucher_code is None:
            self.taken_off.add(cart.id)
        if not tier or cart.voucher_code or (cart.id in self.taken_off and not self.insists):
            return
        code = f"GOLD-{len(self.voucher.codes)}"
        promotions.update(self.store, self.voucher, [code])
        carts.add_promo_code(self.store, cart, code)


def test_the_cast_plays_its_part_when_an_app_does_its_own(town: Town) -> None:
    FirstApp(town)
    cleo = town.sandbox.customer(CLEO).user
    assert cleo is not None
    cleo.metadata["perennial.tier"] = "gold"
    town.life.visits_a_second = 1e-9
    town.life.open()
    town.passes(hours=12)
    told = "\n".join(town.texts())
    assert "Ana" in told
    assert "is now gold" in told
    assert "Ana ordered with her code GOLD-" in told
    assert "Ben came back" in told
    assert "Cleo paid without it" in told
    assert town.story.counts["codes forced"] == 0
    assert town.life.trouble == []
    last = {order.user_email: order for order in town.sandbox.store.orders.values()}
    assert last[ANA].discounts
    assert not last[CLEO].discounts
    assert last[BEN].refunded > 0


def test_an_app_that_forces_a_code_back_on_is_noticed(town: Town) -> None:
    FirstApp(town).insists = True
    cleo = town.sandbox.customer(CLEO).user
    assert cleo is not None
    cleo.metadata["perennial.tier"] = "gold"
    town.life.visits_a_second = 1e-9
    town.life.open()
    town.passes(hours=12)
    assert town.story.counts["codes forced"] == 1


def test_without_an_app_everybody_still_shops(town: Town) -> None:
    town.life.visits_a_second = 2.0
    before = len(town.sandbox.store.orders)
    town.life.open()
    town.passes(hours=3)
    town.life.close()
    town.passes(hours=80)
    counts = town.story.counts
    assert counts["orders"] == len(town.sandbox.store.orders) - before > 100
    assert min(counts[name] for name in ("carts left", "came back", "refunds", "expired")) > 0
    assert counts["codes given"] == 0
    assert town.life.inside == 0
    assert town.life.trouble == []


def test_a_seed_decides_who_comes() -> None:
    def told() -> list[str]:
        clock = StandingClock()
        sandbox = Sandbox(seed=9, clock=clock, customers=20, orders=60)
        life = Life(
            sandbox,
            Story(clock),
            speed=60,
            visits_a_second=1,
            now=lambda: clock.now().timestamp() / 60,
        )
        life.open(with_cast=False)
        Town(sandbox, clock, life.story, life).passes(hours=1)
        return [one.user_email for one in sandbox.store.orders.values()][60:]

    assert told() == told()
    assert len(told()) > 5


def test_a_cart_stays_readable_after_it_was_ordered(town: Town) -> None:
    cart: Cart = town.sandbox.guest("a@example.com").fills_cart()
    order = cart.pays()
    assert (cart.order, cart.thing.email) == (order, "a@example.com")


def test_shares_of_a_discount_add_up() -> None:
    assert spread(Decimal("2.40"), [Decimal("20.00"), Decimal("3.98")]) == [
        Decimal("2.00"),
        Decimal("0.40"),
    ]
    assert sum(spread(Decimal("0.01"), [Decimal(1)] * 3)) == Decimal("0.01")


def test_the_clock_is_spelled_as_it_is_read() -> None:
    text = "scale:600@2026-01-01T00:00:00Z"
    assert read_clock(text).spelled == text
    assert read_clock("real").spelled == read_clock(None).spelled == ""
    with pytest.raises(ValueError, match="no clock"):
        read_clock("fast")

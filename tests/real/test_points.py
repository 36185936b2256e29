"""In a running Saleor: what an order brings in points, what a refund takes of them, the code they
become, the basket it is good for, and the points that come back (PT-1 to PT-6).
"""

from datetime import timedelta
from decimal import Decimal
from math import ceil, floor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from app.kit.money import minor
from app.kit.tx import ShopId
from app.orders.tables import Line, Order
from app.points import queries
from app.recommend import flows as recommend
from sandbox.owner import Forms
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_frame import Frame
from tests.support.scenario_shop import PASSWORD, Shop, Shopper
from tests.support.scenario_wire import ERRORS, JSON, ShopRefusedError, until

pytestmark = pytest.mark.real

RATE = 50
"""Points for a dollar: one order is enough to spend some."""
PUT_ON = f"""mutation($id: ID!, $c: String!) {{
  checkoutAddPromoCode(id: $id, promoCode: $c) {{ checkout {{ id }} {ERRORS} }} }}"""
ADD = f"""mutation($id: ID!, $l: [CheckoutLineInput!]!) {{
  checkoutLinesAdd(id: $id, lines: $l) {{ checkout {{ id }} {ERRORS} }} }}"""
CARDS = """query($c: String!) { products(first: 50, channel: $c, filter: {giftCard: true}) {
  edges { node { variants { id pricing { price { gross { amount } } } } } } } }"""
CARD_IDS = "{ products(first: 100, filter: {giftCard: true}) { edges { node { id } } } }"
VOUCHERS = """query($c: String!) { vouchers(first: 20, filter: {search: $c}) { edges { node {
  type discountValueType singleUse applyOncePerCustomer
  channelListings { channel { slug } discountValue minSpent { amount } }
  codes(first: 100) { edges { node { code isActive } } } } } } }"""
A_DAY, A_SEASON = timedelta(hours=25), timedelta(days=90)


def test_points_are_earned_spent_on_half_a_basket_and_given_back(
    saleor: Shop, tmp_path: Path
) -> None:
    saleor.look_around()
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        tale = Tale(app, uuid4().hex[:8])
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                tale.the_owner_switches_them_on()
                tale.an_order_brings_them_but_for_its_gift_card()
                tale.a_refund_takes_its_share()
                tale.some_become_a_code()
                tale.it_is_good_for_twice_its_worth_and_to_the_cent()
                tale.what_was_paid_with_them_comes_back_with_the_money()
                tale.the_parcel_may_come_back_for_a_day()
            with app.running(ahead=A_DAY):
                tale.the_day_is_over()
                assert app.parked() == []
            with app.running(ahead=A_SEASON):
                tale.what_nobody_used_leaves_saleor()
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


class Tale:
    """Ana has an account."""

    def __init__(self, app: App, mark: str) -> None:
        self.app, self.shop, self.frame = app, app.shop, Frame(app)
        self.ana = Shopper(f"ana-{mark}@example.com")
        self.key, self.code = "", ""
        self.first: JSON = {}
        self.second: JSON = {}
        self.price = Decimal(0)
        self.spent = 0
        self.then = 0

    # The owner

    def the_owner_switches_them_on(self) -> None:
        self.saves(on="on", rate=str(RATE), least="500", days="0")
        self.app.settled()
        told = self.shop.ask(CARD_IDS, token=self.shop.staff)["products"]["edges"]
        with self.app.look() as tx:
            id_: ShopId = tx.shop
            terms = queries.terms(tx)
            assert terms is not None
            assert terms.gift_cards == sorted(edge["node"]["id"] for edge in told) != []
        self.key = self.app.house.do(id_, lambda tx: recommend.counsel(tx).public_key)

    def saves(self, **new: str) -> None:
        forms = Forms(self.frame.page("/app/points")).forms
        form = next(f["sent"] for f in forms if "rate" in dict(f["sent"]))
        told = self.frame.page("/app/points", [*(dict(form) | new).items()])
        assert "Saved." in told, told

    # Earned

    def an_order_brings_them_but_for_its_gift_card(self) -> None:
        """PT-3; and nothing is to be returned for a day, so they are hers once all is sent."""
        self.ana = self.shop.register(self.ana.email)
        self.shop.confirm(self.ana)
        self.price = self.shop.ware.price
        cart = self.shop.fill_cart(self.ana, 4)
        self.shop.do(ADD, token=self.ana.token, id=cart, l=[self.card()])
        self.first = self.orders(cart)
        whole = floor(self.price * 4 * RATE)
        assert self.first["subtotal"]["gross"]["amount"] > self.price * 4
        assert self.has() == (0, whole)
        self.shop.send(self.shop.order(self.first["id"]))
        self.app.settled()
        assert self.shop.order(self.first["id"])["status"] == "FULFILLED"
        assert self.has() == (whole, 0)

    def card(self) -> JSON:
        found = self.shop.ask(CARDS, c=self.shop.channel)["products"]["edges"]
        variants = [v for edge in found for v in edge["node"]["variants"] if v["pricing"]]
        variant = min(variants, key=lambda v: v["pricing"]["price"]["gross"]["amount"])
        return {"variantId": variant["id"], "quantity": 1}

    def a_refund_takes_its_share(self) -> None:
        back = cents(self.first["total"]["gross"]["amount"] / 4)
        self.shop.refund(self.first, back)
        self.app.settled()
        whole = floor(self.price * 4 * RATE)
        left = ceil(whole * (1 - self.share(self.first, back)))
        assert whole * Decimal("0.7") < left < whole * Decimal("0.8")
        assert self.has() == (left, 0)

    def share(self, order: JSON, back: Decimal) -> Decimal:
        """What of the goods was paid back, in whole cents."""
        goods, total = (order[name]["gross"]["amount"] for name in ("subtotal", "total"))
        left = minor(goods - goods * back / total, self.shop.ware.currency)
        return 1 - Decimal(left) / minor(goods, self.shop.ware.currency)

    # Spent

    def some_become_a_code(self) -> None:
        """Worth more than one of the ware: two are no basket for it, and three are."""
        before, _ = self.has()
        worth = Decimal(floor(self.price * Decimal("1.25")))
        self.spent = int(worth * 100)
        assert self.spends(100, "few").json()["answer"] == "too_few"
        assert self.spends(before // 100 * 100 + 100, "many").json()["answer"] == "not_enough"
        for _ in range(2):
            answer = self.spends(self.spent, "once")
            assert answer.status_code == 202, answer.text
        self.app.settled()
        assert self.has() == (before - self.spent, 0)
        (told,) = self.own()["codes"]
        self.code = told["code"]
        assert (Decimal(told["amount"]), Decimal(told["least"])) == (worth, worth * 2)
        voucher = self.voucher()
        assert (voucher["type"], voucher["discountValueType"]) == ("ENTIRE_ORDER", "FIXED")
        assert (voucher["singleUse"], voucher["applyOncePerCustomer"]) == (True, True)
        listing = next(
            one for one in voucher["channelListings"] if one["channel"]["slug"] == self.shop.channel
        )
        assert (listing["discountValue"], listing["minSpent"]["amount"]) == (worth, worth * 2)
        assert self.live()

    def it_is_good_for_twice_its_worth_and_to_the_cent(self) -> None:
        small = self.shop.fill_cart(self.ana, 2)
        with pytest.raises(ShopRefusedError, match="not applicable"):
            self.shop.do(PUT_ON, token=self.ana.token, id=small, c=self.code)
        self.app.settled()
        self.then = self.has()[0]
        cart = self.shop.fill_cart(self.ana, 3)
        self.shop.do(PUT_ON, token=self.ana.token, id=cart, c=self.code)
        self.second = self.orders(cart)
        goods, worth = self.second["subtotal"]["gross"]["amount"], Decimal(self.spent) / 100
        assert goods == self.price * 3 - worth
        assert [one["amount"]["amount"] for one in self.second["discounts"]] == [worth]
        with self.app.look() as tx:
            row = tx.exec(select(Order).where(Order.saleor_id == self.second["id"])).one()
            lines = tx.exec(select(Line.total_minor).where(col(Line.order) == row.id)).all()
            assert (row.goods_minor, sum(lines)) == (int(goods * 100), int(goods * 100))
            assert row.discount_minor == worth * 100
        assert self.has() == (self.then, floor(goods * RATE))
        assert [one["used"] for one in self.own()["codes"]] == [True]
        assert not self.live()

    def what_was_paid_with_them_comes_back_with_the_money(self) -> None:
        """PT-2: half of it, then all; and what the order itself brought goes."""
        total, goods = (self.second[k]["gross"]["amount"] for k in ("total", "subtotal"))
        half = cents(total / 2)
        self.shop.refund(self.second, half)
        self.app.settled()
        share = self.share(self.second, half)
        brought = ceil(floor(goods * RATE) * (1 - share))
        assert self.has() == (self.then + ceil(self.spent * share), brought)
        self.shop.refund(self.second, total)
        self.app.settled()
        assert self.has() == (self.then + self.spent, 0)
        assert not self.live()

    # Waited for

    def the_parcel_may_come_back_for_a_day(self) -> None:
        self.saves(on="on", rate=str(RATE), least="500", days="1")
        self.then = self.has()[0]
        order = self.orders(self.shop.fill_cart(self.ana, 2))
        self.shop.send(order)
        self.app.settled()
        whole = floor(self.price * 2 * RATE)
        assert self.has() == (self.then, whole)
        back = cents(order["total"]["gross"]["amount"] / 3)
        self.shop.refund(order, back)
        self.app.settled()
        left = ceil(whole * (1 - self.share(order, back)))
        assert self.has() == (self.then, left)
        self.spends(self.spent, "unused")
        self.app.settled()
        self.code = self.own()["codes"][0]["code"]
        assert self.live()
        self.then += left - self.spent

    def the_day_is_over(self) -> None:
        self.app.works_off_the_night()
        self.app.settled()
        assert self.has() == (self.then, 0)

    def what_nobody_used_leaves_saleor(self) -> None:
        until(lambda: not self.live(), "the code to leave Saleor", seconds=600)
        until(lambda: self.has() == (self.then + self.spent, 0), "its points", seconds=300)

    # What Ana does

    def orders(self, cart: str) -> JSON:
        self.shop.choose_delivery(self.ana, cart)
        self.shop.pay(cart)
        order = self.shop.complete(self.ana, cart)
        self.app.settled()
        return order

    def has(self) -> tuple[int, int]:
        told = self.own()
        return told["points"], told["pending"]

    def own(self) -> JSON:
        """What her page of the storefront shows her."""
        answer = self._asks("GET")
        assert answer.status_code == 200, answer.text
        told: JSON = answer.json()
        assert told["state"] == "on"
        return told

    def spends(self, points: int, turn: str) -> httpx.Response:
        return self._asks("POST", json={"points": points, "turn": turn})

    def _asks(self, method: str, **more: JSON) -> httpx.Response:
        self.ana.token = self.shop.sign_in(self.ana.email, PASSWORD)
        return httpx.request(
            method,
            f"{self.app.ear.app_url}/public/v1/points",
            params={"key": self.key},
            headers={"authorization": f"Bearer {self.ana.token}"},
            timeout=30,
            **more,  # type: ignore[arg-type]
        )

    # Saleor

    def voucher(self) -> JSON:
        found = self._vouchers()
        assert len(found) == 1
        return found[0]

    def live(self) -> bool:
        """Whether Saleor would still take it from somebody."""
        codes = [one["node"] for v in self._vouchers() for one in v["codes"]["edges"]]
        return any(one["code"] == self.code and one["isActive"] for one in codes)

    def _vouchers(self) -> list[JSON]:
        told = self.shop.ask(VOUCHERS, token=self.shop.staff, c=self.code)["vouchers"]
        return [edge["node"] for edge in told["edges"]]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))

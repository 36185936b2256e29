"""One story, told to a shop over its public API, while the app is listening.

It runs unchanged against a served sandbox and a running Saleor. Every step waits until all that
follows from it has been told, heard and worked, and then finds the books of both equal.
"""

import secrets
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlmodel import select

from app.carts import queries as carts
from app.carts.rules import State
from app.customers.tables import Person
from app.history import queries as history
from app.history.queries import Completeness
from app.loyalty.tables import Act, Attempt, Code
from app.orders.tables import Order
from app.shops.tables import Status
from tests.support.scenario_app import App
from tests.support.scenario_frame import Frame
from tests.support.scenario_record import Record
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import JSON, until

PERCENT = Decimal(10)
A_NIGHT = timedelta(hours=27)


def play(shop: Shop, app: App) -> Record:
    """The whole story. `app` is not running yet and in no shop."""
    record = Record(app, shop)
    tale = Tale(shop, app, record)
    shop.look_around()
    with app.running():
        tale.begins()
        tale.guests_buy()
        tale.ana_rises()
        tale.ana_has_a_code()
        tale.ana_uses_her_code()
        tale.money_comes_back()
        tale.somebody_leaves_a_cart()
        tale.ana_asks_to_be_forgotten()
        tale.the_app_is_switched_off_and_on()
    with app.running(ahead=A_NIGHT):
        tale.a_night_passes()
        tale.the_app_is_removed()
    return record


class Tale:
    """Ana has an account; Ben and Cleo are guests."""

    def __init__(self, shop: Shop, app: App, record: Record) -> None:
        self.shop, self.app, self.record = shop, app, record
        self.step, self.frame = record.step, Frame(app)
        mark = secrets.token_hex(4)
        self.ana = Shopper(f"ana.{mark}@example.com")
        self.ben = Shopper(f"ben.{mark}@example.com")
        self.cleo = Shopper(f"cleo.{mark}@example.com")
        self.bens: JSON = {}
        self.anas: JSON = {}
        self.left = ""

    def begins(self) -> None:
        self.app.install()
        until(self.app.imported, "the import")
        with self.step("the app is installed and has read the shop's past"):
            pass
        threshold = (self.shop.ware.price * 2).quantize(Decimal(1))
        with self.step("the owner switches an offer on"):
            self.frame.offer("bronze", threshold=str(threshold), percent=str(PERCENT))

    def buys(self, shopper: Shopper, quantity: int = 1, *, paid: bool = True) -> JSON:
        """Unhurried: what is told of a checkout is lost where the order comes too soon after."""
        checkout = self.shop.fill_cart(shopper, quantity)
        self.app.settled()
        return self.orders(shopper, checkout, paid=paid)

    def orders(self, shopper: Shopper, checkout: str, *, paid: bool = True) -> JSON:
        self.shop.choose_delivery(shopper, checkout)
        self.app.settled()
        if paid:
            self.shop.pay(checkout)
        self.app.settled()
        return self.shop.complete(shopper, checkout)

    def guests_buy(self) -> None:
        with self.step("a guest pays"):
            self.bens = self.buys(self.ben, 2)
        assert self.bens["status"] == "UNFULFILLED"
        with self.step("a guest orders without paying"):
            unpaid = self.buys(self.cleo, paid=False)
        with self.step("staff marks it as paid"):
            unpaid = self.shop.mark_paid(unpaid)
        with self.step("staff cancels it"):
            assert self.shop.cancel(unpaid)["status"] == "CANCELED"

    def ana_rises(self) -> None:
        with self.step("somebody registers"):
            self.ana = self.shop.register(self.ana.email)
        with self.step("staff confirms her address"):
            self.shop.confirm(self.ana)
        with self.step("she buys for more than the threshold"):
            self.buys(self.ana, 3)
        # TI-3, TI-8: she rises at once, and her metadata say so
        until(lambda: self._tier_told() == "bronze", "the tier in her metadata")
        seen = self.frame.widget(str(self.ana.id))
        assert "Bronze" in seen

    def _tier_told(self) -> str | None:
        account = self.shop.account(self.ana.email)
        return account["tier"] if account else None

    def ana_has_a_code(self) -> None:
        with self.step("she fills a cart"):
            cart = self.shop.fill_cart(self.ana)
            code = until(lambda: self.shop.code_on(cart), "the month's code on her checkout")
        assert code == self._code()
        with self.step("she takes the code off"):
            self.shop.take_code_off(self.ana, cart, code)
        with self.step("she goes on shopping"):
            self.shop.put(self.ana, cart, 2)
        assert self.shop.code_on(cart) is None
        assert ("taken_off", "by_shopper") in self._acts(cart)

    def ana_uses_her_code(self) -> None:
        with self.step("she begins another cart"):
            cart = self.shop.fill_cart(self.ana, 2)
            code = until(lambda: self.shop.code_on(cart), "the code on her next checkout")
        assert code == self._code()
        with self.step("she pays it"):
            self.anas = self.orders(self.ana, cart)
        self._is_discounted(self.anas, code)
        with self.step("a guest types her address"):
            typed = self.shop.fill_cart(Shopper(self.ana.email))
        assert self.shop.code_on(typed) is None
        with self.app.look() as tx:
            assert tx.exec(select(Attempt).where(Attempt.checkout == typed)).first() is None
        with self.step("and buys under it"):
            order = self.orders(Shopper(self.ana.email), typed)
        assert order["voucherCode"] is None
        with self.step("she fills a cart after her code is used"):
            again = self.shop.fill_cart(self.ana)
        assert self.shop.code_on(again) is None
        assert ("skipped", "used") in self._acts(again)

    def _code(self) -> str:
        with self.app.look() as tx:
            return tx.exec(
                select(Code.code).join(Person, Person.id == Code.person)  # type: ignore[arg-type]
                .where(Person.account == self.ana.id)
            ).one()  # fmt: skip

    def _acts(self, checkout: str) -> set[tuple[str, str]]:
        with self.app.look() as tx:
            rows = tx.exec(select(Act).where(Act.checkout == checkout))
            return {(row.verb, row.reason) for row in rows}

    def _is_discounted(self, order: JSON, code: str) -> None:
        """So much percent of the goods is off, in the shop's books and in ours."""
        assert order["voucherCode"] == code
        goods = self.shop.ware.price * 2
        off = (goods * PERCENT / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert [one["type"] for one in order["discounts"]] == ["VOUCHER"]
        assert order["discounts"][0]["amount"]["amount"] == off
        with self.app.look() as tx:
            row = tx.exec(select(Order).where(Order.saleor_id == order["id"])).one()
            assert (row.code, row.discount_minor) == (code, int(off * 100))
            used = tx.exec(select(Code).where(Code.code == code)).one()
            assert used.used_order == order["id"]

    def money_comes_back(self) -> None:
        total = Decimal(self.bens["total"]["gross"]["amount"])
        with self.step("a part is refunded"):
            self.bens = self.shop.refund(self.bens, Decimal(5))
        assert self.bens["totalRefunded"]["amount"] == 5
        with self.step("the rest is refunded"):
            self.bens = self.shop.refund(self.bens, total)
        assert self.bens["totalRefunded"]["amount"] == total
        with self.step("a paid order is sent"):
            assert self.shop.send(self.anas)["status"] == "FULFILLED"
        with self.step("a guest pays once more"):
            order = self.buys(self.cleo)
        with self.step("a paid order is cancelled"):
            assert self.shop.cancel(order)["status"] == "CANCELED"

    def somebody_leaves_a_cart(self) -> None:
        with self.step("a guest leaves a cart"):
            self.left = self.shop.fill_cart(self.cleo, 2)
        assert self._state(self.left) == State.ACTIVE

    def _state(self, checkout: str) -> str:
        with self.app.look() as tx:
            cart = carts.by_checkout(tx, checkout)
            assert cart is not None
            return cart.state

    def ana_asks_to_be_forgotten(self) -> None:
        """PR-3: who she was is gone, what she paid stays."""
        with self.step("a customer is deleted"):
            self.shop.delete(self.ana)
        with self.app.look() as tx:
            named = select(Person).where(
                (Person.account == self.ana.id) | (Person.email == self.ana.email)
            )
            assert tx.exec(named).first() is None
            row = tx.exec(select(Order).where(Order.saleor_id == self.anas["id"])).one()
            assert (row.person, row.total_minor > 0) == (None, True)
        self._nowhere(self.ana.email)

    def _nowhere(self, text: str) -> None:
        """Not in any row of any table, and not in what was logged."""
        with self.app.house.engine.execution_options(reads_only=True).connect() as connection:
            dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
        assert text not in dump
        assert text not in self.app.log.read_text()

    def the_app_is_switched_off_and_on(self) -> None:
        mark = self.app.ear.mark
        self.app.switch_off()
        until(lambda: self.app.status == Status.PAUSED, "the app to pause")
        missed = self.buys(self.ben)
        until(lambda: not self.app.on_their_way(), "the shop to be done telling")
        told = {heard.event for heard in self.app.ear.since(mark)}
        assert told == {"APP_STATUS_CHANGED"}
        with self.step("the app is switched on again"):
            self.app.switch_on()
            until(lambda: self.app.status == Status.ACTIVE, "the app to go on")
            until(lambda: self._knows(missed), "the order that was missed")

    def _knows(self, order: JSON) -> bool:
        with self.app.look() as tx:
            return tx.exec(select(Order).where(Order.saleor_id == order["id"])).first() is not None

    def a_night_passes(self) -> None:
        """AC-1, IN-4: the cart that was left is abandoned, and the books were compared."""
        until(lambda: self._state(self.left) == State.ABANDONED, "the cart to be abandoned")
        books = until(self._compared, "the nightly comparison")
        assert books.complete
        assert all(channel.difference == 0 for channel in books.channels)
        assert books.orders > sum(step.orders for step in self.record.steps)
        self.app.works_off_the_night()

    def _compared(self) -> Completeness | None:
        """Our books beside the shop's, if they were laid there since the night began."""
        with self.app.look() as tx:
            books = history.completeness(tx)
            since = tx.now - A_NIGHT / 2
        return books if books.compared_at and books.compared_at > since else None

    def the_app_is_removed(self) -> None:
        self.app.remove()
        until(lambda: self.app.status == Status.DELETED, "the app to hear that it was removed")

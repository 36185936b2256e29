"""In a running Saleor: a link passed on, a code of a friend's own and what she buys with it, the
thanks once that is final, and the thanks taken back (RF-1 to RF-7).
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import select

from app.kit.tx import ShopId
from app.recommend import flows as recommend
from app.referrals.tables import Referral
from sandbox.owner import Forms
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_frame import Frame
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import ERRORS, JSON, ShopRefusedError, until

pytestmark = pytest.mark.real

PUT_ON = f"""mutation($id: ID!, $c: String!) {{
  checkoutAddPromoCode(id: $id, promoCode: $c) {{ checkout {{ id }} {ERRORS} }} }}"""
CODES = """query($c: String!) { vouchers(first: 20, filter: {search: $c}) { edges { node {
  codes(first: 100) { edges { node { code isActive used } } } } } } }"""
A_DAY = timedelta(hours=25)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en")
    yield context.new_page()
    context.close()


def test_who_brings_friends_is_thanked_once_they_have_bought_for_good(
    saleor: Shop, page: Page, tmp_path: Path
) -> None:
    mark = uuid4().hex[:8]
    saleor.look_around()
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        tale = Tale(app, mark)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                tale.the_owner_switches_it_on()
                tale.ana_has_a_link()
                tale.ben_buys_with_a_code_of_his_own(page)
                tale.ana_is_thanked_at_once_and_uses_it()
                tale.what_she_has_used_stays_hers()
                tale.friends_buy_while_parcels_may_come_back()
            with app.running(ahead=A_DAY):
                tale.a_day_later_ana_is_thanked_for_two()
                tale.doras_money_goes_back_and_so_does_the_thanks()
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


class Tale:
    """Ana brings Ben and Dora; Cleo, who is called as she is and lives where she does; herself."""

    def __init__(self, app: App, mark: str) -> None:
        self.app, self.shop, self.frame = app, app.shop, Frame(app)
        self.ana = Shopper(f"ana-{mark}@example.com")
        self.ben = Shopper(f"ben-{mark}@friends.example", name=("Ben", "Novak"))
        self.cleo = Shopper(f"cleo.{mark}@family.example")
        self.dora = Shopper(f"dora-{mark}@elsewhere.example", name=("Dora", "Weiss"))
        self.herself = Shopper(f"ana-{mark}+two@example.com", name=("Amy", "Lane"))
        self.link, self.key, self.codes = "", "", dict[str, str]()
        self.bens: JSON = {}
        self.doras: JSON = {}

    # The owner

    def the_owner_switches_it_on(self) -> None:
        least = self.shop.ware.price * Decimal("1.5")
        self.saves(on="on", percent="10", least=f"{least:.2f}", reward="15", days="0")
        with self.app.look() as tx:
            id_: ShopId = tx.shop
        self.key = self.app.house.do(id_, lambda tx: recommend.counsel(tx).public_key)

    def saves(self, **new: str) -> None:
        forms = Forms(self.frame.page("/app/referrals")).forms
        form = next(f["sent"] for f in forms if "percent" in dict(f["sent"]))
        told = self.frame.page("/app/referrals", [*(dict(form) | new).items()])
        assert "Saved." in told, told

    # Ana

    def ana_has_a_link(self) -> None:
        self.ana = self.joins(self.ana)
        self.buys(self.ana)
        self.link = self.own()["link"]
        assert self.link in self.frame.widget(self.ana.id or "")

    def own(self) -> JSON:
        """What her page of the storefront shows her."""
        answer = httpx.get(
            f"{self.app.ear.app_url}/public/v1/referral",
            params={"key": self.key},
            headers={"authorization": f"Bearer {self.ana.token}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        told: JSON = answer.json()
        assert told["state"] == "on"
        return told

    def thanks(self) -> list[str]:
        """The newest first."""
        return [one["code"] for one in self.own()["rewards"]]

    def ana_is_thanked_at_once_and_uses_it(self) -> None:
        """The owner takes nothing back: no day to wait for."""
        (code,) = self.thanks()
        assert self.live(code)
        order = self.buys(self.ana, code=code)
        assert order["subtotal"]["gross"]["amount"] == less(self.shop.ware.price, 15)
        assert not self.live(code)
        assert [one["used"] for one in self.own()["rewards"]] == [True]

    def what_she_has_used_stays_hers(self) -> None:
        self.shop.refund(self.bens, self.bens["total"]["gross"]["amount"])
        self.app.settled()
        assert self.came_of(self.bens) == ("rewarded", ["refunded", "reward_used"])
        assert "reward used" in self.frame.page("/app/referrals?only=ordered")

    # Friends

    def ben_buys_with_a_code_of_his_own(self, page: Page) -> None:
        page.goto(self.link)
        assert "10%" in page.locator(".lead").inner_text()
        page.get_by_role("button", name="Get my code").click()
        code = self.codes["ben"] = page.locator("#code").inner_text()
        with pytest.raises(ShopRefusedError):  # one of them is less than the smallest basket
            self.puts_on(self.ben, self.shop.fill_cart(self.ben), code)
        self.bens = self.buys(self.ben, 2, code=code)
        assert self.bens["subtotal"]["gross"]["amount"] == less(self.shop.ware.price * 2, 10)
        self.shop.send(self.bens)
        self.app.settled()
        assert self.came_of(self.bens) == ("rewarded", [])

    def friends_buy_while_parcels_may_come_back(self) -> None:
        self.saves(days="1")
        for name in ("cleo", "dora", "herself"):
            self.codes[name] = self.taken_by(name)
        assert len(set(self.codes.values())) == 4
        with pytest.raises(ShopRefusedError):
            self.puts_on(self.dora, self.shop.fill_cart(self.dora, 2), self.codes["ben"])
        self.doras = self.buys(self.dora, 2, code=self.codes["dora"])
        self.cleo = self.joins(self.cleo)  # whose name we know: of a guest Saleor is asked none
        cleos = self.buys(self.cleo, 2, code=self.codes["cleo"])
        own = self.buys(self.herself, 2, code=self.codes["herself"])
        assert self.came_of(self.doras) == ("waiting", [])
        assert self.came_of(cleos) == ("review", ["same_home"])
        assert self.came_of(own) == ("blocked", ["bought_before", "same_email"])
        self.allows(cleos)
        assert self.came_of(cleos)[0] == "waiting"

    def taken_by(self, turn: str) -> str:
        """By a storefront that shows a page of its own."""
        token = self.link.rpartition("/")[2]
        answer = httpx.post(
            f"{self.app.ear.app_url}/public/v1/friend", json={"rt": token, "turn": turn}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["code"])

    def allows(self, order: JSON) -> None:
        page = self.frame.page("/app/referrals")
        assert "Who brought whom" in page
        with self.app.look() as tx:
            row = tx.exec(select(Referral).where(Referral.order == order["id"])).one()
        told = self.frame.page(f"/app/referrals/{row.id}", [("do", "allow")])
        assert "Allowed." in told, told
        self.app.settled()

    # A day later

    def a_day_later_ana_is_thanked_for_two(self) -> None:
        self.app.works_off_the_night()
        self.app.settled()
        assert self.came_of(self.doras) == ("rewarded", [])
        fresh = self.thanks()
        assert len(set(fresh)) == 3
        assert [self.live(code) for code in fresh] == [True, True, False]

    def doras_money_goes_back_and_so_does_the_thanks(self) -> None:
        self.shop.refund(self.doras, self.doras["total"]["gross"]["amount"])
        before = self.thanks()
        until(
            lambda: sum(map(self.live, before)) == 1,
            "the thanks for Dora to leave Saleor",
            seconds=300,
        )
        self.app.settled()
        assert self.came_of(self.doras) == ("taken_back", ["refunded"])
        assert len(self.thanks()) == 2
        assert self.app.books() == self.minor(self.shop.books())

    # What they all do

    def joins(self, who: Shopper) -> Shopper:
        known = self.shop.register(who.email)
        self.shop.confirm(known)
        return known

    def buys(self, who: Shopper, quantity: int = 1, *, code: str = "") -> JSON:
        cart = self.shop.fill_cart(who, quantity)
        if code:
            self.puts_on(who, cart, code)
        self.shop.choose_delivery(who, cart)
        self.shop.pay(cart)
        order = self.shop.complete(who, cart)
        self.app.settled()
        return order

    def puts_on(self, who: Shopper, cart: str, code: str) -> None:
        self.shop.do(PUT_ON, token=who.token, id=cart, c=code)

    def live(self, code: str) -> bool:
        """Whether Saleor would still take it from somebody."""
        told = self.shop.ask(CODES, token=self.shop.staff, c=code)["vouchers"]["edges"]
        found = [one["node"] for edge in told for one in edge["node"]["codes"]["edges"]]
        return any(one["code"] == code and one["isActive"] for one in found)

    def came_of(self, order: JSON) -> tuple[str, list[str]]:
        with self.app.look() as tx:
            row = tx.exec(select(Referral).where(Referral.order == order["id"])).one()
            return row.state, sorted(row.reasons)

    def minor(self, books: dict[tuple[str, str], tuple[int, Decimal]]) -> object:
        return {place: (orders, int(money * 100)) for place, (orders, money) in books.items()}


def less(price: Decimal, percent: int) -> Decimal:
    return (price * (100 - percent) / 100).quantize(Decimal("0.01"))

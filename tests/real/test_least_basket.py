"""In a running Saleor: a code with a least order goes on a basket that comes to it, falls off one
that shrinks, and is back with what is added (CP-1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import col, select

from app.journeys import flows as journeys
from app.journeys import rules
from app.journeys.recipes.cart import THIRD_WITH_CODE
from app.journeys.tables import Footprint
from app.kit.tx import Tx
from app.loyalty.tables import Act
from tests.real.test_attribution import bought, code_of, does, letter_to, posted, set_up, someone
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_frame import Frame
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import ERRORS, ShopRefusedError, until

pytestmark = pytest.mark.real

PERCENT = 10
PUT_ON = f"""mutation($id: ID!, $c: String!) {{
  checkoutAddPromoCode(id: $id, promoCode: $c) {{ checkout {{ id }} {ERRORS} }} }}"""

TAXES = """{ taxConfigurations(first: 100) { edges { node { id channel { slug }
  pricesEnteredWithTax displayGrossPrices chargeTaxes taxCalculationStrategy } } } }"""
RATES = """query($c: CountryCode!) { taxCountryConfiguration(countryCode: $c) {
  taxClassCountryRates { rate taxClass { id } } } }"""
SET_TAXES = f"""mutation($id: ID!, $i: TaxConfigurationUpdateInput!) {{
  taxConfigurationUpdate(id: $id, input: $i) {{ {ERRORS} }} }}"""
SET_RATES = f"""mutation($c: CountryCode!, $r: [TaxClassRateInput!]!) {{
  taxCountryConfigurationUpdate(countryCode: $c, updateTaxClassRates: $r) {{ {ERRORS} }} }}"""
FORGET_RATES = f"""mutation($c: CountryCode!) {{
  taxCountryConfigurationDelete(countryCode: $c) {{ {ERRORS} }} }}"""


def test_a_tiers_code_follows_what_is_in_the_basket(saleor: Shop, tmp_path: Path) -> None:
    saleor.look_around()
    price = saleor.ware.price
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                Frame(app).offer(
                    "bronze",
                    threshold=str(price * 2),
                    percent=str(PERCENT),
                    least=f"{price * 3:.2f}",
                )
                ana = someone(saleor, f"ana-{uuid4().hex[:8]}")
                bought(saleor, ana, saleor.fill_cart(ana, 3))
                app.settled()
                cart = saleor.fill_cart(ana, 2)
                code = falls_off_and_comes_back(app, ana, cart)
                hers = saleor.fill_cart(ana, 3)  # just what it has to come to
                until(lambda: saleor.code_on(hers) == code, "the code on her next checkout")
                saleor.choose_delivery(ana, hers)
                saleor.pay(hers)
                order = saleor.complete(ana, hers)
                assert order["subtotal"]["gross"]["amount"] == less(price * 3)
                app.settled()
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


def test_where_prices_are_net_saleor_counts_net_and_so_do_we(saleor: Shop, tmp_path: Path) -> None:
    """Two of the ware come to the least order with their tax, and Saleor says they don't."""
    saleor.look_around()
    price = saleor.ware.price
    with Ear() as ear, net_prices(saleor):
        app = App(tmp_path, ear, saleor)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                Frame(app).offer(
                    "bronze",
                    threshold=str(price * 2),
                    percent=str(PERCENT),
                    least=f"{price * Decimal('2.1'):.2f}",
                )
                ana = someone(saleor, f"ana-{uuid4().hex[:8]}")
                bought(saleor, ana, saleor.fill_cart(ana, 3))
                app.settled()
                cart = saleor.fill_cart(ana, 3)
                code = until(lambda: saleor.code_on(cart), "the month's code on her checkout")
                app.settled()
                shop_takes_it_off(app, ana, cart)
                saleor.put(ana, cart, 3)
                until(lambda: saleor.code_on(cart) == code, "the code again")
                app.settled()
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


def shop_takes_it_off(app: App, ana: Shopper, cart: str) -> None:
    app.shop.put(ana, cart, 2)
    assert app.shop.code_on(cart) is None
    app.settled()
    assert ("taken_off", "too_little") in acts(app, cart)
    assert ("taken_off", "by_shopper") not in acts(app, cart)


@contextmanager
def net_prices(shop: Shop) -> Iterator[None]:
    """The channel's prices are without tax for a while, and a tenth is put on them."""
    told = shop.ask(TAXES, token=shop.staff)["taxConfigurations"]["edges"]
    known = next(e["node"] for e in told if e["node"]["channel"]["slug"] == shop.channel)
    id_ = known.pop("id")
    del known["channel"]
    rates = shop.ask(RATES, token=shop.staff, c=shop.country)["taxCountryConfiguration"]
    before = [
        {"taxClassId": (one["taxClass"] or {}).get("id"), "rate": float(one["rate"])}
        for one in rates["taxClassCountryRates"]
    ]
    classes = {one["taxClassId"] for one in before} | {None}
    net = {
        "pricesEnteredWithTax": False, "displayGrossPrices": False, "chargeTaxes": True,
        "taxCalculationStrategy": "FLAT_RATES",
    }  # fmt: skip
    tenth = [{"taxClassId": one, "rate": 10} for one in classes]
    try:
        shop.do(SET_TAXES, token=shop.staff, id=id_, i=net)
        shop.do(SET_RATES, token=shop.staff, c=shop.country, r=tenth)
        yield
    finally:
        shop.do(SET_TAXES, token=shop.staff, id=id_, i=known)
        if before:
            shop.do(SET_RATES, token=shop.staff, c=shop.country, r=before)
        else:
            shop.do(FORGET_RATES, token=shop.staff, c=shop.country)


def falls_off_and_comes_back(app: App, ana: Shopper, cart: str) -> str:
    shop, price = app.shop, app.shop.ware.price
    app.settled()
    assert shop.code_on(cart) is None
    assert acts(app, cart) == [("skipped", "too_little")]

    shop.put(ana, cart, 3)
    code = until(lambda: shop.code_on(cart), "the month's code on her checkout")
    assert stands(shop, cart) == (code, price * 3 - less(price * 3), less(price * 3))
    app.settled()

    shop.put(ana, cart, 2)  # nobody tells her so: the code is gone, and what it took off
    assert stands(shop, cart) == (None, Decimal(0), price * 2)
    app.settled()
    assert acts(app, cart)[-1] == ("taken_off", "too_little")

    shop.put(ana, cart, 4)
    until(lambda: shop.code_on(cart) == code, "the code again")
    assert stands(shop, cart) == (code, price * 4 - less(price * 4), less(price * 4))
    app.settled()

    shop.take_code_off(ana, cart, code)
    app.settled()
    shop.put(ana, cart, 5)
    app.settled()
    assert shop.code_on(cart) is None
    assert acts(app, cart)[-2:] == [("taken_off", "by_shopper"), ("skipped", "taken_off")]
    return code


def stands(shop: Shop, cart: str) -> tuple[str | None, Decimal, Decimal]:
    """The code on it, what that takes off, and what the goods cost after it."""
    told = shop.checkout(cart)
    assert told is not None
    off = told["discount"]["amount"] if told["discount"] else Decimal(0)
    return told["voucherCode"], off, told["subtotalPrice"]["gross"]["amount"]


def acts(app: App, cart: str) -> list[tuple[str, str]]:
    """What was done or not done about it, the newest last."""
    with app.look() as tx:
        rows = tx.exec(select(Act).where(Act.checkout == cart).order_by(col(Act.id)))
        return [(row.verb, row.reason) for row in rows if row.verb in ("skipped", "taken_off")]


def test_an_automations_code_is_for_a_basket_of_its_least_order(
    saleor: Shop, tmp_path: Path
) -> None:
    """Ana left enough for it; Ben, who did not, is told of none."""
    saleor.look_around()
    price, mark = saleor.ware.price, uuid4().hex[:8]
    least = int(price * 2) + 1
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                ana, ben = (someone(saleor, f"{name}-{mark}") for name in ("ana", "ben"))
                does(app, lambda tx: set_up(tx, app, [ana.email, ben.email]))
                does(app, lambda tx: gives_from(tx, least))
                saleor.fill_cart(ana, 3)
                saleor.fill_cart(ben, 1)
                app.settled()
            with app.running(ahead=timedelta(minutes=70)):
                letter_to(app, ana)
                code = code_of(app, ana)
                (letter,) = [one.html for one in posted(app) if code in one.html]
                assert f"on an order from ${least}.00" in letter.replace("\xa0", " ")
                assert code_of(app, ben) == "none yet"
                until(lambda: "too_little" in reasons(app), "the word on Ben's cart")
                with pytest.raises(ShopRefusedError, match="not applicable"):
                    saleor.do(PUT_ON, token=ana.token, id=saleor.fill_cart(ana, 2), c=code)
                cart = saleor.fill_cart(ana, 3)
                saleor.do(PUT_ON, token=ana.token, id=cart, c=code)
                assert stands(saleor, cart)[2] == less(price * 3)
                app.settled()
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


def gives_from(tx: Tx, least: int) -> None:
    offer = rules.Offer(key="code", percent_hundredths=PERCENT * 100, least=least)
    definition = rules.Definition(
        trigger=rules.Trigger.CART_ABANDONED,
        audience={"fact": "account", "has": True},
        steps=(offer, rules.Send(key="letter", message=THIRD_WITH_CODE.key)),
        priority=1,
    )
    journeys.publish(tx, "gift", definition)


def reasons(app: App) -> set[str]:
    with app.look() as tx:
        return {row.reason for row in tx.exec(select(Footprint).where(Footprint.step == "code"))}


def less(price: Decimal) -> Decimal:
    return (price * (100 - PERCENT) / 100).quantize(Decimal("0.01"))

"""A reward bound to one account, in a running Saleor: its owner pays with it, and nobody else can
(CP-4)."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.journeys import flows as journeys
from app.journeys import rules
from app.journeys.recipes.cart import THIRD_WITH_CODE
from app.kit.tx import Tx
from app.shops.flows import AskStillIn
from tests.real.test_attribution import code_of, does, letter_to, set_up, someone
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import ERRORS, ShopRefusedError, until

pytestmark = pytest.mark.real

CARD = rules.Definition(
    trigger=rules.Trigger.CART_ABANDONED,
    audience={"fact": "account", "has": True},
    steps=(
        rules.Offer(key="card", percent_hundredths=1000, bound="firm"),
        rules.Send(key="letter", message=THIRD_WITH_CODE.key),
    ),
    priority=1,
)
PUT_ON = f"""mutation($id: ID!, $c: String!) {{
  checkoutAddPromoCode(id: $id, promoCode: $c) {{
    checkout {{ giftCards {{ id }} totalPrice {{ gross {{ amount }} }} }} {ERRORS} }} }}"""


def test_a_card_of_one_account_is_of_no_use_to_anybody_else(saleor: Shop, tmp_path: Path) -> None:
    mark = uuid4().hex[:8]
    saleor.look_around()
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                granted(saleor, app, "MANAGE_GIFT_CARD")
                ana = someone(saleor, f"ana-{mark}")
                does(app, lambda tx: set_up(tx, app, [ana.email]))
                does(app, switch_on)
                saleor.fill_cart(ana)
                app.settled()
            with app.running(ahead=timedelta(minutes=70)):
                letter_to(app, ana)
                code = code_of(app, ana)
                cleo = Shopper(f"cleo-{mark}@example.com")
                with pytest.raises(ShopRefusedError, match="invalid"):
                    saleor.do(PUT_ON, id=saleor.fill_cart(cleo), c=code)
                hers = saleor.do(PUT_ON, token=ana.token, id=saleor.fill_cart(ana), c=code)
                told = hers["checkout"]
                assert len(told["giftCards"]) == 1
                assert told["totalPrice"]["gross"]["amount"] < saleor.ware.price
                app.settled()
            assert app.complaints() == []
        finally:
            app.leave()


def switch_on(tx: Tx) -> None:
    journeys.publish(tx, "gift", CARD)
    tx.later(AskStillIn(day=(tx.now + timedelta(days=400)).date()))  # no day that was asked for


def granted(shop: Shop, app: App, permission: str) -> None:
    """The merchant lets the app do more than it asked for when it came."""
    told = shop.ask(
        "query($id: ID!) { app(id: $id) { permissions { code } } }", token=shop.staff, id=app.id
    )
    codes = [one["code"] for one in told["app"]["permissions"]]
    shop.do(
        f"mutation($id: ID!, $i: AppInput!) {{ appUpdate(id: $id, input: $i) {{ {ERRORS} }} }}",
        token=shop.staff,
        id=app.id,
        i={"permissions": [*codes, permission]},
    )

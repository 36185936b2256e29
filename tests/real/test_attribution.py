"""In a running Saleor: a left cart, its letter, the way back, the order; and which order came from
what: one by its metadata, one by its code, one by nothing (AT-2, AC-6, AC-11).
"""

import os
import re
from collections.abc import Iterator
from datetime import time, timedelta
from html import unescape
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import flows as journeys
from app.journeys import rules, switching
from app.journeys.recipes.cart import THIRD_WITH_CODE
from app.journeys.tables import Recovery, Run
from app.kit.tx import ShopId, Tx
from app.loyalty.tables import Code
from app.messages import consent, library
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.policy import OwnCap, OwnHours, set_policy
from app.messages.tables import Outlet, Posted, Send
from app.orders.tables import Order
from app.trials import flows as trials
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_process import Pace
from tests.support.scenario_shop import ADDRESSES, Shop, Shopper
from tests.support.scenario_wire import ERRORS, until

NEEDED = ("SALEOR_API_URL", "SALEOR_EMAIL", "SALEOR_PASSWORD")
missing = [name for name in NEEDED if name not in os.environ]
needs_saleor = pytest.mark.skipif(
    bool(missing), reason=f"needs a running Saleor: {', '.join(missing)}"
)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
GIFT = rules.Definition(
    trigger=rules.Trigger.CART_ABANDONED,
    audience={"fact": "account", "has": True},
    steps=(
        rules.Offer(key="code", percent_hundredths=1000),
        rules.Send(key="letter", message=THIRD_WITH_CODE.key),
    ),
    priority=1,
)
"""A code at once, for who has an account."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    url, email, password = (os.environ[name] for name in NEEDED)
    shop = Shop(url, email, password)
    shop.look_around()
    yield shop
    shop.close()


@pytest.mark.real
@needs_saleor
def test_each_order_is_traced_back_by_what_saleor_says_of_it(shop: Shop, tmp_path: Path) -> None:
    """AT-2: by its metadata, by its code, by nothing; and no letter after the purchase (AC-6)."""
    mark = uuid4().hex[:8]
    with Ear() as ear:
        app = App(tmp_path, ear, shop, Pace())
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                ana, ben = Shopper(f"ana-{mark}@example.com"), someone(shop, f"ben-{mark}")
                does(app, lambda tx: set_up(tx, app, [ana.email, ben.email]))
                shop.fill_cart(ana)
                shop.fill_cart(ben)
                app.settled()
            with app.running(ahead=timedelta(minutes=70)):
                letters(app, 3)
                back = rebuilt(app, shop, ana)
                first = bought(shop, ana, back)
                second = bought(shop, ben, shop.fill_cart(ben), code=code_of(app, ben))
                cleo = Shopper(f"cleo-{mark}@example.com")
                third = bought(shop, cleo, shop.fill_cart(cleo))
                app.settled()
                told = page(app, shop)
                ways = {number: way_of(told, number) for number in (first, second, third)}
                assert ways == {
                    first: "by its metadata", second: "by its code", third: "by nothing",
                }  # fmt: skip
                sent = len(posted(app))
            with app.running(ahead=timedelta(days=4)):
                until(app.idle, "four days to go by")
                assert len(posted(app)) == sent  # AC-6
                with app.look() as tx:
                    assert set(tx.exec(select(col(Run.ended_at).is_(None)))) == {False}
                    decisions = set(tx.exec(select(Order.decision)))
                    known = set(tx.exec(select(Send.decision)))
                assert len(decisions & known - {None}) == 1
            assert app.complaints() == []
        finally:
            app.leave()


def does(app: App, work: object) -> None:
    with app.look() as tx:
        id_: ShopId = tx.shop
    app.house.do(id_, work)  # type: ignore[arg-type]


def someone(shop: Shop, name: str) -> Shopper:
    ben = shop.register(f"{name}@example.com")
    shop.confirm(ben)
    return ben


def set_up(tx: Tx, app: App, emails: list[str]) -> None:
    """What an owner does once: where mail goes, which automations are on, whom nobody withholds."""
    tx.add(
        Outlet(
            channel="email", url=app.house.secrets.seal("mailbox:"), since=tx.now,
            sender="Shop <hello@shop.example>", postal="1 Street", checks={"spf": "good"},
        )
    )  # fmt: skip
    always = OwnHours(opens=time(0), closes=time(23, 59, 59))
    set_policy(tx, hours={"email": always}, caps=(OwnCap(channels=("email",), hours=1),))
    trials.terms(tx, share=0.0)
    switching.set_up(tx, "cart", {})
    journeys.switch_on(tx, "cart")
    library.ensure(tx, THIRD_WITH_CODE)
    journeys.publish(tx, "gift", GIFT)
    journeys.switch_on(tx, "gift")
    tx.add(Recovery(cool_down_days=0))
    for email in emails:
        consent.say(
            tx, Saying(address=email, state=Said.GRANTED, source="storefront", country="US")
        )


def posted(app: App) -> list[Posted]:
    with app.look() as tx:
        return list(tx.exec(select(Posted).order_by(col(Posted.id))))


def letters(app: App, least: int) -> None:
    until(lambda: len(posted(app)) >= least, f"{least} letters", seconds=120)


def rebuilt(app: App, shop: Shop, ana: Shopper) -> str:
    """She presses the button in her letter, and the storefront goes on with a new checkout."""
    letter = next(one for one in posted(app) if one.recipient == ana.email)
    found = re.search(r'href="[^"]*(/c/[^"]+)"', letter.html)
    assert found
    url = f"{app.ear.app_url}{unescape(found[1])}"
    led = httpx.get(url, headers=BROWSER, follow_redirects=False, timeout=30)
    token = led.headers["location"].partition("?")[0].rpartition("/")[2]
    answer = httpx.post(
        f"{app.ear.app_url}/public/v1/recover", json={"rt": token}, timeout=60
    ).json()
    made = str(answer["checkoutId"])
    address = ADDRESSES[shop.country] | {
        "firstName": "Ana", "lastName": "Lima", "streetAddress1": "Main Street 1",
        "country": shop.country,
    }  # fmt: skip
    shop.do(
        "mutation($id: ID!, $e: String!) { checkoutEmailUpdate(id: $id, email: $e)"
        f" {{ {ERRORS} }} }}",
        id=made,
        e=ana.email,
    )
    for verb, name in (
        ("checkoutShippingAddressUpdate", "shippingAddress"),
        ("checkoutBillingAddressUpdate", "billingAddress"),
    ):
        shop.do(
            f"mutation($id: ID!, $a: AddressInput!) {{ {verb}(id: $id, {name}: $a)"
            f" {{ {ERRORS} }} }}",
            id=made,
            a=address,
        )
    return made


def bought(shop: Shop, who: Shopper, cart: str, *, code: str = "") -> str:
    """The order's number."""
    if code:
        shop.do(
            "mutation($id: ID!, $c: String!) { checkoutAddPromoCode(id: $id, promoCode: $c)"
            f" {{ {ERRORS} }} }}",
            token=who.token,
            id=cart,
            c=code,
        )
    shop.choose_delivery(who, cart)
    shop.pay(cart)
    return str(shop.complete(who, cart)["number"])


def code_of(app: App, who: Shopper) -> str:
    """The shop may have left carts of others, who get codes as well."""
    with app.look() as tx:
        hers = select(Code.code).join(Person, col(Person.id) == Code.person)
        return tx.exec(hers.where(Person.email == who.email)).one()


def page(app: App, shop: Shop) -> str:
    """The tab as the Dashboard shows it to this member of staff."""
    told = shop.ask(
        "query($id: ID!) { app(id: $id) { accessToken } }", token=shop.staff, id=app.id
    )["app"]
    answer = httpx.get(
        f"{app.ear.app_url}/app/proof/attribution",
        headers={
            "authorization-bearer": told["accessToken"], "saleor-api-url": shop.api_url,
            "x-part": "main", "x-locale": "en",
        },
        timeout=30,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.text


def way_of(page: str, number: str) -> str:
    row = page.partition(f"#{number}</a>")[2].partition("</tr>")[0]
    ways = ("by its metadata", "by its code", "by a click", "by nothing")
    return next(way for way in ways if way in row)

"""In a running Saleor: a left cart, its letter, the way back in a browser, the order; and which
order came from what: by its metadata, by its code, by nothing (AT-2, AC-6, AC-11, RL-1, RL-6).
"""

import re
from collections.abc import Iterator
from datetime import time, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import col, select
from typing_extensions import override

from app.customers.tables import Person
from app.journeys import flows as journeys
from app.journeys import queries, rules, switching
from app.journeys.recipes.cart import THIRD_WITH_CODE
from app.journeys.redeeming import DECISION
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

pytestmark = pytest.mark.real

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
ITS_PAGE = """<!doctype html><title>A storefront</title><p id="made"></p><script>
const rt = new URLSearchParams(location.search).get("rt");
if (rt) fetch("%s/public/v1/recover", {
  method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ rt }),
}).then((answer) => answer.json()).then((told) => { made.textContent = told.checkoutId; });
</script>"""
"""RL-5: what a storefront with a recovery page of its own does there."""
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


class Front:
    """A storefront of another origin than the app, of one page."""

    def __init__(self) -> None:
        self.app_url = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"localhost:{self.server.server_port}"
        onward = f"http://{self.host}/{{locale}}/checkout?id={{checkout}}"
        recover = f"http://{self.host}/{{locale}}/recover?rt={{token}}"
        self.without_a_page = {"checkout": onward, "hosts": [self.host]}
        self.with_a_page = self.without_a_page | {"recover": recover}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write((ITS_PAGE % front.app_url).encode())

            @override
            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


@pytest.fixture
def front() -> Iterator[Front]:
    front = Front()
    front.server.daemon_threads = True
    Thread(target=front.server.serve_forever, daemon=True).start()
    yield front
    front.server.shutdown()
    front.server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(user_agent=BROWSER)
    yield context.new_page()
    context.close()


def test_each_order_is_traced_back_by_what_saleor_says_of_it(
    saleor: Shop, front: Front, page: Page, tmp_path: Path
) -> None:
    """AT-2: by its metadata, by its code, by nothing; and no letter after the purchase (AC-6).

    Ana goes by our own recovery page, Dora by the storefront's, Ben types his code, Cleo has none.
    """
    mark = uuid4().hex[:8]
    saleor.look_around()
    with Ear() as ear:
        front.app_url = ear.url
        app = App(tmp_path, ear, saleor, Pace())
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                ana, ben, dora = (someone(saleor, f"{n}-{mark}") for n in ("ana", "ben", "dora"))
                people = [who.email for who in (ana, ben, dora)]
                does(app, lambda tx: set_up(tx, app, people))
                does(app, lambda tx: follows(tx, saleor.channel, front.without_a_page))
                saleor.fill_cart(ana)
                saleor.fill_cart(ben)
                app.settled()
            with app.running(ahead=timedelta(minutes=70)):
                cleo = Shopper(f"cleo-{mark}@example.com")
                back = rebuilt_here(page, letter_to(app, ana), front)
                assert coded(saleor, back) == code_of(app, ana)
                letter_to(app, ben)
                orders = {
                    "ana": bought(saleor, ana, addressed(saleor, ana, back)),
                    "ben": bought(saleor, ben, saleor.fill_cart(ben), code=code_of(app, ben)),
                    "cleo": bought(saleor, cleo, saleor.fill_cart(cleo)),
                }
                does(app, lambda tx: follows(tx, saleor.channel, front.with_a_page))
                saleor.fill_cart(dora)  # for the app that was an hour ago
                back = rebuilt_there(page, letter_to(app, dora), front)
                assert coded(saleor, back) == code_of(app, dora)
                orders["dora"] = bought(saleor, dora, addressed(saleor, dora, back))
                app.settled()
                told = attribution(app, saleor)
                ways = {name: way_of(told, number) for name, number in orders.items()}
                assert ways == {
                    "ana": "by its metadata", "ben": "by its code", "cleo": "nothing of ours",
                    "dora": "by its metadata",
                }  # fmt: skip
                sent = len(posted(app))
            with app.running(ahead=timedelta(days=4)):
                until(app.idle, "four days to go by")
                assert len(posted(app)) == sent  # AC-6
                with app.look() as tx:
                    assert set(tx.exec(select(col(Run.ended_at).is_(None)))) == {False}
                    known = set(tx.exec(select(Send.decision)))
                    written = {name: decision_of(tx, number) for name, number in orders.items()}
            for name, number in orders.items():
                assert carried(saleor, number) == written[name]
                assert (written[name] in known) is (name in ("ana", "dora"))
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


def follows(tx: Tx, channel: str, told: dict[str, Any]) -> None:
    """Where the shop says that left checkouts go on (RL-1, RL-8)."""
    terms = queries.recovery(tx)
    terms.storefronts = {channel: told}
    tx.add(terms)


def posted(app: App) -> list[Posted]:
    with app.look() as tx:
        return list(tx.exec(select(Posted).order_by(col(Posted.id))))


def letter_to(app: App, who: Shopper) -> str:
    """The address that the button of the letter with her code leads to."""

    def found() -> str | None:
        with app.look() as tx:
            code = _code(tx, who)
        hers = [one.html for one in posted(app) if one.recipient == who.email]
        links = [re.search(r'href="([^"]*/c/[^"]+)"', html) for html in hers if code in html]
        return next((unescape(link[1]) for link in links if link), None)

    return until(found, f"a letter to {who.email}", seconds=120)


def rebuilt_here(page: Page, link: str, front: Front) -> str:
    """RL-1: our page shows the cart, and its button goes on to the storefront's checkout."""
    page.goto(link)
    assert "10%" in page.locator(".note.good").inner_text()
    page.get_by_role("button", name="Continue").click()
    assert "personal code is on it" in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Go to checkout").click()
    page.wait_for_url(f"http://{front.host}/en/checkout**")
    return unquote(page.url.partition("?id=")[2])


def rebuilt_there(page: Page, link: str, front: Front) -> str:
    """RL-5: the storefront's own page asks us, from another origin."""
    page.goto(link)
    page.wait_for_url(f"http://{front.host}/en/recover**")
    page.locator("#made:not(:empty)").wait_for()
    return page.locator("#made").inner_text()


def coded(shop: Shop, checkout: str) -> str | None:
    told = shop.ask(
        "query($id: ID!) { checkout(id: $id) { voucherCode } }", token=shop.staff, id=checkout
    )
    return told["checkout"]["voucherCode"]  # type: ignore[no-any-return]


def addressed(shop: Shop, who: Shopper, checkout: str) -> str:
    """She types again what we do not tell: who she is and where she lives (RL-3)."""
    address = ADDRESSES[shop.country] | {
        "firstName": "Ana", "lastName": "Lima", "streetAddress1": "Main Street 1",
        "country": shop.country,
    }  # fmt: skip
    shop.do(
        "mutation($id: ID!, $e: String!) { checkoutEmailUpdate(id: $id, email: $e)"
        f" {{ {ERRORS} }} }}",
        id=checkout,
        e=who.email,
    )
    for verb, name in (
        ("checkoutShippingAddressUpdate", "shippingAddress"),
        ("checkoutBillingAddressUpdate", "billingAddress"),
    ):
        shop.do(
            f"mutation($id: ID!, $a: AddressInput!) {{ {verb}(id: $id, {name}: $a)"
            f" {{ {ERRORS} }} }}",
            id=checkout,
            a=address,
        )
    return checkout


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
    with app.look() as tx:
        return _code(tx, who)


def _code(tx: Tx, who: Shopper) -> str:
    """The shop may have left carts of others, who get codes as well. Hers is none for a while."""
    hers = select(Code.code).join(Person, col(Person.id) == Code.person)
    return tx.exec(hers.where(Person.email == who.email)).first() or "none yet"


def decision_of(tx: Tx, number: str) -> str | None:
    """What the app has read of it."""
    return tx.exec(select(Order.decision).where(Order.number == number)).one()


def carried(shop: Shop, number: str) -> str | None:
    """What the order itself says in Saleor."""
    told = shop.ask(
        "query($n: [String!], $k: String!) { orders(first: 1, filter: {numbers: $n})"
        " { edges { node { privateMetafield(key: $k) } } } }",
        token=shop.staff,
        n=[number],
        k=DECISION,
    )
    return told["orders"]["edges"][0]["node"]["privateMetafield"]  # type: ignore[no-any-return]


def attribution(app: App, shop: Shop) -> str:
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
    ways = ("by its metadata", "by its code", "by a click", "nothing of ours")
    return next(way for way in ways if way in row)

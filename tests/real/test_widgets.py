"""What stands beside things in a real Dashboard: each as high as what it shows, and for a member of
staff only what her permissions open.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Frame

from app.customers import queries as customers
from app.kit.tx import Tx
from app.loyalty.tables import Code, Voucher
from tests.real.test_attribution import does
from tests.support.scenario_app import App
from tests.support.scenario_shop import PASSWORD, Shop, Shopper
from tests.support.scenario_wire import ERRORS, until
from tests.support.walk import Owner

pytestmark = pytest.mark.real

FITS = "document.documentElement.scrollHeight <= innerHeight && innerHeight < 1200"
GROUP = f"""mutation($i: PermissionGroupCreateInput!) {{
  permissionGroupCreate(input: $i) {{ group {{ id }} {ERRORS} }} }}"""
STAFF = f"""mutation($i: StaffCreateInput!) {{
  staffCreate(input: $i) {{ user {{ id }} {ERRORS} }} }}"""
DRAFT = f"""mutation($i: DraftOrderCreateInput!) {{
  draftOrderCreate(input: $i) {{ order {{ id }} {ERRORS} }} }}"""
GIFT = f"""mutation($i: GiftCardCreateInput!) {{
  giftCardCreate(input: $i) {{ giftCard {{ id }} {ERRORS} }} }}"""
THINGS = """query($v: ID!) { channels { id slug } productVariant(id: $v) { product { id } }
  vouchers(first: 1) { edges { node { id } } } }"""


@pytest.fixture
def asks() -> Mapping[str, str]:
    return {"PERENNIAL_HOME_WIDGET": "true", "PERENNIAL_SEARCH_ACTIONS": "true"}


def test_each_fits_its_frame_and_shows_no_more_than_its_reader_may_see(
    browser: Browser, app: App, dashboard_url: str
) -> None:
    shop, mark = app.shop, uuid4().hex[:8]
    shop.look_around()
    app.install()
    until(app.imported, "the import", seconds=300)
    ana = shop.register(f"ana-{mark}@example.com")
    shop.confirm(ana)
    pages = places(shop, ana)
    app.settled()
    does(app, lambda tx: gave(tx, ana, pages["gift card"].rpartition("/")[2]))
    clerk = only_orders(shop, f"clerk-{mark}@example.com")

    owner = signed_in(browser, app, dashboard_url, shop.email, shop.password)
    told = {name: text_of(owner, path) for name, path in pages.items()}
    assert "Value to date" in told["customer"]
    assert ana.email in told["order"] or "Ana Lima" in told["order"]
    assert "can be used" in told["gift card"]
    assert ana.email in told["gift card"] or "Ana Lima" in told["gift card"]
    assert "The last 28 days" in told["home"]
    assert all(told.values())
    owner.page.context.close()

    reader = signed_in(browser, app, dashboard_url, clerk.email, PASSWORD)
    shown = text_of(reader, pages["order"])
    assert "Which order is it?" in shown
    assert "Ana Lima" not in shown
    assert "Value to date" not in shown
    reader.page.goto(f"{dashboard_url}/extensions/app/{app.id}/customers")
    reader.page.frame_locator("iframe").locator("#bar p").wait_for()
    assert ana.email not in reader.frame.content()
    reader.page.context.close()


def signed_in(browser: Browser, app: App, dashboard: str, email: str, password: str) -> Owner:
    context = browser.new_context(viewport={"width": 1600, "height": 1400})
    someone = Owner(context.new_page(), app.ear.url, dashboard)
    someone.signs_in(email, password)
    return someone


def text_of(reader: Owner, path: str) -> str:
    """What the widget says there, once it is as high as what it says."""
    reader.page.goto(f"{reader.dashboard}{path}")
    reader.page.frame_locator("iframe").locator("main, body > *").first.wait_for()
    frame: Frame = reader.frame
    frame.wait_for_load_state("networkidle")
    frame.wait_for_function(FITS)
    return frame.locator("body").inner_text()


def places(shop: Shop, ana: Shopper) -> Mapping[str, str]:
    """Where in the Dashboard something of each kind is: Ana buys once, and begins once more."""
    cart = shop.fill_cart(ana)
    shop.choose_delivery(ana, cart)
    shop.pay(cart)
    order = shop.complete(ana, cart)["id"]
    told = shop.ask(THINGS, token=shop.staff, v=shop.ware.variant)
    channel = next(one["id"] for one in told["channels"] if one["slug"] == shop.channel)
    draft = shop.do(DRAFT, token=shop.staff, i={"user": ana.id, "channelId": channel, "lines": []})
    gift = {"balance": {"amount": 5, "currency": shop.ware.currency}, "isActive": True}
    card = shop.do(GIFT, token=shop.staff, i=gift)["giftCard"]["id"]
    product = told["productVariant"]["product"]["id"]
    voucher = told["vouchers"]["edges"][0]["node"]["id"]
    return {
        "customer": f"/customers/{ana.id}",
        "order": f"/orders/{order}",
        "draft": f"/orders/drafts/{draft['order']['id']}",
        "product": f"/products/{product}",
        "voucher": f"/discounts/vouchers/{voucher}",
        "gift card": f"/gift-cards/{card}",
        "home": "/home/widgets",
    }


def gave(tx: Tx, ana: Shopper, card: str) -> None:
    """As an automation does that has given Ana this card (tests/real/test_gift_cards.py)."""
    person = customers.by_account(tx, ana.id or "")
    assert person
    voucher = Voucher(
        tier="cart", programme=True, month=tx.now.date(), name="Abandoned checkout · x", mark="x",
        percent_hundredths=1000, begins_at=tx.now, ends_at=tx.now + timedelta(days=30),
    )  # fmt: skip
    tx.add(voucher)
    tx.flush()
    tx.add(
        Code(
            voucher=voucher.id or 0,
            person=person.id or 0,
            code=f"REAL{person.id}",
            card=card,
            minted_at=tx.now,
            in_saleor_at=tx.now,
            ends_at=tx.now + timedelta(days=30),
            amount_minor=500,
            currency="USD",
        )
    )


def only_orders(shop: Shop, email: str) -> Shopper:
    """A member of staff who may manage orders, and nothing else."""
    clerk = shop.register(email)
    shop.confirm(clerk)
    group = shop.do(
        GROUP,
        token=shop.staff,
        i={
            "name": email,
            "addPermissions": ["MANAGE_ORDERS"],
            "restrictedAccessToChannels": False,
        },
    )["group"]["id"]
    shop.do(STAFF, token=shop.staff, i={"email": email, "addGroups": [group], "isActive": True})
    return clerk

"""What stands beside things in a real Dashboard: each as high as what it shows, and for a member of
staff only what her permissions open.
"""

from collections.abc import Mapping
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Frame

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
THINGS = """query($v: ID!) { channels { id slug } productVariant(id: $v) { product { id } }
  vouchers(first: 1) { edges { node { id } } } }"""


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
    clerk = only_orders(shop, f"clerk-{mark}@example.com")

    owner = signed_in(browser, app, dashboard_url, shop.email, shop.password)
    told = {name: text_of(owner, path) for name, path in pages.items()}
    assert "Value to date" in told["customer"]
    assert ana.email in told["order"] or "Ana Lima" in told["order"]
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
    product = told["productVariant"]["product"]["id"]
    voucher = told["vouchers"]["edges"][0]["node"]["id"]
    return {
        "customer": f"/customers/{ana.id}",
        "order": f"/orders/{order}",
        "draft": f"/orders/drafts/{draft['order']['id']}",
        "product": f"/products/{product}",
        "voucher": f"/discounts/vouchers/{voucher}",
    }


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

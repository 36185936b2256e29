"""Ways into the app from a real Dashboard's own pages: its menu, its list of customers, its search;
and what stands beside things speaks the language that was chosen there.
"""

from collections.abc import Mapping
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.real.test_walk import SPEAKS
from tests.real.test_widgets import signed_in
from tests.support.scenario_app import App
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import until
from tests.support.walk import Owner

pytestmark = pytest.mark.real

HEAD, ROW, BOX = 40, 40, 22
"""Of the Dashboard's grid, which is painted: how high its rows are, and where one is ticked."""


@pytest.fixture
def asks() -> Mapping[str, str]:
    return {"PERENNIAL_SEARCH_ACTIONS": "true"}


def test_the_dashboards_menu_list_and_search_lead_to_the_owners_questions(
    browser: Browser, app: App, dashboard_url: str
) -> None:
    shop = app.shop
    shop.look_around()
    app.install()
    until(app.imported, "the import", seconds=300)
    ana = someone_bought(shop, app)
    owner = signed_in(browser, app, dashboard_url, shop.email, shop.password)
    page = owner.page

    page.goto(f"{dashboard_url}/orders")
    page.get_by_role("link", name="Abandoned checkouts").click()
    owner.shows("#left")

    page.goto(f"{dashboard_url}/customers?query={ana.email}")
    picks_the_first(owner)
    page.locator('[data-test-id="show-more-button"]').click()
    page.get_by_text("Put into a segment").click()
    owner.shows("#picked form #name")
    owner.frame.locator("#name").fill("Trade fair")
    owner.frame.locator('button[value="put"]').click()
    owner.shows("#picked .note.good")
    assert ana.email in owner.frame.content()

    page.goto(f"{dashboard_url}/customers/{ana.id}")
    owner.shows("main dl")
    page.keyboard.press("Control+k")
    page.keyboard.type("why did")
    page.get_by_text("Why did this customer get something").click()
    owner.shows("#customer #timeline-title")
    assert ana.email in owner.frame.content()
    page.context.close()


def test_what_stands_beside_a_customer_speaks_the_dashboards_language(
    browser: Browser, app: App, dashboard_url: str
) -> None:
    """The form that opens a widget says none: it is the one in which the app was last open."""
    shop = app.shop
    shop.look_around()
    app.install()
    until(app.imported, "the import", seconds=300)
    ana = someone_bought(shop, app)
    context = browser.new_context(viewport={"width": 1600, "height": 1400})
    context.add_init_script(SPEAKS % (dashboard_url, "pl"))
    owner = Owner(context.new_page(), app.ear.url, dashboard_url)
    owner.signs_in(shop.email, shop.password)
    owner.page.goto(f"{dashboard_url}/extensions/app/{app.id}")
    owner.shows('#main[lang="pl"] h1')
    owner.page.goto(f"{dashboard_url}/customers/{ana.id}")
    owner.shows('main dt:has-text("Wartość do dziś")')
    context.close()


def picks_the_first(owner: Owner) -> None:
    canvas = owner.page.locator('[data-testid="data-grid-canvas"]').first
    canvas.wait_for()
    owner.page.get_by_text("@example.com").first.wait_for(state="attached")  # its rows are there
    box = canvas.bounding_box()
    assert box
    owner.page.mouse.click(box["x"] + BOX, box["y"] + HEAD + ROW / 2)
    owner.page.locator('[data-test-id="bulk-delete-button"]').wait_for()


def someone_bought(shop: Shop, app: App) -> Shopper:
    ana = shop.register(f"ana-{uuid4().hex[:8]}@example.com")
    shop.confirm(ana)
    cart = shop.fill_cart(ana)
    shop.choose_delivery(ana, cart)
    shop.pay(cart)
    shop.complete(ana, cart)
    app.settled()
    return ana

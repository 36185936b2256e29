"""A new owner in a real Dashboard, with the keyboard alone: signed in, the app installed by its
address, opened, set up, the first journey on. In the three languages, which the Dashboard tells.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import select

from app.journeys.tables import Journey
from app.loyalty.tables import Edit
from app.messages.tables import Outlet
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_shop import Shop
from tests.support.scenario_wire import until
from tests.support.walk import Walker

pytestmark = pytest.mark.real

SPEAKS = """if (location.origin === "%s") localStorage.setItem("locale", "%s")"""
"""The language that she once chose in the Dashboard."""


class Owner(Walker):
    """In front of the Dashboard's own pages; then in the app's, within them."""

    def __init__(self, page: Page, app: App, dashboard: str) -> None:
        super().__init__(page, app.ear.url)
        self.dashboard, self.installing = dashboard, app

    def signs_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.dashboard}/")
        for name, text in (("email", email), ("password", password)):
            self.comes_to(f'[name="{name}"]')
            self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.locator('[data-test-id="menu-list"], nav').first.wait_for()

    def installs(self, manifest: str) -> None:
        """Types the app's address, reads what it asks for, agrees."""
        self.page.goto(f"{self.dashboard}/extensions/app/install")
        self.comes_to('input[name="manifestUrl"]')
        self.page.keyboard.insert_text(manifest)
        self.page.get_by_text("Perennial").first.wait_for()
        self.comes_to('[data-test-id="button-bar-confirm"]')
        self.page.keyboard.press("Enter")

    def opens(self) -> None:
        self.comes_to('[data-test-id="perennial-view-details"]')
        self.page.keyboard.press("Enter")
        self.page.locator("iframe").wait_for()
        self.shows("#main[lang] h1")

    def comes_to(self, selector: str) -> None:
        """Tab, until the focus is on what the Dashboard shows there."""
        at = self.page.locator(selector).first
        at.wait_for()
        for _ in range(150):
            if at.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never came to {selector}")


@pytest.fixture
def app(saleor: Shop, tmp_path: Path) -> Iterator[App]:
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        try:
            with app.running():
                yield app
        finally:
            app.id = found(app)
            app.leave()
    assert app.complaints() == []


def found(app: App) -> str:
    """Saleor's id of what the Dashboard installed from here, if it came so far."""
    told = app.shop.ask(
        "{ apps(first: 100) { edges { node { id manifestUrl } } } }", token=app.shop.staff
    )
    apps = [edge["node"] for edge in told["apps"]["edges"]]
    return next((a["id"] for a in apps if (a["manifestUrl"] or "").startswith(app.ear.url)), "")


@pytest.mark.parametrize("locale", ["en", "pt-BR", "pl"])
def test_a_new_owner_comes_from_the_sign_in_to_the_first_journey_by_keyboard_alone(
    browser: Browser, app: App, dashboard_url: str, locale: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(SPEAKS % (dashboard_url, locale))
    owner = Owner(context.new_page(), app, dashboard_url)
    try:
        owner.signs_in(app.shop.email, app.shop.password)
        owner.installs(f"{app.ear.url}/api/manifest")
        owner.opens()
        owner.sets_up(locale)
        with app.look() as tx:
            assert [edit.by for edit in tx.exec(select(Edit)).all()] != []
            assert [outlet.channel for outlet in tx.exec(select(Outlet)).all()] == ["email"]
            assert [j.key for j in tx.exec(select(Journey)).all() if j.on_since] == ["cart"]
        until(app.imported, "the import")
        owner.shows("#guide .done >> nth=3")  # the offers are the owner's to switch
    finally:
        context.close()

"""A new owner in a real Dashboard, with the keyboard alone: signed in, the app installed by its
address, opened, set up, the first journey on. In the three languages, which the Dashboard tells.
"""

import pytest
from playwright.sync_api import Browser
from sqlmodel import select

from app.journeys.tables import Journey
from app.loyalty.tables import Edit
from app.messages.tables import Outlet
from tests.support.scenario_app import App
from tests.support.scenario_wire import until
from tests.support.walk import Owner

pytestmark = pytest.mark.real

SPEAKS = """if (location.origin === "%s") localStorage.setItem("locale", "%s")"""
"""The language that she once chose in the Dashboard."""


@pytest.mark.parametrize("locale", ["en", "pt-BR", "pl"])
def test_a_new_owner_comes_from_the_sign_in_to_the_first_journey_by_keyboard_alone(
    browser: Browser, app: App, dashboard_url: str, locale: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(SPEAKS % (dashboard_url, locale))
    owner = Owner(context.new_page(), app.ear.url, dashboard_url)
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

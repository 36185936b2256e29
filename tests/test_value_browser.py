"""The pages of Value in a real browser, in the frame of a Dashboard on another origin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.kit.house import House
from app.ltv.tables import AdSpend
from tests.support.dashboard import Dashboard, chromium, needs_browser, shown
from tests.support.valued import Valued

pytestmark = [needs_browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


class Staffed:
    """The running app, asked by somebody of the staff: the frame's own token is a dummy."""

    def __init__(self, shop: Valued) -> None:
        self.shop = shop

    def request(self, method: str, path: str, *, headers: Any, content: bytes) -> Any:  # noqa: ANN401
        proved = {k: v for k, v in self.shop.staff().items() if k != "x-part"}
        mine = {**headers, **proved} if "x-part" in headers else headers
        return self.shop.http.request(method, path, headers=mine, content=content)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    closing: list = []
    yield chromium(closing.append)
    for close in reversed(closing):
        close()


@pytest.fixture
def dashboard(browser: Browser, house: House) -> Iterator[Dashboard]:
    context = browser.new_context(locale="en-US", accept_downloads=True)
    with Valued(house) as shop:
        shop.past()
        shop.reckons()
        app: Any = Staffed(shop)
        dashboard = Dashboard(context.new_page(), app)
        context.route("**/*", dashboard.serve)
        yield dashboard
        context.unroute_all(behavior="ignoreErrors")
        context.close()


def test_pictures_stand_there_under_the_pages_own_policy(dashboard: Dashboard) -> None:
    said: list[str] = []
    dashboard.page.on("console", lambda message: said.append(message.text))
    frame = dashboard.opens("/app/value")
    shown(dashboard, "Orders, month by month")
    assert frame.locator("figure.chart svg").count() >= 2
    bar = frame.locator("rect.bar").first.evaluate("node => getComputedStyle(node).fill")
    band = frame.locator("polygon.band").first.evaluate("node => getComputedStyle(node).fill")
    assert bar != band
    assert "rgb" in band
    assert [text for text in said if "Content Security Policy" in text] == []
    wide = frame.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def saved(dashboard: Dashboard, link: str) -> tuple[str, str]:
    """The name and the text of the file behind a link."""
    with dashboard.page.expect_download() as saving:
        dashboard.frame.locator(link).click()
    text = Path(saving.value.path()).read_text(encoding="utf-8-sig")
    return saving.value.suggested_filename, text


def test_a_table_is_saved_as_a_file_with_the_viewers_token(dashboard: Dashboard) -> None:
    dashboard.opens("/app/value")
    shown(dashboard, "Orders, month by month")
    name, text = saved(dashboard, 'a[data-download^="orders by month"]')
    assert name == "orders by month.csv"
    assert text.startswith("month,orders,people,new,value")
    assert len(text.splitlines()) > 20


def test_any_section_with_numbers_is_saved_as_it_stands(dashboard: Dashboard) -> None:
    dashboard.opens("/app/value/rfm")
    shown(dashboard, "Groups")
    name, text = saved(dashboard, 'a[data-sheet="groups-title"]')
    assert name == "Groups.csv"
    assert text.startswith('Group,People,Share,"Value to come, 12 months",Currency,Per person')


def test_a_file_of_spend_is_handed_in_and_its_return_is_shown(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    frame = dashboard.opens("/app/value")
    shown(dashboard, "Costs and spend")
    frame.get_by_role("link", name="Costs and spend").click()
    shown(dashboard, "No spend has been handed in.")
    file = tmp_path / "spend.csv"
    file.write_text("channel;month;amount\nweb;2025-10;120,50\n")
    frame.locator('input[type="file"][name="spend"]').set_input_files(file)
    frame.get_by_role("button", name="Take this spend").click()
    shown(dashboard, "Saved. Cost and return by channel are below.")
    app: Any = dashboard.app
    (row,) = app.shop.all(AdSpend)
    assert (row.channel, row.month, row.amount) == ("web", "2025-10", 12050)

"""The app as people use it: a new owner with the keyboard alone, in the sandbox's frame and three
languages; and every page as axe sees it, in both themes, and in a narrow frame.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, Route
from sqlmodel import col, select
from starlette.testclient import TestClient

from app.customers.tables import Person
from app.journeys.tables import Journey
from app.loyalty.tables import Edit
from app.ltv.tables import CustomerTally
from app.messages.tables import Outlet
from app.segments.tables import Segment
from sandbox.calls import over
from sandbox.served import Served
from sandbox.web.server import create_app
from tests.support.addresses import PAGES
from tests.support.dashboard import Dashboard, chromium, needs_browser
from tests.support.market import APP, Market, Opens
from tests.support.walk import Walker

axe = pytest.importorskip("axe_playwright_python.sync_playwright", exc_type=ImportError)

pytestmark = [needs_browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

MARKET = "https://market.example"
FAULTS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    closing: list[Any] = []
    yield chromium(closing.append)
    for close in reversed(closing):
        close()


class Desk(Walker):
    """The sandbox's Dashboard with the app in its frame; nothing listens on a port."""

    def __init__(self, page: Page, market: Market) -> None:
        super().__init__(page, APP)
        self.market = market
        served = Served(market.sandbox, call=over(market.http))
        self.dashboard = TestClient(create_app(served), base_url=MARKET)
        self.dashboard.post("/enter?next=/")
        page.context.route("**/*", self.serve)

    def serve(self, route: Route) -> None:
        request = route.request
        client: Any = self.dashboard if request.url.startswith(MARKET) else self.market.http
        headers = {k: v for k, v in request.all_headers().items() if not k.startswith(":")}
        given = client.request(
            request.method,
            request.url,
            headers=headers,
            content=request.post_data_buffer or b"",
            follow_redirects=False,
        )
        kept = {k: v for k, v in given.headers.items() if k != "content-length"}
        route.fulfill(status=given.status_code, headers=kept, body=given.content)

    def opens(self, path: str, locale: str) -> None:
        for name, value in self.dashboard.cookies.items():
            self.page.context.add_cookies([{"name": name, "value": value, "url": MARKET}])
        told = {"name": "sandbox_locale", "value": locale, "url": MARKET}
        self.page.context.add_cookies([told])  # type: ignore[list-item]
        self.page.goto(f"{MARKET}/extensions/app/{self.market.app.id}{path}")
        self.framed()
        self.shows(f'#main[lang="{locale}"] h1')


@pytest.fixture
def market(markets: Opens) -> Iterator[Market]:
    with markets(customers=12, orders=50) as market:
        yield market


@pytest.fixture
def desk(browser: Browser, market: Market) -> Iterator[Desk]:
    context = browser.new_context()
    yield Desk(context.new_page(), market)
    context.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.mark.parametrize("locale", ["en", "pt-BR", "pl"])
def test_a_new_owner_comes_from_the_installation_to_the_first_journey_by_keyboard_alone(
    desk: Desk, market: Market, locale: str
) -> None:
    desk.opens("", locale)
    desk.sets_up(locale)
    with market.look() as tx:
        assert [edit.by for edit in tx.exec(select(Edit)).all()] != []
        assert [outlet.channel for outlet in tx.exec(select(Outlet)).all()] == ["email"]
        assert [j.key for j in tx.exec(select(Journey)).all() if j.on_since] == ["cart"]
    assert desk.frame.locator("#guide .done").count() >= 4  # the offers are the owner's to switch


def test_an_owner_writes_a_segment_by_keyboard_and_reads_it_in_words_on_the_way(
    desk: Desk, market: Market
) -> None:
    """S1: what is typed is counted and said without a press of any button."""
    desk.opens("/segments/new-segment", "en")
    told = desk.frame.locator("#segment_size")
    desk.reaches(id="segment-name")
    desk.page.keyboard.type("Twice")
    desk.reaches(id="r0-least")
    desk.page.keyboard.press("Control+A")
    desk.page.keyboard.type("2")
    desk.page.keyboard.press("Tab")
    told.get_by_text("Orders: at least 2").wait_for()
    desk.presses("add:0", "#r1")
    assert desk.frame.evaluate("document.activeElement.id") == "r1"
    desk.page.keyboard.press("H")
    told.get_by_text("Has an account").wait_for()
    desk.presses("drop:0", "#segment #r0")
    told.get_by_text("Orders: at least 2").wait_for(state="detached")
    desk.presses("save", "#segment .note.good")
    with market.look() as tx:
        kept = tx.exec(select(Segment).where(Segment.name == "Twice")).one()
        assert kept.tree == {"all": [{"fact": "account"}]}


class Owned:
    """The app, asked by the owner: the frame's own token is a dummy."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def request(self, method: str, path: str, *, headers: Any, content: bytes) -> Any:  # noqa: ANN401
        proved = {k: v for k, v in self.market.owner().items() if k != "x-part"}
        mine = {**headers, **proved} if "x-part" in headers else headers
        return self.market.http.request(method, path, headers=mine, content=content)


def test_no_page_has_a_serious_fault_and_each_fits_a_narrow_frame(
    browser: Browser, market: Market
) -> None:
    """WCAG 2.2 AA as far as a machine sees it, both themes; 360 px without sideways scrolling."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    app: Any = Owned(market)
    dashboard = Dashboard(context.new_page(), app)
    context.route("**/*", dashboard.serve)
    dashboard.opens("/app")
    dashboard.frame.locator("h1").wait_for()
    dashboard.frame.evaluate(axe.Axe().axe_script)
    found: list[str] = []
    for path in _everywhere(market):
        found += _goes(dashboard.frame, path)
        for theme in ("light", "dark"):
            dashboard.frame.evaluate(
                "theme => document.documentElement.dataset.theme = theme", theme
            )
            found += [f"{path} in {theme}: {fault}" for fault in _faults(dashboard.frame, theme)]
        _width(dashboard, 360)
        wide = dashboard.frame.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{path} is {wide} px too wide for 360")
        _width(dashboard, 1000)
    context.unroute_all(behavior="ignoreErrors")
    context.close()
    assert found == []


def _everywhere(market: Market) -> list[str]:
    """With somebody who has bought, and an automation that is set up."""
    answer = market.http.post(
        "/app/automations/cart", data={"do": "on_skip"}, headers=market.owner()
    )
    assert answer.status_code == 200, answer.text
    with market.look() as tx:
        bought = select(Person).join(CustomerTally, col(CustomerTally.person) == col(Person.id))
        ana = tx.exec(
            bought.where(col(Person.account).is_not(None)).order_by(col(Person.id))
        ).first()
    assert ana
    known = {"person": ana.id, "account": ana.account}
    return [path.format(**known) for paths in PAGES.values() for path in paths]


def _goes(frame: Frame, path: str) -> list[str]:
    """As a link of the page does, without a new document. What the app has to say of it, if ill."""
    frame.evaluate(
        """path => {
          document.querySelector("h1")?.setAttribute("data-left", "");
          const link = Object.assign(document.createElement("a"), { href: path });
          document.body.append(link); link.click(); link.remove();
        }""",
        path,
    )
    frame.locator("h1:not([data-left]), #bar p").first.wait_for()
    said = frame.locator("#bar p")
    return [f"{path}: {said.inner_text()}"] if said.count() else []


def _width(dashboard: Dashboard, width: int) -> None:
    dashboard.page.evaluate("w => document.querySelector('iframe').width = w", width)
    dashboard.frame.wait_for_function("w => innerWidth === w", arg=width)


def _faults(frame: Frame, theme: str) -> list[str]:
    """In the dark only colours can be at fault anew."""
    rules = (
        {"type": "rule", "values": ["color-contrast"]}
        if theme == "dark"
        else {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    )
    told = frame.evaluate("only => axe.run({ runOnly: only, resultTypes: ['violations'] })", rules)
    assert told["passes"], "axe has looked at nothing"
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:160]}"
        for fault in told["violations"]
        if fault["impact"] in FAULTS
    ]

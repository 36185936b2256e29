"""bridge.js in a real browser, in a sandboxed frame of a Dashboard on another origin."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Route

from app.loyalty.view import Problem, Saved
from app.web.frame import Frame
from app.web.page import STATIC, Rendered
from tests.support import views
from tests.support.dashboard import DASHBOARD, SHOP, Dashboard, chromium, needs_browser, shown

pytestmark = needs_browser

WRONG = views.settings(months="0", problems={"months": Problem.MONTHS})


def perennial() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Frame, frame_ancestors=DASHBOARD)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/app")
    def today(page: Rendered) -> HTMLResponse:
        return page("today/today.html", today=views.today())

    @app.get("/app/picked")
    @app.get("/app/offers")
    def settings(page: Rendered) -> HTMLResponse:
        return page("loyalty/settings.html", form=views.settings())

    @app.post("/app/offers")
    def change(
        page: Rendered, do: Annotated[str, Form()], months: Annotated[str, Form()] = ""
    ) -> HTMLResponse:
        if do == "preview":
            form = views.settings(preview=views.PREVIEW)
        elif do == "undo":
            form = views.settings(saved=Saved(undo=None))
        elif months == "0":
            return page("loyalty/settings.html", status=422, form=WRONG)
        else:
            form = views.settings(saved=Saved(undo="7"))
        return page("loyalty/settings.html", form=form)

    @app.post("/app/widgets/customer")
    def widget(page: Rendered) -> HTMLResponse:
        return page("loyalty/widget.html", widget=views.widget())

    return app


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    closing: list = []
    yield chromium(closing.append)
    for close in reversed(closing):
        close()


@pytest.fixture
def dashboard(browser: Browser) -> Iterator[Dashboard]:
    context = browser.new_context(locale="en-US")
    with TestClient(perennial()) as app:
        dashboard = Dashboard(context.new_page(), app)
        context.route("**/*", dashboard.serve)
        yield dashboard
        context.unroute_all(behavior="ignoreErrors")
        context.close()


def test_the_page_comes_once_the_dashboard_has_given_a_token(dashboard: Dashboard) -> None:
    dashboard.opens("/app?saleorApiUrl=https%3A%2F%2Fevil.test%2Fgraphql%2F")
    shown(dashboard, "Totals match Saleor.")
    headers = dashboard.asked("main")[-1]
    assert headers["authorization-bearer"].count(".") == 2
    assert headers["saleor-api-url"] == SHOP  # the token's own, whatever the address says
    shell = dashboard.requests[0]
    assert "authorization-bearer" not in shell.headers


def test_nobody_but_the_dashboard_is_listened_to(dashboard: Dashboard) -> None:
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    forged = "postMessage({type: 'theme', payload: {theme: 'dark'}}, '*')"
    after_it = (
        f"new Promise(done => {{ addEventListener('message', done); {forged}; }}).then(() => 1)"
    )
    dashboard.frame.evaluate(after_it)
    assert dashboard.frame.evaluate("document.documentElement.dataset.theme") != "dark"
    dashboard.posts("theme", theme="dark")
    dashboard.frame.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def test_the_page_changes_its_language_with_the_dashboard(dashboard: Dashboard) -> None:
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.posts("localeChanged", locale="pl")
    shown(dashboard, "Sumy zgadzają się z Saleorem.")
    assert dashboard.frame.evaluate("document.documentElement.lang") == "pl"


def test_a_token_that_is_turned_away_is_replaced_and_the_question_asked_again(
    dashboard: Dashboard,
) -> None:
    refused: list[str] = []

    def once(route: Route) -> bool:
        token = route.request.headers.get("authorization-bearer")
        if token is None or (refused and token not in refused):
            return False
        refused.append(token)
        route.fulfill(status=401, json={"detail": "no"})
        return True

    dashboard.answer = once
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    tokens = [headers["authorization-bearer"] for headers in dashboard.asked("main")]
    assert tokens[0] == refused[0]
    assert tokens[-1] not in refused


def test_a_session_that_has_ended_is_said_and_can_be_tried_again(dashboard: Dashboard) -> None:
    def never(route: Route) -> bool:
        if "x-part" not in route.request.headers:
            return False
        route.fulfill(status=401, json={"detail": "no"})
        return True

    dashboard.answer = never
    dashboard.opens("/app")
    shown(dashboard, "Your Dashboard session has ended.")
    dashboard.answer = None
    dashboard.page.evaluate("give('tokenRefresh')")
    shown(dashboard, "Totals match Saleor.")
    assert dashboard.frame.locator("#bar").inner_text() == ""


def test_an_app_that_cannot_be_reached_says_so_and_offers_another_try(
    dashboard: Dashboard,
) -> None:
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.answer = _cut
    dashboard.frame.get_by_role("link", name="Offers & loyalty", exact=True).click()
    shown(dashboard, "Perennial can't be reached right now.")
    shown(dashboard, "Totals match Saleor.")  # the page that was there stays
    dashboard.answer = None
    dashboard.frame.get_by_role("button", name="Try again").click()
    shown(dashboard, "The ladder")


def _cut(route: Route) -> bool:
    route.abort()
    return True


def test_a_page_of_ours_opens_without_reloading_and_the_dashboard_is_told(
    dashboard: Dashboard,
) -> None:
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.frame.evaluate("window.same = true")
    dashboard.frame.get_by_role("link", name="Offers & loyalty", exact=True).click()
    shown(dashboard, "The ladder")
    assert dashboard.frame.evaluate("window.same") is True
    assert dashboard.frame.evaluate("location.pathname") == "/app/offers"
    assert dashboard.hears("updateRouting")["newRoute"] == "/offers"
    assert dashboard.frame.evaluate("document.activeElement.tagName") == "H1"
    dashboard.posts("redirect", path="/")
    shown(dashboard, "Totals match Saleor.")


def test_an_address_that_crossed_our_own_way_is_of_yesterday(dashboard: Dashboard) -> None:
    """The Dashboard says its address after each handshake, maybe just while somebody leaves it:
    until it has heard where we went, what it says is where we were.
    """
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.page.evaluate("busy = true")
    dashboard.frame.get_by_role("link", name="Offers & loyalty", exact=True).click()
    shown(dashboard, "The ladder")
    dashboard.page.wait_for_function("said.at(-1).type === 'updateRouting'")
    dashboard.posts("redirect", path="/")
    dashboard.page.evaluate("reply(said.at(-1))")
    dashboard.posts("theme", theme="dark")  # what comes after the rest has been heard
    dashboard.frame.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert len(dashboard.asked("main")) == 2
    assert dashboard.frame.evaluate("location.pathname") == "/app/offers"
    dashboard.posts("redirect", path="/")
    shown(dashboard, "Totals match Saleor.")


def test_the_language_that_is_spoken_already_is_not_asked_for_again(dashboard: Dashboard) -> None:
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.posts("localeChanged", locale="en")
    dashboard.posts("localeChanged", locale="pl")
    shown(dashboard, "Sumy zgadzają się z Saleorem.")
    assert [headers["x-locale"] for headers in dashboard.asked("main")] == ["en", "pl"]


def test_a_part_whose_page_was_left_meanwhile_is_dropped(dashboard: Dashboard) -> None:
    held: list[Route] = []

    def later(route: Route) -> bool:
        held.append(route)
        return True

    dashboard.page.clock.install()
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.answer = later
    dashboard.frame.get_by_role("link", name="Offers & loyalty", exact=True).click()
    dashboard.page.clock.fast_forward(16_000)
    while len(held) < 2:
        dashboard.page.wait_for_timeout(10)  # nothing is waited for but the two
    dashboard.answer = None
    for route in held:
        dashboard.serve(route)
    shown(dashboard, "The ladder")
    with dashboard.page.expect_response(lambda answer: answer.url.endswith("/app/offers")):
        dashboard.frame.get_by_role("button", name="Save").click()
    shown(dashboard, "Saved. New offers apply from the next checkout on.")
    assert dashboard.frame.locator("#bar").inner_text() == ""


@pytest.mark.parametrize(
    "whole",
    ["/extensions/app/QXBwOjE%3D", "/dashboard/extensions/app/QXBwOjE=", "/apps/QXBwOjE=/app"],
)
def test_the_dashboard_tells_a_page_of_ours_by_its_own_whole_path(
    dashboard: Dashboard, whole: str
) -> None:
    """As 3.23.27 does, once after each handshake."""
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.posts("redirect", path=f"{whole}/offers")
    shown(dashboard, "The ladder")
    dashboard.posts("redirect", path=whole)
    shown(dashboard, "Totals match Saleor.")
    assert dashboard.frame.evaluate("location.pathname") == "/app"


def test_a_pop_up_stays_whatever_page_it_stands_over(dashboard: Dashboard) -> None:
    """The Dashboard tells it the address below (3.23.27), and is not to be taken away from that."""
    dashboard.opens("/app/picked")
    shown(dashboard, "The ladder")
    dashboard.posts("redirect", path="/customers")
    dashboard.frame.get_by_role("link", name="Today", exact=True).click()
    shown(dashboard, "Totals match Saleor.")
    assert not any(asked.url.endswith("/app/customers") for asked in dashboard.requests)
    assert dashboard.heard("updateRouting") == []


def test_a_customer_opens_in_the_dashboard_itself(dashboard: Dashboard) -> None:
    dashboard.opens("/app")
    dashboard.frame.get_by_role("link", name="cleo@example.com").first.click()
    assert dashboard.hears("redirect")["to"] == "/customers/VXNlcjoz"


def test_who_moves_is_shown_as_soon_as_a_field_has_changed(dashboard: Dashboard) -> None:
    dashboard.opens("/app/offers")
    dashboard.frame.get_by_label("Window of months").fill("6")
    dashboard.frame.get_by_label("Window of months").press("Tab")
    shown(dashboard, "Nobody drops at once")
    assert dashboard.frame.get_by_label("Window of months").input_value() == "6"
    assert dashboard.asked("settings") == []


def test_enter_in_a_field_saves_nothing(dashboard: Dashboard) -> None:
    dashboard.opens("/app/offers")
    dashboard.frame.get_by_label("Window of months").press("Enter")
    shown(dashboard, "Nobody drops at once")
    assert dashboard.asked("settings") == []


def test_saving_is_told_to_the_dashboard_and_can_be_undone(dashboard: Dashboard) -> None:
    dashboard.opens("/app/offers")
    dashboard.frame.get_by_role("button", name="Save").click()
    shown(dashboard, "Saved. New offers apply from the next checkout on.")
    told = dashboard.hears("notification")
    assert told["status"] == "success"
    assert told["title"].startswith("Saved.")
    dashboard.frame.get_by_role("button", name="Undo").click()
    shown(dashboard, "Undone.")


def test_a_field_that_is_wrong_gets_the_focus(dashboard: Dashboard) -> None:
    dashboard.opens("/app/offers")
    dashboard.frame.get_by_label("Window of months").fill("0")
    dashboard.frame.get_by_role("button", name="Save").click()
    shown(dashboard, "A whole number of months from 1 to 60, please.")
    assert dashboard.frame.evaluate("document.activeElement.id") == "months"


def test_stopping_all_offers_takes_two_presses(dashboard: Dashboard) -> None:
    dashboard.opens("/app/offers")
    stop = dashboard.frame.get_by_role("button", name="Stop them all")
    shown(dashboard, "Stop all offers …")
    assert not stop.is_visible()
    dashboard.frame.get_by_text("Stop all offers …").click()
    stop.click()
    shown(dashboard, "Saved.")


def test_a_page_renews_itself_and_leaves_what_has_not_changed(dashboard: Dashboard) -> None:
    dashboard.page.clock.install()
    dashboard.opens("/app")
    shown(dashboard, "Totals match Saleor.")
    dashboard.frame.evaluate("document.getElementById('tiers').mark = 1")
    dashboard.frame.locator("#figures summary").first.click()
    with dashboard.page.expect_response(lambda r: r.request.headers.get("x-part") == "today"):
        dashboard.page.clock.fast_forward(16_000)
    assert len(dashboard.asked("today")) == 1
    assert dashboard.frame.evaluate("document.getElementById('tiers').mark") == 1
    assert dashboard.frame.locator("#figures details[open]").count() == 1
    dashboard.frame.get_by_label("Keep this page up to date").uncheck()
    dashboard.page.clock.fast_forward(60_000)
    dashboard.frame.evaluate("fetch('/app/after').then(({ status }) => status)")
    assert dashboard.requests[-1].url.endswith("/app/after")
    assert len(dashboard.asked("today")) == 1


def test_outside_of_a_dashboard_the_page_says_where_it_belongs(dashboard: Dashboard) -> None:
    dashboard.page.goto("http://app.test/app")
    dashboard.page.get_by_text("This page lives inside the Saleor Dashboard.").wait_for()
    assert [r for r in dashboard.requests if "x-part" in r.headers] == []


def test_another_site_may_not_frame_the_app(dashboard: Dashboard) -> None:
    stranger = '<iframe src="http://app.test/app"></iframe>'
    dashboard.page.route(
        "http://evil.test/", lambda route: route.fulfill(content_type="text/html", body=stranger)
    )
    dashboard.page.goto("http://evil.test/")
    dashboard.page.frames[-1].wait_for_url("chrome-error://**")
    assert [r for r in dashboard.requests if "x-part" in r.headers] == []


def test_a_widget_asks_for_the_height_it_needs(dashboard: Dashboard) -> None:
    dashboard.opens("/app")
    dashboard.page.evaluate(
        """() => {
          const form = Object.assign(document.createElement("form"),
            { method: "post", target: "app", action: app + "/app/widgets/customer" });
          document.body.append(form);
          form.submit();
        }"""
    )
    first = dashboard.hears("widgetResize")["height"]
    assert 200 < first < 1000
    dashboard.frame.get_by_text("Why this tier?").click()
    dashboard.page.wait_for_function(
        f"said.filter(({{type}}) => type === 'widgetResize').at(-1).payload.height > {first}"
    )

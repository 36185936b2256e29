"""A browser with a Dashboard that frames the app, speaks AppBridge and keeps what it hears.

Nothing listens on a port: the browser's requests are answered from here.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Frame, Page, Route, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--no-sandbox", "--disable-site-isolation-trials")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

DASHBOARD = "http://dashboard.test"
APP = "http://app.test"
SHOP = "https://shop.test/graphql/"
PATIENCE = 60_000
"""Milliseconds for whatever is waited for: a machine may have other things to do."""

HOST = """<!doctype html><title>Dashboard</title>
<iframe name="app" src="%s" width="1000" height="800"
 sandbox="allow-same-origin allow-forms allow-scripts allow-downloads allow-popups"></iframe>
<script>
const said = [], app = "%s";
let given = 0, silent = false, busy = false;
const part = (value) => btoa(JSON.stringify(value)).replace(/=/g, "");
const token = (n) => [part({ alg: "RS256" }), part({ iss: "%s", n }), "signature"].join(".");
const post = (type, payload) => frames[0].postMessage({ type, payload }, app);
const give = (type = "handshake") => post(type, { token: token(++given), version: 1 });
const reply = ({ payload }) => post("response", { actionId: payload.actionId, ok: true });
addEventListener("message", ({ origin, data }) => {
  if (origin !== app || !data.payload?.actionId) return;
  said.push(data);
  if (data.type === "notifyReady" && !silent) give();
  if (!busy) reply(data);
});
</script>"""


@dataclass
class Dashboard:
    page: Page
    app: TestClient
    requests: list[Any] = field(default_factory=list)
    answer: Callable[[Route], bool] | None = None
    """Answers a request of the app in place of the app, where it says so."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)

    def opens(self, path: str) -> Frame:
        self.page.goto(f"{DASHBOARD}/?{path}")
        return self.frame

    @property
    def frame(self) -> Frame:
        found = self.page.frame(name="app")
        assert found is not None
        return found

    def posts(self, kind: str, **payload: object) -> None:
        self.page.evaluate("([kind, payload]) => post(kind, payload)", [kind, payload])

    def heard(self, kind: str) -> list[dict[str, Any]]:
        said = self.page.evaluate("said")
        return [message["payload"] for message in said if message["type"] == kind]

    def hears(self, kind: str) -> dict[str, Any]:
        """The newest of a kind that the app says; waits until there is one."""
        self.page.wait_for_function("kind => said.some(({ type }) => type === kind)", arg=kind)
        return self.heard(kind)[-1]

    def asked(self, part: str) -> list[dict[str, str]]:
        """The headers of the requests for a part, oldest first."""
        return [r.headers for r in self.requests if r.headers.get("x-part") == part]

    def serve(self, route: Route) -> None:
        request = route.request
        if request.url.startswith(DASHBOARD):
            path = request.url.partition("?")[2]
            route.fulfill(content_type="text/html", body=HOST % (APP + path, APP, SHOP))
            return
        self.requests.append(request)
        if self.answer is not None and self.answer(route):
            return
        given = self.app.request(
            request.method,
            request.url.removeprefix(APP),
            headers=request.headers,
            content=request.post_data_buffer or b"",
        )
        route.fulfill(status=given.status_code, headers=dict(given.headers), body=given.content)


def chromium(stop: Callable[[Callable[[], None]], None]) -> Browser:
    """A browser that is closed when the tests are over.

    Every site in one process: where a frame changes its process while it is being loaded, what it
    asks for next is lost on its way to us in one of twenty times.
    """
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    stop(playwright.stop)
    stop(browser.close)
    return browser


def shown(dashboard: Dashboard, text: str) -> None:
    """Waits until the app shows a text; fails when it doesn't."""
    dashboard.frame.get_by_text(text).first.wait_for()

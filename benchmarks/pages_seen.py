"""How long a browser takes until a page is useful, with a Dashboard around it.

The Dashboard is a page of another site with a frame, which answers `notifyReady` with a token at
once. *Useful* is a page when its own part stands in the document with everything in it, has been
painted, and answers clicks: bridge.js has said `ready`, and one frame has been drawn since. It is
counted from the moment at which the frame begins to load, so with the shell, the style, the
script, the handshake and the page's own request. Nothing is fetched or waited for after that.

`first` is a browser that has never been here; `again` has kept style and script (they are named
by their content), as it has all day.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from typing_extensions import override

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SEVEN = (
    "/app", "/app/customers", "/app/automations", "/app/offers", "/app/proof", "/app/value",
    "/app/settings",
)  # fmt: skip
HEART = "/app/customers/77"
"""Of one customer."""
TIMES = 10

DASHBOARD = """<!doctype html><title>Dashboard</title>
<iframe name="app" src="%(app)s" width="1100" height="800"
 sandbox="allow-same-origin allow-forms allow-scripts allow-downloads allow-popups"></iframe>
<script>
addEventListener("message", ({ data }) => {
  if (data.type !== "notifyReady") return;
  frames[0].postMessage({ type: "handshake", payload: { token: %(token)s, version: 1 } }, "*");
});
</script>"""
WATCH = """
window.useful = new Promise((tell) => {
  new MutationObserver((_, watcher) => {
    if (document.documentElement?.dataset.state !== "ready") return;
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => tell(performance.now())));
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-state"] });
});
"""


class Seen(NamedTuple):
    """Milliseconds until a page was useful, one an opening."""

    first: Sequence[float]
    again: Sequence[float]


def seen(base: str, token: Callable[[], str]) -> dict[str, Seen]:
    """The seven pages and one customer's, of the app that is served at this address."""
    with _dashboard(base, token) as dashboard, _chromium() as browser:
        _open(browser.new_context(), f"{dashboard}/app")  # the browser itself warms up
        return {page: _seen(browser, dashboard + page) for page in (*SEVEN, HEART)}


def _seen(browser: Browser, address: str) -> Seen:
    first, again = list[float](), list[float]()
    for _ in range(TIMES):
        context = browser.new_context()
        first.append(_open(context, address))
        again.append(_open(context, address))
        context.close()
    return Seen(first, again)


def _open(context: BrowserContext, address: str) -> float:
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    frame = page.frame(name="app")
    assert frame is not None, "the Dashboard has no frame"
    useful = frame.evaluate("() => window.useful")
    assert frame.locator("#main h1").count(), "there is no page in the frame"
    page.close()
    return float(useful)


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def _dashboard(base: str, token: Callable[[], str]) -> Iterator[str]:
    """Where any path opens the same path of the app in a frame."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # its name there
            html = DASHBOARD % {"app": base + self.path, "token": json.dumps(token())}
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            with suppress(ConnectionError):  # a browser that is closed wants no icon any more
                self.wfile.write(html.encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"  # another site than 127.0.0.1
    finally:
        server.shutdown()
        server.server_close()

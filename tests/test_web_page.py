"""How a page is asked for: the shell without data, the whole, a part, and what may frame it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.testclient import TestClient

from app.today.view import CartLine
from app.web.files import Kept
from app.web.frame import Frame, security_headers
from app.web.page import STATIC, Page, Rendered, static
from tests.support.html import markup, words
from tests.support.views import carts, pln, today

SECRET = "cleo@example.com"


@pytest.fixture
def browser() -> Iterator[TestClient]:
    app = FastAPI()
    app.add_middleware(Frame, frame_ancestors="https://dashboard.example")

    @app.get("/app")
    def page(page: Rendered) -> HTMLResponse:
        return page("today/today.html", today=today())

    @app.get("/public")
    def public(page: Rendered) -> HTMLResponse:
        return page("web/public.html")

    @app.post("/app/things")
    def post() -> JSONResponse:
        return JSONResponse({"done": True})

    with TestClient(app) as client:
        yield client


def test_a_browser_gets_the_shell_and_nobodys_data(browser: TestClient) -> None:
    answer = browser.get("/app")
    assert answer.status_code == 200
    assert "Loading" in words(answer.text)
    assert SECRET not in answer.text
    assert static("bridge.js") in answer.text


def test_style_and_script_are_fetched_once_for_their_content_and_others_asked_for_again() -> None:
    app = FastAPI()
    app.mount("/static", Kept(directory=STATIC))
    with TestClient(app) as client:
        kept, plain = client.get(static("bridge.js")), client.get("/static/bridge.js")
    assert (kept.status_code, plain.status_code) == (200, 200)
    assert kept.text == plain.text
    assert "immutable" in kept.headers["cache-control"]
    assert "cache-control" not in plain.headers


def test_every_page_under_app_begins_as_the_shell_even_one_that_does_not_exist(
    browser: TestClient,
) -> None:
    assert "Loading" in browser.get("/app/nowhere").text
    assert browser.get("/app/nowhere", headers={"X-Part": "main"}).status_code == 404
    assert browser.get("/application").status_code == 404
    assert browser.post("/app/things").json() == {"done": True}


def test_the_bridge_gets_the_main_part_with_the_data(browser: TestClient) -> None:
    answer = browser.get("/app", headers={"X-Part": "main"})
    assert answer.text.lstrip().startswith('<div id="main"')
    assert SECRET in answer.text
    assert "<html" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_part_comes_alone_and_wears_its_name_as_its_id(browser: TestClient) -> None:
    answer = browser.get("/app", headers={"X-Part": "today"})
    assert answer.text.lstrip().startswith('<div id="today"')
    assert "<nav" not in answer.text


def test_a_part_that_a_page_does_not_have_is_not_found(browser: TestClient) -> None:
    assert browser.get("/app", headers={"X-Part": "cellar"}).status_code == 404
    with pytest.raises(HTTPException):
        Page(part="preview")("today/today.html", today=today())


def test_the_dashboards_language_comes_before_the_browsers(browser: TestClient) -> None:
    wants = {"X-Part": "main", "Accept-Language": "pt-BR,pt;q=0.9"}
    assert "Hoje" in words(browser.get("/app", headers=wants).text)
    assert "Dziś" in words(browser.get("/app", headers=wants | {"X-Locale": "pl"}).text)
    assert "Today" in words(browser.get("/app", headers=wants | {"X-Locale": "de"}).text)
    assert "Hoje" in words(browser.get("/app", headers={"Accept-Language": "pt-BR"}).text)


def test_the_shell_wears_the_theme_of_the_query_and_no_other_text_of_it(
    browser: TestClient,
) -> None:
    assert 'data-theme="dark"' in browser.get("/app?theme=dark").text
    assert "data-theme" not in browser.get('/app?theme="><script>').text


def test_only_the_dashboards_may_frame_the_app_and_nobody_the_public_pages(
    browser: TestClient,
) -> None:
    inside = browser.get("/app").headers
    assert "frame-ancestors https://dashboard.example" in inside["content-security-policy"]
    assert "frame-ancestors 'none'" in browser.get("/public").headers["content-security-policy"]
    assert "x-frame-options" not in inside
    assert inside["referrer-policy"] == "strict-origin-when-cross-origin"
    assert inside["x-content-type-options"] == "nosniff"


def test_no_script_runs_but_our_own_files() -> None:
    policy = security_headers("*")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    served = set(Path(STATIC.parents[1]).glob("*/templates/*.html"))
    served.discard(STATIC.parents[1] / "ltv" / "templates" / "report.html")  # a file of its own
    assert len(served) > 10
    for template in served:
        html = template.read_text()
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        assert all("src=" in attributes and not body for attributes, body in scripts), template
        assert not re.search(r"\s(on\w+|style)=", html), f"{template}: CSP would not let it"


def test_the_address_of_a_file_changes_with_its_content() -> None:
    assert re.fullmatch(r"/static/perennial\.css\?v=[0-9a-f]{10}", static("perennial.css"))
    assert static("perennial.css")[-10:] != static("bridge.js")[-10:]


def test_what_people_write_stays_text() -> None:
    cart = CartLine(who="<img src=x>", link=None, items=1, value=pln("1"), touched_at=today().now)
    html = markup("today/today.html", today=today(carts=carts(lines=(cart,))))
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html


def test_the_logo_is_what_saleor_takes() -> None:
    logo = (STATIC / "logo.png").read_bytes()
    assert logo.startswith(b"\x89PNG")
    assert [int.from_bytes(logo[at : at + 4]) for at in (16, 20)] == [512, 512]
    assert len(logo) < 100_000

"""Public pages, and what holds for every page: names, labels and references that lead somewhere."""

import re
from collections import Counter

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.shops import pages
from app.shops.view import Retention
from tests.support.html import LANGUAGES, markup, seen
from tests.support.views import KEEPS, first_run, settings, today, troubled, widget

PUBLIC = ("shops/privacy.html", "shops/support.html")
EVERY_PAGE = [
    ("today/today.html", {"today": today()}),
    ("today/today.html", {"today": troubled()}),
    ("today/today.html", {"today": first_run()}),
    ("loyalty/settings.html", {"form": settings()}),
    ("loyalty/widget.html", {"widget": widget()}),
    *[(page, {"keeps": KEEPS, "contact": None}) for page in PUBLIC],
]


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("page", PUBLIC)
def test_public_pages_speak_every_language(page: str, locale: str) -> None:
    text = seen(page, part=None, locale=locale, keeps=KEEPS, contact="help@shop.example")
    assert "help@shop.example" in text
    english = seen(page, part=None, keeps=KEEPS, contact="help@shop.example")
    assert (text == english) is (locale == "en")


def test_the_privacy_page_tells_the_days_that_are_kept() -> None:
    text = seen("shops/privacy.html", part=None, keeps=KEEPS, contact=None)
    assert "Those that can't be understood: 14 days." in text
    assert "Checkouts that never became an order: 180 days." in text
    assert "everything is erased 30 days later" in text
    assert "within 24 hours" in text
    forever = Retention(parked_days=1, uninstalled_days=30)
    text = seen("shops/privacy.html", part=None, keeps=forever, contact=None)
    assert "One that can't be understood: 1 day." in text
    assert "Checkouts that never" not in text


def test_anybody_may_read_them_in_their_own_language() -> None:
    app = FastAPI()
    app.include_router(pages.router)
    with TestClient(app) as browser:
        assert "30 days later" in browser.get("/privacy").text
        assert "Pomoc do Perenniala" in browser.get("/", headers={"Accept-Language": "pl"}).text


def test_the_law_is_named_as_each_country_names_it() -> None:
    polish = seen("shops/privacy.html", part=None, locale="pl", keeps=KEEPS, contact=None)
    assert "RODO" in polish
    assert "administrator danych" in polish
    brazilian = seen("shops/privacy.html", part=None, locale="pt-BR", keeps=KEEPS, contact=None)
    assert "LGPD" in brazilian
    assert "controladora" in brazilian


def test_help_without_a_contact_sends_to_whoever_installed_it() -> None:
    text = seen("shops/support.html", part=None, keeps=KEEPS, contact=None)
    assert "ask whoever installed it for you" in text
    html = markup("shops/support.html", part=None, keeps=KEEPS, contact="https://help.example")
    assert 'href="https://help.example"' in html


@pytest.mark.parametrize(("page", "context"), EVERY_PAGE)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_names_are_unique_and_references_lead_somewhere(
    page: str, context: dict[str, object], locale: str
) -> None:
    html = markup(page, part=None, locale=locale, **context)
    ids = Counter(re.findall(r'\sid="([^"]+)"', html))
    assert [name for name, times in ids.items() if times > 1] == []
    pointing = re.findall(r'\s(?:for|aria-labelledby|aria-describedby|list)="([^"]+)"', html)
    pointing += re.findall(r'href="#([^"]+)"', html)
    assert {name for words in pointing for name in words.split()} <= set(ids)


@pytest.mark.parametrize(("page", "context"), EVERY_PAGE)
def test_every_field_and_button_says_what_it_is(page: str, context: dict[str, object]) -> None:
    html = markup(page, part=None, **context)
    labelled = set(re.findall(r'<label for="([^"]+)"', html))
    for field in re.findall(r'<(?:input|select|textarea) [^>]*id="([^"]+)"[^>]*>', html):
        inside_label = re.search(rf'<label[^>]*><input[^>]*id="{field}"', html)
        assert field in labelled or inside_label, field
    for button in re.findall(r"<button[^>]*>(.*?)</button>", html, re.DOTALL):
        assert button.strip()
    assert html.count("<h1") <= 1


@pytest.mark.parametrize(("page", "context"), EVERY_PAGE)
def test_pages_say_their_language(page: str, context: dict[str, object]) -> None:
    assert '<html lang="pt-BR"' in markup(page, part=None, locale="pt-BR", **context)

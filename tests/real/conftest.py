"""A running Saleor, its Dashboard and a browser, where the environment names them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.dashboard import CHROMIUM, chromium
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_shop import Shop

NEEDED = ("SALEOR_API_URL", "SALEOR_EMAIL", "SALEOR_PASSWORD")


@pytest.fixture
def saleor() -> Iterator[Shop]:
    missing = [name for name in NEEDED if name not in os.environ]
    if missing:
        pytest.skip(f"needs a running Saleor: {', '.join(missing)}")
    url, email, password = (os.environ[name] for name in NEEDED)
    shop = Shop(url, email, password)
    yield shop
    shop.close()


@pytest.fixture
def asks() -> Mapping[str, str]:
    """What the app's environment says beside the usual; a file of tests may have its own."""
    return {}


@pytest.fixture
def app(saleor: Shop, tmp_path: Path, asks: Mapping[str, str]) -> Iterator[App]:
    """Served, and not installed yet; gone from the shop afterwards, whoever installed it."""
    with Ear() as ear:
        app = App(tmp_path, ear, saleor, asks=asks)
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


@pytest.fixture
def dashboard_url() -> str:
    url = os.environ.get("SALEOR_DASHBOARD_URL")
    if url is None:
        pytest.skip("needs a Saleor Dashboard: SALEOR_DASHBOARD_URL")
    return url.rstrip("/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    closing: list[Any] = []
    yield chromium(closing.append)
    for close in reversed(closing):
        close()

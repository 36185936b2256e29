"""In a running Saleor: a parcel leaves, its customer is asked how it was, answers with one press,
and the owner sees who is not content (FB-1, FB-3, FB-4, FB-6).
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page
from sqlmodel import col, func, select

from app.feedback.tables import Survey
from app.journeys.tables import Run
from app.kit.tx import Tx
from app.messages import consent
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.policy import OwnHours, set_policy
from app.messages.tables import Outlet, Posted, Send
from app.trials import flows as trials
from sandbox.owner import Forms
from tests.real.test_attribution import does, someone
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_frame import Frame
from tests.support.scenario_shop import Shop, Shopper
from tests.support.scenario_wire import JSON, until

pytestmark = pytest.mark.real

ARRIVED = timedelta(days=5, minutes=1)
"""Three days on the road and two to unpack it."""
WORDS = "It came late, and one of it was broken."


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en")
    yield context.new_page()
    context.close()


def test_a_parcel_brings_a_question_one_press_answers_it_and_the_owner_sees_it(
    saleor: Shop, page: Page, tmp_path: Path
) -> None:
    saleor.look_around()
    with Ear() as ear:
        app = App(tmp_path, ear, saleor)
        frame = Frame(app)
        try:
            with app.running():
                app.install()
                until(app.imported, "the import", seconds=300)
                ana = someone(saleor, f"ana-{uuid4().hex[:8]}")
                does(app, lambda tx: set_up(tx, app, ana.email))
                switches_on(frame)
                order = bought(app, ana)
                assert asked(app) == 0
                saleor.send(order)
                app.settled()
                assert asked(app) == 1
                started = now(app)
            with app.running(ahead=ARRIVED):
                until(app.idle, "five days to go by")
                leaves = due(app)  # FB-1: she is asked by day, wherever in her country she may be
            with app.running(ahead=max(ARRIVED, leaves - started)):
                html = until(lambda: letter_to(app, ana), "the question", seconds=300)
                answers(page, app, scored(html, 2))
                there = order["number"]
                for path in ("/app/feedback", "/app"):
                    task = task_on(frame.page(path))
                    assert WORDS in task
                    assert f"#{there}" in task
                (survey,) = surveys(app)
                assert (survey.score, survey.words, survey.order) == (2, WORDS, order["id"])
                told = frame.page("/app/feedback", [("done", str(survey.id))])
                assert "somebody has looked after it" in told
                assert WORDS not in task_on(told)
                app.settled()
            with app.running(ahead=leaves - started + timedelta(days=4)):
                app.works_off_the_night()
                until(app.idle, "four days more to go by")
                assert len(posted(app, ana)) == 1  # FB-3: nobody is reminded of what is answered
                assert app.parked() == []
            assert app.complaints() == []
        finally:
            app.leave()


def set_up(tx: Tx, app: App, email: str) -> None:
    """What an owner does once: where mail goes, and that nobody is withheld anything."""
    tx.add(
        Outlet(
            channel="email", url=app.house.secrets.seal("mailbox:"), since=tx.now,
            sender="Shop <hello@shop.example>", postal="1 Street", checks={"spf": "good"},
        )
    )  # fmt: skip
    set_policy(tx, hours={"email": OwnHours(opens=time(0), closes=time(23, 59, 59))})
    trials.terms(tx, share=0.0)
    agreed = Saying(
        address=email, state=Said.GRANTED, source="storefront", purpose="feedback", country="US"
    )
    consent.say(tx, agreed)


def switches_on(frame: Frame) -> None:
    path = "/app/automations/csat"
    forms = Forms(frame.page(path)).forms
    form = next(f for f in forms if ("do", "on_skip") in f["buttons"])
    frame.page(path, [*form["sent"], ("do", "on_skip")])


def bought(app: App, who: Shopper) -> JSON:
    cart = app.shop.fill_cart(who)
    app.shop.choose_delivery(who, cart)
    app.shop.pay(cart)
    order = app.shop.complete(who, cart)
    app.settled()
    return order


def answers(page: Page, app: App, link: str) -> None:
    """FB-4: the letter's figure is filled in; the one press on the page says it."""
    page.goto(link)
    assert page.locator("input[name=score]:checked").get_attribute("value") == "2"
    assert [survey.score for survey in surveys(app)] == [None]
    page.locator("textarea").fill(WORDS)
    page.locator("form button").click()  # in the language of the letter
    page.get_by_role("status").wait_for()


def scored(html: str, score: int) -> str:
    """Where a figure of the letter leads to."""
    found = re.search(rf'href="([^"]*/survey/[^"?]+\?score={score})"', html)
    assert found, html
    return unescape(found[1])


def task_on(page: str) -> str:
    return page.partition("Who is not content")[2].partition("</section>")[0]


def now(app: App) -> datetime:
    with app.look() as tx:
        return tx.now


def asked(app: App) -> int:
    with app.look() as tx:
        return tx.exec(select(func.count(col(Run.id)))).one()


def due(app: App) -> datetime:
    with app.look() as tx:
        return tx.exec(select(Send.due)).one()


def surveys(app: App) -> list[Survey]:
    with app.look() as tx:
        return list(tx.exec(select(Survey)))


def posted(app: App, who: Shopper) -> list[Posted]:
    with app.look() as tx:
        return list(tx.exec(select(Posted).where(Posted.recipient == who.email)))


def letter_to(app: App, who: Shopper) -> str | None:
    letters = posted(app, who)
    return letters[0].html if letters else None

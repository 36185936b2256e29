"""An automation of the shop's own: written as rows, shown before it is switched on."""

from collections.abc import Iterator

import pytest

from app.journeys import own_form, queries
from app.journeys.own_form import Known, OwnForm, StepRow
from app.journeys.recipes import RECIPES
from app.kit.clock import StillClock
from app.kit.house import House
from app.segments import flows as segments
from tests.support.recovering import Counter, Recovering

KNOWN = Known(messages={"hello": "marketing", "gift": "marketing"}, segments={"one-order"})
ROWS = (
    StepRow(kind="wait", number="2", unit="days"),
    StepRow(kind="condition", what="one-order"),
    StepRow(kind="offer", number="7.5", what="14"),
    StepRow(kind="send", what="gift"),
    StepRow(kind="wait_for", number="36", unit="hours", what="order_paid"),
    StepRow(kind="tag", what="thanked"),
    StepRow(kind="webhook", what="thanked"),
    StepRow(kind="split", number="12.5"),
    StepRow(kind="card", number="10", what="30"),
    StepRow(kind="send", what="hello"),
)
FORM = OwnForm(name="Mine", trigger="order_paid", segment="one-order", rows=ROWS, again="30")
PATH = "/app/automations/own/new"


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        with shop.work() as tx:
            segments.fill(tx)
        shop.settles()
        yield shop


def test_a_form_and_its_definition_say_the_same() -> None:
    """J1."""
    definition, form = own_form.definition_of(FORM, KNOWN)
    assert definition is not None, form
    assert own_form.shown(definition, "Mine") == FORM
    offer = definition.steps[2]
    assert offer.else_to == "s5", "who gets no code skips the letter that tells of it"


@pytest.mark.parametrize("key", ["cart", "winback"])
def test_what_rows_cannot_say_is_left_alone(key: str) -> None:
    assert own_form.shown(RECIPES[key].definition({}), "x") is None


@pytest.mark.parametrize(
    "row",
    [
        StepRow(kind="wait", number="soon"),
        StepRow(kind="wait_for", number="2", what="a miracle"),
        StepRow(kind="condition", what="nobody"),
        StepRow(kind="send", what="nothing"),
        StepRow(kind="offer", number="31"),
        StepRow(kind="split", number="100"),
        StepRow(kind="split", number="50"),
        StepRow(kind="tag", what="Two Words"),
        StepRow(kind="webhook", what="Two Words"),
    ],
)
def test_a_row_that_cannot_be_read_is_marked(row: StepRow) -> None:
    definition, form = own_form.definition_of(OwnForm(name="Mine", rows=[row]), KNOWN)
    assert definition is None
    assert [row.wrong for row in form.rows] == [row.kind]


def test_a_form_without_name_segment_or_steps_says_so() -> None:
    definition, form = own_form.definition_of(OwnForm(rows=(), segment="x", again="soon"), KNOWN)
    assert definition is None
    assert set(form.problems) == {"name", "of", "segment", "again", "rows"}


def test_an_owner_writes_a_message_and_an_automation_and_it_sends(shop: Recovering) -> None:
    """J1, C11: from nothing to a letter in the box, without a line of code."""

    def presses(path: str, **fields: object) -> str:
        answer = shop.http.post(path, data=fields, headers=shop.staff())
        assert answer.status_code in (200, 422), answer.text
        return answer.text

    page = presses("/app/automations", do="message", tab="messages", name="")
    assert "Please give it a name." in page
    page = presses("/app/automations", do="message", tab="messages", name="A warm welcome")
    assert "/app/messages/own-1" in page
    assert "A warm welcome" in shop.sees("/app/messages/own-1")
    told = {"name": "Mine", "trigger": "order_paid", "exits": [], "priority": "3", "again": "1"}
    row = {"kind": ["send"], "number": [""], "unit": ["days"], "what": ["own-1"]}
    page = presses(PATH, do="add", **told, **row)
    assert page.count('name="kind"') == 2
    page = presses(PATH, do="save", **told, **row | {"what": ["own-2"]})
    assert "Choose a message." in page
    page = presses(PATH, do="save", **told, **row)
    assert 'href="/app/automations/own-1"' in page
    assert "Change its steps" in shop.sees("/app/automations/own-1")
    assert "Mine" in shop.sees("/app/automations/own/own-1", locale="pl")
    presses("/app/automations/own-1", do="on_skip")
    shop.buys()
    shop.waits(minutes=1)
    assert shop.subjects() == ["A warm welcome"]
    with shop.look() as tx:
        assert queries.by_key(tx, "own-1")


def test_who_may_not_change_makes_none(shop: Recovering) -> None:
    answer = shop.http.post(PATH, data={"do": "save"}, headers=shop.staff(["MANAGE_USERS"]))
    assert answer.status_code == 403
    assert shop.http.get("/app/automations/own/cart", headers=shop.staff()).status_code == 404

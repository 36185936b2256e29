"""The page Proof: what an owner reads there, and what she may press."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.journeys import flows as journeys
from app.journeys import switching
from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import library
from app.proof import flows as proof
from app.proof.tables import Finding
from app.trials import flows as trials
from app.trials import queries
from app.trials.rules import Mode
from app.trials.tables import Holding, Trial
from tests.support.recovering import Counter, Recovering
from tests.test_journeys_engine import letter
from tests.test_proof_story import measures, tries


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now)) as shop:
        yield shop


def presses(shop: Recovering, path: str, part: str, *, status: int = 200, **fields: str) -> str:
    answer = shop.http.post(path, data=fields, headers=shop.staff(part=part))
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


def reads(shop: Recovering, path: str, locale: str = "en") -> str:
    text = re.sub(r"<[^>]+>", " ", shop.sees(path, locale=locale))
    return " ".join(text.replace("\u00a0", " ").split())


def test_before_anything_is_known_the_page_says_so(shop: Recovering) -> None:
    """HO-5, AT-5."""
    for locale in ("en", "pl", "pt-BR"):
        assert shop.sees("/app/proof", locale=locale)
        assert shop.sees("/app/proof/tests", locale=locale)
    assert "nothing to prove" in reads(shop, "/app/proof")


def test_a_card_says_people_attributed_incremental_and_weeks_left(shop: Recovering) -> None:
    """HO-5: with its range; before that how long it takes; false alarms below."""
    with shop.work() as tx:
        trials.terms(tx, share=0.5)
    tries(shop)
    measures(shop)
    early = reads(shop, "/app/proof")
    assert "Abandoned checkout" in early
    assert "People 640" in early
    assert "Attributed €0" in early
    assert "Incremental not yet measurable" in early
    assert re.search(r"About \d+ weeks left", early)
    shop.waits(days=15)
    measures(shop)
    told = reads(shop, "/app/proof")
    assert re.search(r"Incremental €[\d,]+ \(95%: €[\d,]+ to €[\d,]+\)", told)
    assert re.search(r"Of those held back 12\.\d% bought; of the others \+2\d", told)
    assert "It works" in told
    assert "Abgebrochen" not in told
    for locale in ("pl", "pt-BR"):
        assert "640" in reads(shop, "/app/proof", locale)


def test_before_the_first_outcome_the_card_says_when_it_will_be_known(shop: Recovering) -> None:
    """HO-4, HO-6: fourteen days after the first person was drawn, and to the hour."""
    with shop.work() as tx:
        trials.terms(tx, share=0.5)
    tries(shop, 4)
    shop.waits(days=1)
    measures(shop)
    assert "the first outcome is known on Mar 16, 2026" in reads(shop, "/app/proof")
    shop.waits(days=14)
    measures(shop)
    assert "the first outcome is known" not in reads(shop, "/app/proof")


def test_the_owner_says_how_much_is_held_back(shop: Recovering) -> None:
    """HO-1, HO-2, HO-9."""
    page = presses(
        shop, "/app/proof", "proof", share="20", prove_first="on", everywhere="on", promised="on"
    )
    assert "Saved." in page
    with shop.look() as tx:
        terms = queries.holding(tx)
        told = (terms.share, terms.everywhere, terms.prove_first, terms.promised)
    assert told == (0.2, 0.05, True, ["tiers"])
    presses(shop, "/app/proof", "proof", subject="cart", mode="off")
    with shop.look() as tx:
        trial = queries.newest(tx, "holdout:cart")
        assert trial
        assert trial.mode == Mode.OFF
    presses(shop, "/app/proof", "proof", share="200")
    assert [row.share for row in shop.all(Holding)] == [0.5]


def test_a_test_shows_what_it_takes_before_it_starts(shop: Recovering) -> None:
    """AB-3: "this test cannot finish in 6 months" is said before the start."""
    with shop.work() as tx:
        library.ensure(tx, letter("other"))
    fields = {"place": "cart/first", "message-b": "other", "metric": "conversion", "least": "2"}
    plan = presses(shop, "/app/proof/tests", "tests", do="plan", **fields)
    assert "It takes about 8,462 people" in plan
    assert "cannot finish in 6 months" in plan
    assert shop.all(Trial) == []
    agreed = presses(shop, "/app/proof/tests", "tests", do="plan", mode="fixed", **fields)
    assert "It takes about 4,419 people" in agreed


def test_a_started_test_keeps_its_plan_and_can_be_stopped(shop: Recovering) -> None:
    """AB-3, AB-9: what was agreed stands with it; stopped, the step is as it was."""
    with shop.work() as tx:
        library.ensure(tx, letter("other"))
    fields = {"place": "cart/first", "message-b": "other", "metric": "conversion", "least": "2"}
    page = presses(shop, "/app/proof/tests", "tests", do="start", auto="on", **fields)
    assert "Abandoned checkout: Send: Abandoned checkout, first" in page
    (trial,) = shop.all(Trial)
    assert (trial.plan["people"], trial.plan["auto"], trial.plan["least"]) == (8_462, True, 0.02)
    assert trial.arms[1]["change"] == {"message": "other"}
    page = presses(shop, "/app/proof/tests", "tests", do="stop", test=str(trial.id))
    assert shop.all(Trial)[0].ended_at
    assert "over" in page
    shop.leaves()
    shop.waits(hours=1)
    assert shop.subjects() == ["Your cart is waiting"]


def test_a_step_is_called_by_what_it_does_and_no_key_is_shown(shop: Recovering) -> None:
    """AB-3: where to try something, and what is being tried, in the words of the automation."""
    fields = {"place": "cart/wait-1", "hours-b": "3", "metric": "conversion", "least": "2"}
    page = presses(shop, "/app/proof/tests", "tests", do="start", **fields)
    assert "Abandoned checkout: Wait until 1 hour after it began" in page
    assert "Abandoned checkout – Send: Abandoned checkout, second" in page
    fields = {"place": "cart/first", "message-b": "cart-2", "metric": "margin", "least": "1"}
    presses(shop, "/app/proof/tests", "tests", do="start", **fields)
    shop.leaves()
    shop.waits(days=1)
    measures(shop)
    page = reads(shop, "/app/proof/tests")
    assert "message Abandoned checkout, second" in page
    assert not re.search(r"(wait|cart)-\d", page)
    assert "Porzucony koszyk: Czekaj" in reads(shop, "/app/proof/tests", "pl")


def test_a_test_that_is_none_is_not_started(shop: Recovering) -> None:
    """AB-3: each mistake is named beside its field."""
    with shop.work() as tx:
        library.ensure(tx, letter("other"))
    fields = {"place": "cart/first", "message-b": "other", "metric": "conversion", "least": "2"}
    for typed, words in (
        ({"place": "nowhere/first"}, "Please choose where."),
        ({"least": "much"}, "Please write a number above nought."),
        ({"message-b": "cart-1"}, "Please choose another message"),
        ({"place": "cart/wait-1", "hours-b": "soon"}, "A whole number of hours"),
        ({"place": "cart/wait-1", "hours-b": "1"}, "That is what it is today"),
        ({"place": "cart/offer", "percent-b": "60"}, "A percentage from 1 to 30"),
    ):
        wrong = fields | typed
        assert words in presses(shop, "/app/proof/tests", "tests", status=422, do="plan", **wrong)
        presses(shop, "/app/proof/tests", "tests", status=422, do="start", **wrong)
    assert shop.all(Trial) == []


def test_a_test_may_have_up_to_four_arms(shop: Recovering) -> None:
    """AB-8: arms are added and taken away in the form itself; what was typed stays typed."""
    with shop.work() as tx:
        for name in ("b", "c", "d"):
            library.ensure(tx, letter(name))
    fields = {"place": "cart/first", "metric": "conversion", "least": "2", "mode": "fixed"}
    fields |= {"message-b": "b", "message-c": "c", "message-d": "d"}
    page = presses(shop, "/app/proof/tests", "tests", do="more", arms="2", **fields)
    assert page.count("<legend>Arm") == 2
    assert re.search(r'id="arm-c" tabindex="-1" data-focus', page)
    page = presses(shop, "/app/proof/tests", "tests", do="more", arms="3", **fields)
    assert page.count("<legend>Arm") == 3
    assert "One arm more" not in page
    plan = presses(shop, "/app/proof/tests", "tests", do="plan", arms="4", **fields)
    told = re.search(r"It takes about ([\d,]+) people in all arms", plan)
    assert told
    assert int(told[1].replace(",", "")) > 2 * 4_419
    less = presses(shop, "/app/proof/tests", "tests", less="C", arms="4", **fields)
    assert page_arms(less) == {"b": "b", "c": "d"}
    presses(shop, "/app/proof/tests", "tests", do="start", arms="4", **fields)
    (trial,) = shop.all(Trial)
    assert [arm["change"] for arm in trial.arms] == [{}, *({"message": n} for n in ("b", "c", "d"))]
    assert trial.strata == [[0.25] * 4]


def page_arms(page: str) -> dict[str, str]:
    """By arm: the message that is chosen."""
    selects = re.findall(r'<select id="message-(\w)".*?</select>', page, re.DOTALL)
    return {
        arm: re.search(rf'id="message-{arm}".*?value="(\w+)" selected', page, re.DOTALL)[1]  # type: ignore[index]
        for arm in selects
    }


def test_two_arms_alike_are_no_test(shop: Recovering) -> None:
    """AB-3: said beside the arm."""
    with shop.work() as tx:
        library.ensure(tx, letter("b"))
    fields = {"place": "cart/first", "metric": "conversion", "least": "2", "arms": "3"}
    fields |= {"message-b": "b", "message-c": "b"}
    page = presses(shop, "/app/proof/tests", "tests", status=422, do="start", **fields)
    assert "Another arm is the same already." in page.split('id="arm-c"')[1]
    assert shop.all(Trial) == []


def test_what_is_known_of_several_arms_is_said_of_each(shop: Recovering) -> None:
    """AB-8: each against the first; that the best is better than the next is not claimed."""
    with shop.work() as tx:
        arms = [{"name": name, "change": {"message": name.lower()}} for name in "ABCD"]
        trial = trials.begin_test(
            tx, "cart", "first", arms=arms, shares=(0.25,) * 4, plan={"metric": "conversion"}
        )
        tx.add(Finding(trial=trial.id or 0, span=14, made_at=tx.now, body=told_of_four()))
    page = " ".join(shop.sees("/app/proof/tests").split())
    assert "Better than A: B, C." in page
    assert "Too early to say: D." in page
    assert "Of those that are better C brought the most" in page
    assert "B: better" in page
    assert "Decided: nothing is to be waited for." not in page
    for locale in ("pl", "pt-BR"):
        assert "B, C" in shop.sees("/app/proof/tests", locale=locale)
    with shop.look() as tx:
        assert proof.winner_of(told_of_four(), "ABCD") is None  # D is ahead, and still open
        assert proof.winner_of(told_of_four(d=0.01), "ABCD") == "C"


def told_of_four(d: float = 0.06) -> dict[str, Any]:
    def one(arm: str, estimate: float, verdict: str) -> dict[str, Any]:
        told = {"estimate": estimate, "low": estimate - 0.01, "high": estimate + 0.01,
                "p": 0.001, "error": 0.003, "spared": 0.0}  # fmt: skip
        return {"arm": arm, "verdict": verdict, "metrics": {"conversion": told, "margin": told}}

    means = {"conversion": 0.1, "margin": 100, "refunded": 0.0, "unsubscribed": 0,
             "complained": 0, "messages": 0, "orders": 100}  # fmt: skip
    return {
        "people": dict.fromkeys("ABCD", 1000), "ripe": dict.fromkeys("ABCD", 1000),
        "against": [one("B", 0.02, "better"), one("C", 0.04, "better"), one("D", d, "too_early")],
        "arms": dict.fromkeys("ABCD", means), "metric": "conversion", "weeks": 3.0,
        "enough": True, "mode": "always",
    }  # fmt: skip


def test_who_may_not_change_may_look(shop: Recovering) -> None:
    headers = shop.staff(())
    assert shop.http.get("/app/proof", headers=headers).status_code == 200
    for path in ("/app/proof", "/app/proof/tests"):
        assert shop.http.post(path, data={"do": "stop"}, headers=headers).status_code == 403


def test_switching_on_letters_that_promise_a_tier_ends_its_holdout(shop: Recovering) -> None:
    """HO-9: its letters say what a tier gives."""
    with shop.work() as tx:
        switching.set_up(tx, "tier-reached", {})
        journeys.switch_on(tx, "tier-reached")
    with shop.look() as tx:
        assert queries.holding(tx).promised == ["tiers"]


def test_a_test_is_judged_by_margin_unless_the_owner_says_otherwise(shop: Recovering) -> None:
    """AB-2: the first choice; opens cannot be chosen; refunds and goodbyes stand beside."""
    with shop.work() as tx:
        library.ensure(tx, letter("other"))
    page = shop.sees("/app/proof/tests")
    chosen = re.search(r'<select id="metric".*?</select>', page, re.DOTALL)
    assert chosen
    assert re.findall(r'value="(\w+)"', chosen[0]) == ["margin", "conversion", "revenue", "second"]
    fields = {"place": "cart/first", "message-b": "other", "least": "2.50"}
    presses(shop, "/app/proof/tests", "tests", do="start", **fields)
    (trial,) = shop.all(Trial)
    assert (trial.plan["metric"], trial.plan["least"]) == ("margin", 250)
    fields |= {"metric": "opens"}
    presses(shop, "/app/proof/tests", "tests", status=422, do="plan", **fields)

"""Stories of the two questions: who is asked, what she says, and what comes of it. FB-1 to FB-7."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from itertools import pairwise
from math import comb
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.feedback import erasing, queries, rules
from app.feedback.rules import Tally
from app.feedback.tables import Survey, Useful
from app.journeys import errands, flows, rehearsing, survey_rules, surveys, switching
from app.journeys.jobs import Dawn
from app.journeys.recipes import RECIPES
from app.journeys.survey_rules import Standing
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import flows as loyalty
from app.loyalty import settings
from app.ltv.entries import EPOCH
from app.ltv.tables import CustomerTally
from app.messages import consent, library
from app.messages import flows as sending
from app.messages import queries as messages
from app.messages.consent import Saying
from app.messages.consent_tables import Restraint
from app.messages.flows import Request
from app.messages.law import Said
from app.messages.rules import Word
from app.messages.tables import Send
from app.privacy import exporting
from app.privacy import flows as privacy
from tests.support.loyal import draft
from tests.support.makers import event, gid, line, order, user
from tests.support.recovering import Counter, Recovering
from tests.support.story import Shop

DAY = timedelta(days=1)
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is asked of no table is asked once."""


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        shop.agrees("ana@example.com")
        agrees(shop)
        with shop.work() as tx:
            loyalty.begin(tx)
            settings.save(tx, draft(), by="VXNlcjox")
        yield shop


def agrees(shop: Recovering, address: str = "ana@example.com") -> None:
    """CO-1: surveys are a purpose of their own."""
    with shop.work() as tx:
        consent.say(
            tx, Saying(address=address, state=Said.GRANTED, source="storefront", purpose="feedback",
                       country="DE"),
        )  # fmt: skip


def on(shop: Recovering, *recipes: str) -> None:
    for recipe in recipes:
        with shop.work() as tx:
            switching.set_up(tx, recipe, {})
            flows.switch_on(tx, recipe)


def sent_off(shop: Recovering, *, no: int = 1, **told: object) -> None:
    """Ana's parcel leaves."""
    body = order(user("ana"), created=shop.at(), status="FULFILLED", no=no, **told)
    shop.hears("ORDER_FULFILLED", event("ORDER_FULFILLED", issued=shop.at(), order=body))
    shop.waits(seconds=5)


def asked(shop: Recovering) -> str:
    """Ana has been asked how her order was. Where the letter's figures lead."""
    on(shop, "csat")
    sent_off(shop)
    shop.waits(days=5, hours=1)
    return link(shop)


def link(shop: Recovering, what: str = "survey") -> str:
    found = re.findall(rf'href="https?://[^/"]+(/{what}/[^"?]+)\?', shop.mail()[-1].html)
    assert found, shop.mail()[-1].html
    return unescape(found[0])


def ana(shop: Recovering) -> int:
    with shop.look() as tx:
        found = tx.exec(select(Person.id).where(Person.email == "ana@example.com")).one()
    assert found
    return found


def answers(shop: Recovering, path: str, score: object, words: str = "") -> int:
    told = shop.http.post(path, data={"score": str(score), "words": words})
    shop.settles()
    return told.status_code


def surveyed(shop: Recovering) -> Survey:
    (row,) = shop.all(Survey)
    return row


def whys(shop: Recovering) -> list[str | None]:
    return [run.why for run in shop.runs()]


# -- FB-1


def test_fb1_an_order_is_asked_about_once_the_parcel_has_come(shop: Recovering) -> None:
    """FB-1: three days on the road and two at home, by day."""
    on(shop, "csat")
    sent_off(shop)
    shop.waits(days=4, hours=23)
    assert shop.subjects() == []
    shop.waits(hours=1)
    assert shop.subjects() == ["How was your order 1?"]
    letter = shop.mail()[0]
    assert [f"?score={n}" in letter.html for n in range(7)] == [False, *[True] * 5, False]
    assert "1: http" in letter.text


@on_one_database
def test_fb1_nobody_is_asked_before_ten_or_after_eight(shop: Recovering) -> None:
    """FB-1: other letters may leave from seven on (QH-2)."""
    on(shop, "csat")
    shop.waits(hours=11)  # 21:00 in Berlin
    sent_off(shop)
    shop.waits(days=5, hours=12)
    assert shop.subjects() == []
    shop.waits(hours=1, minutes=30)
    assert shop.subjects() == ["How was your order 1?"]


# -- FB-2


def test_fb2_a_sixth_is_asked_in_a_month_each_on_a_day_of_her_own() -> None:
    """FB-2: by chance that repeats itself, and another sixth the month after."""
    months = [date(2026, 3, 1), date(2026, 4, 1)]
    drawn = [{p: survey_rules.turn(1, p, month) for p in range(6000)} for month in months]
    first, second = ({p for p, day in one.items() if day} for one in drawn)
    assert 900 <= len(first) <= 1100
    assert 120 <= len(first & second) <= 215  # a sixth of a sixth: each month is a new throw
    days = {day for day in drawn[0].values() if day}
    assert days == set(range(1, 29))
    assert survey_rules.turn(1, 7, months[0]) == survey_rules.turn(1, 7, date(2026, 3, 30))


def tallied(shop: Recovering, person: int, *, orders: int, first: date) -> None:
    with shop.work() as tx:
        day = first.toordinal() - EPOCH
        tx.add(
            CustomerTally(
                person=person, days=orders, first=day, last=day, orders=orders, gross=1,
                discount=0, cost=0, tax=0, refunded=0, costed=0, first_value=1,
            )
        )  # fmt: skip


def test_fb2_regulars_are_asked_when_their_turn_comes_and_not_again_for_180_days(
    shop: Recovering,
) -> None:
    """FB-2: two orders are enough."""
    on(shop, "nps")
    person = shop.guest("cleo@example.com")
    agrees(shop, "cleo@example.com")
    tallied(shop, person, orders=2, first=date(2026, 2, 20))
    world = shop.perennial.reach.world(shop.id)
    start = shop.house.clock.now().date()
    turns = list(survey_rules.turns(shop.id, person, start, start + 900 * DAY))[:5]
    for turn in turns:
        day_before = turn - DAY - shop.house.clock.now().date()
        for days in (day_before.days, 1):
            shop.waits(days=days)
            errands.dawn(Dawn(day=str(shop.house.clock.now())), world)
            shop.settles()
        shop.waits(days=4)
    begun = [run.entered_at.date() for run in shop.runs()]
    assert begun[0] == turns[0]
    assert set(begun) <= set(turns)
    assert len(begun) < len(turns)
    gaps = [later - sooner for sooner, later in pairwise(begun)]
    assert all(gap >= 180 * DAY for gap in gaps)
    assert shop.subjects()[:2] == [
        "Would you recommend us?", "One tap: would you recommend us?",
    ]  # fmt: skip


def test_fb2_after_one_order_its_parcel_has_to_be_a_month_old(shop: Recovering) -> None:
    """FB-2."""
    sent_off(shop)
    person, today = ana(shop), shop.house.clock.now().date()
    for days, may in ((32, False), (33, True)):
        with shop.look() as tx:
            first = (today - days * DAY).toordinal()
            found = surveys.settled(tx, {person: (1, first), 9999: (1, first)}, by=today)
        assert set(found) == ({person} if may else set())


def test_fb2_what_would_have_been_asked_is_shown_before_it_is_switched_on(
    shop: Recovering,
) -> None:
    person = shop.guest("cleo@example.com")
    tallied(shop, person, orders=2, first=date(2021, 1, 1))
    definition = RECIPES["nps"].definition({})
    for may in (0, 1):
        with shop.look() as tx:
            told = rehearsing.rehearse(tx, definition, days=1800)
        assert (told.known, told.people, told.reachable) == (True, 1, may)
        agrees(shop, "cleo@example.com")  # news she has agreed to already: CO-1
    assert told.messages >= 2
    assert "Would you recommend us?" in shop.sees("/app/automations/nps")


# -- FB-3

NOW = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("standing", "word"),
    [
        ({}, None),
        ({"asked_at": -89}, Word.ASKED_LATELY),
        ({"asked_at": -90}, None),
        ({"late": True}, Word.ORDER_LATE),
        ({"refund_open": True}, Word.REFUND_OPEN),
        ({"complained_at": -29}, Word.COMPLAINED_LATELY),
        ({"complained_at": -30}, None),
    ],
)
def test_fb3_who_is_left_alone(
    standing: dict[str, object], word: str | None, clock: StillClock
) -> None:
    """FB-3."""
    now = clock.now()
    told = {k: now + v * DAY if type(v) is int else v for k, v in standing.items()}
    assert survey_rules.against(Standing(**told), now=now) == word  # type: ignore[arg-type]


def test_fb3_one_question_in_ninety_days_whatever_is_bought(shop: Recovering) -> None:
    """FB-3: and the next automation knows why."""
    asked(shop)
    shop.waits(days=10)
    sent_off(shop, no=2)
    shop.waits(days=9)
    assert len([s for s in shop.sends() if s.step == "ask" and s.state == "sent"]) == 1
    assert whys(shop)[-1] == "asked_lately"
    assert "less than 90 days before" in shop.sees(f"/app/customers/{ana(shop)}")


def test_fb3_nobody_is_asked_who_waits_for_an_order(shop: Recovering) -> None:
    """FB-3."""
    on(shop, "csat")
    body = order(user("ana"), created=shop.at(days=-3), status="UNFULFILLED", no=9)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    sent_off(shop)
    shop.waits(days=6)
    assert shop.subjects() == []
    assert "order_late" in whys(shop)


def test_fb3_nobody_is_asked_who_waits_for_a_refund(shop: Recovering) -> None:
    """FB-3: it is granted, and not paid."""
    on(shop, "csat")
    sent_off(shop, totalGrantedRefund={"amount": 5, "currency": "EUR"})
    shop.waits(days=6)
    assert shop.subjects() == []
    assert whys(shop) == ["refund_open"]


def test_fb3_one_reminder_after_72_hours_and_none_after_an_answer(shop: Recovering) -> None:
    """FB-3."""
    asked(shop)
    shop.waits(hours=70)
    assert len(shop.mail()) == 1
    shop.waits(hours=3)
    assert shop.subjects()[1:] == ["One tap: order 1"]
    shop.waits(days=30)
    assert len(shop.mail()) == 2
    assert answers(shop, link(shop), 4) == 200
    assert (surveyed(shop).score, len(shop.all(Survey))) == (4, 1)


@on_one_database
def test_fb3_an_answer_ends_it(shop: Recovering) -> None:
    assert answers(shop, asked(shop), 5) == 200
    shop.waits(days=5)
    assert len(shop.mail()) == 1
    assert whys(shop) == ["survey_answered"]


@on_one_database
def test_fb3_without_consent_to_surveys_nothing_is_asked(shop: Recovering) -> None:
    """FB-3, CO-1: news is another matter."""
    with shop.work() as tx:
        consent.say(
            tx, Saying(address="ana@example.com", state=Said.WITHDRAWN, source="preferences",
                       purpose="feedback"),
        )  # fmt: skip
    on(shop, "csat")
    sent_off(shop)
    shop.waits(days=6)
    assert shop.subjects() == []
    assert whys(shop) == ["withdrawn"]


def test_fb3_the_two_letters_are_no_service_and_hold_no_offer() -> None:
    """FB-3."""
    for kind in survey_rules.KINDS:
        for letter in RECIPES[kind].messages:
            assert letter.purpose == "feedback"
            assert not letter.offers


# -- FB-4


def test_fb4_opening_a_link_says_nothing_and_one_press_does(shop: Recovering) -> None:
    """FB-4: scanners open every link of a letter."""
    path = asked(shop)
    for score in range(1, 6):
        shown = shop.http.get(f"{path}?score={score}")
        assert shown.status_code == 200
        assert f'value="{score}" required checked' in shown.text
        assert shown.text.count(" checked") == 1
    assert surveyed(shop).score is None
    assert answers(shop, path, 4, "Fast, and well packed.") == 200
    row = surveyed(shop)
    assert (row.score, row.words, row.kind, row.order) == (
        4, "Fast, and well packed.", "csat", gid("Order", 1),
    )  # fmt: skip


def test_fb4_who_answers_twice_has_answered_once(shop: Recovering) -> None:
    path = asked(shop)
    for score in (5, 5, 3):
        answers(shop, path, score, f"{score}")
    assert (surveyed(shop).score, surveyed(shop).words) == (3, "3")
    with shop.look() as tx:
        assert queries.tally(tx, "csat", since=tx.now - 30 * DAY) == Tally(1, 1, 0, 0)
    assert 'value="3" required checked' in shop.http.get(path).text


@on_one_database
def test_fb4_what_is_not_on_the_scale_is_no_answer(shop: Recovering) -> None:
    """FB-4: pressed or typed."""
    path = asked(shop)
    for score in ("0", "6", "-1", "", "4.5", "٤", "1e0", "9" * 20):
        told = shop.http.post(path, data={"score": score, "words": "Kept."})
        assert told.status_code == 422
        assert "Please choose one of the figures." in told.text
        assert "Kept." in told.text
        looked = shop.http.get(path, params={"score": score})
        assert looked.status_code == 200
        assert " checked" not in looked.text
    assert surveyed(shop).score is None


@on_one_database
def test_fb4_what_is_written_is_shown_and_never_run(shop: Recovering) -> None:
    path = asked(shop)
    answers(shop, path, 1, "<script>alert(1)</script>\x00\x1b{{ 7 * 7 }}" + "x" * 5000)
    row = surveyed(shop)
    assert row.words.startswith("<script>alert(1)</script>{{ 7 * 7 }}xxx")
    assert len(row.words) == 2000
    for page in (
        shop.http.get(path).text, shop.sees("/app/feedback"), shop.sees("/app"),
        shop.sees(f"/app/customers/{ana(shop)}"),
    ):  # fmt: skip
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "49xxx" not in page


def test_fb4_a_link_that_is_none_says_so(shop: Recovering, house: House) -> None:
    """FB-4: altered, of another shop, of another kind of letter, or no token at all."""
    path = asked(shop)
    number, _, token = path.removeprefix("/survey/").partition(".")
    altered = ("a" if token[0] != "a" else "b") + token[1:]
    with Shop(house, domain="other.example") as other:
        foreign = f"{int(other.id)}.{token}"
    for wrong in (
        f"{number}.{altered}",
        foreign,
        f"0.{token}",
        "x",
        "1.%00",
        "9" * 30 + "." + token,
    ):
        for what in ("survey", "useful"):
            shown = shop.http.get(f"/{what}/{wrong}")
            assert shown.status_code == 404
            assert "This link leads nowhere" in shown.text
            assert answers(shop, f"/{what}/{wrong}", 5) == 404
    assert shop.http.get(f"/useful/{number}.{token}").status_code == 404
    assert surveyed(shop).score is None


@on_one_database
def test_fb4_a_link_works_for_sixty_days(shop: Recovering) -> None:
    path = asked(shop)
    shop.waits(days=60, hours=1)
    assert answers(shop, path, 5) == 410
    assert "This link has ended" in shop.http.get(path).text
    assert surveyed(shop).score is None


@on_one_database
def test_fb4_the_page_speaks_her_language(shop: Recovering) -> None:
    """FB-4."""
    path = asked(shop)
    for locale, words in (("pl", "Jak oceniasz zamówienie?"), ("pt-BR", "Como foi o seu pedido?")):
        shown = shop.http.get(path, params={"locale": locale}).text
        assert f'lang="{locale}"' in shown
        assert words in shown
        assert "How was" not in shown


def test_fb4_who_is_forgotten_leaves_a_figure_and_nothing_else(shop: Recovering) -> None:
    """FB-4, PR-2, PR-3: before that, she may take her answer along."""
    path = asked(shop)
    answers(shop, path, 2, "My name is Ana.")
    with shop.work() as tx:
        person = tx.exec(select(Person).where(Person.email == "ana@example.com")).one()
        told = exporting.export(tx, person)
        assert told["survey"][0]["words"] == "My name is Ana."
        assert told["survey"][0]["score"] == 2
        assert "restraint" in told
        privacy.erase(tx, account=gid("User", "ana"), email="ana@example.com", at=tx.now)
    row = surveyed(shop)
    assert (row.score, row.person, row.words, row.order) == (2, None, "", None)
    assert shop.all(Restraint) == []
    assert answers(shop, path, 5) == 410
    assert "Nothing is kept about you any more" in shop.http.get(path).text
    assert surveyed(shop).score == 2
    assert "My name" not in shop.sees("/app/feedback")


def test_fb4_words_are_kept_for_24_months(shop: Recovering) -> None:
    """FB-4, PR-5."""
    answers(shop, asked(shop), 2, "Long ago.")
    for days, left in ((725, "Long ago."), (10, "")):
        with shop.work() as tx:
            tx.exec(select(Survey)).one().asked_at -= days * DAY
        with shop.work() as tx:
            erasing.retire(tx, erasing.old(tx))
        assert surveyed(shop).words == left


# -- FB-5


def test_fb5_the_score_and_its_range() -> None:
    """FB-5: 60 promoters, 25 passives, 15 detractors of 100: 45, by the adjusted Wald interval
    (Rocks 2016), reckoned by hand: centre 45/103, deviation √(0.5451…/103).
    """
    value, least, most = rules.nps(Tally(400, 100, 60, 15))
    assert value == pytest.approx(0.45)
    up, down = 60.75 / 103, 15.75 / 103
    half = 1.959964 * ((up + down - (up - down) ** 2) / 103) ** 0.5
    assert (least, most) == pytest.approx((45 / 103 - half, 45 / 103 + half))
    assert (round(least, 3), round(most, 3)) == (0.293, 0.580)
    assert rules.nps(Tally(30, 30, 30, 0)).most <= 1.0
    share, low, high = rules.csat(Tally(100, 50, 40, 5))
    assert (share, round(low, 3), round(high, 3)) == (0.8, 0.67, 0.888)


def test_fb5_the_range_holds_the_truth_as_often_as_it_says() -> None:
    """FB-5: over every sample of thirty that can be drawn from some shops."""
    n = 30
    for up, down in ((0.5, 0.2), (0.3, 0.3), (0.7, 0.1), (0.2, 0.5)):
        held = 0.0
        for highs in range(n + 1):
            for lows in range(n + 1 - highs):
                rest = n - highs - lows
                chance = comb(n, highs) * comb(n - highs, lows)
                chance *= up**highs * down**lows * (1 - up - down) ** rest
                _, least, most = rules.nps(Tally(n, n, highs, lows))
                held += chance * (least <= up - down <= most)
        assert 0.94 <= held <= 0.975, (up, down, held)


def fills(shop: Recovering, kind: str, scores: list[int | None], **told: object) -> None:
    with shop.work() as tx:
        known = len(tx.exec(select(Survey.id)).all())
        for n, score in enumerate(scores):
            at = tx.now - DAY
            tx.add(
                Survey(
                    run=1000 + known + n, kind=kind, asked_at=at, score=score,
                    answered_at=None if score is None else at, **told,
                )
            )  # fmt: skip


def test_fb5_under_thirty_answers_nothing_is_said_of_all(shop: Recovering) -> None:
    """FB-5: who did not answer is shown all the same."""
    fills(shop, "nps", [9] * 20 + [3] * 9 + [None] * 29, country="DE")
    shown = shop.sees("/app/feedback")
    assert "too early to tell: 29 answers of the 30" in shown
    assert "29 (50%)" in shown
    fills(shop, "nps", [7], country="PL")
    shown = shop.sees("/app/feedback")
    assert "37 (0 to 63)" in shown or re.search(r"37 \(\S+ to \S+\)", shown)
    assert "Germany" in shown
    assert "Poland" in shown


def test_fb5_month_by_month_with_the_range_of_each(shop: Recovering) -> None:
    """FB-5: months of the shop's own zone; one under thirty answers is a gap, and says so."""
    assert rules.months(date(2026, 3, 2))[0] == date(2025, 4, 1)
    assert rules.months(date(2026, 12, 31))[::11] == [date(2026, 1, 1), date(2026, 12, 1)]
    with shop.work() as tx:
        months = [datetime(2026, m, 1, tzinfo=ZoneInfo("Europe/Berlin")) for m in (1, 2, 3)]
        edge = timedelta(seconds=1)
        told = [(months[0], [9] * 20 + [2] * 10), (months[1] - edge, [9]), (months[1], [9] * 29)]
        for at, scores in told:
            for score in scores:
                number = len(tx.exec(select(Survey.id)).all())
                tx.add(Survey(run=number, kind="nps", asked_at=at, score=score, answered_at=at))
                tx.flush()
        found = queries.by_month(tx, "nps", months)
    assert found == [Tally(31, 31, 21, 10), Tally(29, 29, 29, 0), Tally(0, 0, 0, 0)]
    shown = shop.sees("/app/feedback").replace("\xa0", " ")
    assert "Month by month" in shown
    value, least, most = (round(one * 100) for one in rules.nps(found[0]))
    assert re.search(rf'"row">January 2026</th><td>{value} \({least}–{most}\)</td>', shown)
    assert re.search(r'"row">February 2026</th><td></td>', shown)


def test_fb5_by_product_of_the_order_and_as_a_table(shop: Recovering) -> None:
    """FB-5: a survey counts once for a product, however often the order has it."""
    body = order(
        user("ana"), created=shop.at(), status="FULFILLED", no=5,
        lines=[line("tee", quantity=2), line("tee", quantity=1)],
    )  # fmt: skip
    shop.hears("ORDER_FULFILLED", event("ORDER_FULFILLED", issued=shop.at(), order=body))
    fills(shop, "csat", [5] * 3 + [1], order=gid("Order", 5), tier="")
    with shop.look() as tx:
        (found,) = queries.by_product(tx, "csat", since=tx.now - 30 * DAY).values()
    assert found == Tally(4, 4, 3, 1)
    answer = shop.http.get("/app/feedback", params={"csv": "csat-title"}, headers=shop.staff())
    assert answer.headers["content-type"].startswith("text/csv")
    assert ",4,4,0," in answer.text


def test_fb5_another_shop_sees_none_of_it(shop: Recovering, house: House) -> None:
    answers(shop, asked(shop), 1, "Ours.")
    with Shop(house, domain="two.example") as two:
        assert "Ours." not in two.sees("/app/feedback")
        assert two.http.post(
            "/app/feedback", data={"done": str(surveyed(shop).id)}, headers=two.staff()
        ).status_code == 200  # fmt: skip
    assert surveyed(shop).handled_at is None


# -- FB-6


def promoted(shop: Recovering, key: str = "promo") -> Send:
    with shop.work() as tx:
        library.ensure(
            tx,
            library.Draft(
                key="news", name="News",
                variants={"email": {"en": library.Letter(
                    subject="News", blocks=(library.Block(kind="text", text="News."),))}},
            ),
        )  # fmt: skip
        wish = Request(key=key, person=ana(shop), message="news", campaign="own-1", due=tx.now)
        sending.request(tx, wish)
    shop.settles()
    with shop.look() as tx:
        found = messages.send(tx, key)
    assert found
    return found


def test_fb6_who_is_not_content_is_a_task_and_gets_no_promotions_for_a_fortnight(
    shop: Recovering,
) -> None:
    """FB-6: with the way to the order, and the reason where it is asked for."""
    path = asked(shop)
    answers(shop, path, 2, "It came broken.")
    for page in ("/app", "/app/feedback", f"/app/customers/{ana(shop)}"):
        shown = shop.sees(page)
        assert "It came broken." in shown
        assert f"/orders/{gid('Order', 1)}" in unescape(shown)
    shop.waits(days=1)
    held = promoted(shop)
    assert (held.state, held.reason) == ("waiting", "unhappy")
    assert "not content, so no promotion goes to them" in shop.sees(f"/app/customers/{ana(shop)}")
    shop.waits(days=12)
    assert promoted(shop).state == "waiting"
    shop.waits(days=1, hours=2)
    assert promoted(shop).state == "sent"


def test_fb6_it_is_marked_done_and_taken_back(shop: Recovering) -> None:
    answers(shop, asked(shop), 1)
    number, page = str(surveyed(shop).id), f"/app/customers/{ana(shop)}/answers"
    for where in ("/app/feedback", page):
        done = shop.http.post(where, data={"done": number}, headers=shop.staff())
        assert done.status_code == 200
        assert surveyed(shop).handled_by == "VXNlcjox"
        assert "Who is not content" not in shop.sees("/app")
        shop.http.post(where, data={"back": number}, headers=shop.staff())
        assert surveyed(shop).handled_at is None
    for wrong in ("", "x", "0", "9" * 30):
        told = shop.http.post("/app/feedback", data={"done": wrong}, headers=shop.staff())
        assert told.status_code == 200
    blind = shop.staff(["MANAGE_ORDERS"])
    assert shop.http.post("/app/feedback", data={"done": number}, headers=blind).status_code == 403
    assert surveyed(shop).handled_at is None


def test_fb6_a_better_answer_ends_the_task_and_the_rest(shop: Recovering) -> None:
    path = asked(shop)
    answers(shop, path, 1)
    assert len(shop.all(Restraint)) == 1
    answers(shop, path, 4)
    assert shop.all(Restraint) == []
    with shop.look() as tx:
        assert queries.how_many(tx) == 0


def test_fb6_where_being_content_begins(shop: Recovering) -> None:
    """FB-6."""
    person, tasks = shop.guest("cleo@example.com"), []
    for kind, score in (("csat", 3), ("csat", 2), ("nps", 7), ("nps", 6)):
        fills(shop, kind, [score], person=person)
        with shop.look() as tx:
            tasks.append(queries.how_many(tx))
    assert tasks == [0, 1, 1, 2]


@on_one_database
def test_fb6_who_may_not_see_customers_sees_no_names(shop: Recovering) -> None:
    answers(shop, asked(shop), 1, "It came broken.")
    blind = shop.staff(["MANAGE_ORDERS"])
    for page in ("/app", "/app/feedback"):
        shown = shop.http.get(page, headers=blind).text
        assert "It came broken." not in shown
        assert "ana@example.com" not in shown


# -- FB-7


def care(shop: Recovering, no: int) -> str:
    """A letter of an automation has gone to Ana. Where its question leads."""
    sent_off(shop, no=no)
    shop.waits(days=1)
    return link(shop, "useful")


def uses(shop: Recovering, path: str, say: str) -> int:
    told = shop.http.post(path, data={"say": say})
    shop.settles()
    return told.status_code


def test_fb7_two_noes_in_ninety_days_halve_what_that_automation_may_send(
    shop: Recovering,
) -> None:
    """FB-7: through the caps that there are, of that automation alone, and with its reason."""
    on(shop, "aftercare")
    first = care(shop, 1)
    assert shop.http.get(f"{first}?say=no").status_code == 200
    assert shop.all(Useful) == []
    assert uses(shop, first, "no") == 200
    assert uses(shop, first, "no") == 200
    assert shop.all(Restraint) == []
    shop.waits(days=8)
    assert uses(shop, care(shop, 2), "no") == 200
    (restraint,) = shop.all(Restraint)
    assert restraint.campaign == "aftercare"
    assert restraint.until == shop.all(Useful)[0].at + 90 * DAY
    shop.waits(hours=24)
    assert promoted(shop, "one").state == "sent"  # of another automation: as ever
    shop.waits(hours=24)
    with shop.work() as tx:
        wish = Request(
            key="two", person=ana(shop), message="news", campaign="aftercare", due=tx.now
        )
        sending.request(tx, wish)
    shop.settles()
    with shop.look() as tx:
        held = messages.send(tx, "two")
    assert held
    assert (held.state, held.reason) == ("waiting", "not_useful")
    assert "of no use to them" in shop.sees(f"/app/customers/{ana(shop)}")
    assert uses(shop, first, "yes") == 200
    assert shop.all(Restraint) == []


@on_one_database
def test_fb7_the_question_stands_in_letters_of_automations_alone(shop: Recovering) -> None:
    """FB-7: in no survey, and in nothing that is sent otherwise."""
    on(shop, "aftercare")
    path = care(shop, 1)
    assert "Was this useful?" in shop.mail()[-1].text
    assert uses(shop, path, "maybe") == 200
    assert shop.all(Useful) == []
    shop.waits(days=1)
    assert promoted(shop).state == "sent"
    assert "Was this useful?" not in shop.mail()[-1].html
    assert "Of what use automations are" not in shop.sees("/app/feedback")
    uses(shop, path, "yes")
    assert "Of what use automations are" in shop.sees("/app/feedback")


@pytest.mark.parametrize(
    ("noes", "until"),
    [([], None), ([0], None), ([0, 80], 90), ([0, 10, 20], 100)],
)
def test_fb7_for_as_long_as_two_are_within_ninety_days(
    noes: list[int], until: int | None, clock: StillClock
) -> None:
    start = clock.now()
    told = rules.halved_until([start + n * DAY for n in noes])
    assert told == (None if until is None else start + until * DAY)

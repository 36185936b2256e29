"""Stories of the ready-made journeys: what begins each, what it says, and when it keeps quiet."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.journeys import cycles, dawn, errands, flows, rehearsing, showing, switching, wishes
from app.journeys.days import celebrated
from app.journeys.jobs import Dawn
from app.journeys.recipes import RECIPES
from app.journeys.tables import Cycle
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import flows as loyalty
from app.loyalty import settings
from app.loyalty.tables import Membership, Programme
from app.messages import consent, library
from app.messages.consent import Saying
from app.messages.law import Said
from app.segments import flows as segments
from tests.support.loyal import draft
from tests.support.makers import by_user, checkout_line, customer, event, gid, line, order, user
from tests.support.recovering import Counter, Recovering


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), on=False) as shop:
        shop.agrees("ana@example.com")
        yield shop


def on(shop: Recovering, recipe: str, **options: int) -> None:
    with shop.work() as tx:
        switching.set_up(tx, recipe, options)
        flows.switch_on(tx, recipe)


def opens_account(shop: Recovering, name: str = "ana", **told: object) -> int:
    body = customer(name, updated=shop.at(), dateJoined=shop.at(), **told)
    shop.hears(
        "CUSTOMER_CREATED", event("CUSTOMER_CREATED", issued=shop.at(), by=by_user(name), user=body)
    )
    shop.waits(seconds=5)
    with shop.look() as tx:
        found = tx.exec(select(Person.id).where(Person.account == gid("User", name))).one()
    assert found
    return found


def orders(shop: Recovering, name: str = "ana", *, kind: str = "PAID", **told: object) -> None:
    body = order(user(name), created=told.pop("created", shop.at()), **told)
    shop.hears(f"ORDER_{kind}", event(f"ORDER_{kind}", issued=shop.at(), order=body))
    shop.waits(seconds=5)


def at_dawn(shop: Recovering, day: str) -> None:
    errands.dawn(Dawn(day=day), shop.perennial.reach.world(shop.id))
    shop.settles()


@pytest.mark.parametrize("key", RECIPES)
def test_each_recipe_has_its_texts_in_three_languages_and_ends(key: str) -> None:
    """J2: en, pt-BR, pl; a definition that only leads forward; choices within their bounds."""
    recipe = RECIPES[key]
    assert [d.missing() for d in recipe.messages if d.missing()] == []
    for choice in recipe.choices:
        assert choice.least <= choice.default <= choice.most
        for value in (choice.least - 1000, choice.most + 1000):
            assert recipe.definition({choice.name: value}).steps
    named = {draft.key for draft in recipe.messages}
    definition = recipe.definition({})
    assert {step.message for step in definition.steps if step.kind == "send"} <= named


def test_a_new_account_is_welcomed_and_again_unless_it_has_bought(shop: Recovering) -> None:
    """J3."""
    on(shop, "welcome")
    opens_account(shop)
    assert shop.subjects() == ["Welcome to "] or shop.subjects()[0].startswith("Welcome to")
    shop.waits(days=4)
    assert len(shop.mail()) == 2
    shop.agrees("ben@example.com")
    opens_account(shop, "ben")
    orders(shop, "ben")
    shop.waits(days=4)
    assert [m.recipient for m in shop.mail()].count("ben@example.com") == 1


def test_who_has_yet_to_confirm_an_account_is_welcomed_then(shop: Recovering) -> None:
    """§4.1: anybody can register a stranger's address; where nobody is asked to confirm, waiting
    would be for ever."""
    on(shop, "welcome")
    for name in ("dora", "ben"):
        shop.agrees(f"{name}@example.com")
    opens_account(shop, "dora", confirmed=False)
    assert [m.recipient for m in shop.mail()] == ["dora@example.com"]
    opens_account(shop, "ana")
    opens_account(shop, "ben", confirmed=False)
    assert "ben@example.com" not in [m.recipient for m in shop.mail()]
    shop.waits(hours=2)
    told = customer("ben", updated=shop.at(), dateJoined=shop.at())
    body = event("ACCOUNT_CONFIRMED", issued=shop.at(), user=told)
    shop.hears("ACCOUNT_CONFIRMED", body)
    shop.waits(seconds=5)
    assert [m.recipient for m in shop.mail()].count("ben@example.com") == 1


def test_an_unpaid_order_is_reminded_of_in_words_of_the_country_until_it_is_paid(
    shop: Recovering,
) -> None:
    """AC-2: Pix, boleto, BLIK; a service message, so no consent is asked for."""
    on(shop, "unpaid")
    body = order(
        "joao@example.com", created=shop.at(), paid=False, languageCodeEnum="PT_BR", no=77,
        status="UNFULFILLED",
    )  # fmt: skip
    shop.counter.orders.append(body)
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=shop.at(), order=body))
    shop.counter.answers(body)
    shop.waits(hours=3)
    assert shop.errors() == []
    assert shop.subjects() == ["O pedido 77 aguarda o pagamento"]
    assert "Pix" in shop.mail()[0].html
    paid = body | {"chargeStatus": "FULL", "isPaid": True, "updatedAt": shop.at()}
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=paid))
    shop.waits(days=3)
    assert len(shop.mail()) == 1
    assert [run.why for run in shop.runs()] == ["paid"]


def test_a_sent_order_brings_thanks_and_later_a_question(shop: Recovering) -> None:
    """J5."""
    on(shop, "aftercare")
    with shop.work() as tx:
        consent.say(
            tx,
            Saying(
                address="ana@example.com", state=Said.GRANTED, source="storefront", country="DE",
                purpose="feedback",
            ),
        )  # fmt: skip
    on(shop, "review")
    orders(shop, kind="FULFILLED", status="FULFILLED")
    shop.waits(hours=22)
    assert shop.subjects() == ["Your parcel is on its way"]
    shop.waits(days=14, hours=4)  # FB-1: nobody is asked before ten
    assert shop.subjects() == ["Your parcel is on its way", "How was it?"]


def test_a_first_order_invites_to_a_second_and_a_second_ends_it(shop: Recovering) -> None:
    """J10: stop on purchase."""
    on(shop, "second", percent=0)
    orders(shop)
    shop.waits(days=20)
    orders(shop, of="C2")
    shop.waits(days=30)
    assert shop.mail() == []
    assert [run.why for run in shop.runs()] == ["order_paid"]


def test_a_tier_that_is_reached_is_told_at_once(shop: Recovering) -> None:
    """TI-3, J2: by an order of her own; not at an import or a change of the rules."""
    with shop.work() as tx:
        loyalty.begin(tx)
        settings.save(tx, draft(), by="VXNlcjox")
        tx.exec(select(Programme)).one().open_since = tx.now
    shop.waits(seconds=31)
    on(shop, "tier-reached")
    orders(shop, lines=[line(each=150)])
    shop.waits(minutes=6)
    assert shop.subjects() == ["You are Bronze now"]


@pytest.mark.prove
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_seventy_thousand_tiers_that_end_on_one_day_are_looked_at(shop: Recovering) -> None:
    """TI-4: a programme opens for everybody on one day. PostgreSQL takes 65,535 names at once."""
    with shop.work() as tx:
        loyalty.begin(tx)
        settings.save(tx, draft(), by="VXNlcjox")
        tx.exec(select(Programme)).one().open_since = tx.now
    shop.waits(seconds=31)
    with shop.work() as tx:
        row = {"tier": "bronze", "since": tx.now, "valid_till": tx.now, "untold": False}
        rows = [row | {"person": number} for number in range(10**6, 10**6 + 70_000)]
        tx.put(Membership, rows, key=("person",))
    with shop.look() as tx:
        assert dawn.at_risk(tx) == []


def test_a_tier_at_risk_is_told_thirty_and_seven_days_before_with_what_is_missing(
    shop: Recovering,
) -> None:
    """TI-4: last purchase falls out of the window on day 366, no drop before day 396; notices
    before it."""
    with shop.work() as tx:
        loyalty.begin(tx)
        settings.save(tx, draft(), by="VXNlcjox")
        tx.exec(select(Programme)).one().open_since = tx.now
    shop.waits(seconds=31)
    orders(shop, lines=[line(each=150)])
    (member,) = shop.all(Membership)
    assert member.valid_till
    on(shop, "tier-risk")
    told = []
    for left in (31, 30, 29, 8, 7, 6):
        falls = member.valid_till + timedelta(days=30)
        shop.waits(seconds=(falls - timedelta(days=left) - shop.house.clock.now()).total_seconds())
        before = len(shop.mail())
        at_dawn(shop, f"day {left}")
        shop.waits(hours=9)
        told += [left] * (len(shop.mail()) - before)
    assert told == [30, 7]
    assert shop.subjects()[0] == "Your Bronze tier ends in 30 days"
    assert "€100.00" in shop.mail()[0].html


def test_who_slips_away_is_written_to_then_asked_and_an_order_ends_it(shop: Recovering) -> None:
    """J7: entry by a segment; sunset at the end."""
    with shop.work() as tx:
        segments.fill(tx)
    shop.settles()
    on(shop, "winback", percent=0)
    orders(shop)
    orders(shop, of="C2")
    shop.waits(days=91)
    with shop.work() as tx:
        segments.nightly(tx, tx.now.date())
    shop.settles()
    shop.waits(hours=1)
    assert shop.subjects() == ["It has been a while"]
    shop.waits(days=14)
    shop.waits(days=30)
    assert shop.subjects() == ["It has been a while", "Shall we stop writing?"]


def test_fc6_whoever_is_asked_last_is_asked_after_half_a_year_of_silence_too(
    shop: Recovering,
) -> None:
    """FC-6: the slowest owner's last question is the one letter that such silence allows."""
    with shop.work() as tx:
        segments.fill(tx)
    shop.settles()
    on(shop, "winback", percent=0, second=60, third=120)
    orders(shop)
    orders(shop, of="C2")
    shop.waits(days=91)
    with shop.work() as tx:
        segments.nightly(tx, tx.now.date())
    shop.settles()
    shop.waits(hours=1)
    shop.waits(days=60)
    shop.waits(days=120)
    assert shop.subjects() == ["It has been a while", "Shall we stop writing?"]


def test_a_birthday_is_kept_in_metadata_and_celebrated_once_a_year(shop: Recovering) -> None:
    """J18: Saleor has no such field."""
    on(shop, "birthday", percent=0)
    opens_account(shop, birthday="1990-03-04")
    at_dawn(shop, "Monday")
    assert shop.mail() == []
    shop.waits(days=2)
    at_dawn(shop, "Wednesday")
    at_dawn(shop, "Wednesday again")
    shop.waits(minutes=1)
    assert shop.subjects() == ["Happy birthday!"]


def test_a_leap_day_is_celebrated_every_year() -> None:
    from datetime import date

    assert celebrated(date(2026, 3, 1)) == [date(2026, 3, 1), date(2000, 2, 29)]
    assert celebrated(date(2028, 3, 1)) == [date(2028, 3, 1)]
    assert celebrated(date(2028, 2, 29)) == [date(2028, 2, 29)]


def test_what_people_buy_again_has_a_cycle_and_its_end_is_told(shop: Recovering) -> None:
    """RC-3: gaps between repeat buys, product by product; at the 25th percentile, once."""
    on(shop, "replenish")
    now = shop.house.clock.now()
    for n in range(13):
        for days in (300, 300 - 30 - n):
            orders(
                shop, f"p{n}", of=f"{n}-{days}", lines=[line("beans")],
                created=(now - timedelta(days=days)).isoformat(),
            )  # fmt: skip
    bought = now - timedelta(days=33.5)
    orders(shop, "ana", lines=[line("beans")], created=bought.isoformat())
    with shop.work() as tx:
        rows = cycles.measured(tx)
        cycles.keep(tx, rows)
    (cycle,) = shop.all(Cycle)
    assert cycle.gaps == 13
    assert 32.9 <= cycle.days <= 33.1
    assert cycle.days <= cycle.middle <= cycle.late
    at_dawn(shop, "today")
    at_dawn(shop, "today again")
    shop.waits(minutes=1)
    assert [m.recipient for m in shop.mail()] == ["ana@example.com"]
    assert shop.subjects() == ["Running low?"]
    assert "Beans" in shop.mail()[0].html


def test_the_dry_run_tells_what_would_have_been(shop: Recovering) -> None:
    """J16: people, who may be written to, messages, codes, cost, and who bought anyway."""
    shop.leaves()
    shop.leaves("ben@example.com", no="C2")
    shop.guest("cleo@example.com")
    shop.guest("ben@example.com")
    shop.waits(hours=30)
    with shop.work() as tx:
        switching.set_up(tx, "cart", {})
    with shop.look() as tx:
        definition = showing.definition_of(tx, "cart")
        assert definition
        told = rehearsing.rehearse(tx, definition)
    assert told.known
    assert (told.people, told.reachable, told.bought_anyway) == (2, 1, 0)
    assert told.messages == 3
    assert told.codes == 1
    assert told.cost is None or told.cost.amount >= Decimal(0)
    shop.buys("cleo@example.com")
    with shop.look() as tx:
        told = rehearsing.rehearse(tx, definition)
    assert told.bought_anyway == 1
    assert told.codes == 0


def test_missing_translations_are_reported(shop: Recovering) -> None:
    with shop.work() as tx:
        switching.set_up(tx, "cart", {})
        assert library.missing(tx, "cart-2") == []


def test_who_asked_is_told_when_it_is_back_and_nobody_else(shop: Recovering) -> None:
    """J9: Saleor is asked every quarter of an hour while somebody waits."""
    on(shop, "stock")
    shop.leaves("ben@example.com")  # so that the catalogue knows the tee
    shop.counter.shelf.clear()
    body = {
        "saleorApiUrl": shop.api_url, "variant": gid("ProductVariant", "tee"), "channel": "web",
        "email": "Ana@example.com",
    }  # fmt: skip
    for told in (
        body,
        body | {"variant": "nothing"},
        body | {"saleorApiUrl": "https://x.example/"},
    ):
        assert shop.http.post("/public/v1/back-in-stock", json=told).status_code == 202
    shop.waits(minutes=15)
    shop.waits(minutes=15)
    assert shop.mail() == []
    shop.counter.sells("tee", left=3)
    shop.waits(minutes=15)
    shop.waits(minutes=45)
    assert shop.errors() == []
    assert [(m.recipient, m.subject) for m in shop.mail()] == [("ana@example.com", "Back in stock")]


def test_an_address_cannot_be_made_to_wait_for_everything(shop: Recovering) -> None:
    """J9: five open wishes of one address."""
    with shop.work() as tx:
        assert not wishes.ask(tx, email="ana", variant="x", channel="web")
    for n in range(7):
        shop.leaves("ben@example.com", no=f"C{n}", lines=[checkout_line(f"thing{n}")])
        variant = gid("ProductVariant", f"thing{n}")
        with shop.work() as tx:
            done = wishes.ask(tx, email="ana@example.com", variant=variant, channel="web")
        assert done is (n < 5)

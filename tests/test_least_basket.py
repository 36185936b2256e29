"""Stories of the least basket (CP-1): an owner sets it, and who reads of a code is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import col, select

from app.decisions.tables import Decision
from app.journeys import flows, own_form, queries
from app.journeys.flows import Entrant
from app.journeys.own_form import Known, OwnForm, StepRow
from app.journeys.rules import Definition, Offer, Reentry, Send, Trigger
from app.journeys.tables import Footprint
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import least, settings
from app.loyalty.form import Draft
from app.messages import library
from app.messages.blocks import Block, Letter, Note
from app.messages.blocks import Draft as Words
from app.messages.content import Code, Content
from app.messages.rendering import Frame, Sender, render, render_note
from app.orders.tables import Order
from app.proof import replaying
from app.shops.tables import Channel, Rate
from app.web.notation import Sum
from tests.support.loyal import Loyal, draft
from tests.support.makers import (
    JSON,
    by_user,
    channel,
    checkout,
    checkout_line,
    event,
    gid,
    price,
)
from tests.support.recovering import Counter, Recovering
from tests.support.till import Till

C1 = gid("Checkout", "C1")
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def at_least(amount: str) -> Draft:
    """Every tier's code only on an order from so many euros."""
    usual = draft()
    rungs = tuple(replace(rung, least=Decimal(amount)) for rung in usual.rungs)
    return replace(usual, rungs=rungs)


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        yield shop


def touches(shop: Loyal, body: JSON, *, by: JSON | None = None) -> None:
    moved = body | {"updatedAt": shop.till.later().isoformat()}
    shop.till.checkouts[moved["id"]] = moved
    told = event("CHECKOUT_UPDATED", issued=shop.at(), by=by or by_user(), checkout=dict(moved))
    shop.hears("CHECKOUT_UPDATED", told)
    shop.waits(seconds=1)


def holds(
    shop: Loyal, pieces: int, *, by: JSON | None = None, net: float = 20, **more: object
) -> None:
    """So many tees of 20 euros are in her checkout now."""
    known, tee = shop.till.checkouts.get(C1) or checkout(), checkout_line(quantity=pieces)
    tee["variant"]["pricing"]["price"] = price(20, net=net)
    touches(shop, known | {"lines": [tee]} | more, by=by)


def test_cp1_a_tiers_code_goes_on_a_basket_that_comes_to_its_least(shop: Loyal, till: Till) -> None:
    """And Saleor, which would refuse it, is asked nothing before."""
    shop.sets(at_least("50"))
    holds(shop, 2)
    assert till.on() is None
    assert [act.reason for act in shop.acts() if act.verb == "skipped"] == ["too_little"]
    assert "CheckoutAddPromoCode" not in till.asked
    holds(shop, 3)
    assert till.on() == till.codes[0]
    (voucher,) = till.vouchers.values()
    assert {float(spent) for spent in voucher["least"].values()} == {50}
    found = replaying.replay(shop.all(Decision))
    assert (found.different, found.same > 1) == ([], True)


@on_one_database
def test_cp1_what_saleor_took_off_a_shrunken_basket_goes_on_again_with_it(
    shop: Loyal, till: Till
) -> None:
    """A shopper's own word is another thing: that stands."""
    shop.sets(at_least("50"))
    holds(shop, 3)
    holds(shop, 1, voucherCode=None)
    assert till.on() is None
    holds(shop, 4)
    assert till.on() == till.codes[0]
    holds(shop, 4, voucherCode=None)
    holds(shop, 5)
    assert till.on() is None
    why = [act.reason for act in shop.acts() if act.verb == "taken_off"]
    assert why == ["too_little", "by_shopper"]


@on_one_database
def test_cp1_where_prices_are_net_what_saleor_took_off_goes_on_again_too(
    shop: Loyal, till: Till
) -> None:
    """Three tees are 60 with their tax and 48 without. Which of it Saleor counts nobody tells."""
    till.counts = "net"
    shop.sets(at_least("50"))
    holds(shop, 4, net=16)
    assert till.on() == till.codes[0]
    holds(shop, 5, net=16)
    holds(shop, 3, net=16, voucherCode=None)
    assert till.on() is None
    holds(shop, 4, net=16)
    assert till.on() == till.codes[0]
    till.counts = "gross"
    holds(shop, 3, net=16)  # so it stays on, until she takes it off
    holds(shop, 3, net=16, voucherCode=None)
    holds(shop, 4, net=16)
    assert till.on() is None
    why = [act.reason for act in shop.acts() if act.verb == "taken_off"]
    assert why == ["too_little", "by_shopper"]


def test_cp1_each_channel_has_it_in_its_own_currency(shop: Loyal, till: Till) -> None:
    """Rounded up to whole units; without a rate the code is not good there."""
    with shop.work() as tx:
        for slug, currency in (("us", "USD"), ("br", "BRL"), ("jp", "JPY")):
            tx.add(Channel(saleor_id=gid("Channel", slug), slug=slug, currency=currency))
        tx.add(Rate(currency="USD", day="2026-01-01", rate="0.9"))
        tx.add(Rate(currency="JPY", day="2026-01-01", rate="0.006"))
    with shop.look() as tx:
        assert least.by_currency(tx, 0) == {}
        assert least.by_currency(tx, 5000) == {"EUR": 5000, "JPY": 8334, "USD": 5600}
    with shop.work() as tx:
        settings.save(tx, replace(at_least("50"), rates={"USD": Decimal("0.9")}), by="x")
    shop.waits(seconds=31)
    brazil = channel("br", currency="BRL")
    touches(shop, checkout(no="B", channel=brazil, lines=[checkout_line(each=900, currency="BRL")]))
    assert [act.reason for act in shop.acts() if act.verb == "skipped"] == ["channel"]
    holds(shop, 3)
    (voucher,) = till.vouchers.values()
    spent = {name: float(amount) for name, amount in voucher["least"].items()}
    here = {slug: gid("Channel", slug) for slug in ("web", "kiosk", "us", "jp")}
    assert spent == {here["web"]: 50, here["kiosk"]: 50, here["us"]: 56, here["jp"]: 8334}
    assert "Only on an order from" in widget(shop)


def widget(shop: Loyal) -> str:
    data = {"customerId": gid("User", "ana")}
    answer = shop.http.post("/app/widgets/customer", data=data, headers=shop.staff())
    assert answer.status_code == 200
    return str(answer.text).replace("\xa0", " ")


@on_one_database
def test_cp1_the_preview_counts_orders_below_it_for_nothing_and_an_undo_takes_it_back(
    shop: Loyal,
) -> None:
    shop.buys("ben", 400)
    with shop.look() as tx:
        terms = settings._terms(tx)
        cost = [
            settings.preview(tx, terms, at_least(amount)).cost.amount  # type: ignore[union-attr]
            for amount in ("0", "120", "121")
        ]
    assert cost == [46, 46, 40], "5 % of 120 and 10 % of 400"
    with shop.work() as tx:
        version = settings.save(tx, at_least("120"), by="x")
    with shop.work() as tx:
        assert settings.undo(tx, version, by="x")
        assert {tier.least_minor for tier in settings._terms(tx).rungs} == {0}


@on_one_database
def test_cp1_the_owner_types_it_beside_the_discount(shop: Loyal) -> None:
    fields = {
        "tier": ["member", "bronze"], "name": ["Member", "Bronze"], "threshold": ["0", "100"],
        "percent": ["", "5"], "least": ["", "plenty"], "offer": "bronze", "months": "12",
        "zone": "Europe/Berlin", "currency": "EUR", "excluded": "", "do": "save",
    }  # fmt: skip
    wrong = shop.http.post("/app/offers", data=fields, headers=shop.staff())
    assert wrong.status_code == 422
    assert 'value="plenty"' in wrong.text
    told = fields | {"least": ["", "49.9"]}
    assert shop.http.post("/app/offers", data=told, headers=shop.staff()).status_code == 200
    with shop.look() as tx:
        assert [tier.least_minor for tier in settings._terms(tx).rungs] == [0, 4990]


# --- automations ----------------------------------------------------------------------------------


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def stall(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, on=False) as shop:
        with shop.work() as tx:
            tx.add(Channel(saleor_id=gid("Channel", "us"), slug="us", currency="USD"))
            tx.add(Rate(currency="USD", day="2026-01-01", rate="0.9"))
        yield shop


def gives(shop: Recovering, **offer: object) -> None:
    """Everybody who enters is given a code of 10 % on an order from 50 euros, or written to
    without one."""
    coded = Letter(subject="coded", blocks=(Block(kind="code", text="Your code"),))
    plain = Letter(subject="plain", blocks=(Block(kind="text", text="hello"),))
    with shop.work() as tx:
        for name, words in (("coded", coded), ("plain", plain)):
            letters = dict.fromkeys(("en", "pl", "pt_BR"), words)
            library.ensure(tx, Words(key=name, name=name, variants={"email": letters}))
        usual = {"percent_hundredths": 1000, "else_to": "plain", "least": 50}
        steps = (
            Offer.model_validate({"key": "offer"} | usual | offer),
            Send(key="coded", message="coded", then="end"),
            Send(key="plain", message="plain"),
        )
        definition = Definition(trigger=Trigger.BIRTHDAY, steps=steps, reentry=Reentry(days=0))
        flows.publish(tx, "own", definition, name="Own")
        flows.switch_on(tx, "own")


def enters(shop: Recovering, person: int, subject: str | None = None) -> str:
    who = Entrant(person=person, occasion="once", subject=subject)
    with shop.work() as tx:
        flows.happened(tx, Trigger.BIRTHDAY, [who])
    shop.settles()
    assert shop.errors() == []
    with shop.look() as tx:
        rows = select(Footprint).where(Footprint.step == "offer")
        last = tx.exec(rows.order_by(col(Footprint.id).desc())).first()
    assert last
    return last.reason or last.what


@pytest.mark.parametrize(
    ("language", "read"),
    [
        ("en", "once, on an order from €50.00."),
        ("pl", "jeden raz, przy zamówieniu od 50,00 €."),
        ("pt_BR", "uma única vez, em um pedido a partir de € 50,00."),
    ],
)
def test_cp1_a_letter_says_it_in_three_languages(language: str, read: str) -> None:
    code = Code("AB", datetime(2026, 4, 1, tzinfo=UTC), least=Sum(Decimal(50), "EUR"))
    letter = Letter(subject="x", blocks=(Block(kind="code"),))
    made = render(letter, Content(code=code), Frame(Sender("Shop"), language, link=str))
    for text in (made.html, made.text):
        assert read in text.replace("\xa0", " ").replace("&nbsp;", " ")


@on_one_database
def test_cp1_a_letter_says_it_in_what_she_pays_in(stall: Recovering, counter: Counter) -> None:
    gives(stall)
    stall.buys(currency="USD", paid=False)
    (order,) = stall.all(Order)
    assert order.person
    assert enters(stall, order.person) == "offered"
    assert stall.subjects() == ["coded"]
    assert "once, on an order from $56.00." in stall.mail()[-1].text
    (voucher,) = counter.vouchers.values()
    spent = {name: float(amount) for name, amount in voucher["least"].items()}
    assert spent == {gid("Channel", "web"): 50, gid("Channel", "us"): 56}


def test_cp1_a_cart_below_it_gets_the_letter_without_a_code(
    stall: Recovering, counter: Counter
) -> None:
    gives(stall)
    cleo = stall.guest("cleo@example.com")
    stall.leaves(no="small", lines=[checkout_line(quantity=2)])
    assert enters(stall, cleo, gid("Checkout", "small")) == "too_little"
    assert stall.subjects() == ["plain"]
    assert counter.vouchers == {}
    stall.agrees("ben@example.com")
    ben = stall.guest("ben@example.com")
    stall.leaves("ben@example.com", no="large", lines=[checkout_line(quantity=3)])
    assert enters(stall, ben, gid("Checkout", "large")) == "offered"
    found = replaying.replay(stall.all(Decision))
    assert found.different == []


@on_one_database
def test_cp1_a_gift_card_knows_no_least_basket(stall: Recovering) -> None:
    """CP-4, firm: it is money."""
    gives(stall, bound="firm")
    cleo = stall.guest("cleo@example.com")
    stall.leaves(no="small", lines=[checkout_line(quantity=2)])
    assert enters(stall, cleo, gid("Checkout", "small")) != "too_little"


def test_cp1_a_short_message_has_a_word_for_it() -> None:
    note = Note(text="{{ code }}, from {{ code_least }}")
    content = Content(fields={"code": "AB", "code_least": Sum(Decimal(50), "EUR")})
    frame = Frame(Sender("Shop"), "pl", link=str)
    assert render_note(note, content, frame).text == "AB, from 50,00\xa0€"
    with pytest.raises(ValueError, match="no offer"):
        Words(
            key="x", name="x", purpose="service",
            variants={"sms": {"en": Note(text="{{ code_least }}")}},
        )  # fmt: skip


@on_one_database
def test_cp1_the_page_of_an_automation_asks_for_it_and_says_it(stall: Recovering) -> None:
    fields = {"do": "save", "percent": "10", "least": "50"}
    path = "/app/automations/winback"
    page = stall.http.post(path, data=fields, headers=stall.staff()).text
    assert "A personal code of 10% on an order from €50.00" in page.replace("\xa0", " ")
    with stall.look() as tx:
        journey = queries.by_key(tx, "winback")
        assert journey
        definition = queries.definition(tx, journey.id or 0, journey.version)
    assert definition
    assert {step.least for step in definition.steps if isinstance(step, Offer)} == {50}


def test_cp1_rows_of_an_own_automation_say_it() -> None:
    known = Known(messages={"plain": "marketing"}, segments=frozenset())
    rows = (
        StepRow(kind="offer", number="10", what="14", least="50"),
        StepRow(kind="send", what="plain"),
    )
    form = OwnForm(name="Mine", trigger="order_paid", exits=(), rows=rows)
    definition, said = own_form.definition_of(form, known)
    assert definition is not None, said
    assert own_form.shown(definition, "Mine") == form
    few = replace(form, rows=(replace(rows[0], least="some"), rows[1]))
    assert own_form.definition_of(few, known)[1].rows[0].wrong == "offer"

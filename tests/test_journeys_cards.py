"""Stories of firm rewards (CP-4): gift cards that one account alone can pay with."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app import doctor
from app.customers.tables import Person
from app.decisions.tables import Decision
from app.journeys import deciding, errands, flows, queries, switching
from app.journeys.flows import Entrant
from app.journeys.incentives import Word
from app.journeys.jobs import BringOffer
from app.journeys.offer_rules import worth
from app.journeys.rules import Definition, Offer, Reentry, Send, Trigger
from app.journeys.tables import Footprint, Grant
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code
from app.ltv.tables import BookedOrder
from app.messages import library
from app.messages.blocks import Block, Draft, Letter
from app.orders.tables import Order
from app.proof.attribution_tables import Attribution
from app.shops.flows import this_shop
from app.shops.tables import Shop as ShopRow
from tests.support.makers import JSON, checkout_line, customer, event, gid, line, order, user
from tests.support.recovering import Counter, Recovering
from tests.support.till import GIFT_CARDS

PLAIN = Letter(subject="plain", blocks=(Block(kind="text", text="hello"),))
CODED = Letter(subject="coded", blocks=(Block(kind="code", text="Your card"),))
CLEO = user("cleo")


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    counter = Counter(clock.now)
    counter.permissions.append(GIFT_CARDS)
    return counter


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, on=False) as shop:
        runs_on(shop, "3.23.28")
        yield shop


def runs_on(shop: Recovering, version: str, granted: Sequence[str] = (GIFT_CARDS,)) -> None:
    with shop.work() as tx:
        row = tx.exec(select(ShopRow)).one()
        row.saleor_version, row.granted = version, list(granted)


def gives(shop: Recovering, *, days: int = 7) -> None:
    """A journey that offers a card of 10 % to whoever enters, or writes without one."""
    with shop.work() as tx:
        for name, words in (("plain", PLAIN), ("coded", CODED)):
            library.ensure(tx, Draft(key=name, name=name, variants={"email": {"en": words}}))
        steps = (
            Offer(key="offer", percent_hundredths=1000, days=days, bound="firm", else_to="plain"),
            Send(key="coded", message="coded", then="end"),
            Send(key="plain", message="plain"),
        )
        definition = Definition(trigger=Trigger.BIRTHDAY, steps=steps, reentry=Reentry(days=0))
        flows.publish(tx, "own", definition, name="Own")
        flows.switch_on(tx, "own")


def bought_before(shop: Recovering, goods: float = 60) -> int:
    """Cleo has an account and an order. Our row of hers."""
    shop.hears("CUSTOMER_CREATED", event("CUSTOMER_CREATED", user=customer("cleo")))
    body = order(CLEO, created=shop.at(), lines=[line(each=goods)])
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    shop.waits(days=10)
    with shop.look() as tx:
        return tx.exec(select(Order.person)).one() or 0


def enters(
    shop: Recovering, person: int, occasion: str = "once", subject: str | None = None
) -> str:
    """`offered`, or the word that stood against it."""
    with shop.work() as tx:
        one = Entrant(person=person, occasion=occasion, subject=subject)
        flows.happened(tx, Trigger.BIRTHDAY, [one])
    shop.settles()
    assert shop.errors() == []
    last = [step for step in shop.all(Footprint) if step.step == "offer"][-1]
    return last.reason or last.what


def pays(shop: Recovering, counter: Counter, *, worth: float, **told: object) -> JSON:
    """Cleo's next order, of which her card pays so much."""
    (card,) = counter.cards.values()
    card["lastUsedOn"] = shop.at()
    used = [{"id": card["id"], "last4CodeChars": card["code"][-4:]}]
    body = order(CLEO, created=shop.at(), gift_card=worth, giftCards=used, **told)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    return body


@pytest.mark.parametrize(
    ("of", "whole", "units"), [(6000, 100, 600), (6490, 100, 600), (990, 100, 0), (5555, 1, 555)]
)
def test_cp4_a_card_is_worth_whole_units_of_its_currency(of: int, whole: int, units: int) -> None:
    assert worth(1000, of, whole=whole) == units


def test_cp4_a_firm_reward_is_a_gift_card_for_one_account(
    shop: Recovering, counter: Counter
) -> None:
    gives(shop)
    assert enters(shop, bought_before(shop, 64.9)) == "offered"
    (card,) = counter.cards.values()
    assert card["assignedTo"] == CLEO["id"]
    assert card["balance"] == {"amount": "6.00", "currency": "EUR"}
    assert counter.vouchers == {}
    (grant,) = shop.all(Grant)
    assert card["expiryDate"] == grant.ends_at.date().isoformat()
    letter = shop.mail()[-1]
    assert card["code"] in letter.text
    assert "€6.00 for your account alone: sign in before you pay" in letter.text


def test_cp4_of_a_left_cart_it_is_a_share_of_the_cart(shop: Recovering, counter: Counter) -> None:
    person = bought_before(shop)
    gives(shop)
    shop.leaves(CLEO, lines=[checkout_line("tee", each=200)])
    assert enters(shop, person, subject=gid("Checkout", "C1")) == "offered"
    (card,) = counter.cards.values()
    assert card["balance"]["amount"] == "20.00"


def test_cp4_no_account_no_worth_or_an_old_saleor_is_no_card(
    shop: Recovering, counter: Counter
) -> None:
    """And never a code in its place, which would open what the owner has shut. DC-3: made once more
    from what was written down, each no is the same."""
    gives(shop)
    assert enters(shop, shop.guest("cleo@example.com")) == Word.NO_ACCOUNT
    shop.hears("CUSTOMER_CREATED", event("CUSTOMER_CREATED", user=customer("ben")))
    (ben,) = [one.id for one in shop.all(Person) if one.account == gid("User", "ben")]
    assert enters(shop, ben) == Word.NO_WORTH
    runs_on(shop, "3.23.18")
    assert enters(shop, bought_before(shop)) == Word.OLD_SALEOR
    assert (counter.cards, counter.vouchers) == ({}, {})
    told = [one for one in shop.all(Decision) if one.rule == deciding.OFFER]
    again = [deciding.offer_again(json.loads(one.seen), now=one.at)[0] for one in told]
    assert again == [one.outcome for one in told] == ["no_account", "nothing_to_reckon",
                                                      "saleor_too_old"]  # fmt: skip
    assert "coded" not in shop.subjects()


def test_cp4_without_the_permission_the_letter_goes_without_a_reward(
    shop: Recovering, counter: Counter
) -> None:
    """Saleor says so once; from then on nothing is promised that could not be kept, and who got
    nothing has had nothing (CP-5)."""
    counter.permissions.remove(GIFT_CARDS)
    gives(shop)
    cleo = bought_before(shop)
    assert enters(shop, cleo) == "no_offer"
    assert shop.subjects() == ["plain"]
    shop.waits(days=31)
    assert enters(shop, cleo, "again") == Word.NOT_GRANTED
    assert len(shop.all(Grant)) == 1
    assert shop.errors() == []
    with shop.look() as tx:
        assert queries.gives_cards(tx)
        said = [finding.words for finding in doctor._shop(shop.house, this_shop(tx))]
    assert said[-1].endswith("rewards are to be gift cards, and MANAGE_GIFT_CARD was not given.")


@pytest.mark.parametrize("call", range(2))
def test_cp8_a_crash_at_any_call_makes_no_second_card(
    shop: Recovering, counter: Counter, call: int
) -> None:
    gives(shop)
    person = bought_before(shop)
    for does in (True, False):
        counter.dying = (call, does)
        with shop.work() as tx:
            flows.happened(tx, Trigger.BIRTHDAY, [Entrant(person=person, occasion="once")])
        shop.settles()
        counter.dying = None
        shop.waits(hours=1)
        (grant,) = shop.all(Grant)
        again = BringOffer(grant=grant.id or 0)
        errands.bring_offer(again, shop.perennial.reach.world(shop.id))
    assert len(counter.cards) == 1
    (code,) = shop.all(Code)
    assert code.card == next(iter(counter.cards.values()))["id"]


def test_cp4_what_a_card_paid_costs_the_shop_what_a_discount_costs(
    shop: Recovering, counter: Counter
) -> None:
    """LG-1, AT-2: used is written down, attributed, and taken off what she is worth."""
    gives(shop)
    enters(shop, bought_before(shop))
    body = pays(shop, counter, worth=6)
    shop.settles()
    (code,) = shop.all(Code)
    assert code.used_order == body["id"]
    bought = next(o for o in shop.all(Order) if o.saleor_id == body["id"])
    assert (bought.reward_minor, bought.goods_minor) == (600, 2000)
    booked = next(b for b in shop.all(BookedOrder) if b.order == bought.id)
    assert booked.discount == 600
    assert [one.way for one in shop.all(Attribution) if one.order == bought.id] == ["code"]


def test_cp7_a_cancelled_order_gives_its_card_back_as_another_one_once(
    shop: Recovering, counter: Counter
) -> None:
    gives(shop, days=20)
    enters(shop, bought_before(shop))
    shop.waits(days=2)
    used = pays(shop, counter, worth=6)
    for _ in range(2):
        shop.waits(hours=1)
        gone = used | {"status": "CANCELED", "updatedAt": shop.at()}
        shop.hears("ORDER_CANCELLED", event("ORDER_CANCELLED", issued=shop.at(), order=gone))
        shop.settles()
    assert [card["balance"]["amount"] for card in counter.cards.values()] == ["6.00", "6.00"]
    assert "Your code, once more" in shop.subjects()


def test_cp8_an_ended_card_leaves_saleor_unless_somebody_paid_with_it(
    shop: Recovering, counter: Counter
) -> None:
    """CP-3: where a channel takes cards as a payment, no order names them: Saleor is asked."""
    gives(shop)
    enters(shop, bought_before(shop))
    shop.waits(days=7, minutes=-1)
    assert len(counter.cards) == 1
    shop.waits(minutes=16)
    assert counter.cards == {}
    assert shop.all(Code)[0].deleted_at
    shop.waits(days=31)
    assert enters(shop, shop.all(Grant)[0].person, "again") == "offered"
    (card,) = counter.cards.values()
    card["lastUsedOn"] = shop.at()
    shop.waits(days=8)
    assert len(counter.cards) == 1
    last = shop.all(Code)[-1]
    assert last.used_at == datetime.fromisoformat(card["lastUsedOn"])
    assert last.deleted_at is None
    assert timedelta(0) < shop.house.clock.now() - last.used_at


def test_cp4_the_owner_chooses_how_a_reward_is_bound_and_gives_the_permission_for_it(
    shop: Recovering, counter: Counter
) -> None:
    """Saleor's word on the permission is asked when the choice is saved."""
    counter.permissions.remove(GIFT_CARDS)
    runs_on(shop, "3.23.28", granted=())
    path = "/app/automations/cart"
    ask, chosen = 'data-permissions="MANAGE_GIFT_CARD"', '<option value="1" selected>'
    page = shop.sees(path)
    assert "a code, for whoever types it first" in page
    assert (ask in page, chosen in page) == (False, False)
    page = saves(shop, path, bound="1")
    assert (ask in page, chosen in page) == (True, True)
    assert "A gift card of 10% of the cart or the usual order" in page
    counter.permissions.append(GIFT_CARDS)
    page = saves(shop, path, bound="1")
    assert (ask in page, chosen in page) == (False, True)
    runs_on(shop, "3.22.0")
    assert "knows no gift cards for one account" in shop.sees(path)


def test_cp4_the_recovery_of_a_cart_leaves_the_card_to_her_who_signs_in(
    shop: Recovering, counter: Counter
) -> None:
    """RL-5: the rebuilt checkout is nobody's: Saleor would refuse the card on it."""
    with shop.work() as tx:
        switching.set_up(tx, "cart", {"bound": 1})
        flows.switch_on(tx, "cart")
    shop.hears("CUSTOMER_CREATED", event("CUSTOMER_CREATED", user=customer("cleo")))
    counter.sells("tee", each=120)
    shop.leaves(CLEO, lines=[checkout_line("tee", each=120)])
    for hours in (1, 23, 49):
        shop.waits(hours=hours)
    assert shop.subjects()[2:] == ["A gift card for your cart"]
    assert "€12.00" in shop.mail()[-1].text
    token = shop.token()
    page = shop.http.get(f"/r/{token}").text
    assert "Your gift card of €12.00 is in our e-mail" in page
    answer = shop.http.post("/public/v1/recover", json={"rt": token}).json()
    assert answer["problems"] == []
    assert counter.on(answer["checkoutId"]) is None


def saves(shop: Recovering, path: str, **fields: str) -> str:
    told = {"do": "save", "percent": "10", **fields}
    answer = shop.http.post(path, data=told, headers=shop.staff(part="automation"))
    assert answer.status_code == 200
    return answer.text

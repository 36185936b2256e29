"""Stories of codes: when one is promised, when not and why, and what becomes of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import errands, flows, switching
from app.journeys.flows import Entrant
from app.journeys.incentives import Word
from app.journeys.jobs import BringOffer
from app.journeys.rules import Definition, Offer, Reentry, Send, Trigger
from app.journeys.tables import Footprint, Grant
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import codes
from app.loyalty import flows as loyalty
from app.loyalty.tables import Code, Programme, Voucher
from app.ltv import entries
from app.ltv.tables import UnitCost
from app.messages import library
from app.messages.blocks import Block, Draft, Letter
from tests.support.makers import JSON, checkout_line, customer, event, gid, line, order
from tests.support.recovering import Counter, Recovering

PLAIN = Letter(subject="plain", blocks=(Block(kind="text", text="hello"),))
CODED = Letter(subject="coded", blocks=(Block(kind="code", text="Your code"),))


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, on=False) as shop:
        yield shop


def gives(shop: Recovering, key: str = "own", *, percent: int = 1000, days: int = 7) -> None:
    """A journey that offers a code to whoever enters, or writes without one."""
    with shop.work() as tx:
        for name, words in (("plain", PLAIN), ("coded", CODED)):
            library.ensure(tx, Draft(key=name, name=name, variants={"email": {"en": words}}))
        steps = (
            Offer(key="offer", percent_hundredths=percent, days=days, else_to="plain"),
            Send(key="coded", message="coded", then="end"),
            Send(key="plain", message="plain"),
        )
        definition = Definition(trigger=Trigger.BIRTHDAY, steps=steps, reentry=Reentry(days=0))
        flows.publish(tx, key, definition, name="Own")
        flows.switch_on(tx, key)


def enters(
    shop: Recovering, person: int, occasion: str = "once", subject: str | None = None
) -> str:
    """`offered`, or the word that stood against it."""
    with shop.work() as tx:
        flows.happened(
            tx, Trigger.BIRTHDAY, [Entrant(person=person, occasion=occasion, subject=subject)]
        )
    shop.settles()
    assert shop.errors() == []
    with shop.look() as tx:
        rows = select(Footprint).where(Footprint.step == "offer")
        last = tx.exec(rows.order_by(col(Footprint.id).desc())).first()
    assert last
    return last.reason or last.what


def uses(shop: Recovering, code: str, buyer: str = "cleo@example.com", **told: object) -> JSON:
    body = order(buyer, created=shop.at(), voucherCode=code, **told)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    return body


def test_a_code_is_personal_and_nobody_reads_a_nought_for_an_o(
    shop: Recovering, counter: Counter
) -> None:
    """CP-2: ten letters out of 31, unguessable."""
    gives(shop)
    assert enters(shop, shop.guest("cleo@example.com")) == "offered"
    assert shop.subjects() == ["coded"]
    (code,) = counter.codes
    assert len(code.rpartition("-")[2]) == codes.LENGTH
    assert set(code.rpartition("-")[2]) <= set(codes.ALPHABET)
    assert not set("01IOL") & set(codes.ALPHABET)


def test_whoever_was_promised_more_gets_more(shop: Recovering, counter: Counter) -> None:
    """AB-1, CP-1: two arms of a test, or a number changed within a month, are two vouchers."""
    shop.agrees("ben@example.com")
    for percent, email in ((1000, "cleo@example.com"), (1500, "ben@example.com")):
        gives(shop, percent=percent)
        assert enters(shop, shop.guest(email)) == "offered"
    with shop.look() as tx:
        rows = select(Voucher.percent_hundredths, Code.code).join(
            Code, col(Code.voucher) == col(Voucher.id)
        )
        by_percent = dict(tx.exec(rows).all())
    assert set(by_percent) == {1000, 1500}
    assert len(counter.vouchers) == 2
    assert set(by_percent.values()) == set(counter.codes)


def test_one_voucher_a_month_and_programme_with_limits_set_before_first_use(
    shop: Recovering, counter: Counter
) -> None:
    """CP-1: single use, once per customer; the next month another."""
    shop.agrees("ben@example.com")
    gives(shop)
    enters(shop, shop.guest("cleo@example.com"))
    enters(shop, shop.guest("ben@example.com"))
    (voucher,) = counter.vouchers.values()
    assert voucher["singleUse"]
    assert voucher["applyOncePerCustomer"]
    assert len(counter.codes) == 2
    shop.waits(days=40)
    shop.agrees("dora@example.com")
    enters(shop, shop.guest("dora@example.com"))
    assert len(counter.vouchers) == 2


@pytest.mark.parametrize(
    ("language", "read"),
    [
        ("PL", "Do Twojego koszyka 10%"),
        ("PT_BR", "Para o seu carrinho 10%"),
        ("EN_GB", "For your cart 10%"),
        ("DE", "For your cart 10%"),
    ],
)
def test_cp1_a_shopper_reads_words_beside_the_discount_and_no_key_of_ours(
    shop: Recovering, counter: Counter, language: str, read: str
) -> None:
    """Saleor shows a voucher's name in the checkout: in the language of the shop's carts."""
    with shop.work() as tx:
        switching.set_up(tx, "cart", {"percent": 10})
        flows.switch_on(tx, "cart")
    shop.leaves(languageCode=language)
    shop.waits(hours=1)
    shop.waits(hours=23)
    shop.waits(hours=48)
    (voucher,) = counter.vouchers.values()
    assert voucher["name"].startswith(f"{read} · 2026-03 · perennial-")


def test_cp1_the_voucher_of_an_own_automation_has_the_name_the_owner_gave(
    shop: Recovering, counter: Counter
) -> None:
    gives(shop, percent=1250)
    enters(shop, shop.guest("cleo@example.com"))
    (voucher,) = counter.vouchers.values()
    assert voucher["name"].startswith("Own 12.5% · 2026-03 · perennial-")


def test_asked_again_it_is_the_same_code(shop: Recovering, counter: Counter) -> None:
    """CP-8: key (person, automation, step, occasion)."""
    gives(shop)
    enters(shop, shop.guest("cleo@example.com"))
    (grant,) = shop.all(Grant)
    for _ in range(3):
        errands.bring_offer(BringOffer(grant=grant.id or 0), shop.perennial.reach.world(shop.id))
    assert len(counter.codes) == 1
    assert len(shop.all(Code)) == 1


@pytest.mark.parametrize("call", range(8))
def test_a_crash_at_any_call_makes_no_second_code(
    shop: Recovering, counter: Counter, call: int
) -> None:
    """CP-8."""
    gives(shop)
    for does in (True, False):
        counter.dying = (call, does)
        enters_quietly(shop, f"{does}@example.com")
        counter.dying = None
        shop.waits(minutes=30)
        shop.waits(hours=7)
    by_person = [code.person for code in shop.all(Code)]
    assert len(by_person) == len(set(by_person))
    assert len(set(counter.codes)) == len(counter.codes) <= 2


def enters_quietly(shop: Recovering, email: str) -> None:
    shop.agrees(email)
    person = shop.guest(email)
    with shop.work() as tx:
        flows.happened(tx, Trigger.BIRTHDAY, [Entrant(person=person, occasion="once")])
    shop.settles()


def test_one_live_incentive_at_a_time_one_a_month_four_a_year(shop: Recovering) -> None:
    """CP-5."""
    gives(shop)
    cleo = shop.guest("cleo@example.com")
    assert enters(shop, cleo, "1") == "offered"
    shop.waits(days=1)
    assert enters(shop, cleo, "2") == Word.LIVE
    shop.waits(days=10)
    assert enters(shop, cleo, "3") == Word.RECENT
    for n in range(3):
        shop.waits(days=31)
        assert enters(shop, cleo, f"again {n}") == "offered"
    shop.waits(days=31)
    assert enters(shop, cleo, "too often") == Word.YEARLY


def test_who_only_buys_with_a_recovery_code_gets_none_for_half_a_year(
    shop: Recovering, counter: Counter
) -> None:
    """CP-6: serial abandoners."""
    gives(shop)
    cleo = shop.guest("cleo@example.com")
    for n in range(2):
        assert enters(shop, cleo, str(n)) == "offered"
        uses(shop, counter.codes[-1])
        shop.waits(days=40)
    assert enters(shop, cleo, "third") == Word.SERIAL
    shop.waits(days=150)
    assert enters(shop, cleo, "much later") == "offered"


def test_a_code_that_another_uses_is_marked_and_two_of_them_end_it(
    shop: Recovering, counter: Counter
) -> None:
    """CP-4: soft binding."""
    gives(shop)
    cleo = shop.guest("cleo@example.com")
    for n in range(2):
        assert enters(shop, cleo, str(n)) == "offered"
        uses(shop, counter.codes[-1], "stranger@example.com")
        assert shop.all(Grant)[-1].shared
        shop.waits(days=40)
    assert enters(shop, cleo, "third") == Word.LEAKED


def test_a_cancelled_order_gives_its_code_back_as_another_one_once(
    shop: Recovering, counter: Counter
) -> None:
    """CP-7: Saleor frees none; equal, with the days that were left, at least seven."""
    gives(shop, days=20)
    cleo = shop.guest("cleo@example.com")
    enters(shop, cleo)
    (first,) = counter.codes
    shop.waits(days=2)
    used = uses(shop, first)
    for _ in range(2):
        shop.waits(hours=1)
        gone = used | {"status": "CANCELED", "updatedAt": shop.at()}
        shop.hears("ORDER_CANCELLED", event("ORDER_CANCELLED", issued=shop.at(), order=gone))
        shop.settles()
    assert shop.errors() == []
    assert len(counter.codes) == 2
    again = shop.all(Grant)[-1]
    assert again.replaces
    left = again.ends_at - shop.house.clock.now()
    assert timedelta(days=17) <= left <= timedelta(days=18, hours=1)
    assert "Your code, once more" in shop.subjects()


def test_an_ended_code_leaves_saleor(shop: Recovering, counter: Counter) -> None:
    """CP-3, CP-8: Saleor knows the ends of vouchers only; a quarter of an hour later it is out."""
    gives(shop)
    enters(shop, shop.guest("cleo@example.com"))
    shop.waits(days=7, minutes=-1)
    assert len(counter.codes) == 1
    shop.waits(minutes=16)
    assert counter.codes == []
    (code,) = shop.all(Code)
    assert code.deleted_at


def test_a_code_nobody_used_is_reminded_of_once_two_days_before_its_end(
    shop: Recovering, counter: Counter
) -> None:
    """CP-3: and not of one that was used."""
    shop.agrees("ben@example.com")
    gives(shop)
    enters(shop, shop.guest("cleo@example.com"))
    enters(shop, shop.guest("ben@example.com"))
    uses(shop, counter.codes[1], "ben@example.com")
    shop.waits(days=5)
    assert [letter.subject for letter in shop.mail() if letter.recipient == "cleo@example.com"] == [
        "coded",
        "Your code ends in two days",
    ]
    assert [letter.subject for letter in shop.mail() if letter.recipient == "ben@example.com"] == [
        "coded"
    ]
    shop.waits(days=1)
    assert len(shop.mail()) == 3


@pytest.mark.parametrize(("percent", "word"), [(1300, "offered"), (1500, Word.TOO_DEEP)])
def test_a_code_and_the_shops_own_promotion_take_off_a_third_at_most(
    shop: Recovering, percent: int, word: str
) -> None:
    """MG-2: Saleor stacks them; a quarter off and 15 % of the rest are more than 35 %."""
    gives(shop, percent=percent)
    shop.leaves(lines=[checkout_line("cap"), checkout_line("tee", each=15, full=20)])
    assert enters(shop, shop.guest("cleo@example.com"), subject=gid("Checkout", "C1")) == word
    assert shop.subjects() == (["coded"] if word == "offered" else ["plain"])


def test_the_depth_is_capped_and_stopped_offers_stop_these_too(shop: Recovering) -> None:
    """MG-2: at most 30 %; MG-8: one press stops all offers, the message goes without."""
    gives(shop, percent=0)
    cleo = shop.guest("cleo@example.com")
    assert enters(shop, cleo) == Word.NO_PERCENT
    with pytest.raises(ValueError, match="3000"):
        Offer(key="o", percent_hundredths=3001)
    with shop.work() as tx:
        loyalty.begin(tx)
        tx.flush()
        tx.exec(select(Programme)).one().stopped_at = tx.now
    gives(shop)
    assert enters(shop, cleo, "stopped") == Word.STOPPED


def test_a_code_is_for_the_whole_range_and_never_in_a_link(
    shop: Recovering, counter: Counter
) -> None:
    """CP-9, CP-10: personal, of the whole order; in clear in the ledger and the letter alone."""
    gives(shop)
    enters(shop, shop.guest("cleo@example.com"))
    (voucher,) = counter.vouchers.values()
    assert voucher["type"] == "ENTIRE_ORDER"
    (code,) = counter.codes
    letter = shop.mail()[-1]
    links = [part.partition('"')[0] for part in letter.html.split('href="')[1:]]
    assert not any(code in link for link in links)
    assert all(code not in str(grant.model_dump()) for grant in shop.all(Grant))
    assert all(code not in str(row.model_dump()) for row in shop.all(Voucher))


@pytest.mark.parametrize(("costs_known", "word"), [(False, "offered"), (True, Word.LIFETIME)])
def test_the_lifetime_share_is_a_fifth_of_the_margin(
    shop: Recovering, counter: Counter, word: str, *, costs_known: bool
) -> None:
    """CP-5: 3.00 were given on 20.00 of goods; if those cost the shop 8.00, that is a quarter of
    what it earned."""
    if costs_known:
        with shop.work() as tx:
            tx.add(UnitCost(sku="TEE", since=entries.today(tx) - 5, cost=800))
    gives(shop)
    cleo = shop.guest("cleo@example.com")
    enters(shop, cleo)
    uses(shop, counter.codes[-1], lines=[line("tee", each=20, before=23)])
    shop.waits(days=40)
    assert enters(shop, cleo, "again") == word


def test_a_guest_and_the_account_of_one_address_are_one_purse(shop: Recovering) -> None:
    """CP-5: an account that was never confirmed joins no guest; its address is the same."""
    gives(shop)
    guest = shop.guest("cleo@example.com")
    told = customer("cleo", confirmed=False)
    shop.hears("CUSTOMER_CREATED", event("CUSTOMER_CREATED", user=told))
    account = next(p.id for p in shop.all(Person) if p.account)
    assert account != guest
    assert enters(shop, guest) == "offered"
    assert enters(shop, account, "signed in") == Word.LIVE
    shop.waits(days=8)
    assert enters(shop, account, "later") == Word.RECENT

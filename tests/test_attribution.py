"""AT, AC-11: which order came from which message, and how surely."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from sqlmodel import select

from app.carts.tables import Cart
from app.customers import queries as customers
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code
from app.messages import touches
from app.messages.tables import Send, Touch
from app.messages.touches import Visitor
from app.orders.tables import Order
from app.people import flows as people
from app.privacy import flows as privacy
from app.proof import attribution
from app.proof.attribution_tables import Attribution
from tests.support.makers import JSON, customer, event, gid, order, user
from tests.support.recovering import Counter, Recovering

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
CLEO = "cleo@example.com"


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    """Cleo left a checkout an hour ago, and has a letter."""
    with Recovering(house, counter, percent=10) as shop:
        shop.leaves()
        shop.waits(hours=1)
        yield shop


def follows(shop: Recovering, nth: int = -1) -> None:
    """A person presses the letter's button."""
    found = re.search(r'href="https://perennial.example(/c/[^"]+)"', shop.mail()[nth].html)
    assert found
    answer = shop.http.get(unescape(found[1]), headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 302


def ways(shop: Recovering) -> list[tuple[str, str, str]]:
    return [(one.way, one.campaign, one.step) for one in shop.all(Attribution)]


def state(shop: Recovering) -> str:
    with shop.look() as tx:
        return tx.exec(select(Cart.state).where(Cart.checkout == gid("Checkout", "C1"))).one()


def decision(shop: Recovering, nth: int = 0) -> str:
    told = shop.sends()[nth].decision
    assert told
    return told


def test_at2_the_metadata_of_the_order_says_so(shop: Recovering) -> None:
    """AT-2 (1), AC-11: certain, whoever bought, and however much later."""
    shop.waits(days=20)
    shop.buys("somebody@example.com", of="C1", decision=decision(shop))
    assert ways(shop) == [("metadata", "cart", "first")]
    assert state(shop) == "recovered"


def test_at2_a_code_that_the_series_gave_says_so(shop: Recovering) -> None:
    """AT-2 (2): the code of the third letter, on another checkout of hers."""
    shop.waits(days=1)
    shop.waits(days=2)
    (code,) = shop.all(Code)
    shop.waits(days=6)
    shop.buys(voucherCode=code.code)
    assert [(way, campaign) for way, campaign, _ in ways(shop)] == [("code", "cart")]
    assert state(shop) == "recovered"


def test_at2_a_click_of_a_person_says_so_for_five_days(shop: Recovering) -> None:
    """AT-2 (3), AT-3, AC-11: weaker, and so is what is called recovered by it."""
    shop.waits(minutes=5)
    follows(shop)
    shop.waits(days=4, hours=23)
    shop.buys()
    assert ways(shop) == [("click", "cart", "first")]
    assert state(shop) == "recovered"


def test_at2_without_any_of_them_nothing_is_ours(shop: Recovering) -> None:
    """AC-11: she was written to, opened it perhaps, and bought anyway."""
    with shop.work() as tx:
        send = tx.exec(select(Send)).first()
        assert send
        tx.now += timedelta(minutes=5)
        touches.opened(tx, send, visitor=Visitor(BROWSER["User-Agent"]))
    shop.waits(hours=2)
    shop.buys()
    assert ways(shop) == []
    assert state(shop) == "bought_anyway"


def test_at2_a_machine_s_click_is_nobody_s(shop: Recovering) -> None:
    """OP-2: a scanner followed at once; one in a data centre followed later, and nobody came."""
    follows(shop)
    shop.waits(hours=2)
    centre = Visitor(BROWSER["User-Agent"], "20.81.4.9")
    with shop.work() as tx:
        send = tx.exec(select(Send)).first()
        assert send
        touches.clicked(tx, send, link="https://shop.example/x", visitor=centre, trap=False)
    shop.waits(hours=5)
    shop.buys()
    assert [touch.by for touch in shop.all(Touch)] == ["machine", "doubtful"]
    assert ways(shop) == []


def test_op2_a_click_from_a_data_centre_counts_if_somebody_came_after_it(
    shop: Recovering,
) -> None:
    """OP-2: a page event of the checkout that was bought, minutes later."""
    shop.waits(hours=2)
    with shop.work() as tx:
        send = tx.exec(select(Send)).first()
        assert send
        visitor = Visitor(BROWSER["User-Agent"], "20.81.4.9")
        touches.clicked(tx, send, link="https://shop.example/x", visitor=visitor, trap=False)
    shop.waits(minutes=10)
    shop.leaves(no="C2", created=shop.at())
    shop.waits(minutes=5)
    shop.buys(of="C2")
    assert [touch.by for touch in shop.all(Touch)] == ["human"]
    assert [way for way, *_ in ways(shop)] == ["click"]


def test_at3_a_shorter_window_counts_from_now_on(shop: Recovering) -> None:
    """AT-3: what was told before stays; bounds are an hour and thirty days."""
    shop.waits(minutes=5)
    follows(shop)
    shop.waits(hours=3)
    first = shop.buys()
    shop.waits(minutes=1)
    with shop.work() as tx:
        attribution.choose(tx, {"email": 1}, text=0)
    shop.waits(hours=1)
    shop.buys()
    assert [way for way, *_ in ways(shop)] == ["click"]
    again = first | {"updatedAt": shop.at()}
    shop.hears("ORDER_UPDATED", event("ORDER_UPDATED", issued=shop.at(), order=again))
    assert [way for way, *_ in ways(shop)] == ["click"]
    with shop.work() as tx, pytest.raises(ValueError, match="thirty days"):
        attribution.choose(tx, {"email": 721}, text=0)
    with shop.work() as tx, pytest.raises(ValueError, match="twelve hours"):
        attribution.choose(tx, {}, text=13)


def test_at4_an_order_goes_back_to_one_message_and_no_sum_is_above_what_was_sold(
    shop: Recovering,
) -> None:
    """AT-4: of two letters she followed, the last; refunds take their part away."""
    shop.waits(minutes=5)
    follows(shop, 0)
    shop.waits(days=1)
    shop.waits(minutes=5)
    follows(shop, -1)
    shop.waits(hours=1)
    bought = shop.buys()
    assert ways(shop) == [("click", "cart", "second")]
    with shop.look() as tx:
        (one,) = attribution.sums(tx, since=tx.now - timedelta(days=30)).campaigns
        assert (one.orders, one.minor) == (1, 2000)
    back = refunded(bought, 15, at=shop.at(minutes=1))
    shop.hears("ORDER_REFUNDED", event("ORDER_REFUNDED", issued=shop.at(minutes=1), order=back))
    shop.buys("ben@example.com")
    with shop.look() as tx:
        sums = attribution.sums(tx, since=tx.now - timedelta(days=30))
        assert [(one.orders, one.minor) for one in sums.campaigns] == [(1, 500)]
        assert sum(one.minor for one in sums.campaigns) <= sums.sold_minor == 2500


def refunded(body: JSON, amount: float, *, at: str) -> JSON:
    return body | {
        "updatedAt": at, "chargeStatus": "PARTIAL",
        "totalRefunded": {"amount": amount, "currency": "EUR"},
    }  # fmt: skip


def test_at2_a_text_counts_only_where_the_owner_says_so(shop: Recovering) -> None:
    """AT-2 (4): twelve hours after it arrived at most."""
    with shop.work() as tx:
        send = tx.exec(select(Send)).first()
        assert send
        send.channel = "sms"
    shop.waits(hours=3)
    shop.buys()
    assert ways(shop) == []
    with shop.work() as tx:
        attribution.choose(tx, {}, text=12)
    shop.waits(hours=1)
    shop.buys()
    assert [way for way, *_ in ways(shop)] == ["text"]


def test_at2_who_turns_out_to_be_one_was_written_to_under_every_address(shop: Recovering) -> None:
    """ID-3: the account bought, the guest had followed the letter; said to be two, it is undone."""

    def tells(**said: object) -> None:
        told = customer("cora", updated=shop.at(), **said)
        shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=shop.at(), user=told))

    tells()
    shop.waits(minutes=5)
    follows(shop)
    shop.waits(hours=1)
    buys(shop, order(user("cora"), created=shop.at()))
    assert ways(shop) == []
    shop.waits(days=10)
    tells(email=CLEO)
    assert ways(shop) == [("click", "cart", "first")]
    assert shop.all(Order)[0].brought_by == decision(shop)
    with shop.work() as tx:
        account = customers.by_account(tx, gid("User", "cora"))
        assert account
        (merge,) = customers.merges(tx, account.id or 0)
        assert people.part(tx, account, merge.source)
    assert ways(shop) == []
    assert shop.all(Order)[0].brought_by is None


def buys(shop: Recovering, body: JSON) -> None:
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=shop.at(), order=body))


def test_at4_the_order_of_somebody_forgotten_stays_where_it_was(shop: Recovering) -> None:
    """PR-3: amounts stay in every book, and so does what brought them."""
    shop.waits(minutes=5)
    follows(shop)
    shop.waits(hours=1)
    body = shop.buys()
    with shop.work() as tx:
        privacy.erase(tx, account="nobody", email=CLEO, at=tx.now)
    later = shop.at(minutes=1)
    again = body | {"updatedAt": later}
    shop.hears("ORDER_UPDATED", event("ORDER_UPDATED", issued=later, order=again))
    assert [way for way, *_ in ways(shop)] == ["click"]


def test_at1_a_click_keeps_no_token_and_leads_nowhere_else(shop: Recovering) -> None:
    """AT-1: the recovery link in a letter is led through us; its token is in no row of clicks."""
    shop.waits(minutes=5)
    follows(shop)
    (touch,) = shop.all(Touch)
    assert touch.link == "https://perennial.example/r/…"


def test_at2_who_bought_with_nothing_of_ours_is_not_looked_for(house: House) -> None:
    """A shop that never sent anything has no attribution, and no row of it."""
    with Recovering(house, Counter(house.clock.now), on=False) as quiet:
        body = order(CLEO, created=quiet.at())
        quiet.hears("ORDER_PAID", event("ORDER_PAID", issued=quiet.at(), order=body))
        assert quiet.all(Attribution) == []

"""The tab *Attribution*: it says of each order how it was matched, and what codes cost (AT-5)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code
from app.proof import attribution_offers as offers
from app.proof import attribution_rules as rules
from app.proof import attribution_showing as showing
from app.proof import credited
from app.proof.attribution_tables import Attribution, AttributionWindow
from app.proof.view import Card, Range
from app.trials import flows as trials
from app.trials import queries
from tests.support.recovering import Counter, Recovering

PAGE = "/app/proof/attribution"


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Recovering]:
    with Recovering(house, Counter(clock.now), percent=10) as shop:
        yield shop


@pytest.fixture
def lived(shop: Recovering) -> Recovering:
    """Cleo bought with the mark of a letter, and with a code; Ben bought with nothing."""
    with shop.work() as tx:
        trials.terms(tx, share=1e-9)
    shop.leaves()
    shop.waits(hours=1)
    for span in ({"days": 1}, {"days": 2}):
        shop.waits(**span)
    (code,) = shop.all(Code)
    shop.buys(decision=shop.sends()[0].decision, no=71, of="C1")
    shop.waits(days=1)
    shop.buys(voucherCode=code.code, no=72, discounts=[voucher(2)])
    shop.waits(hours=1)
    shop.buys("ben@example.com", no=73)
    return shop


def voucher(amount: float) -> dict[str, object]:
    return {
        "id": "x", "type": "VOUCHER", "name": "x", "value": 10.0, "valueType": "PERCENTAGE",
        "total": {"amount": amount, "currency": "EUR"},
    }  # fmt: skip


def test_at5_each_order_says_how_it_was_matched(lived: Recovering) -> None:
    """AT-5: and what is attributed never stands alone."""
    text = " ".join(lived.sees(PAGE).split())
    for number, way in ((71, "by its metadata"), (72, "by its code"), (73, "nothing of ours")):
        assert way in text.split(f"#{number}</a>")[1].split("</tr>")[0]
    assert "not yet measurable" in text or "nobody is held back" in text
    assert "Abandoned checkout" in text
    assert "estimate" in text
    assert "Zgodnie" not in text
    for locale, words in (("pl", "po kodzie"), ("pt-BR", "pelo código")):
        assert words in lived.sees(PAGE, locale=locale)


def test_a_tier_s_code_is_measured_with_those_of_all_tiers_unless_it_is_promised(
    lived: Recovering,
) -> None:
    """And the page does not say that nobody is held back, where some are."""
    with lived.work() as tx:
        trials.hold(tx, trials.TIERS, [1])
        for row in tx.exec(select(Attribution)).all():
            row.campaign = f"{rules.TIER}gold"
    together = "measured for the codes of all tiers together"
    assert together in lived.sees(PAGE)
    with lived.work() as tx:
        trials.promise(tx, "tiers")
    page = lived.sees(PAGE)
    assert together not in page
    assert "nobody is held back" in page


def test_what_a_code_cost_and_who_would_have_bought_anyway(lived: Recovering) -> None:
    """Issue 6: Cleo had bought once before in the year; codes of others are counted apart."""
    with lived.look() as tx:
        (one,) = offers.costs(tx, since=tx.now - timedelta(days=30))
        assert (one.subject, one.minted, len(one.used), one.cost_minor) == ("cart", 1, 1, 200)
        assert one.shared == 0
        assert offers.estimated(tx, one.used) == pytest.approx(offers.likely(1))
    assert 0 == offers.likely(0) < offers.likely(1) < offers.likely(12) < 1


def test_what_a_holdout_found_goes_before_an_estimate() -> None:
    """As many as bought among those who were held back would have bought anyway."""
    card = Card(subject="cart", name="", mode="usual", promised=False, enough=True, base=0.06,
                conversion=Range(value=0.02, low=0.01, high=0.03))  # fmt: skip
    assert showing.anyway_of(card) == pytest.approx(0.75)
    assert showing.anyway_of(None) is None


def test_at3_windows_are_changed_on_the_page_from_now_on(shop: Recovering) -> None:
    """AT-3: and the page says when."""
    assert "No order of the last 30 days" in shop.sees(PAGE)
    form = {"email": "48", "sms": "24", "whatsapp": "24", "push": "12", "text": "0"}
    answer = shop.http.post(PAGE, data=form, headers=shop.staff())
    assert (answer.status_code, "Saved" in answer.text) == (200, True)
    assert "e-mail 48 h" in shop.sees(PAGE)
    for wrong in ({"email": "0"}, {"push": "x"}, {"text": "13"}):
        assert shop.http.post(PAGE, data=form | wrong, headers=shop.staff()).status_code == 422
    with shop.look() as tx:
        assert [row.click["email"] for row in tx.exec(select(AttributionWindow))] == [48]
    weak = shop.staff(("MANAGE_ORDERS",))
    assert shop.http.post(PAGE, data=form, headers=weak).status_code == 403
    assert shop.http.get(PAGE, headers=shop.staff(())).status_code == 403


def test_at5_a_card_is_credited_with_the_time_in_which_people_are_held_back(
    lived: Recovering,
) -> None:
    """AT-5, HO-5: attributed and incremental are of the same time; where nobody is, neither."""
    with lived.look() as tx:
        assert credited.attributed(tx, "nothing") is None
        assert credited.attributed(tx, "cart") == 4000
        assert credited.attributed(tx, "*") is None
    with lived.work() as tx:
        trial = queries.newest(tx, trials.holdout_key("cart"))
        assert trial
        trial.began_at = tx.now - timedelta(hours=2)
    with lived.look() as tx:
        assert credited.attributed(tx, "cart") == 2000

"""Stories of the way back: a link shows a cart, rebuilds it, and tells nobody anything else."""

from collections.abc import Iterator

import pytest

from app.carts.tables import Cart
from app.journeys.tables import Link, Redemption
from app.kit.clock import StillClock
from app.kit.house import House
from app.shops.flows import this_shop
from tests.support.makers import checkout_line, event, gid, order
from tests.support.recovering import Counter, Recovering


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, percent=10) as shop:
        shop.leaves()
        shop.waits(hours=1)
        yield shop


def test_a_link_leads_to_a_page_of_our_own_that_shows_the_cart_and_no_person(
    shop: Recovering,
) -> None:
    """RL-1, RL-3: lines and a masked address, in the person's language; nothing else."""
    assert shop.link().startswith("https://perennial.example/r/")
    with shop.work() as tx:
        this_shop(tx).name = "Sklep u Ani"
    answer = shop.http.get(f"/r/{shop.token()}", headers={"accept-language": "pl"})
    assert answer.status_code == 200
    assert "Tee" in answer.text
    assert '<header class="masthead"><span>Sklep u Ani</span></header>' in answer.text
    assert "cleo@example.com" not in answer.text
    assert gid("Checkout", "C1") not in answer.text
    assert answer.headers["content-language"] == "en"  # the checkout's, before the browser's


def test_only_the_hash_of_a_token_is_kept_and_it_is_not_in_any_row(shop: Recovering) -> None:
    """RL-2: 256 random bits, bound to one cart, person and purpose; seven days."""
    token = shop.token()
    (link,) = shop.all(Link)
    assert len(token.partition("-")[2]) >= 43
    assert token not in str(link.model_dump())
    assert (link.expires_at - link.made_at).days == 7
    assert link.checkout == gid("Checkout", "C1")


def test_a_thousand_looks_make_no_checkout(shop: Recovering, counter: Counter) -> None:
    """RL-4: mail scanners open every link."""
    link = f"/r/{shop.token()}"
    for _ in range(1000):
        assert shop.http.get(link).status_code == 200
    assert counter.made == []
    assert shop.all(Redemption) == []


def test_continue_makes_a_new_checkout_with_the_decision_and_without_the_address(
    shop: Recovering, counter: Counter
) -> None:
    """RL-5: same channel, language and lines; the old id is never told."""
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    (made,) = counter.made
    assert answer.json() == {"checkoutId": made["id"], "languageCode": "EN", "problems": []}
    assert made["lines"] == [{"variantId": gid("ProductVariant", "tee"), "quantity": 1}]
    assert made["channel"]["slug"] == "web"
    assert "email" not in made
    (link,) = shop.all(Link)
    assert made["marks"] == [{"key": "perennial.decision", "value": link.decision}]
    assert link.decision == shop.sends()[0].decision


def test_the_order_of_a_rebuilt_checkout_makes_the_old_one_recovered(
    shop: Recovering, counter: Counter
) -> None:
    """AC-11: surely ours, for its metadata says so; the series is over."""
    shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    (made,) = counter.made
    (link,) = shop.all(Link)
    shop.waits(minutes=5)
    body = order("other@example.com", created=shop.at(), decision=link.decision)
    body["checkoutId"] = made["id"]
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=shop.at(), order=body))
    (cart,) = [c for c in shop.all(Cart) if c.checkout == gid("Checkout", "C1")]
    assert cart.state == "recovered"
    assert [run.why for run in shop.runs()] == ["recovered"]


def test_an_order_without_the_mark_is_only_bought_anyway(shop: Recovering) -> None:
    """AC-11: normal orders are not counted as recovered."""
    shop.buys()
    (cart,) = shop.all(Cart)
    assert cart.state == "bought_anyway"


def test_what_has_changed_is_said(shop: Recovering, counter: Counter) -> None:
    """RL-6: gone, fewer, dearer; never swallowed."""
    for hours in (23, 48, 240):
        shop.waits(hours=hours)
    shop.leaves(
        no="C9",
        lines=[
            checkout_line("tee", quantity=3),
            checkout_line("cap"),
            checkout_line("mug", each=8),
        ],
    )
    shop.waits(hours=1)
    counter.sells("tee", left=2)
    counter.sells("mug", each=9)
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    assert answer.status_code == 200
    assert answer.json()["problems"] == [
        {"problem": "fewer", "name": "Tee", "quantity": 2},
        {"problem": "gone", "name": "Cap"},
        {"problem": "price", "name": "Mug", "before": "8.00", "now": "9.00", "currency": "EUR"},
    ]
    page = shop.http.post(f"/r/{shop.token()}", data={"do": "continue"}).text
    assert "Cap is no longer available." in page
    assert "Tee: only 2 left." in page


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_lines_of_one_thing_share_what_is_left_of_it(
    shop: Recovering, counter: Counter
) -> None:
    """RL-6: engraved twice, it lies in two lines; Saleor adds them up, and refuses what is not
    there."""
    for hours in (23, 48, 240):
        shop.waits(hours=hours)
    tee = checkout_line("tee", quantity=2)
    shop.leaves(no="C9", lines=[tee, tee | {"id": gid("CheckoutLine", "other")}])
    shop.waits(hours=1)
    counter.sells("tee", left=3)
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    assert [line["quantity"] for line in counter.made[-1]["lines"]] == [2, 1]
    assert answer.json()["problems"] == [{"problem": "fewer", "name": "Tee", "quantity": 1}]


def test_a_cart_of_which_nothing_is_left_makes_no_checkout(
    shop: Recovering, counter: Counter
) -> None:
    """RL-6."""
    counter.shelf.clear()
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    assert answer.status_code == 200
    assert [p["problem"] for p in answer.json()["problems"]] == ["gone", "nothing_left"]
    assert answer.json()["checkoutId"] is None
    assert counter.made == []


def test_an_old_link_is_gone_and_a_new_one_goes_to_the_address_on_file(shop: Recovering) -> None:
    """RL-2, RL-6, RL-7: 410; the new link is mailed, whoever asks for it, once a day."""
    token = shop.token()
    shop.waits(days=7)
    assert shop.http.post("/public/v1/recover", json={"rt": token}).status_code == 410
    page = shop.http.get(f"/r/{token}")
    assert page.status_code == 410
    assert "c•••@e•••.com" in page.text
    before = len(shop.mail())
    for _ in range(3):
        shop.http.post(f"/r/{token}", data={"do": "again", "email": "thief@example.com"})
    shop.waits(minutes=1)
    fresh = shop.mail()[before:]
    assert [letter.recipient for letter in fresh] == ["cleo@example.com"]
    assert shop.http.get(f"/r/{shop.token()}").status_code == 200


def test_a_link_is_done_once_the_cart_is_bought(shop: Recovering) -> None:
    """RL-4: good until the purchase."""
    token = shop.token()
    shop.buys(of="C1")
    assert shop.http.post("/public/v1/recover", json={"rt": token}).status_code == 410
    assert "ordered already" in shop.http.get(f"/r/{token}").text


def test_ten_redeems_an_hour_and_no_more(shop: Recovering) -> None:
    """RL-6, RL-8."""
    token = shop.token()
    codes = [
        shop.http.post("/public/v1/recover", json={"rt": token}).status_code for _ in range(12)
    ]
    assert codes == [200] * 10 + [429] * 2
    shop.waits(hours=1)
    assert shop.http.post("/public/v1/recover", json={"rt": token}).status_code == 200


def test_presses_that_come_to_nothing_count_too(shop: Recovering, counter: Counter) -> None:
    """RL-6, RL-8: a turn is taken before Saleor is asked, or a link is a way to ask it for ever,
    and a hundred presses at once are ten checkouts and ninety more."""
    token = shop.token()
    counter.shelf.clear()
    codes = [
        shop.http.post("/public/v1/recover", json={"rt": token}).status_code for _ in range(12)
    ]
    assert codes == [200] * 10 + [429] * 2
    assert counter.made == []
    assert len(shop.all(Redemption)) == 10


@pytest.mark.parametrize("forged", ["", "x", "1-x", "ffff-x", "-", "1-" + "A" * 5000, "0-0"])
def test_a_forged_token_is_simply_not_there(shop: Recovering, forged: str) -> None:
    """RL-8: 404 by the same look-up, whatever it looks like."""
    assert shop.http.post("/public/v1/recover", json={"rt": forged}).status_code == 404
    assert shop.http.get("/public/v1/recover", params={"rt": forged}).status_code == 404


def test_a_token_of_one_shop_opens_nothing_in_another(
    shop: Recovering, house: House, counter: Counter
) -> None:
    """RL-2."""
    number, _, rest = shop.token().partition("-")
    for other in (0, int(number, 16) + 1, 99):
        assert shop.http.get(f"/r/{other:x}-{rest}").status_code == 404


def test_a_storefront_with_a_page_of_its_own_gets_the_link_if_its_host_is_listed(
    shop: Recovering,
) -> None:
    """RL-1, RL-8: pattern by channel, no open redirect."""
    shop.sets(
        storefronts={
            "web": {
                "recover": "https://store.example/{locale}/checkout/recover?rt={token}",
                "hosts": ["store.example"],
            }
        }
    )
    shop.waits(hours=23)
    link = shop.link()
    assert link.startswith("https://store.example/en/checkout/recover?rt=")
    assert "utm_source=perennial" in link
    assert "utm_campaign=cart" in link
    assert "cleo" not in link
    shop.sets(storefronts={"web": {"recover": "https://evil.example/{token}", "hosts": []}})
    shop.waits(hours=48)
    assert shop.link().startswith("https://perennial.example/r/")


def test_where_to_go_on_is_a_link_to_a_listed_host_only(shop: Recovering) -> None:
    """RL-8."""
    pattern = "https://store.example/{locale}/checkout?checkout={checkout}"
    shop.sets(storefronts={"web": {"checkout": pattern, "hosts": ["store.example"]}})
    page = shop.http.post(f"/r/{shop.token()}", data={"do": "continue"}).text
    assert 'href="https://store.example/en/checkout?checkout=' in page
    shop.sets(storefronts={"web": {"checkout": pattern, "hosts": ["other.example"]}})
    page = shop.http.post(f"/r/{shop.token()}", data={"do": "continue"}).text
    assert "store.example" not in page


def test_any_storefront_may_ask_and_no_cookie_is_involved(shop: Recovering) -> None:
    """RL-5: headless shops are of another origin."""
    may = shop.http.options("/public/v1/recover")
    assert may.headers["access-control-allow-origin"] == "*"
    told = shop.http.get("/public/v1/recover", params={"rt": shop.token()})
    assert told.headers["access-control-allow-origin"] == "*"
    assert told.json() == {
        "state": "ready",
        "languageCode": "EN",
        "email": "c•••@e•••.com",
        "lines": [{"name": "Tee", "quantity": 1}],
    }


def test_the_third_letter_promises_a_code_and_the_link_puts_it_on(
    shop: Recovering, counter: Counter
) -> None:
    """AC-4, CP-2, CP-3, CP-8: personal, good in Saleor before it is read of, with its exact end."""
    shop.waits(hours=23)
    shop.waits(hours=48)
    assert shop.errors() == []
    assert shop.subjects()[-1] == "A code for your cart"
    (code,) = counter.codes
    letter = shop.mail()[-1]
    assert code in letter.html
    assert "March" in letter.html or "Mar" in letter.html
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    made = counter.checkouts[answer.json()["checkoutId"]]
    assert made["voucherCode"] == code
    assert answer.json()["problems"] == []
    assert code not in shop.link()


def test_a_code_that_does_not_apply_is_said(shop: Recovering, counter: Counter) -> None:
    """RL-6: PrestaShop#30074 failed silently."""
    shop.waits(hours=23)
    shop.waits(hours=48)
    counter.fails_applying = "VOUCHER_NOT_APPLICABLE"
    answer = shop.http.post("/public/v1/recover", json={"rt": shop.token()})
    assert answer.json()["problems"] == [{"problem": "code"}]
    assert answer.json()["checkoutId"]

"""Stories of friends: who is thanked for whom, once, and who is not, and why (RF-1 to RF-7)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from app.customers.tables import Person
from app.decisions import queries as decisions
from app.journeys.jobs import EndCoupons
from app.kit.clock import StillClock, real_now
from app.kit.house import House
from app.loyalty import settings
from app.loyalty.tables import Code, Voucher
from app.privacy import exporting
from app.privacy import flows as privacy
from app.proof.replaying import replay
from app.recommend import flows as recommend
from app.referrals import flows, queries
from app.referrals.flows import Sight, Wish
from app.referrals.rules import Hand, State, Why
from app.referrals.tables import Referral
from app.shops.flows import this_shop
from app.shops.tables import Channel, Rate
from app.shops.tables import Shop as ShopRow
from tests.support.keys import token
from tests.support.loyal import Loyal
from tests.support.makers import JSON, by_user, customer, event, gid, order, place, user
from tests.support.story import Shop
from tests.support.till import GIFT_CARDS, Till

WISH = Wish(
    on=True, percent_hundredths=1000, least_minor=3000, card=False, reward_hundredths=1500,
    reward_minor=1000, return_days=14,
)  # fmt: skip


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.hears("CUSTOMER_UPDATED", shop.account("ana"))
        with shop.work() as tx:
            flows.save(tx, WISH)
        yield shop


def wishes(shop: Loyal, **other: bool) -> None:
    with shop.work() as tx:
        flows.save(
            tx, Wish(**{name: getattr(WISH, name) for name in WISH.__dataclass_fields__} | other)
        )


def person(shop: Shop, name: str) -> Person:
    with shop.look() as tx:
        return tx.exec(select(Person).where(Person.account == gid("User", name))).one()


def link(shop: Shop, name: str = "ana") -> str:
    """The path of somebody's link."""
    with shop.look() as tx:
        whose = tx.exec(select(Person).where(Person.account == gid("User", name))).one()
        return flows.link_of(tx, whose, base="", open_=shop.house.secrets.open)


def takes(shop: Loyal, *, turn: str = "one", address: str = "198.51.100.1") -> str:
    """A friend takes a code of Ana's link, and Saleor knows it."""
    path = link(shop).removeprefix("/f/")
    with shop.work() as tx:
        sight, code = flows.take(
            tx, path, turn=turn, address=address, open_=shop.house.secrets.open
        )
        assert sight is Sight.READY
        assert code is not None
        return code.code


def orders(shop: Loyal, code: str, who: JSON | str = "ben@example.com", **told: object) -> JSON:
    """A friend orders with the code, and pays."""
    body = order(who, created=shop.at(), voucherCode=code, **told)  # type: ignore[arg-type]
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    shop.waits(seconds=3)
    return body


def comes_of(shop: Loyal) -> tuple[str, list[str]]:
    (row,) = shop.all(Referral)
    return row.state, row.reasons


def rewards(shop: Loyal) -> list[Code]:
    return [code for code in shop.all(Code) if code.person == person(shop, "ana").id]


# --- the way it is meant ----


def test_rf1_a_friends_paid_order_thanks_the_advocate_when_the_window_is_over(
    shop: Loyal, till: Till
) -> None:
    """RF-1: in two weeks, once; the code is in Saleor, and every decision can be made again."""
    orders(shop, takes(shop))
    assert comes_of(shop) == (State.WAITING, [])
    shop.waits(days=13, hours=23)
    assert rewards(shop) == []
    shop.waits(hours=2)
    shop.waits(days=40)
    assert comes_of(shop) == (State.REWARDED, [])
    (reward,) = rewards(shop)
    assert reward.in_saleor_at
    assert reward.code in till.codes
    percents = {v["listings"][gid("Channel", "web")] for v in till.vouchers.values()}
    assert set(map(float, percents)) == {15}, "only the reward's: the friend's was never shown"
    with shop.look() as tx:
        told = list(decisions.walk(tx, rule="referral"))
        assert [one.outcome for one in told] == ["rewarded", "waiting"]
        assert replay(told).different == []
    assert shop.errors() == []


def test_rf1_the_same_event_twice_and_out_of_order_is_one_reward(shop: Loyal) -> None:
    code = takes(shop)
    body = order("ben@example.com", no="F1", created=shop.at(), voucherCode=code, paid=False)
    paid = order(
        "ben@example.com", no="F1", created=shop.at(), updated=shop.at(seconds=5), voucherCode=code
    )
    for told in (paid, body, paid, body):
        name = "ORDER_PAID" if told is paid else "ORDER_CREATED"
        shop.hears(name, event(name, issued=shop.at(), order=told), times=2)
    shop.waits(seconds=3)
    shop.waits(days=15)
    late = paid | {"updatedAt": shop.at()}
    shop.hears("ORDER_UPDATED", event("ORDER_UPDATED", issued=shop.at(), order=late), times=3)
    shop.waits(days=1)
    assert len(rewards(shop)) == 1
    assert comes_of(shop)[0] == State.REWARDED


def test_rf1_the_link_opens_a_page_that_gives_a_code_of_ones_own(shop: Loyal, till: Till) -> None:
    """RF-1: a GET gives nothing; a press twice is one code; a basket below the least gets none."""
    with shop.work() as tx:
        for slug, currency in (("us", "USD"), ("br", "BRL")):
            tx.add(Channel(saleor_id=gid("Channel", slug), slug=slug, currency=currency))
        tx.add(Rate(currency="USD", day="2026-01-01", rate="0.9"))
    path = link(shop)
    for locale, words in (
        ("en", "You get 10% off your first order."),
        ("pl", "Dostajesz 10% zniżki na pierwsze zamówienie."),
        ("pt-BR", "Você ganha 10% de desconto no primeiro pedido."),
    ):
        page = shop.http.get(path, params={"locale": locale})
        assert page.status_code == 200
        assert words.replace(" ", "") in page.text.replace("\xa0", "").replace(" ", "")
        assert "Perennial" not in page.text, "it is the shop's page"
    assert shop.all(Referral) == []
    turn = re.findall(r'name="turn" value="([\w-]+)"', shop.http.get(path).text)[0]
    pages = [shop.http.post(path, data={"turn": turn}).text for _ in range(2)]
    (code,) = till.codes
    assert all(code in page for page in pages)
    shop.http.post(path, data={"turn": "another friend"})
    assert len(till.codes) == len(set(till.codes)) == 2
    (voucher,) = till.vouchers.values()
    assert voucher["singleUse"]
    assert voucher["applyOncePerCustomer"]
    least = {channel: float(spent) for channel, spent in voucher["least"].items()}
    web, kiosk, us = (gid("Channel", slug) for slug in ("web", "kiosk", "us"))
    assert least == {web: 30, kiosk: 30, us: 34}, "and none where no rate is known"
    assert "ana" not in pages[0], "whose link it is, is not told"


def test_rf1_a_page_whose_saleor_is_away_asks_to_press_again(shop: Loyal, till: Till) -> None:
    path = link(shop)
    till.dying = (0, False)
    answer = shop.http.post(path, data={"turn": "x"})
    assert answer.status_code == 503
    assert "press once more" in answer.text
    answer = shop.http.post(path, data={"turn": "x"})
    assert answer.status_code == 200
    assert len(till.codes) == len(shop.all(Referral)) == 1


def test_rf2_a_code_works_for_thirty_days_and_then_leaves_saleor(shop: Loyal, till: Till) -> None:
    shop.waits(days=29)  # the last of March: the month's own end is only a month away
    shop.http.post(link(shop), data={"turn": "x"})
    (code,) = shop.all(Code)
    (voucher,) = shop.all(Voucher)
    assert (code.ends_at - code.minted_at).days == 30
    assert voucher.ends_at >= code.ends_at
    shop.waits(days=31)
    with shop.work() as tx:
        tx.later(EndCoupons(day="a night"))
    shop.settles()
    assert till.codes == []


def test_rf2_forged_switched_off_and_stopped_links_give_nothing(shop: Loyal) -> None:
    """MG-8: a stop holds links and rewards alike; what was earned comes when it is over."""
    path = link(shop)
    assert shop.http.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404
    assert shop.http.post("/f/nonsense", data={"turn": "x"}).status_code == 404
    orders(shop, takes(shop))
    with shop.work() as tx:
        settings.stop_offers(tx, by="owner")
    assert shop.http.get(path).status_code == 410
    shop.waits(days=20)
    assert comes_of(shop)[0] == State.WAITING
    with shop.work() as tx:
        settings.resume_offers(tx, by="owner")
    shop.waits(days=1, hours=1)
    assert comes_of(shop)[0] == State.REWARDED
    wishes(shop, on=False)
    assert shop.http.post(path, data={"turn": "x"}).status_code == 410
    assert len(shop.all(Referral)) == 1


def test_rf2_a_link_is_no_tap_of_codes(shop: Loyal) -> None:
    """Twenty of one link in a day, and ten from one address; tomorrow there are more."""
    rt = link(shop).removeprefix("/f/")
    open_ = shop.house.secrets.open

    def asks(turn: str, address: str) -> Sight:
        with shop.work() as tx:
            return flows.take(tx, rt, turn=turn, address=address, open_=open_)[0]

    one = [asks(f"t{n}", "203.0.113.9") for n in range(11)]
    assert one == [Sight.READY] * 10 + [Sight.TOO_OFTEN]
    many = [asks(f"m{n}", f"198.51.100.{n}") for n in range(11)]
    assert many == [Sight.READY] * 10 + [Sight.TOO_OFTEN]
    assert len(shop.all(Referral)) == len(shop.all(Code)) == 20
    assert shop.http.post(f"/f/{rt}", data={"turn": "x"}).status_code == 429
    shop.waits(days=1, minutes=1)
    assert asks("t11", "203.0.113.9") is Sight.READY


def test_rf2_a_storefront_may_show_a_page_of_its_own(shop: Loyal, till: Till) -> None:
    rt = link(shop).removeprefix("/f/")
    seen = shop.http.get("/public/v1/friend", params={"rt": rt})
    assert seen.json() == {
        "state": "ready", "percent": "10.0", "least": "30.00", "currency": "EUR"
    } or seen.json()["percent"].startswith("10")  # fmt: skip
    told = shop.http.post("/public/v1/friend", json={"rt": rt, "turn": "a"})
    assert told.headers["access-control-allow-origin"] == "*"
    assert [told.json()["code"]] == till.codes


def test_rf2_the_advocate_reads_link_text_and_rewards_with_her_own_token(shop: Loyal) -> None:
    """RF-7: a link and a text to share; nobody but her is told them."""
    with shop.work() as tx:
        key = recommend.counsel(tx).public_key

    def asks(**claims: object) -> httpx.Response:
        now = int(real_now().timestamp())
        told: JSON = {
            "iss": shop.api_url, "owner": "saleor", "type": "access", "is_staff": False,
            "user_id": gid("User", "ana"), "iat": now, "exp": now + 300,
        } | claims  # fmt: skip
        headers = {"authorization": f"Bearer {token(**told)}"} if claims.get("type") != "" else {}
        answer: httpx.Response = shop.http.get(
            "/public/v1/referral", params={"key": key}, headers=headers
        )
        return answer

    told = asks().json()
    assert told["link"].endswith(link(shop))
    assert set(told["texts"]) == {"en", "pl", "pt-BR"}
    assert all(told["link"] in text for text in told["texts"].values())
    assert len(set(told["texts"].values())) == 3
    assert asks(type="").status_code == 401
    assert asks(type="refresh").status_code == 401
    assert asks(user_id=gid("User", "stranger")).json() == {"state": "off"}
    orders(shop, takes(shop))
    assert asks().json()["waiting"] == 1
    shop.waits(days=15)
    (reward,) = rewards(shop)
    assert [one["code"] for one in asks().json()["rewards"]] == [reward.code]


# --- RF-3 and RF-4 ----


def test_rf3_nobody_refers_herself(shop: Loyal) -> None:
    tries = [
        (user("ana"), Why.SAME_PERSON),
        ("Ana+friend@example.com", Why.SAME_EMAIL),
        ("a.n.a@example.com", Why.SAME_EMAIL),
    ]
    for n, (who, why) in enumerate(tries):
        orders(shop, takes(shop, turn=f"t{n}", address=f"198.51.100.{n}"), who)
        row = shop.all(Referral)[-1]
        assert row.state == State.BLOCKED
        assert why in row.reasons
    shop.waits(days=30)
    assert rewards(shop) == []


def test_rf3_a_friend_who_has_bought_before_is_no_new_one(shop: Loyal) -> None:
    """RF-3: under a tag of the same address, too."""
    shop.buys("ben", 50)
    shop.waits(days=3)
    orders(shop, takes(shop), "ben+new@example.com")
    assert comes_of(shop) == (State.BLOCKED, [Why.BOUGHT_BEFORE])


def test_rf3_a_family_is_looked_at_and_not_blocked(shop: Loyal) -> None:
    home = place() | {"postalCode": "10 115"}
    ana = customer("ana", updated=shop.at(seconds=1), lastName="Silva")
    ben = customer("ben", updated=shop.at(seconds=1), lastName="silva")
    for one in (ana, ben):
        shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=shop.at(), user=one))
    shop.buys("ana", 20, shippingAddress=home)
    code = takes(shop)
    orders(shop, code, user("ben"), shippingAddress=home | {"postalCode": "10115"})
    assert comes_of(shop) == (State.REVIEW, [Why.SAME_HOME])


def test_rf4_what_is_doubtful_waits_for_a_person(shop: Loyal) -> None:
    """RF-6: allowed by one, it goes on."""
    orders(shop, takes(shop), "anna@mailinator.com")
    assert comes_of(shop) == (State.REVIEW, [Why.DISPOSABLE])
    shop.waits(days=20)
    assert comes_of(shop)[0] == State.REVIEW
    says(shop, Hand.ALLOW)
    assert comes_of(shop) == (State.REWARDED, [])


def test_rf4_three_codes_from_one_address_in_a_week_are_looked_at(shop: Loyal) -> None:
    codes = [takes(shop, turn=f"t{n}", address="203.0.113.9") for n in range(3)]
    orders(shop, codes[0])
    first = min(shop.all(Referral), key=lambda row: row.id)
    assert (first.state, first.reasons) == (State.REVIEW, [Why.SAME_VISITOR])


def says(shop: Loyal, hand: Hand) -> None:
    with shop.work() as tx:
        flows.say(tx, tx.exec(select(Referral)).one(), hand, by="owner")
    shop.waits(seconds=3)
    shop.waits(minutes=20)


# --- RF-5 ----


def test_rf5_a_refund_before_the_reward_asks_a_person(shop: Loyal) -> None:
    body = orders(shop, takes(shop))
    shop.refunds(body, 5)
    assert comes_of(shop) == (State.REVIEW, [Why.REFUNDED])
    shop.waits(days=30)
    assert rewards(shop) == []


def test_rf5_a_refund_after_the_reward_takes_an_unused_one_back(shop: Loyal, till: Till) -> None:
    """RF-6: allowed after all, another code is given, and only once the first is gone."""
    body = orders(shop, takes(shop))
    shop.waits(days=15)
    (reward,) = rewards(shop)
    assert reward.code in till.codes
    shop.refunds(body, 20)
    assert comes_of(shop) == (State.TAKEN_BACK, [Why.REFUNDED])
    says(shop, Hand.ALLOW)
    assert reward.code not in till.codes
    shop.waits(hours=2)
    assert comes_of(shop)[0] == State.REWARDED
    first, second = rewards(shop)
    assert first.deleted_at
    assert second.code in till.codes
    says(shop, Hand.BLOCK)
    assert comes_of(shop)[0] == State.TAKEN_BACK
    shop.waits(minutes=20)
    assert second.code not in till.codes
    with shop.look() as tx:
        assert replay(decisions.walk(tx, rule="referral")).different == []


def test_rf5_a_reward_that_was_used_stays(shop: Loyal) -> None:
    body = orders(shop, takes(shop))
    shop.waits(days=15)
    (reward,) = rewards(shop)
    shop.buys("ana", 60, voucherCode=reward.code)
    shop.refunds(body, 20)
    assert comes_of(shop) == (State.REWARDED, [Why.REFUNDED, Why.USED])


def test_rf5_ten_in_thirty_days_and_each_of_them_works(shop: Loyal, till: Till) -> None:
    """Saleor takes one code of a voucher from a customer: each reward has its own voucher."""
    with shop.work() as tx:
        ana = tx.exec(select(Person).where(Person.account == gid("User", "ana"))).one().id or 0
        for n in range(8):
            before = Referral(person=ana, code=-n, made_at=tx.now, state=State.REWARDED.value)
            before.rewarded_at = tx.now + timedelta(days=10)
            tx.add(before)
    for n in range(3):
        orders(shop, takes(shop, turn=f"t{n}", address=f"198.51.100.{n}"), f"f{n}@host{n}.example")
    shop.waits(days=15)
    states = [row.state for row in shop.all(Referral)][8:]
    assert sorted(states) == [State.CAPPED, State.REWARDED, State.REWARDED]
    given = rewards(shop)
    assert len({code.voucher for code in given}) == len(given) == 2
    assert {code.code for code in given} <= set(till.codes)
    shop.waits(days=60)
    assert [row.state for row in shop.all(Referral)][8:] == states


@pytest.mark.parametrize(("call", "done"), [(1, True), (3, False)])
def test_rf1_dying_at_any_call_between_promise_and_code_makes_one_reward(
    shop: Loyal, till: Till, call: int, *, done: bool
) -> None:
    orders(shop, takes(shop))
    shop.waits(days=13)
    till.dying = (call, done)
    shop.waits(days=1, hours=1)
    till.dying = None
    shop.waits(hours=1)
    shop.waits(days=1)
    (reward,) = rewards(shop)
    assert till.codes.count(reward.code) == 1
    assert len(till.codes) == 1
    assert comes_of(shop)[0] == State.REWARDED


def test_rf5_a_refund_while_the_reward_is_being_made_leaves_no_code_in_saleor(
    shop: Loyal, till: Till
) -> None:
    """Saleor made it, nobody heard of it, and money went back: what nobody knows is found."""
    body = orders(shop, takes(shop))
    shop.waits(days=13)
    till.dying = (3, True)  # looked for the voucher, made it, listed it, added the code
    shop.waits(days=1, seconds=10)
    assert len(till.codes) == 1
    assert rewards(shop)[0].in_saleor_at is None
    till.dying = None
    back = body | {
        "updatedAt": shop.at(), "totalRefunded": {"amount": 20, "currency": "EUR"},
    }  # fmt: skip
    told = event("ORDER_REFUNDED", issued=shop.at(), by=by_user("owner"), order=back)
    shop.hears("ORDER_REFUNDED", told)
    for _ in range(4):
        shop.waits(hours=1)
    assert comes_of(shop)[0] == State.TAKEN_BACK
    assert till.codes == []


def test_rf1_a_gift_card_is_given_where_the_owner_chooses_it(shop: Loyal, till: Till) -> None:
    with shop.work() as tx:
        row = tx.exec(select(ShopRow)).one()
        row.saleor_version, row.granted = "3.23.28", [GIFT_CARDS]
    wishes(shop, card=True)
    orders(shop, takes(shop))
    shop.waits(days=15)
    (row,) = shop.all(Referral)
    assert row.trouble == "no_card", "the permission was not granted after all"
    till.permissions.append(GIFT_CARDS)
    shop.waits(days=1, hours=1)
    (card,) = till.cards.values()
    assert card["assignedTo"] == gid("User", "ana")
    assert card["balance"]["amount"] == "10.00"
    assert shop.all(Referral)[0].trouble == ""


# --- RF-6, pages, privacy ----


def test_rf6_hashes_of_addresses_go_after_thirty_days(shop: Loyal) -> None:
    takes(shop, address="203.0.113.9")
    assert shop.all(Referral)[0].seen_from
    shop.waits(days=29)
    nightly(shop)
    assert shop.all(Referral)[0].seen_from
    shop.waits(days=2)
    nightly(shop)
    assert shop.all(Referral)[0].seen_from is None
    shop.waits(days=180)
    nightly(shop)
    assert shop.all(Referral) == []


def nightly(shop: Loyal) -> None:
    with shop.work() as tx:
        flows.nightly(tx)


def test_rf6_the_owner_sees_why_and_decides_and_takes_it_back(shop: Loyal) -> None:
    orders(shop, takes(shop), "anna@example.com")
    assert "nobody is named" not in shop.sees("/app"), "whose code it was, its order told"
    takes(shop, turn="two", address="198.51.100.2")
    today = shop.sees("/app")
    assert "anna@example.com" in today
    assert "nobody is named" in today
    page = shop.sees("/app/referrals")
    assert "1 referral waits for your word." in page
    assert "The two e-mail addresses are much alike." in page
    assert "anna@example.com" in page
    row = shop.all(Referral)[0]
    for do, words, state in (
        ("block", "Blocked.", State.BLOCKED),
        ("undo", "The rules decide again.", State.REVIEW),
        ("allow", "Allowed.", State.WAITING),
    ):
        told = posts(shop, f"/app/referrals/{row.id}", do=do)
        assert words in told
        shop.waits(seconds=3)
        assert shop.all(Referral)[0].state == state
    table = shop.http.get(
        "/app/referrals?only=all&csv=list-title", headers=shop.staff() | {"x-locale": "en"}
    )
    assert table.status_code == 200
    assert "anna@example.com" in table.text
    hidden = shop.http.get(
        "/app/referrals", headers=shop.staff(("MANAGE_APPS",)) | {"x-locale": "en"}
    ).text
    assert "anna@example.com" not in hidden
    assert 'value="allow"' not in hidden


def posts(shop: Loyal, path: str, *, status: int = 200, **data: str) -> str:
    headers = shop.staff(part="referrals") | {"x-locale": "en"}
    answer: httpx.Response = shop.http.post(path, data=data, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def test_rf1_the_owner_says_what_both_get_and_mg2_bounds_it(shop: Loyal) -> None:
    """MG-2: no deeper than 30 %."""
    form = {
        "on": "on", "percent": "12.5", "least": "40", "card": "code", "reward": "5", "worth": "",
        "days": "7",
    }  # fmt: skip
    told = posts(shop, "/app/referrals", **form)
    assert "A friend gets 12.5% off the first order, from €40.00 on" in told
    assert "5% off one order" in told
    assert "It comes 7 days after" in told
    for wrong in ({"percent": "31"}, {"percent": "0"}, {"days": "90"}, {"reward": "x"}):
        posts(shop, "/app/referrals", status=422, **form | wrong)
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert (terms.percent_hundredths, terms.least_minor, terms.return_days) == (1250, 4000, 7)


def test_rf1_it_is_off_until_the_owner_says_so_and_brazil_has_seven_days(
    house: House, till: Till
) -> None:
    with Loyal(house, till) as shop:
        shop.hears("CUSTOMER_UPDATED", shop.account("ana"))
        assert shop.http.get(link(shop)).status_code == 410
        assert "Referrals are off" in shop.sees("/app/referrals")
        with shop.look() as tx:
            assert flows.usual(tx).return_days == 14
        with shop.work() as tx:
            this_shop(tx).currency = "BRL"
            assert flows.usual(tx).return_days == 7


def test_the_widget_beside_a_customer_shows_her_link(shop: Loyal) -> None:
    """RF-2."""
    data = {
        "customerId": gid("User", "ana"), "accessToken": shop.staff_token(),
        "saleorApiUrl": shop.api_url,
    }  # fmt: skip
    page = shop.http.post("/app/widgets/customer", data=data).text
    assert link(shop) in page
    assert "A text to share" in page


def test_who_asks_to_be_forgotten_is_no_advocate_and_no_friend_any_more(shop: Loyal) -> None:
    """PR-3, PR-2: what is kept is told first."""
    off = {
        "id": gid("OrderDiscount", 1), "type": "VOUCHER", "name": "", "value": 2.0,
        "valueType": "FIXED", "reason": None, "total": {"amount": 2.0, "currency": "EUR"},
    }  # fmt: skip
    orders(shop, takes(shop), user("ben"), discounts=[off])
    with shop.look() as tx:
        ana = tx.exec(select(Person).where(Person.account == gid("User", "ana"))).one()
        ben = tx.exec(select(Person).where(Person.account == gid("User", "ben"))).one()
        assert exporting.export(tx, ana)["referral"]
        assert exporting.export(tx, ben)["referred"]
    with shop.work() as tx:
        privacy.erase(tx, account=gid("User", "ben"), email="ben@example.com", at=tx.now)
    (row,) = shop.all(Referral)
    assert (row.friend, row.seen_from) == (None, None)
    orders(shop, takes(shop, turn="two"), "cleo@example.com", discounts=[off])
    assert "Referral" in shop.sees("/app/proof/attribution"), "one of nobody, one of somebody"
    with shop.work() as tx:
        privacy.erase(tx, account=gid("User", "ana"), email="ana@example.com", at=tx.now)
    assert shop.all(Referral) == []
    shop.waits(days=20)
    assert shop.errors() == []

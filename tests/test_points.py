"""Stories of points: what orders bring, what is left of it, what it is worth (PT-1 to PT-8)."""

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.customers.tables import Person
from app.decisions import queries as decisions
from app.kit.clock import StillClock, real_now
from app.kit.house import House, conflicts
from app.loyalty.tables import Code, Voucher
from app.messages.tables import Send
from app.orders.tables import Line, Order
from app.people import flows as people
from app.points import earning, flows, queries, spending
from app.points.flows import Wish
from app.points.rules import Against, Word
from app.points.tables import Earning, PointsAccount, PointsEntry, PointsMonth, PointsSpend
from app.privacy import exporting
from app.privacy import flows as privacy
from app.proof.replaying import replay
from app.recommend import flows as recommend
from tests.support.keys import token
from tests.support.loyal import Loyal
from tests.support.makers import JSON, by_user, channel, event, gid, line, order, user
from tests.support.story import Shop
from tests.support.till import Till

WISH = Wish(
    on=True, rate_hundredths=100, rates={}, return_days=14, least_points=500, expires=False,
    expiry_months=12,
)  # fmt: skip

on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What the other database would answer in the same words is asked once."""


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.hears("CUSTOMER_UPDATED", shop.account("ana"))
        wishes(shop)
        yield shop


def wishes(shop: Loyal, **other: object) -> None:
    told = {name: getattr(WISH, name) for name in WISH.__dataclass_fields__} | other
    with shop.work() as tx:
        flows.save(tx, Wish(**told))  # type: ignore[arg-type]


def person(shop: Shop, name: str = "ana") -> Person:
    with shop.look() as tx:
        return tx.exec(select(Person).where(Person.account == gid("User", name))).one()


def has(shop: Shop, name: str = "ana") -> tuple[int, int]:
    """What may be spent, and what is pending; and the ledger says the same."""
    who = person(shop, name).id
    mine = [row for row in shop.all(PointsAccount) if row.person == who]
    found = (mine[0].available, mine[0].pending) if mine else (0, 0)
    lines = [row for row in shop.all(PointsEntry) if row.person == who]
    assert found == (sum(one.points for one in lines), sum(one.pending for one in lines))
    return found


def kinds(shop: Shop) -> list[str]:
    return [row.kind for row in sorted(shop.all(PointsEntry), key=lambda row: row.id)]


def tells(shop: Loyal, body: JSON, name: str = "ORDER_UPDATED", **told: object) -> JSON:
    """Saleor's newest word on an order."""
    body = body | {"updatedAt": shop.at()} | told
    shop.hears(name, event(name, issued=shop.at(), by=by_user("owner"), order=body))
    shop.waits(seconds=3)
    return body


def back(amount: float) -> JSON:
    return {"chargeStatus": "PARTIAL", "totalRefunded": {"amount": amount, "currency": "EUR"}}


def earns(shop: Loyal, amount: float, name: str = "ana", **told: object) -> JSON:
    """An order that is paid, sent, and past its return window."""
    body = tells(shop, shop.buys(name, amount, **told), status="FULFILLED")
    shop.waits(days=14, seconds=1)
    return body


def spends(shop: Loyal, points: int, *, key: str = "one") -> Word:
    with shop.work() as tx:
        who = tx.exec(select(Person).where(Person.account == gid("User", "ana"))).one()
        return spending.spend(tx, who, points, key=key)[0]


def posts(shop: Loyal, path: str, *, status: int = 200, **fields: str) -> str:
    headers = shop.staff(part="main") | {"x-locale": "en"}
    answer = shop.http.post(path, data=fields, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


# --- what an order brings ----


def test_pt1_off_until_it_is_switched_on_and_only_for_orders_since(
    house: House, till: Till
) -> None:
    with Loyal(house, till) as shop:
        shop.hears("CUSTOMER_UPDATED", shop.account("ana"))
        body = shop.buys("ana", 50)
        assert shop.all(PointsEntry) == []
        shop.waits(minutes=1)
        wishes(shop)
        tells(shop, body)
        assert has(shop) == (0, 0), "an order from before brings nothing"
        shop.buys("ana", 49.99)
        assert has(shop) == (0, 49), "a point for a whole unit"


@on_one_database
def test_pt2_pending_until_it_is_sent_and_the_return_window_is_over(shop: Loyal) -> None:
    body = shop.buys("ana", 120)
    assert has(shop) == (0, 120)
    shop.waits(days=30)
    assert has(shop) == (0, 120), "it was not sent"
    tells(shop, body, status="FULFILLED")
    shop.waits(days=13, hours=23)
    assert has(shop) == (0, 120)
    shop.waits(hours=1)
    assert has(shop) == (120, 0)
    assert kinds(shop) == ["earned", "ready"]
    assert shop.errors() == []


@on_one_database
def test_pt2_cancelled_is_void_and_nothing_comes_later(shop: Loyal) -> None:
    body = shop.buys("ana", 120)
    tells(shop, body, "ORDER_CANCELLED", status="CANCELED")
    assert has(shop) == (0, 0)
    shop.waits(days=40)
    assert has(shop) == (0, 0)
    assert kinds(shop) == ["earned", "void"]


@on_one_database
def test_pt2_a_part_refund_takes_its_part_rounded_in_her_favour(shop: Loyal) -> None:
    body = earns(shop, 100)
    assert has(shop) == (100, 0)
    tells(shop, body, "ORDER_REFUNDED", status="FULFILLED", **back(33.5))
    assert has(shop) == (67, 0), "66.5 are left"
    tells(shop, body, "ORDER_REFUNDED", status="FULFILLED", **back(100))
    assert has(shop) == (0, 0)


@on_one_database
def test_pt2_what_was_spent_already_is_owed_up_to_one_order_and_filled_by_the_next(
    shop: Loyal,
) -> None:
    first, second = earns(shop, 600), earns(shop, 400)
    assert spends(shop, 1000) is Word.GIVE
    assert has(shop) == (0, 0)
    tells(shop, first, "ORDER_REFUNDED", **back(600))
    assert has(shop) == (-600, 0)
    tells(shop, second, "ORDER_REFUNDED", **back(400))
    assert has(shop) == (-600, 0), "no further below nought than one order"
    tells(shop, second, "ORDER_REFUNDED", **back(400))
    earns(shop, 650)
    assert has(shop) == (50, 0)
    tells(shop, second, "ORDER_REFUNDED", **back(400))
    assert has(shop) == (50, 0), "told again, it takes nothing more"
    tells(shop, second, "ORDER_PAID", status="FULFILLED")
    assert has(shop) == (50, 0), "nothing was taken for it, so nothing comes back"
    tells(shop, first, "ORDER_PAID", status="FULFILLED")
    assert has(shop) == (650, 0)


@on_one_database
def test_pt3_no_points_on_shipping_gift_cards_or_what_our_rewards_paid(
    shop: Loyal, till: Till
) -> None:
    till.gift_card_products = [gid("Product", "voucher")]
    wishes(shop, return_days=0)
    shop.settles()
    card = line("voucher", each=50)
    body = order(user("ana"), lines=[line(each=30), card], shipping=10, created=shop.at())
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    shop.waits(seconds=3)
    assert has(shop) == (0, 30)
    tells(shop, body, "ORDER_REFUNDED", **back(9))
    assert has(shop) == (0, 27), "nine of ninety of everything"
    (row,) = shop.all(Earning)
    assert row.whole == 30


@on_one_database
def test_pt4_paid_refunded_paid_late_doubled_and_out_of_order_is_one_balance(
    shop: Loyal,
) -> None:
    body = earns(shop, 80)
    told = []
    for amount in (80, 0, 40, 0):
        shop.waits(seconds=5)
        state = body | {"updatedAt": shop.at(), "status": "FULFILLED"}
        told.append(state | (back(amount) if amount else {}))
    for state in (told[1], told[3], told[0], told[3], told[2], told[1]):
        for _ in range(2):
            shop.hears("ORDER_UPDATED", event("ORDER_UPDATED", issued=shop.at(), order=state))
        shop.waits(seconds=3)
        assert has(shop) == (80, 0), "the newest word is that it is paid"
    assert kinds(shop) == ["earned", "ready"]
    shop.waits(seconds=5)
    for amount in (80, 0):
        tells(shop, body, **(back(amount) if amount else {}))
    assert has(shop) == (80, 0)
    assert kinds(shop) == ["earned", "ready", "refunded", "earned"]


def test_pt4_a_guests_orders_join_her_account_and_leave_it_again(shop: Loyal) -> None:
    shop.guest_buys("ben@example.com", 60)
    assert shop.all(Earning) == [], "a guest has no account to put points on"
    shop.hears("CUSTOMER_UPDATED", shop.account("ben"))
    shop.waits(seconds=5)
    assert has(shop, "ben") == (0, 60)
    guest = next(row for row in shop.all(Person) if row.merged_into)
    with shop.work() as tx:
        people.part(tx, person(shop, "ben"), guest.id or 0)
    shop.waits(seconds=5)
    assert has(shop, "ben") == (0, 0)


# --- what they are worth ----


def test_pt6_points_become_a_code_of_one_use_for_half_a_basket(shop: Loyal, till: Till) -> None:
    earns(shop, 1240)
    assert spends(shop, 1000) is Word.GIVE
    assert has(shop) == (240, 0), "gone with the same stroke"
    shop.settles()
    (code,) = till.codes
    (voucher,) = till.vouchers.values()
    web = gid("Channel", "web")
    assert (voucher["discountValueType"], float(voucher["listings"][web])) == ("FIXED", 10)
    assert float(voucher["least"][web]) == 20, "half of the basket at most"
    assert voucher["singleUse"]
    assert voucher["applyOncePerCustomer"]
    assert "Points" in voucher["name"]
    (row,) = shop.all(PointsSpend)
    assert row.state == "given"
    assert next(one.code for one in shop.all(Code) if one.id == row.code) == code
    assert spends(shop, 1000) is Word.GIVE, "pressed again, it is the same code"
    assert has(shop) == (240, 0)
    with shop.look() as tx:
        told = list(decisions.walk(tx, rule="points"))
        assert [one.outcome for one in told] == ["give"]
        assert replay(told).different == []


@on_one_database
def test_pt6_dying_at_any_call_between_promise_and_code_makes_one_code(
    shop: Loyal, till: Till
) -> None:
    """PT-6: the voucher is looked for, made, listed, given its code: each may be the last call."""
    earns(shop, 4000)
    for call in range(4):
        for done in (False, True):
            till.dying = (call, done)
            assert spends(shop, 500, key=f"{call}{done}") is Word.GIVE
            shop.settles()
            shop.waits(minutes=1)
    assert {row.state for row in shop.all(PointsSpend)} == {"given"}
    assert len(till.codes) == len(set(till.codes)) == len(till.vouchers) == 8
    assert has(shop) == (0, 0)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_pt6_two_presses_at_one_moment_never_spend_the_same_points(shop: Loyal) -> None:
    """PT-6: on SQLite only one writes at a time."""
    earns(shop, 1000)
    of_ana = select(Person).where(Person.account == gid("User", "ana"))
    with shop.work() as tx:
        assert spending.wish_of(tx, tx.exec(of_ana).one(), 800).available == 1000
        with shop.work() as other:
            word, _ = spending.spend(other, other.exec(of_ana).one(), 800, key="other")
            assert word is Word.GIVE
        with pytest.raises(DBAPIError) as failure:
            spending.spend(tx, tx.exec(of_ana).one(), 800, key="one")
        assert conflicts(failure.value), "and it is done again, on what is left"
        tx.rollback()
    assert spends(shop, 800) is Word.NOT_ENOUGH
    assert has(shop) == (200, 0)


@on_one_database
def test_pt6_two_of_a_month_are_of_two_vouchers(shop: Loyal, till: Till) -> None:
    earns(shop, 1100)
    assert [spends(shop, 500, key=key) for key in "ab"] == [Word.GIVE, Word.GIVE]
    shop.settles()
    assert len(till.codes) == len(till.vouchers) == 2


@on_one_database
def test_pt6_what_stands_against_it_has_a_name(shop: Loyal) -> None:
    earns(shop, 700)
    assert spends(shop, 400, key="a") is Word.TOO_FEW
    assert spends(shop, 550, key="b") is Word.NOT_WHOLE
    assert spends(shop, 800, key="c") is Word.NOT_ENOUGH
    wishes(shop, on=False)
    assert spends(shop, 500, key="d") is Word.OFF
    assert has(shop) == (700, 0)


@on_one_database
def test_pt6_a_saleor_that_fails_gives_the_points_back(shop: Loyal, till: Till) -> None:
    """PT-6: at once where it says no; within twenty minutes where it is away."""
    earns(shop, 1000)
    assert spends(shop, 500) is Word.GIVE
    till.dying = (0, False)
    shop.settles()
    assert has(shop) == (500, 0), "it is tried again"
    shop.waits(minutes=1)
    (row,) = shop.all(PointsSpend)
    assert row.state == "given", "and a second try is enough"
    for voucher in list(till.vouchers):
        del till.vouchers[voucher]
    with shop.work() as tx:
        for one in tx.exec(select(Voucher)):
            one.listed = []
    assert spends(shop, 500, key="two") is Word.GIVE
    till.before["VoucherAddCodes"] = till.vouchers.clear
    shop.settles()
    shop.waits(minutes=1)
    assert has(shop) == (500, 0)
    row = max(shop.all(PointsSpend), key=lambda one: one.id)
    assert (row.state, row.back) == ("returned", 500)
    assert spends(shop, 500, key="three") is Word.GIVE
    for _ in range(20):
        till.dying = (0, False)
        shop.waits(minutes=1)
    row = max(shop.all(PointsSpend), key=lambda one: one.id)
    assert (row.state, row.back, row.trouble) == ("returned", 500, "away")
    assert has(shop) == (500, 0)
    till.dying = None
    shop.waits(days=1)
    assert len(till.codes) == 0, "nothing is brought any more"


@on_one_database
def test_pt6_an_unused_code_leaves_saleor_and_its_points_are_back(shop: Loyal, till: Till) -> None:
    earns(shop, 600)
    spends(shop, 600)
    shop.settles()
    assert len(till.codes) == 1
    shop.waits(days=61)
    shop.waits(hours=2)
    assert till.codes == []
    assert has(shop) == (600, 0)
    assert kinds(shop)[-2:] == ["spent", "back"]


def test_pt2_a_refund_of_what_points_paid_gives_them_back_by_its_share(shop: Loyal) -> None:
    earns(shop, 600)
    spends(shop, 600)
    shop.settles()
    (row,) = shop.all(PointsSpend)
    code = next(one.code for one in shop.all(Code) if one.id == row.code)
    body = shop.buys("ana", 50, voucherCode=code)
    assert has(shop) == (0, 50)
    tells(shop, body, "ORDER_REFUNDED", **back(25))
    assert has(shop) == (300, 25)
    tells(shop, body, "ORDER_CANCELLED", status="CANCELED", **back(50))
    assert has(shop) == (600, 0)
    tells(shop, body, "ORDER_UPDATED", status="UNFULFILLED")
    assert has(shop) == (0, 50)


# --- PT-5, PT-7, PT-8, and whose they are ----


def night(shop: Loyal) -> None:
    with shop.work() as tx:
        flows.nightly(tx, tx.now.date())
    shop.settles()


def test_pt5_points_end_after_two_warnings_and_never_in_the_first_period(shop: Loyal) -> None:
    earns(shop, 300)
    wishes(shop, expires=True, expiry_months=3)
    for days in (40, 20):
        shop.waits(days=days)
        night(shop)
    assert has(shop) == (300, 0)
    assert [one.step for one in shop.all(Send)] == []
    for days in (3, 3, 20, 1, 5):
        shop.waits(days=days)
        night(shop)
        assert has(shop) == (300, 0)
    shop.waits(days=1)
    night(shop)
    assert has(shop) == (0, 0)
    sends = [one for one in shop.all(Send) if one.campaign == "points"]
    assert sorted(one.step for one in sends) == ["30", "7"]
    assert kinds(shop) == ["earned", "ready", "expired"]
    assert shop.errors() == []


@on_one_database
def test_pt5_whoever_comes_back_keeps_them(shop: Loyal) -> None:
    earns(shop, 300)
    wishes(shop, expires=True, expiry_months=3)
    shop.waits(days=70)
    night(shop)
    shop.buys("ana", 10)
    shop.waits(days=60)
    night(shop)
    shop.waits(days=5)
    night(shop)
    assert has(shop) == (300, 10)
    row = next(iter(shop.all(PointsAccount)))
    assert row.warned_at is not None
    assert row.warned_again_at is None


@on_one_database
def test_pt7_by_hand_with_a_reason_and_ten_thousand_a_day_at_most(shop: Loyal) -> None:
    def gives(points: int, reason: str, key: str) -> Against | None:
        with shop.work() as tx:
            who = tx.exec(select(Person).where(Person.account == gid("User", "ana"))).one()
            return flows.change(tx, who, points, reason=reason, by="VXNlcjox", key=key)

    assert gives(100, " ", "a") is Against.REASON
    assert gives(0, "sorry", "b") is Against.NUMBER
    assert gives(9000, "sorry", "c") is None
    assert gives(9000, "sorry", "c") is Against.TOO_MANY
    assert gives(-9500, "wrong", "d") is Against.TOO_MANY
    assert gives(-900, "wrong", "e") is None
    assert has(shop) == (8100, 0)
    shop.waits(days=1, seconds=1)
    assert gives(-9000, "wrong", "f") is Against.BELOW
    assert gives(1000, "sorry", "g") is None
    assert has(shop) == (9100, 0)


def test_pt8_a_month_is_closed_once_by_age_and_stays_as_it_was(shop: Loyal) -> None:
    earns(shop, 300)
    shop.waits(days=100)
    earns(shop, 200)
    spends(shop, 500 - 500 % 100)
    shop.settles()
    shop.buys("ana", 70)
    with shop.look() as tx:
        owed = queries.owed(tx, at=tx.now + timedelta(seconds=1))
    assert dict(owed.ages) == {"90": 0, "180": 0, "365": 0, "more": 0}
    assert owed.pending == 70
    assert str(owed.value) == "0.70"
    earns(shop, 130)
    with shop.look() as tx:
        owed = queries.owed(tx, at=tx.now + timedelta(seconds=1))
    assert dict(owed.ages) == {"90": 130, "180": 0, "365": 0, "more": 0}
    shop.waits(days=31)
    night(shop)
    (month,) = shop.all(PointsMonth)
    assert month.month.day == 1
    shop.buys("ana", 999)
    night(shop)
    assert [one.model_dump() for one in shop.all(PointsMonth)] == [month.model_dump()]


def test_pr3_points_are_forgotten_with_her_and_exported_before(shop: Loyal) -> None:
    earns(shop, 600)
    spends(shop, 500)
    shop.settles()
    ana = person(shop)
    with shop.look() as tx:
        told = exporting.export(tx, ana)
        assert {"pointsaccount", "pointsentry", "pointsspend", "earning"} <= set(told)
    with shop.work() as tx:
        privacy.erase(tx, account=ana.account or "", email=ana.email, at=tx.now)
    for table in (PointsAccount, PointsEntry, PointsSpend, Earning):
        assert shop.all(table) == []
    shop.waits(days=70)
    assert shop.errors() == []


# --- pages and doors ----


@on_one_database
def test_pt6_the_owner_spends_for_her_and_gives_with_a_reason_on_her_page(
    shop: Loyal, till: Till
) -> None:
    """PT-6, PT-7."""
    earns(shop, 1240)
    path = f"/app/customers/{person(shop).id}"
    page = shop.sees(path)
    assert "1,240 points" in page
    turn = re.findall(r'name="turn" value="(\d+)"', page)[0]
    for _ in range(2):
        said = posts(shop, f"{path}/points", do="spend", spend="1200", turn=turn)
        assert "The points are spent." in said
    shop.settles()
    (code,) = till.codes
    page = shop.sees(path)
    assert code in page
    assert "40 points" in page
    said = posts(shop, f"{path}/points", status=422, do="give", points="50", because="")
    assert "Say why" in said
    posts(shop, f"{path}/points", do="give", points="50", because="late parcel", turn="9")
    page = shop.sees(path)
    assert "90 points" in page
    assert "late parcel" in page


@on_one_database
def test_pt1_the_owner_sets_what_points_promise(shop: Loyal) -> None:
    page = shop.sees("/app/points")
    assert "Points are on." in page
    form = {"on": "on", "rate": "2.5", "days": "91", "least": "300", "months": "12"}
    assert "Whole days, from 0 to 90." in posts(shop, "/app/points", status=422, **form)
    posts(shop, "/app/points", **form | {"days": "30", "rate_kiosk": "0"})
    shop.buys("ana", 10)
    shop.buys("ana", 10, channel=channel("kiosk"))
    assert has(shop) == (0, 25)
    del form["on"]
    posts(shop, "/app/points", **form | {"days": "30"})
    shop.buys("ana", 10)
    assert has(shop) == (0, 25)
    assert "Points are off." in shop.sees("/app/points")


@on_one_database
def test_pt6_a_signed_in_shopper_sees_and_spends_her_own(shop: Loyal, till: Till) -> None:
    """With her own Saleor token, and nobody else's; sent twice it is one code."""
    earns(shop, 700)
    with shop.work() as tx:
        key = recommend.counsel(tx).public_key

    def asks(method: str = "GET", body: JSON | None = None, **claims: object) -> httpx.Response:
        now = int(real_now().timestamp())
        told: JSON = {
            "iss": shop.api_url, "owner": "saleor", "type": "access", "is_staff": False,
            "user_id": gid("User", "ana"), "iat": now, "exp": now + 300,
        } | claims  # fmt: skip
        headers = {"authorization": f"Bearer {token(**told)}"} if claims.get("type") != "" else {}
        answer: httpx.Response = shop.http.request(
            method, "/public/v1/points", params={"key": key}, headers=headers, json=body
        )
        return answer

    told = asks().json()
    assert (told["state"], told["points"], told["most"], told["worth"]) == ("on", 700, 700, "7")
    assert asks(type="").status_code == 401
    assert asks(user_id=gid("User", "stranger")).json() == {"state": "off"}
    too_few = asks("POST", {"points": 100, "turn": "a"})
    assert (too_few.status_code, too_few.json()["answer"]) == (409, "too_few")
    for _ in range(2):
        assert asks("POST", {"points": 500, "turn": "b"}).status_code == 202
    shop.settles()
    told = asks().json()
    assert told["points"] == 200
    assert [one["code"] for one in told["codes"]] == till.codes
    assert [one["least"] for one in told["codes"]] == ["10.00"]


@on_one_database
def test_the_widget_beside_a_customer_says_how_many(shop: Loyal) -> None:
    earns(shop, 1240)
    account = gid("User", "ana")
    page = shop.sees(f"/app/customer?customerId={account}")
    assert "1,240 points" in page
    assert "€12.40" in page


STATE = st.tuples(st.sampled_from([0, 1_050, 4_999, 8_000]), st.booleans(), st.booleans())
"""What is left of 80.00, whether it was cancelled, whether it was sent."""


@on_one_database
def test_pt4_any_states_in_any_order_end_where_the_newest_says(shop: Loyal) -> None:
    """PT-4: whatever an order went through, however often it was looked at, the balance is the one
    that its last state alone would have brought; IN-3 says which of what is told is the last."""
    numbers = itertools.count(1)
    ana = person(shop).id or 0

    def stands(states: list[tuple[int, bool, bool]], *, looks: int) -> int:
        """What a new order has added once it went through these states."""
        before, id_ = sum(has(shop)), f"any {next(numbers)}"
        with shop.work() as tx:
            row = Order(
                saleor_id=id_, number=id_, person=ana, source=ana, status="UNFULFILLED",
                charge_status="FULL", created_at=tx.now, channel="web", currency="EUR",
                total_minor=8000, charged_minor=8000, goods_minor=8000, paid=True, counts=True,
                earns=True, updated_at=tx.now, issued_at=tx.now,
            )  # fmt: skip
            tx.add(row)
            tx.flush()
            order = row.id or 0
            tx.add(
                Line(
                    order=order, position=0, name="Tee", quantity=1, unit_minor=8000,
                    undiscounted_unit_minor=8000, total_minor=8000,
                )
            )  # fmt: skip
            earning.recount(tx, [ana])
        for left, over, sent in states:
            with shop.work() as tx:
                row = tx.exec(select(Order).where(Order.id == order)).one()
                row.goods_minor, row.counts = left, not over
                row.status = "CANCELED" if over else "FULFILLED" if sent else "UNFULFILLED"
                row.updated_at = tx.now - timedelta(days=15)
                for _ in range(looks):
                    earning.recount(tx, [ana])
        return sum(has(shop)) - before

    @settings(max_examples=8, deadline=None, derandomize=True, database=None)
    @given(st.lists(STATE, min_size=1, max_size=4), st.integers(1, 3))
    def ends_well(states: list[tuple[int, bool, bool]], looks: int) -> None:
        left, over, _ = states[-1]
        assert stands(states, looks=looks) == (0 if over else -(-80 * left // 8000))
        assert stands(states[-1:], looks=1) == (0 if over else -(-80 * left // 8000))

    ends_well()

"""The Customers pages: who buys here, and all there is to know and to do about one of them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app.catalog import flows as catalog
from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import queries as loyalty
from app.ltv.flows import learn_now
from app.orders import queries as orders
from app.saleor.shapes import CatalogueProduct
from app.segments import flows
from app.segments.tables import Stay
from tests.support.loyal import Loyal
from tests.support.makers import customer, event, gid, line, order, product, user
from tests.support.story import ALL
from tests.support.telling import shaped
from tests.support.till import Till


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        shop.buys("ben", 20)
        yield shop


def known(shop: Loyal, name: str = "ana") -> Person:
    with shop.look() as tx:
        person = customers.by_account(tx, gid("User", name))
        assert person
        return person


def path(shop: Loyal, name: str = "ana") -> str:
    return f"/app/customers/{known(shop, name).id}"


def posts(
    shop: Loyal,
    to: str,
    *,
    status: int = 200,
    may: Sequence[str] = ALL,
    part: str = "customer",
    **fields: object,
) -> str:
    headers = shop.staff(may, part=part) | {"x-locale": "en"}
    answer = shop.http.post(to, data=fields, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def in_days(shop: Loyal, days: int) -> str:
    return (shop.house.clock.now() + timedelta(days=days)).date().isoformat()


def tier_of(shop: Loyal, name: str = "ana") -> str:
    with shop.look() as tx:
        terms, person = loyalty.terms(tx), known(shop, name)
        assert terms
        return terms.tier_of(loyalty.member(tx, person.id or 0), person.email, now=tx.now).key


def test_customers_are_listed_with_what_they_are_worth(shop: Loyal) -> None:
    with shop.work() as tx:
        learn_now(tx)
    shop.settles()
    for by in ("worth", "value", "last"):
        seen = shop.sees(f"/app/customers?by={by}")
        assert "ana@example.com" in seen
        assert "ben@example.com" in seen
        assert seen.index("ana@") < seen.index("ben@") or by != "value"


def test_the_people_of_a_tier_are_the_ones_that_are_counted(shop: Loyal) -> None:
    today = shop.http.get("/app", headers=shop.staff(part="main")).text
    assert '<a href="/app/customers?tier=bronze">1</a>' in today  # and it leads to her
    listed = shop.http.get("/app/customers?tier=bronze", headers=shop.staff(part="main")).text
    assert "In the tier Bronze" in listed
    assert "ana@example.com" in listed
    assert "ben@example.com" not in listed
    nobody = shop.http.get("/app/customers?tier=nothing", headers=shop.staff(part="main")).text
    assert "Who has bought" in nobody


def test_a_search_finds_by_the_beginning_of_a_name_or_an_address(shop: Loyal) -> None:
    assert "ben@example.com" not in shop.sees("/app/customers?q=ANA@ex")
    assert "ana@example.com" in shop.sees("/app/customers?q=ANA@ex")
    assert "Nobody by that name" in shop.sees("/app/customers?q=%25e")  # no wildcard of ours
    assert "Nobody by that name" in shop.sees("/app/customers?q=zz")


def test_a_search_folds_accents_in_whatever_order_names_are_typed(shop: Loyal) -> None:
    """5.5: łódź and São Paulo are found by who has no such keys."""
    told = customer("ana", updated=shop.at(), firstName="Łucja", lastName="São-João Żak")
    shop.hears("CUSTOMER_UPDATED", event("CUSTOMER_UPDATED", issued=shop.at(), user=told))
    for asked in ("lucja", "ŁUCJA", "zak", "żak lu", "sao"):
        assert "ana@example.com" in shop.sees(f"/app/customers?q={asked}"), asked
    for asked in ("ucja", "lucja zar"):
        assert "Nobody by that name" in shop.sees(f"/app/customers?q={asked}"), asked


def test_the_list_is_narrowed_to_a_segment_today_or_on_a_day_gone_by(shop: Loyal) -> None:
    """S8, 5.2: and what it is narrowed to is saved as a segment."""
    with shop.work() as tx:
        flows.fill(tx)
    shop.settles()
    here = "/app/customers?segment=one-order"
    assert "Who is in “Bought once”" in shop.sees(here)
    assert "ben@example.com" in shop.sees(here)
    assert "/app/segments/new-segment?segment=one-order" in shop.sees(here)
    today = shop.house.clock.now().date().isoformat()
    shop.waits(days=2)
    shop.buys("ben", 20)
    shop.waits(seconds=5)
    assert "ben@example.com" not in shop.sees(here)
    then = shop.sees(f"{here}&on={today}")
    assert "ben@example.com" in then
    assert f"Who was in “Bought once” on {today}" in then
    both = shop.sees("/app/customers?segment=one-order&tier=bronze")
    assert "ana@example.com" in both
    assert "Who fits all of these" in both
    assert "Nobody fits." in shop.sees("/app/customers?segment=lost")
    draft = shop.sees("/app/segments/new-segment?segment=one-order&tier=bronze")
    assert "Is in a segment: Bought once" in draft
    assert "Loyalty tier: Bronze" in draft


def test_the_list_says_what_somebody_is_worth_and_may_be_written_to(shop: Loyal) -> None:
    """Value, margin, tier, RFM group, chance of being a customer, last and next order, consent."""
    with shop.work() as tx:
        learn_now(tx)
    shop.settles()
    for by in ("worth", "value", "spent", "orders", "alive", "last"):
        seen = shop.sees(f"/app/customers?by={by}")
        assert "€120.00" in seen
        assert seen.count('aria-sort="descending"') == 1
    for column in ("Next order", "RFM group", "Still a customer", "May be written to"):
        assert column in seen


def test_a_segment_s_log_says_who_came_who_left_and_why_somebody_is_in_it(shop: Loyal) -> None:
    """S8."""
    with shop.work() as tx:
        flows.fill(tx)
    shop.settles()
    path = "/app/segments/log/one-order"
    assert "Nobody has come or left" in shop.sees(path)  # who was there at first is no news
    shop.buys("cleo", 30)
    shop.waits(days=1)
    shop.buys("ben", 20)
    shop.waits(seconds=5)
    seen = shop.sees(path)
    assert seen.index("ben@example.com") < seen.index("cleo@example.com")  # the latest first
    assert "by what they did" in seen
    day = (shop.house.clock.now() - timedelta(days=1)).date().isoformat()
    assert f"3 people on {day}" in shop.sees(f"{path}?on={day}")
    why = posts(shop, path, part="log", who="ben@example.com")
    assert "not in it." in why
    assert "Orders: exactly 1" in why
    assert "in it since" in posts(shop, path, part="log", who="cleo@example.com")
    assert "Nobody is known" in posts(shop, path, part="log", who="nobody@example.com")
    for cause in ("event", "night", "rules", "retired", "first", "score"):
        with shop.work() as tx:
            for stay in tx.exec(select(Stay).where(col(Stay.left_at).is_not(None))).all():
                stay.left_cause = cause
        assert f"<td>{cause}</td>" not in shop.sees(path), "it has words for it"


def test_the_journey_map_counts_each_station_and_names_who_writes_there(shop: Loyal) -> None:
    """V10: and an automation that a segment of the way begins stands there, too."""
    with shop.work() as tx:
        flows.fill(tx)
        learn_now(tx)
    shop.settles()
    seen = shop.sees("/app/journey-map")
    assert '<a href="/app/value/people?at_least=1">2</a>' in seen
    assert "At 1 station of the way nobody is written to." in seen
    assert "Win-back" in seen
    for locale in ("pl", "pt-BR"):
        assert 'href="/app/automations/winback"' in shop.sees("/app/journey-map", locale=locale)


def test_a_customer_s_page_says_which_segments_and_what_she_likes(shop: Loyal) -> None:
    """S4: more of what she buys is of it than of what others buy; what she said comes first."""
    with shop.work() as tx:
        flows.fill(tx)
    shop.settles()
    for who, what in (("ana", "tee"), ("ben", "cap")):
        goods = [line(what, quantity=9)]
        body = order(user(who), created=shop.at(), lines=goods)
        shop.hears("ORDER_PAID", event("ORDER_PAID", issued=shop.at(), order=body))
    with shop.work() as tx:
        catalog.stock(tx, [shaped(CatalogueProduct, product("tee", updated=shop.at()))])
        flows.nightly(tx, tx.now.date())
        flows.tag(tx, [known(shop).id or 0], "likes", "tea", source="staff")
    shop.waits(seconds=5)
    seen = shop.sees(path(shop))
    assert "What this customer likes" in seen
    assert "<dt>likes</dt><dd>tea</dd>" in seen
    assert "Fit: slim:" in seen
    assert "Fit: slim: 100% of what was bought, 55% with everybody" in seen
    assert "In none of them now." in seen
    assert "Bought once" in seen


def test_a_customer_s_page_tells_what_happened(shop: Loyal) -> None:
    seen = shop.sees(path(shop))
    assert "€120.00" in seen
    assert "Rose to Bronze" in seen
    for locale in ("pt-BR", "pl"):
        assert "Bronze" in shop.sees(path(shop), locale=locale)


def test_ti7_a_tier_is_given_by_hand_with_a_day_and_a_reason_and_ended(shop: Loyal) -> None:
    to = path(shop, "ben") + "/tier"
    seen = posts(shop, to, do="give", tier="gold", until=in_days(shop, 30), reason="a lost parcel")
    assert "a lost parcel" in seen
    assert tier_of(shop, "ben") == "gold"
    shop.waits(days=29)
    assert tier_of(shop, "ben") == "gold"
    shop.waits(days=3)
    assert tier_of(shop, "ben") == "member"

    posts(shop, to, do="give", tier="silver", until=in_days(shop, 30), reason="sorry")
    assert tier_of(shop, "ben") == "silver"
    assert "Ended." in posts(shop, to, do="end")
    assert tier_of(shop, "ben") == "member"
    assert [change.move for change in shop.moves()][-1] == "hand_ends"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tier": "platinum"}, "Choose one of your tiers."),
        ({"until": "soon"}, "Choose a day that is still to come."),
        ({"until": "2001-01-01"}, "Choose a day that is still to come."),
        ({"reason": "  "}, "Say why"),
    ],
)
def test_ti7_what_cannot_be_given_is_said_and_nothing_typed_is_lost(
    shop: Loyal, wrong: dict[str, str], says: str
) -> None:
    fields = {"tier": "gold", "until": in_days(shop, 30), "reason": "a lost parcel"} | wrong
    seen = posts(shop, path(shop, "ben") + "/tier", status=422, do="give", **fields)
    assert says in seen
    if "reason" not in wrong:
        assert 'value="a lost parcel"' in seen
    assert tier_of(shop, "ben") == "member"


def test_id3_two_that_were_joined_are_taken_apart_and_every_number_follows(shop: Loyal) -> None:
    shop.guest_buys("cleo@example.com", 150)
    shop.hears("CUSTOMER_UPDATED", shop.account("cleo"))
    shop.waits(seconds=5)
    assert tier_of(shop, "cleo") == "bronze"
    assert "Bought as a guest before" in shop.sees(path(shop, "cleo"))
    with shop.look() as tx:
        (merge,) = customers.merges(tx, known(shop, "cleo").id or 0)

    other = posts(shop, path(shop, "ben") + "/part", guest=merge.source)
    assert "two people again" not in other  # that guest was never Ben's
    seen = posts(shop, path(shop, "cleo") + "/part", guest=merge.source)
    assert "two people again" in seen
    shop.waits(seconds=5)
    with shop.look() as tx:
        assert orders.value_to_date(tx, merge.source).orders == 1
        assert orders.value_to_date(tx, known(shop, "cleo").id or 0).orders == 0


def test_id3_after_thirty_days_it_is_too_late_and_said(shop: Loyal) -> None:
    shop.guest_buys("cleo@example.com", 150)
    shop.hears("CUSTOMER_UPDATED", shop.account("cleo"))
    with shop.look() as tx:
        (merge,) = customers.merges(tx, known(shop, "cleo").id or 0)
    shop.waits(days=31)
    assert "30 days" in posts(shop, path(shop, "cleo") + "/part", status=422, guest=merge.source)


def test_who_may_not_see_customers_sees_none(shop: Loyal) -> None:
    for address in ("/app/customers", path(shop)):
        headers = shop.staff(("MANAGE_ORDERS", "MANAGE_DISCOUNTS"))
        assert shop.http.get(address, headers=headers).status_code == 403
    for deed in ("tier", "part"):
        posts(shop, f"{path(shop)}/{deed}", status=403, may=("MANAGE_DISCOUNTS",))
    posts(shop, f"{path(shop)}/tier", status=403, may=("MANAGE_USERS",), do="end")


def test_another_shop_s_customer_is_nobody_here(shop: Loyal, house: House, till: Till) -> None:
    with Loyal(house, till, domain="second.example") as second:
        answer = second.http.get(path(shop), headers=second.staff())
        assert answer.status_code == 404
        assert "ana@example.com" not in second.sees("/app/customers?q=ana")

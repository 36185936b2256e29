"""The owner's settings and the widget beside a customer, through the real door."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty import queries, settings
from app.loyalty.tables import Code, Edit
from app.shops.tables import Channel, Rate
from tests.support.loyal import Loyal, draft
from tests.support.makers import gid
from tests.support.story import ALL
from tests.support.till import Till

FORM = {
    "tier": ["member", "bronze", "silver", "gold"],
    "name": ["Member", "Bronze", "Silver", "Gold"],
    "threshold": ["0", "100", "300", "1000"],
    "percent": ["", "5", "10", "15"],
    "offer": ["bronze", "silver", "gold"],
    "months": "12",
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "excluded": "",
}
CHANNELS = {f"channels-{key}": ["web", "kiosk"] for key in ("member", "bronze", "silver", "gold")}


@pytest.fixture
def till(clock: StillClock) -> Till:
    return Till(clock.now)


@pytest.fixture
def shop(house: House, till: Till) -> Iterator[Loyal]:
    with Loyal(house, till) as shop:
        shop.buys("ana", 120)
        yield shop


def posts(shop: Loyal, do: str = "save", *, status: int = 200, **fields: object) -> str:
    part = "preview" if do == "preview" else "settings"
    data = FORM | CHANNELS | {"do": do} | fields
    headers = shop.staff(part=part) | {"x-locale": "en"}
    answer = shop.http.post("/app/offers", data=data, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def test_ti2_what_the_last_review_proposed_is_shown_without_a_look_at_all_orders(
    shop: Loyal,
) -> None:
    with shop.work() as tx:
        terms = queries.terms(tx)
        assert terms
        assert settings.suggest(tx, terms) == []  # one buyer says nothing
        settings.keep_proposals(tx, [[12_000, 200_000], [30_000, 70_000]])
        assert [(p.name, p.threshold, p.share) for p in settings.proposals(terms)] == [
            ("Bronze", 120, Decimal("0.2")), ("Silver", 300, Decimal("0.07")),
        ]  # fmt: skip
    assert "€120.00" in shop.sees("/app/offers")


def widget(shop: Loyal, name: str = "ana", *, token: str | None = None) -> str:
    """As the Dashboard posts it."""
    fields = {
        "saleorApiUrl": shop.api_url,
        "accessToken": shop.staff_token() if token is None else token,
        "appId": "QXBwOjE=",
        "customerId": gid("User", name),
    }
    answer = shop.http.post("/app/widgets/customer", data=fields)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_settings_show_the_ladder_and_how_many_are_on_it(shop: Loyal) -> None:
    page = shop.sees("/app/offers")
    assert 'value="Bronze"' in page
    assert 'value="1,000"' in page
    assert "1 person" in page
    assert 'name="do" value="save"' in page


def test_the_preview_says_who_rises_and_saves_nothing(shop: Loyal) -> None:
    shop.buys("ben", 60)
    page = posts(shop, "preview", threshold=["0", "50", "300", "1000"])
    assert "+1" in page
    assert "€9.00" in page  # 5 % of Ana's 120 and of Ben's 60
    assert shop.tier("ben") == "member"


def test_what_is_saved_leaves_its_line_and_can_be_taken_back(shop: Loyal) -> None:
    shop.buys("ben", 60)
    page = posts(
        shop, threshold=["0", "50", "300", "1000"], name=["Member", "Copper", "Silver", "Gold"]
    )
    assert 'value="Copper"' in page
    version = page.partition('name="undo" value="')[2].partition('"')[0]
    edit = max(shop.all(Edit), key=lambda edit: edit.version)
    assert (edit.by, str(edit.version)) == ("VXNlcjox", version)
    assert edit.before["tiers"] != edit.after["tiers"]

    page = posts(shop, "undo", undo=version)
    assert 'value="Bronze"' in page
    shop.waits(seconds=40)
    assert shop.tier("ben") == "member"  # nobody was moved meanwhile
    assert "Undone" not in posts(shop, "undo", undo=version)


def test_an_added_tier_gets_a_key_of_its_own_and_a_removed_one_comes_back_as_itself(
    shop: Loyal,
) -> None:
    page = posts(shop, "add")
    assert 'value="new-0"' in page
    posts(
        shop,
        tier=["member", "bronze", "gold", "new-0"],
        name=["Member", "Bronze", "Gold", "Złoty+"],
        threshold=["0", "100", "1000", "2000"],
        percent=["", "5", "15", ""],
    )
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert [tier.key for tier in terms.rungs] == ["member", "bronze", "gold", "zloty"]
        assert terms.tiers["silver"].retired_at
    posts(shop)
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert [tier.key for tier in terms.rungs] == ["member", "bronze", "silver", "gold"]


def test_a_tier_is_taken_out_of_the_form_without_being_saved(shop: Loyal) -> None:
    page = posts(shop, "", remove="silver")
    assert 'value="Silver"' not in page
    assert 'value="Silver"' in shop.sees("/app/offers")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"threshold": ["0", "abc", "300", "1000"]}, "Please write a number"),
        ({"threshold": ["0", "300", "300", "1000"]}, "Must be more than the tier before it"),
        ({"threshold": ["0", "", "300", "1000"]}, "Please fill this in"),
        ({"percent": ["", "0", "10", "15"]}, "Between 1 and 100"),
        ({"percent": ["", "101", "10", "15"]}, "Between 1 and 100"),
        ({"percent": ["", "", "10", "15"]}, "Please fill this in"),
        ({"name": ["Member", "", "Silver", "Gold"]}, "Please fill this in"),
        ({"name": ["Member", "gold", "Silver", "Gold"]}, "Another tier has this name"),
        ({"months": "61"}, "from 1 to 60"),
        ({"zone": "Mars/Olympus"}, "choose one of the list"),
        ({"currency": "XXX"}, "choose one of the list"),
        ({"excluded": "not an address"}, "has to be an e-mail address or a domain"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_saved(
    shop: Loyal, fields: dict[str, object], words: str
) -> None:
    before = len(shop.all(Edit))
    page = posts(shop, status=422, **fields)
    assert words in page
    assert "Nothing was saved" in page
    assert len(shop.all(Edit)) == before


def test_an_offer_for_one_channel_only(shop: Loyal) -> None:
    posts(shop, **{"channels-bronze": ["web"]})
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert (terms.tiers["bronze"].channels, terms.tiers["gold"].channels) == (["web"], None)


def test_thresholds_are_typed_as_people_write_them(shop: Loyal) -> None:
    headers = shop.staff(part="settings") | {"x-locale": "pt-BR"}
    data = FORM | CHANNELS | {"do": "save", "threshold": ["0", "100,50", "300", "1.250"]}
    assert shop.http.post("/app/offers", data=data, headers=headers).status_code == 200
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert [tier.threshold_minor for tier in terms.rungs] == [0, 10050, 30000, 125000]


def test_all_offers_are_stopped_and_started_with_one_press(shop: Loyal) -> None:
    assert 'value="resume"' in posts(shop, "stop")
    with shop.look() as tx:
        terms = queries.terms(tx)
        assert terms
        assert terms.programme.stopped_at
    assert 'value="resume"' not in posts(shop, "resume")


def test_who_may_not_manage_apps_looks_and_changes_nothing(shop: Loyal) -> None:
    looker = [permission for permission in ALL if permission != "MANAGE_APPS"]
    headers = shop.staff(looker, part="settings")
    assert "that needs the permission" in shop.http.get("/app/offers", headers=headers).text
    answer = shop.http.post("/app/offers", data=FORM | {"do": "save"}, headers=headers)
    assert answer.status_code == 403


def test_lv1_a_rate_brings_orders_of_another_currency_into_the_tiers(shop: Loyal) -> None:
    with shop.work() as tx:
        tx.add(Channel(saleor_id=gid("Channel", "pl"), slug="pl", currency="PLN"))
    shop.buys("ben", 1000, currency="PLN")
    assert shop.tier("ben") == "member"
    posts(shop, rate_PLN="0.25", **{key: ["web", "kiosk", "pl"] for key in CHANNELS})
    assert [(rate.currency, rate.rate) for rate in shop.all(Rate)] == [("PLN", "0.25")]
    shop.waits(seconds=40)
    shop.waits(seconds=40)
    assert shop.tier("ben") == "bronze"


def test_the_widget_shows_value_tier_code_and_last_orders(shop: Loyal, till: Till) -> None:
    page = widget(shop)
    assert "€120.00" in page
    assert "Bronze" in page
    assert "€180.00 to Silver" in page
    assert "It is being made" in page
    shop.settles()
    (code,) = shop.all(Code)
    page = widget(shop)
    assert code.code in page
    assert till.codes == [code.code]
    assert "5% off" in page
    assert len(shop.all(Code)) == 1


def test_an_average_order_is_rounded_as_saleor_rounds_it(shop: Loyal) -> None:
    """$768.75 in four orders are $192.19 each, as the Dashboard says two boxes further up."""
    for amount in (768.75, 0, 0, 0):
        shop.buys("ben", amount)
    assert "€192.19" in widget(shop, "ben")


def test_the_widget_says_why_there_is_no_code(shop: Loyal) -> None:
    shop.buys("ben", 20)
    assert "no offer is switched on" in widget(shop, "ben")
    shop.sets(draft(excluded="ana@example.com"))
    assert "stay out" in widget(shop)
    assert "heard of this customer yet" in widget(shop, "nobody")


def test_the_widget_tells_nothing_to_who_may_not_see_customers(shop: Loyal) -> None:
    token = shop.staff_token(["MANAGE_ORDERS"])
    assert "may not see customers" in widget(shop, token=token)
    page = widget(shop, token="junk")
    assert "too old" in page
    assert "Bronze" not in page


def test_nobody_sees_another_shops_settings(house: House, till: Till, clock: StillClock) -> None:
    with (
        Loyal(house, till) as ours,
        Loyal(house, Till(clock.now), domain="other.example") as theirs,
    ):
        posts(ours, name=["Member", "Secret", "Silver", "Gold"])
        assert "Secret" not in theirs.sees("/app/offers")

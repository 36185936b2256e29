"""The pages of Value, as a person reads and uses them (LTV, cohorts, RFM, quality, costs, lists).

CT-1 to CT-5, RM-3, V9, V10, LV-3, LV-4, PV-3, PV-5; every number with its formula, the people
behind it and a download.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event as database_event

from app.kit.house import House
from app.ltv.tables import AdSpend, CustomerScore, CustomerTally, Fitting, UnitCost, ValueCosts
from tests.support.html import LANGUAGES, words
from tests.support.valued import Valued

TABS = (
    "", "/cohorts", "/cohorts?by=quarter&show=margin", "/cohorts?by=week&show=again",
    "/cohorts?by=calendar&show=orders", "/rfm", "/quality", "/costs", "/people?tier=A",
)  # fmt: skip

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shop(house: House) -> Iterator[Valued]:
    with Valued(house) as shop:
        yield shop


def read(shop: Valued, path: str, locale: str = "en") -> str:
    text = words(shop.sees(path, locale=locale))
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def table(shop: Valued, path: str) -> list[dict[str, str]]:
    answer = shop.http.get(path, headers=shop.staff(part="file"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def posts(
    shop: Valued,
    path: str,
    fields: dict[str, Any],
    *,
    part: str = "costs",
) -> Any:  # noqa: ANN401
    return shop.http.post(path, data=fields, headers=shop.staff(part=part))


def test_every_tab_can_be_read_in_every_language(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    for tab in TABS:
        english = read(shop, f"/app/value{tab}")
        assert len(english) > 200
        for locale in LANGUAGES[1:]:
            text = read(shop, f"/app/value{tab}", locale)
            assert text != english
            assert "Next 12 months" not in text


def test_before_the_first_order_and_the_first_night_the_pages_say_so(shop: Valued) -> None:
    for tab, told in {
        "": "Nobody has bought anything yet.", "/cohorts": "There are no cohorts yet.",
        "/rfm": "Nobody is in a group yet.", "/quality": "Nothing has been learnt yet.",
        "/costs": "No spend has been handed in.", "/people": "Nobody.",
    }.items():  # fmt: skip
        assert told in read(shop, f"/app/value{tab}")
    shop.past(10)
    with shop.work() as tx:
        from app.ltv import booking

        booking.book(tx, booking.bought_by(tx, range(1, 11)))
    assert "What your customers are worth is being worked out." in read(shop, "/app/value")


def test_pv2_a_small_shop_is_told_that_only_averages_can_be_said(shop: Valued) -> None:
    shop.past(20)
    shop.reckons()
    text = read(shop, "/app/value")
    assert "only averages are shown" in text
    assert "Nobody is put into a tier before there is enough" in text


def test_every_figure_says_its_period_and_formula_and_leads_to_people(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    html = shop.sees("/app/value")
    figures = html.split('<div class="figure">')[1:]
    assert len(figures) == 6
    for figure in figures:
        assert 'class="figure-period"' in figure
        assert 'href="/app/value/people' in figure
        assert len(figure.partition("<p>")[2].partition("</p>")[0]) > 40


@pytest.mark.parametrize("path", sorted({"/app/value", "/app/value/cohorts", "/app/value/rfm"}))
def test_ct5_every_number_with_people_behind_it_leads_to_just_those(
    shop: Valued, path: str
) -> None:
    shop.past()
    shop.reckons()
    links = re.findall(
        r'<td[^>]*><a href="(/app/value/people\?[^"]*)">([\d,]+)</a>', shop.sees(path)
    )
    assert len(links) > 10
    for link, told in links:
        listed = read(shop, link.replace("&amp;", "&"))
        assert re.search(rf"\b{told} (person|people)\b", listed), link


def test_who_may_not_see_customers_sees_numbers_and_no_names(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    staff = shop.staff(("MANAGE_APPS",))
    page = shop.http.get("/app/value/people", headers=staff).text
    assert "only their number is shown" in page
    assert "Example" not in page
    assert shop.http.get("/app/value/csv/people", headers=staff).status_code == 403


def test_no_page_asks_more_of_the_database_the_more_customers_there_are(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    shop.sees("/app/value")  # who asks first also asks for what is kept afterwards
    few = {tab: asked(shop, f"/app/value{tab}") for tab in TABS}
    with shop.work() as tx:
        from random import Random

        from tests.support import valued

        valued.fill(tx, 200, days=700, chance=Random(2), mark="more")
    shop.waits(minutes=1)
    shop.reckons()
    many = {tab: asked(shop, f"/app/value{tab}") for tab in TABS}
    assert len(shop.all(CustomerTally)) == 260
    assert many == few
    assert max(many.values()) <= 16


def asked(shop: Valued, path: str) -> int:
    shop.perennial.directory.read()  # else on a slow machine it is read within
    told: list[str] = []

    def note(*what: object) -> None:
        told.append(str(what[2]))

    database_event.listen(shop.house.engine, "before_cursor_execute", note)
    shop.sees(path)
    database_event.remove(shop.house.engine, "before_cursor_execute", note)
    return len(told)


def test_every_table_can_be_taken_along(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    paths = set(re.findall(r'href="(/app/value/csv/[^"]*)"', "".join(
        shop.sees(f"/app/value{tab}") for tab in TABS
    )))  # fmt: skip
    assert len(paths) >= 14
    for path in paths - {"/app/value/csv/channels"}:
        assert table(shop, path.replace("&amp;", "&")), path
    people = table(shop, "/app/value/csv/people?tier=A")
    assert {row["tier"] for row in people} == {"A"}
    best = max(float(row["expected_12_months"]) for row in people)
    with shop.look() as tx:
        from sqlmodel import func, select

        top = tx.exec(select(func.max(CustomerScore.net_12))).one()
    assert best == pytest.approx((top or 0) / 100)
    headers = shop.staff(part="file")
    assert shop.http.get("/app/value/csv/secrets", headers=headers).status_code == 404


def test_a_name_that_begins_like_a_formula_is_no_formula_in_a_spreadsheet(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    with shop.work() as tx:
        from sqlmodel import select

        from app.customers.tables import Person

        tx.exec(select(Person)).first().first_name = "=cmd()"  # type: ignore[union-attr]
    names = {row["name"] for row in table(shop, "/app/value/csv/people")}
    assert "'=cmd() Example" in names


# ---- Cohorts


def test_ct1_ct2_ct3_cohorts_add_up_and_open_periods_are_hatched(shop: Valued) -> None:
    shop.past(400)
    shop.reckons()
    rows = table(shop, "/app/value/csv/cohorts?by=month")
    sizes = {row["cohort"]: int(row["size"]) for row in rows}
    newest = table(shop, "/app/value/csv/months")[-13]["month"]
    assert sum(sizes.values()) + _newcomers(shop, sizes) == 400
    for row in rows:
        assert 0 <= float(row["active"]) <= 1
        if row["period"] == "0":
            assert float(row["active"]) == 1
    for name in sizes:
        again = [float(row["again"]) for row in rows if row["cohort"] == name]
        assert again == sorted(again)
    html = shop.sees("/app/value/cohorts")
    assert html.count('class="open"') > 20
    assert newest


def _newcomers(shop: Valued, sizes: dict[str, int]) -> int:
    """People of cohorts too young for a single full period."""
    shown = re.findall(
        r'<th scope="row">(\w{3} \d{4})</th>\s*<td class="number"><a [^>]*>(\d+)',
        shop.sees("/app/value/cohorts"),
    )
    known = {date.fromisoformat(f"{name}-01").strftime("%b %Y") for name in sizes}
    assert known < {name for name, _ in shown}
    return sum(int(size) for name, size in shown if name not in known)


def test_ct4_retention_counts_people_of_two_months(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    rows = table(shop, "/app/value/csv/retention")
    assert len(rows) > 12
    assert all(int(row["active_in_both"]) <= int(row["active_in_month_before"]) for row in rows)
    assert sum(int(row["active_in_both"]) for row in rows) > 0


# ---- V9


def test_v9_what_people_began_with_is_held_against_others_alike(shop: Valued) -> None:
    shop.past(400)
    shop.reckons()
    for of, known in {
        "product": {"Tee", "Mug", "Lamp"}, "category": {"Clothes", "Kitchen", "Home"},
        "channel": {"web", "kiosk"}, "country": {"DE", "PL", "BR"},
    }.items():  # fmt: skip
        rows = table(shop, f"/app/value/csv/firsts?of={of}")
        assert {row[of] for row in rows} == known
        assert sum(int(row["buyers"]) for row in rows) == 400
        back = sum(int(row["back"]) for row in rows)
        assert sum(float(row["expected"]) for row in rows) == pytest.approx(back, rel=0.05)
        for row in rows:
            assert float(row["low_80"]) < float(row["ratio"]) < float(row["high_80"])


# ---- Quality


def test_pv3_pv5_the_quality_page_publishes_tests_rules_and_inputs(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    text = read(shop, "/app/value/quality")
    assert "The model beat the best simple rule in" in text
    for told in ("as in the last 12 months", "like others of the same group", "like everybody"):
        assert told in text
    assert "no guesses about people, no post codes, no sensitive traits" in text
    rows = table(shop, "/app/value/csv/backtests")
    assert {row["days_ago"] for row in rows} == {"90", "180", "365"}


def test_v11_a_press_goes_back_and_another_learns_anew(shop: Valued) -> None:
    shop.past()
    shop.reckons()
    shop.night(days=8)
    old = min(shop.all(Fitting), key=lambda fit: fit.made_at)
    page = posts(shop, "/app/value/quality", {"use": str(old.id)}, part="quality").text
    assert "You hold on to an older learning." in page
    assert [fit.id for fit in shop.all(Fitting) if fit.active] == [old.id]
    page = posts(shop, "/app/value/quality", {"do": "learn"}, part="quality").text
    assert "Being learnt" in page
    shop.settles()
    assert len(shop.all(Fitting)) == 3
    refused = shop.http.post(
        "/app/value/quality", data={"do": "learn"}, headers=shop.staff(("MANAGE_USERS",))
    )
    assert refused.status_code == 403


# ---- Costs and spend


def test_lv1_costs_are_typed_as_people_write_numbers(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    form = {
        "do": "costs", "on": ["tax", "cost", "fees", "shipping"], "fees": "1,9", "shipping": "4,50",
        "returns": "0", "messages": "", "rewards": "0", "service": "0", "margin": "45",
        "months": "12",
    }  # fmt: skip
    headers = shop.staff(part="costs") | {"x-locale": "pl"}
    answer = shop.http.post("/app/value/costs", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    (terms,) = shop.all(ValueCosts)
    assert (terms.fees_basis_points, terms.shipping, terms.window_months) == (190, 450, 12)
    assert terms.usual_margin_basis_points == 4500
    assert terms.off == ["returns", "messages", "rewards", "service"]
    shop.settles()
    assert shop.errors() == []


def test_lv1_a_field_that_cannot_be_read_is_said_beside_it_and_nothing_is_saved(
    shop: Valued,
) -> None:
    fields = {"do": "costs", "fees": "two", "shipping": "x", "months": "3", "margin": "120"}
    answer = posts(shop, "/app/value/costs", fields)
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 4
    assert "A whole number of months from 6 to 60" in words(answer.text)
    assert 'value="two"' in answer.text
    assert shop.all(ValueCosts) == []


def test_costs_by_article_come_from_a_table_whole_or_not_at_all(shop: Valued) -> None:
    shop.past(60)
    shop.reckons()
    before = sum(row.cost for row in shop.all(CustomerTally))
    bad = posts(shop, "/app/value/costs", {"do": "prices", "prices": "sku;cost\nLAMP;many\n;3\n"})
    assert bad.status_code == 422
    assert "line 2: this is no amount" in words(bad.text)
    assert "line 3: something is empty" in words(bad.text)
    assert "LAMP;many\n;3\n</textarea>" in bad.text
    assert shop.all(UnitCost) == []
    told = "sku;cost;since\nTEE;9.50;\nTEE;8,00;2026-01-01\n"
    good = posts(shop, "/app/value/costs", {"do": "prices", "prices": told})
    assert good.status_code == 200, good.text
    assert sorted((row.sku, row.cost) for row in shop.all(UnitCost)) == [("TEE", 800), ("TEE", 950)]
    shop.settles()
    after = sum(row.cost for row in shop.all(CustomerTally))
    assert after == before  # the lines of this past carry no article number


def test_lv3_lv4_spend_shows_cac_ratio_and_payback_and_never_spreads_what_is_not_attributed(
    shop: Valued,
) -> None:
    shop.past(400)
    shop.reckons()
    told = "channel,month,amount\nweb,2025-10,300\nweb,2025-11,300\ntiktok,2025-10,100\n"
    answer = posts(shop, "/app/value/costs", {"do": "spend", "spend": told})
    assert answer.status_code == 200, answer.text
    assert len(shop.all(AdSpend)) == 3
    rows = {row["channel"]: row for row in table(shop, "/app/value/csv/channels")}
    web, every = rows["web"], rows["all"]
    assert float(web["cac"]) == pytest.approx(600 / int(web["new_buyers"]), abs=0.01)
    assert float(every["cac"]) == pytest.approx(700 / int(every["new_buyers"]), abs=0.01)
    assert int(every["new_buyers"]) > int(web["new_buyers"])
    assert float(web["low_80"]) < float(web["ltv_to_cac"]) < float(web["high_80"])
    assert rows["tiktok"]["cac"] == ""
    assert "not attributed" in words(answer.text)
    assert "Winning a customer costs" in read(shop, "/app/value/cohorts?show=margin")
    again = "channel,month,amount\nweb,2025-10,150\n"
    posts(shop, "/app/value/costs", {"do": "spend", "spend": again})
    assert sorted((row.month, row.amount) for row in shop.all(AdSpend)) == [
        ("2025-10", 15000), ("2025-11", 30000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "nothing like a table", "channel;month\nweb;2025-10", "channel;month;amount\n",
             "channel;month;amount\nweb;October;3", "channel;month;amount\nweb;2025-10"]
)  # fmt: skip
def test_a_table_that_is_none_is_refused_in_words(shop: Valued, text: str) -> None:
    answer = posts(shop, "/app/value/costs", {"do": "spend", "spend": text})
    assert answer.status_code == 422
    assert "Nothing was taken" in words(answer.text)
    assert f">{text}</textarea>" in answer.text
    assert shop.all(AdSpend) == []


def test_only_who_may_manage_apps_changes_costs(shop: Valued) -> None:
    headers = shop.staff(("MANAGE_USERS",))
    assert shop.http.post("/app/value/costs", data={}, headers=headers).status_code == 403
    page = shop.http.get("/app/value/costs", headers=headers).text
    assert "disabled" in page
    assert "Take these costs" not in page

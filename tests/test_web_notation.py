"""Numbers, money and times as each language writes them, and numbers as people type them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from app.web.inputs import read_decimal
from app.web.notation import Notation
from app.web.words import LANGUAGES, catalogue, language

NOW = datetime(2026, 11, 21, 13, 34, tzinfo=UTC)
EN, PT, PL = (Notation(locale, catalogue(locale)) for locale in LANGUAGES)


def plain(text: str) -> str:
    return str(text).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("notation", "amount", "currency", "text"),
    [
        (EN, "1234.5", "USD", "$1,234.50"),
        (EN, "1234.5", "PLN", "PLN 1,234.50"),
        (EN, "-3", "EUR", "-€3.00"),
        (EN, "500", "JPY", "¥500"),
        (PT, "1234.56", "BRL", "R$ 1.234,56"),
        (PL, "1234.56", "PLN", "1234,56 zł"),
        (PL, "12345.6", "PLN", "12 345,60 zł"),
        (PL, "-12345.6", "PLN", "-12 345,60 zł"),
    ],
)
def test_money_is_written_as_the_language_writes_it(
    notation: Notation, amount: str, currency: str, text: str
) -> None:
    assert plain(notation.money(Decimal(amount), currency)) == text


def test_a_share_keeps_one_decimal_and_loses_empty_ones() -> None:
    assert EN.percent(Decimal("0.15")) == "15%"
    assert PL.percent(Decimal("0.125")) == "12,5%"
    assert PT.percent(Decimal(1) / 3) == "33,3%"


def test_thousands_are_grouped_where_the_language_groups_them() -> None:
    assert [plain(n.number(1412)) for n in (EN, PT, PL)] == ["1,412", "1.412", "1412"]
    assert [plain(n.number(20140)) for n in (EN, PT, PL)] == ["20,140", "20.140", "20 140"]


def test_a_time_of_today_is_only_a_time_and_any_other_has_its_day() -> None:
    zone = "America/Sao_Paulo"
    assert ">10:34<" in PT.clock(NOW, zone, NOW)
    assert "20 de nov. de 2026 10:34" in PT.clock(NOW - timedelta(days=1), zone, NOW)
    assert "Nov 20, 2026, 10:34" in plain(EN.clock(NOW - timedelta(days=1), zone, NOW))


def test_today_begins_at_midnight_of_the_shop_and_not_of_greenwich() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert ">00:30<" in PL.clock(late, "Europe/Warsaw", late + timedelta(hours=2))
    assert EN.day(late, "Europe/Warsaw") == "Nov 22, 2026"


def test_a_moment_names_the_place_whose_clock_it_is() -> None:
    assert "21 lis 2026, 14:34 (Warszawa)" in plain(PL.moment(NOW, "Europe/Warsaw"))
    assert "21 de nov. de 2026 10:34 (São Paulo)" in plain(PT.moment(NOW, "America/Sao_Paulo"))
    assert 'datetime="2026-11-21T13:34:00+00:00"' in EN.moment(NOW, "UTC")


def test_what_ends_at_midnight_is_good_until_the_last_minute_of_the_day_before() -> None:
    end = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert "31 gru 2026, 23:59 (Warszawa)" in plain(PL.until(end, "Europe/Warsaw"))


def test_a_while_ago_is_said_as_people_say_it() -> None:
    assert [words_of(n.ago(NOW - timedelta(minutes=5), NOW)) for n in (EN, PT, PL)] == [
        "5 minutes ago",
        "há 5 minutos",
        "5 minut temu",
    ]
    assert words_of(EN.ago(NOW + timedelta(seconds=3), NOW)) == "just now"
    assert words_of(PL.ago(NOW, NOW)) == "przed chwilą"


def words_of(markup: str) -> str:
    return str(markup).partition(">")[2].removesuffix("</time>")


def test_a_month_and_a_span_are_named() -> None:
    assert [n.month(date(2026, 11, 1)) for n in (EN, PT, PL)] == [
        "November 2026",
        "novembro de 2026",
        "listopad 2026",
    ]
    assert EN.span(timedelta(hours=1)) == "1 hour"
    assert EN.span(timedelta(seconds=4)) == "1 minute"


def test_an_instant_has_no_day_without_a_zone() -> None:
    with pytest.raises(TypeError):
        EN.day(NOW)
    assert EN.day(date(2026, 1, 2)) == "Jan 2, 2026"


@pytest.mark.parametrize(
    ("text", "tag", "number"),
    [
        ("1,234.50", "en", "1234.50"),
        ("1,5", "en", "1.5"),
        ("1.234,50", "pt-BR", "1234.50"),
        ("1.234", "pt-BR", "1234"),
        ("12.5", "pt-BR", "12.5"),
        ("1234,5", "pl", "1234.5"),
        ("12 345,60", "pl", "12345.60"),
        ("12\u00a0345", "pl", "12345"),
        (" 10 ", "en", "10"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, tag: str, number: str) -> None:
    assert read_decimal(text, language(tag)) == Decimal(number)


@pytest.mark.parametrize("text", ["", "ten", "-3", "1e5", "NaN", "1,2,3", "1..5", "9" * 13])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        read_decimal(text, Locale("en"))


@pytest.mark.parametrize(
    ("name", "tag", "said"),
    [("2026-10", "en", "Oct 2026"), ("2026-10", "pt-BR", "out. de 2026"),
     ("2026-10", "pl", "paź 2026"), ("2026-W07", "pl", "2026-W07"), ("2026-Q3", "en", "2026-Q3")],
)  # fmt: skip
def test_a_month_is_said_in_the_language_of_the_page(name: str, tag: str, said: str) -> None:
    locale = language(tag)
    assert Notation(locale, catalogue(locale)).period(name) == said


@given(st.integers(0, 10**9), st.sampled_from(LANGUAGES))
def test_what_a_form_shows_it_also_reads(number: int, locale: Locale) -> None:
    shown = Notation(locale, catalogue(locale)).number(Decimal(number) / 100)
    assert read_decimal(shown, locale) == Decimal(number) / 100

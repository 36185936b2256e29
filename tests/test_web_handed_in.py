"""A table handed in: its first line may be written as the page shows it, in any language."""

import pytest
from babel import Locale

from app.web.handed_in import MOST_KEPT, kept, read
from app.web.words import catalogue

SHOWN = {
    "email;basis;source;date": ("email", "basis", "origin", "said"),
    "id;date;email;amount": ("id", "day", "email", "amount"),
    "sku;cost;since": ("sku", "cost", "since"),
    "channel;month;amount": ("channel", "month", "amount"),
    "channel;week;amount": ("channel", "week", "amount"),
    "email;birthday": ("email", "birthday"),
    "email;date": ("email", "day"),
}


@pytest.mark.parametrize("locale", ["en", "pt_BR", "pl"])
@pytest.mark.parametrize("shown", SHOWN)
def test_the_first_line_that_a_page_shows_is_one_that_is_taken(shown: str, locale: str) -> None:
    said = catalogue(Locale.parse(locale)).gettext(shown)
    columns = read(f"{said}\na;b;c;d\n", needs=SHOWN[shown]).columns
    assert [columns[name] for name in SHOWN[shown]] == list(range(len(columns)))


def test_what_was_refused_stays_unless_it_is_a_book() -> None:
    assert kept("a;b") == "a;b"
    assert kept("x" * (MOST_KEPT + 1)) == ""

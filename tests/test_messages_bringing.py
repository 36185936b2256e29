"""CO-5: a shop that moves in brings its subscribers along."""

from collections.abc import Iterator, Mapping

import pytest

from app.kit.house import House
from app.messages.consent_tables import Consent, ConsentEntry
from app.messages.law import Said
from tests.support.postbox import Postbox
from tests.support.writing import Writing

PATH = "/app/sending/subscribers"
TABLE = """e-mail;podstawa;źródło;date;country
Dora@Example.com;zgoda;formularz 3;2024-06-30;pl
ben@example.com;legitimate interest;old shop;2024-06-30;pl
cleo@example.com;consent;;2024-06-30;pl
"""


@pytest.fixture
def shop(house: House) -> Iterator[Writing]:
    with Postbox() as postbox, Writing(house, postbox) as shop:
        yield shop


def brings(shop: Writing, table: str, *, status: int = 200) -> str:
    answer = shop.http.post(PATH, headers=shop.staff(), data={"table": table})
    assert answer.status_code == status, answer.text
    return answer.text


def stands(shop: Writing) -> dict[str, str]:
    return {row.address: row.state for row in shop.all(Consent)}


def test_co5_only_somebodys_own_word_with_source_and_date_is_consent(shop: Writing) -> None:
    """CO-5, CO-2: in Poland no other basis makes anybody agree; whoever is new is a person now, and
    gets the next newsletter."""
    page = brings(shop, TABLE)
    assert "1 address may get your news" in page
    assert "2 came without a proof of consent" in page
    assert stands(shop) == {
        "ana@example.com": "granted", "dora@example.com": "granted", "ben@example.com": "nothing",
        "cleo@example.com": "nothing",
    }  # fmt: skip
    (dora,) = [row for row in shop.all(ConsentEntry) if row.address == "dora@example.com"]
    assert dora.proof == {
        "basis": "zgoda", "source": "formularz 3", "said_at": "2024-06-30T00:00:00+00:00",
    }  # fmt: skip
    assert dora.person
    assert shop.sends(person=dora.person).state == "sent"


def test_co5_a_list_that_comes_twice_changes_nothing_and_one_that_is_mended_holds(
    shop: Writing,
) -> None:
    brings(shop, TABLE)
    before = (stands(shop), len(shop.all(ConsentEntry)))
    brings(shop, TABLE)
    assert (stands(shop), len(shop.all(ConsentEntry))) == before
    brings(shop, TABLE.replace("consent;;", "consent;desk;"))
    assert stands(shop)["cleo@example.com"] == "granted"


def test_co3_no_list_goes_before_what_was_said_since(shop: Writing) -> None:
    """CO-3, CO-5: a no stays a no, and a yes of her own keeps its own proof."""
    shop.agrees("dora", said=Said.WITHDRAWN, person=None)
    page = brings(shop, TABLE + "ana@example.com;consent;desk;2023-01-01;de\n")
    assert "1 has said no since" in page
    assert stands(shop)["dora@example.com"] == "withdrawn"
    (ana,) = [row for row in shop.all(Consent) if row.address == "ana@example.com"]
    assert ana.source != "import"


READ: Mapping[str, str] = {
    "email;basis;source\na@example.com;consent;x\n": "from the first line <code>date</code>",
    "email;basis;source;date\nnobody;consent;x;2024-06-30\n": "no e-mail address",
    "email;basis;source;date\na@example.com;consent;x;30/06/2024\n": "2024-06-30",
    "email;basis;source;date\na@example.com;consent\n": "cells are missing",
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_co5_what_cannot_be_read_is_said_and_nothing_is_taken(shop: Writing) -> None:
    for table, said in READ.items():
        page = brings(shop, table, status=422)
        assert said in page
        assert f">{table}</textarea>" in page, "what was typed can be mended"
    assert list(stands(shop)) == ["ana@example.com"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_of_subscribers_speaks(shop: Writing) -> None:
    assert "Przenieś swoich subskrybentów" in shop.sees(PATH, locale="pl")
    assert "Traga seus assinantes" in shop.sees(PATH, locale="pt-BR")

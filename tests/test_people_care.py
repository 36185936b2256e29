"""What staff do for one customer: a note, a present, a rest, her data; and the way back."""

import json
from collections.abc import Iterator

import pytest

from app.customers import queries as customers
from app.customers.tables import Note, Person
from app.kit.clock import StillClock
from app.kit.house import House
from app.loyalty.tables import Code
from app.messages.consent_tables import Preference
from app.privacy.tables import DataRequest
from app.recommend.tables import Told
from tests.support.loyal import Loyal
from tests.support.makers import gid
from tests.support.till import Till


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    with Loyal(house, Till(clock.now)) as shop:
        shop.buys("ana", 20)  # below the first tier: no code of hers comes in the way
        shop.buys("ben", 20)
        yield shop


def row_of(shop: Loyal, name: str) -> Person:
    with shop.look() as tx:
        person = customers.by_account(tx, gid("User", name))
    assert person
    return person


def does(shop: Loyal, what: str, *, status: int = 200, name: str = "ana", **fields: object) -> str:
    path = f"/app/customers/{row_of(shop, name).id}/{what}"
    answer = shop.http.post(path, data=fields, headers=shop.staff(part="customer"))
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_note_is_kept_taken_away_and_put_back(shop: Loyal) -> None:
    assert "Likes to be called in the evening" in does(
        shop, "notes", text="Likes to be called in the evening"
    )
    (note,) = shop.all(Note)
    gone = does(shop, "notes", remove=note.id)
    assert "in the evening" not in gone
    assert "Undo" in gone
    assert "in the evening" in does(shop, "notes", back=note.id)


def test_an_empty_note_says_what_is_missing(shop: Loyal) -> None:
    assert "Write something first" in does(shop, "notes", text="  ", status=422)
    assert shop.all(Note) == []


def test_a_note_of_one_customer_is_not_removed_from_anothers_page(shop: Loyal) -> None:
    does(shop, "notes", text="Hers")
    (note,) = shop.all(Note)
    does(shop, "notes", name="ben", remove=note.id)
    assert shop.all(Note)[0].removed_at is None


def test_a_reward_needs_a_reason_and_works_half_a_minute_later(shop: Loyal) -> None:
    assert "Say why" in does(shop, "reward", percent="1000", why="", status=422)
    page = does(shop, "reward", percent="1000", why="The parcel was late")
    (code,) = shop.all(Code)
    assert code.code in page
    assert code.in_saleor_at is None
    shop.waits(seconds=31)
    assert shop.all(Code)[0].in_saleor_at is not None
    assert shop.errors() == []


def test_a_reward_that_is_taken_back_never_was(shop: Loyal) -> None:
    does(shop, "reward", percent="500", why="By mistake")
    does(shop, "reward", undo=shop.all(Code)[0].id)
    shop.waits(minutes=2)
    assert shop.all(Code) == []
    assert shop.errors() == []


def test_cp5_nobody_gets_two_at_a_time(shop: Loyal) -> None:
    does(shop, "reward", percent="500", why="Late")
    shop.waits(minutes=1)
    assert "nobody gets two" in does(shop, "reward", percent="1000", why="Again", status=422)
    assert "Choose one" in does(shop, "reward", name="ben", percent="9900", why="x", status=422)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_cp1_nobody_is_given_a_code_that_is_over(shop: Loyal) -> None:
    """CP-1: a month has one code of a kind, and on its 31st day the one of the 1st has ended."""
    shop.waits(days=30)  # the 1st of April, then of May, which has a day more
    shop.waits(days=30)
    does(shop, "reward", percent="500", why="Late")
    shop.waits(days=30, minutes=1)
    assert "given this month" in does(shop, "reward", percent="500", why="Late again", status=422)
    shop.waits(days=1)
    does(shop, "reward", percent="500", why="Late again")
    shop.waits(minutes=1)
    first, second = shop.all(Code)
    assert first.ends_at < shop.house.clock.now() < second.ends_at
    assert shop.errors() == []


def test_mg8_no_reward_while_all_offers_are_stopped(shop: Loyal) -> None:
    shop.http.post("/app/offers", data={"do": "stop"}, headers=shop.staff(part="settings"))
    assert "All offers are stopped" in does(shop, "reward", percent="500", why="x", status=422)
    assert shop.all(Code) == []


def test_who_may_not_give_discounts_gives_none(shop: Loyal) -> None:
    path = f"/app/customers/{row_of(shop, 'ana').id}/reward"
    headers = shop.staff(("MANAGE_USERS",), part="customer")
    answer = shop.http.post(path, data={"percent": "500", "why": "x"}, headers=headers)
    assert answer.status_code == 403
    assert shop.all(Code) == []


def test_pr4_messages_rest_for_a_month_and_go_on(shop: Loyal) -> None:
    assert "Nothing is sent until" in does(shop, "rest", do="pause")
    assert shop.all(Preference)[0].paused_until is not None
    assert "Nothing is sent until" not in does(shop, "rest", do="resume")
    assert shop.all(Preference)[0].paused_until is None


def test_pr2_her_data_is_handed_over_and_nobody_elses(shop: Loyal) -> None:
    does(shop, "notes", text="Likes tea")
    path = f"/app/customers/{row_of(shop, 'ana').id}/data"
    told = shop.http.get(f"{path}/data.json", headers=shop.staff(part="file"))
    data = json.loads(told.text)
    assert data["profile"][0]["email"] == "ana@example.com"
    assert data["order"][0]["total"] == "20.00"
    assert [note["text"] for note in data["note"]] == ["Likes tea"]
    assert "ben@example.com" not in told.text
    page = shop.http.get(f"{path}/data.html", headers=shop.staff(part="file")).text
    assert "ana@example.com" in page
    assert [wish.kind for wish in shop.all(DataRequest) if wish.done_at] == ["export", "export"]


def test_pr3_she_is_forgotten_in_half_a_minute(shop: Loyal) -> None:
    does(shop, "notes", text="Likes tea")
    id_ = row_of(shop, "ana").id
    assert "is forgotten at" in does(shop, "erase", do="erase")
    assert row_of(shop, "ana").email
    shop.waits(seconds=31)
    assert shop.all(Note) == []
    assert not any(person.email == "ana@example.com" for person in shop.all(Person))
    answer = shop.http.get(f"/app/customers/{id_}", headers=shop.staff())
    assert answer.status_code == 404
    assert shop.errors() == []


def test_pr3_what_stands_in_her_metadata_is_blanked_for_her_account_stays(shop: Loyal) -> None:
    """PR-3: the tier and the lists that we wrote there are hers no more, for any storefront."""
    shop.buys("ana", 480)
    ana, ben = row_of(shop, "ana"), gid("User", "ben")
    with shop.work() as tx:
        text = '{"perennial.for_you.web": "[{}]"}'
        row = Told(kind="person", subject=ana.id or 0, text=text, untold=False, marked=tx.now)
        tx.add(row)
    shop.till.public[ana.account or ""]["perennial.for_you.web"] = "[{}]"
    shop.till.public[ben] = {"perennial.tier": "bronze"}
    does(shop, "erase", do="erase")
    shop.waits(seconds=31)
    said = shop.till.public[ana.account or ""]
    assert said == {"perennial.tier": "", "perennial.for_you.web": ""}
    assert shop.till.private[ana.account or ""] == {"perennial.tier_valid_till": ""}
    assert shop.till.public[ben] == {"perennial.tier": "bronze"}
    assert shop.errors() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pr3_what_stands_there_is_blanked_although_she_is_told_of_meanwhile(shop: Loyal) -> None:
    """PR-3: Saleor is away, she signs in: being told of again takes no promise of ours back."""
    shop.buys("ana", 480)
    account = gid("User", "ana")
    assert shop.till.public[account]["perennial.tier"] == "silver"
    does(shop, "erase", do="erase")
    shop.till.dying = (0, False)
    shop.waits(seconds=31)
    shop.hears("CUSTOMER_UPDATED", shop.account("ana"))
    shop.waits(minutes=1)
    assert shop.till.public[account]["perennial.tier"] == ""
    assert shop.till.private[account] == {"perennial.tier_valid_till": ""}


def test_pr3_it_can_be_taken_back_until_then(shop: Loyal) -> None:
    does(shop, "erase", do="erase")
    does(shop, "erase", do="keep")
    shop.waits(minutes=2)
    assert row_of(shop, "ana").email == "ana@example.com"


def test_pr3_a_guest_is_forgotten_too_and_an_account_of_the_same_address_stays(
    shop: Loyal,
) -> None:
    shop.guest_buys("guest@example.com", 30)
    with shop.look() as tx:
        (guest,) = customers.by_email(tx, "guest@example.com")
    headers = shop.staff(part="customer")
    path = f"/app/customers/{guest.id}/erase"
    assert shop.http.post(path, data={"do": "erase"}, headers=headers).status_code == 200
    shop.waits(seconds=31)
    kept = {person.email for person in shop.all(Person)}
    assert "guest@example.com" not in kept
    assert {"ana@example.com", "ben@example.com"} <= kept

"""The page Automations: what an owner sees and presses."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.carts import queries as carts
from app.catalog.tables import Product
from app.journeys import dawn, newsletters, queries
from app.journeys.recipes import RECIPES
from app.kit.clock import StillClock
from app.kit.house import House
from app.segments.tables import Trait
from tests.support.makers import gid
from tests.support.recovering import Counter, Recovering


@pytest.fixture
def counter(clock: StillClock) -> Counter:
    return Counter(clock.now)


@pytest.fixture
def shop(house: House, counter: Counter) -> Iterator[Recovering]:
    with Recovering(house, counter, on=False) as shop:
        yield shop


def presses(shop: Recovering, path: str, part: str, **fields: str) -> str:
    answer = shop.http.post(path, data=fields, headers=shop.staff(part=part))
    assert answer.status_code in (200, 422), answer.text
    return answer.text


@pytest.mark.parametrize("locale", ["en", "pl", "pt-BR"])
def test_every_recipe_is_on_the_page_and_opens(shop: Recovering, locale: str) -> None:
    """J2."""
    page = shop.sees("/app/automations", locale=locale)
    for key in RECIPES:
        assert f'href="/app/automations/{key}"' in page
        assert shop.sees(f"/app/automations/{key}", locale=locale)


def test_a_step_names_its_message_and_leads_to_it_as_soon_as_there_is_one(shop: Recovering) -> None:
    page = shop.sees("/app/automations/cart")
    assert "Abandoned checkout, first" in page
    assert "/app/messages/" not in page
    page = presses(shop, "/app/automations/cart", "automation", do="save", percent="0")
    assert '<a href="/app/messages/cart-1">' in page
    assert "Abandoned checkout, first" in shop.sees("/app/messages/cart-1")


def test_two_clicks_switch_a_recipe_on(shop: Recovering) -> None:
    """J2: open it, press the button; the messages are there."""
    shop.sees("/app/automations/cart")
    page = presses(shop, "/app/automations/cart", "automation", do="on_skip", percent="0")
    assert "Switch off" in page
    shop.leaves()
    shop.waits(hours=1)
    assert shop.subjects() == ["Your cart is waiting"]
    assert "Abandoned checkout, first" in shop.sees("/app/automations?tab=messages")
    assert "1 person on the way" in shop.sees("/app/automations?tab=running")


def test_stop_all_holds_everything_at_once_and_going_on_may_skip_what_piled_up(
    shop: Recovering,
) -> None:
    """SS-3: nothing leaves after the press; the question "send, or skip?" is on the buttons."""
    presses(shop, "/app/automations/cart", "automation", do="on_skip", percent="0")
    shop.leaves()
    page = presses(shop, "/app/automations", "automations", do="stop")
    assert "Everything is stopped." in page
    shop.waits(hours=2)
    assert shop.mail() == []
    page = presses(shop, "/app/automations", "automations", do="skip")
    assert "Messages may leave." in page
    shop.waits(minutes=30)
    assert shop.mail() == []
    assert [send.reason for send in shop.sends()] == ["skipped"]


def test_trying_choices_out_changes_nothing(shop: Recovering) -> None:
    """J16: the dry run follows the form, and saving is another button."""
    page = presses(shop, "/app/automations/cart", "automation", do="preview", second="48")
    assert 'value="48"' in page
    assert shop.runs() == []
    assert "Switch on" in shop.sees("/app/automations/cart")
    assert 'value="24"' in shop.sees("/app/automations/cart")


def test_only_who_manages_apps_may_change(shop: Recovering) -> None:
    answer = shop.http.post(
        "/app/automations/cart", data={"do": "on"}, headers=shop.staff(["MANAGE_USERS"])
    )
    assert answer.status_code == 403
    page = shop.http.get("/app/automations/cart", headers=shop.staff(["MANAGE_USERS"])).text
    assert "You can look, but not change" in page


def test_a_new_version_leaves_those_on_the_way_alone(shop: Recovering) -> None:
    """J1: versions; people in flight finish on theirs."""
    presses(shop, "/app/automations/cart", "automation", do="on_skip", percent="0")
    shop.leaves()
    shop.waits(hours=1)
    presses(shop, "/app/automations/cart", "automation", do="save", percent="0", second="100")
    assert "Version 2" in shop.sees("/app/automations/cart")
    shop.waits(hours=23)
    assert len(shop.mail()) == 2
    (run,) = shop.runs()
    assert run.version == 1


def test_a_newsletter_goes_once_to_who_agreed(shop: Recovering) -> None:
    """J15: planned in the calendar, in the shop's own time; who did not agree gets nothing."""
    presses(shop, "/app/automations/welcome", "automation", do="save")
    shop.guest("cleo@example.com")
    shop.guest("ben@example.com")
    assert ">Powitanie</option>" in shop.sees("/app/automations?tab=calendar", locale="pl")
    plan = {"do": "plan", "tab": "calendar", "message": "welcome-1", "segment": "", "every": "7"}
    page = presses(shop, "/app/automations", "automations", **plan, at="2026-03-02T08:00")
    assert "still to come" in page
    page = presses(shop, "/app/automations", "automations", **plan, at="2026-03-02T12:00")
    assert "every 7 days" in page
    shop.waits(hours=3)
    assert [letter.recipient for letter in shop.mail()] == ["cleo@example.com"]
    shop.settles()
    assert len(shop.mail()) == 1
    shop.waits(days=7)
    assert len(shop.mail()) == 2


def test_a_digest_shows_what_is_new_and_can_be_bought_and_nothing_new_is_nothing_sent(
    shop: Recovering, counter: Counter
) -> None:
    """J15, J9: a product that is made and not shown yet is in no letter."""
    written = {"do": "message", "tab": "messages", "name": "News", "products": "on"}
    presses(shop, "/app/automations", "automations", **written)
    with shop.work() as tx:
        for name, days in (("Old", 60), ("Shown", 2), ("Hidden", 1), ("Sold-out", 1)):
            made = tx.now - timedelta(days=days)
            tx.add(
                Product(saleor_id=gid("Product", name), name=name, created_at=made,
                        first_hand=True, known_at=tx.now)
            )  # fmt: skip
    counter.shelf |= {gid("Product", "Old"): (None, 9), gid("Product", "Shown"): (None, 9)}
    counter.shelf |= {gid("Product", "Sold-out"): (0, 9)}
    shop.guest("cleo@example.com")
    plan = {"do": "plan", "tab": "calendar", "message": "own-1", "every": "7", "digest": "on"}
    presses(shop, "/app/automations", "automations", **plan, at="2026-03-02T12:00")
    shop.waits(hours=3)
    (letter,) = shop.mail()
    assert "Shown" in letter.text
    assert not any(name in letter.text for name in ("Old", "Hidden", "Sold-out"))
    shop.waits(days=7)
    assert len(shop.mail()) == 1
    assert shop.errors() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_j15_what_is_cancelled_while_it_goes_out_goes_no_further(
    shop: Recovering, counter: Counter
) -> None:
    """J15: a large segment is asked for a part at a time; the press holds for all that is left."""
    written = {"do": "message", "tab": "messages", "name": "News", "products": "on"}
    presses(shop, "/app/automations", "automations", **written)
    shop.guest("cleo@example.com")
    with shop.work() as tx:
        made, name = tx.now - timedelta(days=1), gid("Product", "Shown")
        tx.add(Product(saleor_id=name, name="Shown", created_at=made, first_hand=True,
                       known_at=tx.now))  # fmt: skip
        at = tx.now + timedelta(hours=1)
        letter = newsletters.plan(
            tx, name="News", message="own-1", segment=None, at=at, every_days=7, digest=True
        )
    counter.shelf[name] = (None, 9)
    counter.before["ProductsForSale"] = lambda: shop.house.do(
        shop.id, lambda tx: newsletters.cancel(tx, letter.id or 0)
    )
    shop.waits(hours=3)
    assert (shop.mail(), [send.reason for send in shop.sends()]) == ([], [])
    shop.waits(days=7)
    assert (shop.mail(), shop.errors()) == ([], [])


def test_the_owner_says_who_is_left_alone_and_where_links_lead(shop: Recovering) -> None:
    """AC-1, RL-1, RL-8: what is typed is checked, and becomes the list of hosts."""
    fields = {"do": "terms", "least_EUR": "twenty", "recover_web": "javascript:alert(1)"}
    page = presses(shop, "/app/automations/cart", "automation", **fields)
    assert page.count('class="problem"') == 2
    good = "https://store.example/{locale}/recover?rt={token}"
    fields = {
        "do": "terms",
        "least_EUR": "25",
        "recover_web": good,
        "excluded": "Bad.example\n\nPL",
        "patience": "90",
        "per_channel": "on",
    }
    page = presses(shop, "/app/automations/cart", "automation", **fields)
    assert "store.example" in page
    with shop.look() as tx:
        terms = queries.recovery(tx)
        assert carts.patience(tx) == timedelta(minutes=90)
        assert carts.per_channel(tx)
    assert terms.least_minor == {"EUR": 2500}
    assert terms.excluded == ["bad.example", "pl"]
    assert terms.storefronts["web"]["hosts"] == ["store.example"]


def test_birthdays_are_handed_in_whole_or_not_at_all(shop: Recovering) -> None:
    """J18: from metadata or an import; each line that cannot be read is named."""
    cleo = shop.guest("cleo@example.com")
    bad = "E-mail;Birthday\ncleo@example.com;02-30\nnobody;1990-01-01\nben@example.com\n"
    page = presses(shop, "/app/automations/birthday", "automation", do="birthdays", birthdays=bad)
    for said in ("line 2: the day is not like", "line 3: this is no e-mail", "line 4: cells are"):
        assert said in page
    assert "nobody;1990-01-01\nben@example.com\n</textarea>" in page
    assert shop.all(Trait) == []
    good = "email,birthday\nCleo@example.com,1990-02-28\nstranger@example.com,12-24\n"
    page = presses(shop, "/app/automations/birthday", "automation", do="birthdays", birthdays=good)
    assert "1 day was taken." in page
    assert "stranger@example.com" in page
    (trait,) = shop.all(Trait)
    assert (trait.person, trait.value, trait.source) == (cleo, "1990-02-28", "import")
    with shop.look() as tx:
        assert dawn.birthdays(tx) == []
    shop.waits(days=363)  # 2027-02-28
    with shop.look() as tx:
        assert [entrant.person for entrant in dawn.birthdays(tx)] == [cleo]

"""A message is tried out on real people before it goes to anybody, and nothing is left of it."""

from collections.abc import Iterator

import pytest
from sqlmodel import SQLModel

from app.kit.house import House
from app.messages import library, queries, trying
from app.messages.library import Block, Draft, Letter
from app.privacy import flows as privacy
from tests.support.makers import checkout, event, line, order, user
from tests.support.postbox import Postbox
from tests.support.writing import HELLO, Writing

CART = Draft(
    key="cart",
    name="Cart",
    variants={
        "email": {
            "en": Letter(
                subject="{{ first_name }}, {{ n_items|fallback('your') }} waiting",
                blocks=(Block(kind="text", text="{{ shop_name }}"), Block(kind="cart")),
            )
        }
    },
)
BARE = Draft(
    key="bare",
    name="Bare",
    variants={
        "email": {"en": Letter(subject="x", blocks=(Block(kind="text", text="{{ first_name }}"),))}
    },
)


ENDS = Draft(
    key="ends",
    name="Ends",
    variants={
        "email": {
            "pl": Letter(
                subject="{{ days_left }} dni, do {{ kept_until }}: {{ missing }}",
                blocks=(Block(kind="text", text="x"),),
            )
        }
    },
)
DUE = Draft(
    key="due",
    name="Due",
    variants={"email": {"en": Letter(subject="x", blocks=(Block(kind="products"),))}},
)


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def rows(shop: Writing) -> dict[type[SQLModel], int]:
    return {table: len(shop.all(table)) for table in privacy.tables()}


def test_ss4_twenty_real_people_before_the_first_message(shop: Writing) -> None:
    """SS-4: who it can't be made for, and what was missing."""
    now = shop.house.clock.now().isoformat()
    told = event("CHECKOUT_UPDATED", issued=now, checkout=checkout(user("ana")))
    shop.hears("CHECKOUT_UPDATED", told)
    nemo = shop.person("nemo", first_name="")
    ben = shop.person("ben")
    with shop.look() as tx:
        problems = trying.rehearse(tx, CART)
        assert {(p.person, p.word, p.field) for p in problems} == {
            (nemo, "nothing_left", ""), (ben, "nothing_left", ""),
        }  # fmt: skip
        assert [(p.person, p.word, p.field) for p in trying.rehearse(tx, BARE)] == [
            (nemo, "missing_field", "first_name")
        ]
        assert trying.rehearse(tx, BARE, persons=1) == []


def test_a_preview_is_the_message_of_a_real_customer_in_any_language(shop: Writing) -> None:
    with shop.look() as tx:
        ana = queries.whole(tx, shop.ana)
        assert ana
        assert trying.preview(tx, HELLO, ana).subject == "Hello, Ana"
        polish = trying.preview(tx, HELLO, ana, language="pl")
        assert (polish.language, polish.subject) == ("pl", "Dzień dobry, Ana")
        assert trying.preview(tx, HELLO, ana, language="pt_BR").language == "en"
        assert 'lang="pl"' in polish.html


def test_what_a_journey_would_tell_is_shown_by_examples(shop: Writing) -> None:
    """A tier that ends; and what she last bought for what is due or back in stock."""
    now = shop.house.clock.now().isoformat()
    told = order(user("ana"), created=now, lines=[line("tee")])
    shop.hears("ORDER_CREATED", event("ORDER_CREATED", issued=now, order=told))
    with shop.look() as tx:
        ana = queries.whole(tx, shop.ana)
        assert ana
        ends = trying.preview(tx, ENDS, ana, language="pl").subject
        assert ends == "30 dni, do 1 kwi 2026: 25,00 €"
        assert "Tee" in trying.preview(tx, DUE, ana).html


def test_ss5_a_test_send_leaves_nothing_behind(shop: Writing) -> None:
    """SS-5: it really goes out, to the one who asked; no row of any table is different."""
    before = rows(shop)
    world = shop.perennial.reach.world(shop.id)
    trying.send_test(world, HELLO, to="owner@example.com", person=shop.ana)
    mail = shop.mail()
    assert (mail.to, mail.parsed["Subject"]) == ("owner@example.com", "[Test] Hello, Ana")
    assert "/u/" not in mail.part("html")
    assert rows(shop) == before


def test_a_change_of_words_is_a_new_version_and_ready_made_ones_change_nothing(
    shop: Writing,
) -> None:
    with shop.work() as tx:
        library.save(tx, HELLO.model_copy(update={"name": "Our own"}), by="VXNlcjox")
        library.ensure(tx, HELLO)
        found = library.newest(tx, "hello")
        assert found
        assert (found.version, found.name, found.by) == (2, "Our own", "VXNlcjox")
        assert library.missing(tx, "hello") == [
            ("email", "pt_BR"), ("sms", "pt_BR"), ("sms", "pl"),
        ]  # fmt: skip
        assert [row.key for row in library.all_messages(tx)] == ["hello", "receipt"]
    shop.sends()
    assert shop.send().version == 2

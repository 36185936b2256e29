"""The whole way of a message: agreed to, asked for, let through, sent, and unsubscribed from."""

import re
from collections.abc import Iterator

import pytest

from app.kit.house import House
from tests.support.postbox import Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def test_who_agreed_gets_a_message_and_can_leave_with_one_press(shop: Writing) -> None:
    shop.sends()
    assert shop.word() == "sent"
    mail = shop.mail()
    assert mail.to == "ana@example.com"
    assert mail.parsed["subject"] == "Hello, Ana"
    assert "There is news in the shop." in mail.part("plain")
    assert "<strong>news</strong>" in mail.part("html")
    way_out = re.search(r"<(https://perennial.example/u/[^>]+)>", mail.parsed["list-unsubscribe"])
    assert way_out
    assert shop.http.get(way_out[1]).status_code == 200
    shop.waits(days=2)
    assert shop.sends("k2").state == "sent"
    assert shop.http.post(way_out[1], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    shop.waits(days=2)
    shop.sends("k3")
    assert shop.word("k3") == "refused:withdrawn"
    assert len(shop.post.sent) == 2
    assert shop.errors() == []


def test_who_never_agreed_gets_nothing(shop: Writing) -> None:
    ben = shop.person("ben")
    shop.sends(person=ben)
    assert shop.word() == "refused:no_consent"
    assert shop.post.sent == []

"""PR-2 and PR-3 for messages: what is kept of somebody, and that it goes when she goes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect

from app.kit.house import House
from app.messages import bringing, consent, exporting, hashing, joining, nights, policy
from app.messages.consent import Saying
from app.messages.consent_tables import Preference, Suppression
from app.messages.law import Said
from app.messages.tables import Outlet, Send, SendNote, Touch
from app.privacy import flows as privacy
from app.privacy import retention
from tests.support.makers import event, gid
from tests.support.postbox import Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    """Ana got a mail and followed a link, has a number, wishes, and a mail that waits."""
    with Writing(house, postbox) as shop:
        shop.agrees("ana", channel="sms", address="+4915123456789", person=shop.ana)
        with shop.work() as tx:
            tx.add(Outlet(channel="sms", url=house.secrets.seal("mailbox:"), since=tx.now))
            tx.add(Preference(address="ana@example.com", person=shop.ana, fewer=True, at=tx.now))
        shop.sends("k1", campaign="news")
        shop.sends("k2", channel="sms", context={"link": "https://shop.example/ana-only"})
        shop.asks("k3", due=shop.house.clock.now() + timedelta(days=9), context={"x": "ana-only"})
        with shop.work() as tx:
            tx.add(Touch(send=1, person=shop.ana, kind="click", by="human", at=tx.now))
        yield shop


def everything(shop: Writing) -> str:
    rows: list[str] = []
    for table in privacy.tables():
        names = [column.key for column in inspect(table).columns]
        rows += [
            f"{table.__name__} {name}={getattr(r, name)!r}"
            for r in shop.all(table)
            for name in names
        ]
    return "\n".join(rows)


def test_pr2_she_may_take_away_all_that_is_known_of_her(shop: Writing) -> None:
    """CO-7 too: each word with its text and its evidence."""
    with shop.look() as tx:
        told: Any = json.loads(json.dumps(exporting.export(tx, shop.ana)))
    assert {(c["channel"], c["said"]) for c in told["consents"]} == {
        ("email", "granted"), ("sms", "granted"),
    }  # fmt: skip
    assert [(m["campaign"], m["ended"]) for m in told["messages"]] == [
        ("news", "sent"), ("", "sent"), ("", "waiting"),
    ]  # fmt: skip
    assert told["preferences"][0]["less_often"] is True
    assert told["opened_or_followed"][0]["what"] == "click"
    assert told["messages"][0]["story"][-1]["what"] == "sent"


def test_pr3_nothing_that_was_sent_names_her_any_more(shop: Writing) -> None:
    before = everything(shop)
    for trace in ("ana@example.com", "+4915123456789", "ana-only"):
        assert trace in before
    now = shop.house.clock.now().isoformat()
    gone = {"id": gid("User", "ana"), "email": "ana@example.com"}
    shop.hears("CUSTOMER_DELETED", event("CUSTOMER_DELETED", issued=now, user=gone))
    after = everything(shop)
    for trace in ("ana@example.com", "+4915123456789", "ana-only", "Hello, Ana"):
        assert trace not in after
    assert sorted(row.state for row in shop.all(Send)) == ["cancelled", "sent", "sent"]
    assert {row.person for row in shop.all(Send)} == {None}
    assert shop.errors() == []
    shop.waits(days=10)
    assert len(shop.post.sent) == 1


def test_pr3_a_list_that_knows_her_from_before_brings_nobody_back(shop: Writing) -> None:
    """CO-3, CO-5 too: an old proof is older than her wish to be forgotten, and a tick at checkout
    is no answer to a complaint; her own new word is one."""
    now = shop.house.clock.now()
    with shop.work() as tx:
        consent.suppress(tx, hashing.of_address("ana@example.com"), consent.COMPLAINT)
    gone = {"id": gid("User", "ana"), "email": "ana@example.com"}
    body = event("CUSTOMER_DELETED", issued=now.isoformat(), user=gone)
    shop.hears("CUSTOMER_DELETED", body)

    def held() -> set[str]:
        hers = hashing.of_address("ana@example.com")
        return {row.reason for row in shop.all(Suppression) if row.hash == hers}

    assert held() == {"complaint", "erased"}
    with shop.work() as tx:
        old = bringing.Row("ana@example.com", "consent", "old shop", now - timedelta(days=40))
        assert bringing.bring_along(tx, [old]) == bringing.Brought(forgotten=1)
        consent.say(tx, Saying("ana@example.com", Said.GRANTED, "import", at=old.said_at))
    assert held() == {"complaint", "erased"}
    shop.waits(days=1)
    with shop.work() as tx:
        consent.say(tx, Saying("ana@example.com", Said.GRANTED, "checkout"))
    assert held() == {"complaint"}
    with shop.work() as tx:
        consent.say(tx, Saying("ana@example.com", Said.GRANTED, "confirmation"))
    assert held() == set()


def test_pr3_a_question_that_was_never_answered_goes_too(shop: Writing) -> None:
    with shop.work() as tx:
        joining.ask_to_confirm(tx, Saying("cleo@example.com", Said.GRANTED, "storefront"))
    shop.settles()
    now = shop.house.clock.now().isoformat()
    gone = {"id": gid("User", "cleo"), "email": "cleo@example.com"}
    shop.hears("CUSTOMER_DELETED", event("CUSTOMER_DELETED", issued=now, user=gone))
    assert "cleo" not in everything(shop)


def test_what_stands_in_the_table_of_promises_names_nobody(shop: Writing) -> None:
    with shop.work() as tx:
        joining.ask_to_confirm(tx, Saying("cleo@example.com", Said.GRANTED, "storefront"))
    promises = [line for line in everything(shop).splitlines() if line.startswith("Promise")]
    assert "cleo" not in str(promises)


def test_pr5_what_is_old_is_dropped_at_night(shop: Writing) -> None:
    """PR-5: messages after 24 months, the local mailbox's copies after 30 days."""
    shop.waits(days=31)
    with shop.work() as tx:
        nights.nightly(tx)
    assert "Posted" not in everything(shop)
    assert len(shop.all(Send)) == 3
    shop.waits(days=700)
    with shop.work() as tx:
        retention.nightly(tx)
    shop.settles()
    assert shop.all(Send) == []
    assert shop.all(SendNote) == []
    assert shop.all(Touch) == []
    with shop.look() as tx:
        assert policy.policy(tx) == policy.Policy()

"""Ways in and ways out: double opt-in, one-click unsubscribe, preferences, a text to stop."""

import hmac
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest

from app.customers.tables import Person
from app.kit.house import House
from app.messages import consent, joining, nights, queries
from app.messages.consent import Saying
from app.messages.consent_tables import Confirmation, Consent, ConsentEntry, Preference, Suppression
from app.messages.law import Said
from app.messages.stopping import says_stop
from app.messages.tables import Outlet, Posted, Send, WayOut
from tests.support.makers import checkout, event, gid, order
from tests.support.postbox import Mail, Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def way_out(mail: Mail) -> str:
    found = re.search(r"<(https://[^>]+)>", mail.parsed["List-Unsubscribe"])
    assert found
    return found[1].removeprefix("https://perennial.example")


# -- UN


def test_un1_the_headers_byte_for_byte(shop: Writing) -> None:
    """UN-1: RFC 8058 and RFC 2369, unfolded where a mailbox would stumble, ids that are signed."""
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.inbox = shop.house.secrets.seal("imaps://user:word@mail.example")
    shop.sends(campaign="cart-recovery", step="1")
    headers = shop.mail().headers
    text = b"\r\n".join(headers).decode("ascii")
    token = re.search(r"/u/(\d+\.[a-z2-7]{52})>", text)
    assert token
    at = headers.index(f"List-Unsubscribe: <https://perennial.example/u/{token[1]}>,".encode())
    assert headers[at + 1] == f" <mailto:unsub+{token[1]}@news.shop.example>".encode()
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert b"From: Shop <hello@news.shop.example>" in headers
    assert b"To: ana@example.com" in headers
    assert b"Subject: Hello, Ana" in headers
    assert b"Date: Mon, 02 Mar 2026 09:00:00 +0000" in headers
    assert b"Auto-Submitted: auto-generated" in headers
    assert b"Feedback-ID: cart-recovery:news.shop.example" in headers
    send = shop.send()
    assert f"Message-ID: {send.provider_id}".encode() in headers
    assert re.fullmatch(
        rf"<{shop.id}\.{send.id}\.[0-9a-f]{{20}}@news\.shop\.example>", send.provider_id
    )
    assert shop.mail().sender == f"bounces+{send.provider_id[1:].split('@')[0]}@news.shop.example"
    assert max(map(len, shop.mail().raw.split(b"\r\n"))) <= 998
    assert b"\n" not in shop.mail().raw.replace(b"\r\n", b"")


def test_un1_service_mail_has_no_way_out_to_offer(shop: Writing) -> None:
    shop.sends(message="receipt", purpose="service")
    assert shop.mail().parsed["List-Unsubscribe"] is None
    assert "/u/" not in shop.mail().part("html")


def test_un1_names_keep_their_letters(shop: Writing) -> None:
    """RFC 2047: subjects with ą and ã arrive as they were written."""
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.sender = "Sklep Żółw <hello@news.shop.example>"
    shop.sends(person=shop.person("pola", country="US", language="PL", first_name="Łucja"))
    shop.waits(hours=9)
    mail = shop.mail()
    assert mail.parsed["Subject"] == "Dzień dobry, Łucja"
    assert mail.parsed["From"].addresses[0].display_name == "Sklep Żółw"
    assert all(byte < 128 for byte in mail.raw)


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_un2_one_post_and_it_is_over(shop: Writing, form: str) -> None:
    """UN-2: no cookie, no login, no redirect; at once; once more is as good."""
    shop.sends()
    path = way_out(shop.mail())
    for _ in range(2):
        if form == "urlencoded":
            answer = shop.http.post(
                path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False
            )
        else:
            answer = shop.http.post(path, files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    shop.waits(days=2)
    shop.sends("k2")
    assert shop.word("k2") == "refused:withdrawn"


def test_un3_looking_changes_nothing(shop: Writing) -> None:
    """UN-3: scanners open every link, a thousand times over."""
    shop.sends()
    path = way_out(shop.mail())
    before = [(row.address, row.state) for row in shop.all(Consent)]
    for _ in range(20):
        page = shop.http.get(path)
        assert page.status_code == 200
        assert page.text.count("<button") == 1
        shop.http.head(path)
        shop.http.get(path.replace("/u/", "/preferences/"))
    assert [(row.address, row.state) for row in shop.all(Consent)] == before
    assert shop.all(Preference) == []
    assert len(shop.all(ConsentEntry)) == 1


def test_un4_the_preference_page_begins_with_stop(shop: Writing) -> None:
    """UN-4: stop all first, then fewer, topics, a rest; in her language; no questions asked."""
    shop.sends()
    path = way_out(shop.mail()).replace("/u/", "/preferences/")
    page = shop.http.get(path).text
    places = [
        page.index(mark)
        for mark in ('value="stop"', 'name="fewer"', 'name="topic"', 'name="pause"')
    ]
    assert places == sorted(places)
    shop.http.post(
        path, data={"do": "save", "topic": ["cart", "stock"], "fewer": "on", "language": "pl"}
    )
    (wish,) = shop.all(Preference)
    assert (wish.fewer, wish.language) == (True, "pl")
    assert wish.topics_off == ["feedback", "loyalty", "newsletter", "replenish", "winback"]
    assert 'lang="pl"' in shop.http.get(path).text
    shop.waits(days=2)
    shop.sends("news")
    assert shop.word("news") == "refused:topic_off"
    shop.sends("cart", priority=2)
    assert shop.word("cart") == "sent"
    assert shop.post.sent[-1].parsed["Subject"] == "Dzień dobry, Ana"


def test_un4_a_rest_of_thirty_days_and_everything_back(shop: Writing) -> None:
    shop.sends()
    path = way_out(shop.mail()).replace("/u/", "/preferences/")
    every = ["cart", "stock", "replenish", "loyalty", "winback", "newsletter"]
    shop.http.post(path, data={"do": "save", "topic": every, "pause": "on"})
    shop.waits(days=2)
    shop.sends("k2")
    assert shop.word("k2") == "waiting:paused_by_person"
    shop.http.post(path, data={"do": "stop", "reason": "too much"})
    assert shop.word("k2") == "cancelled:withdrawn"
    shop.waits(seconds=1)
    shop.http.post(path, data={"do": "save", "topic": every})
    shop.sends("k3")
    assert shop.word("k3") == "sent"
    with shop.look() as tx:
        told = [(e.purpose, e.state, e.source) for e in consent.words_of(tx, shop.ana)]
    assert ("marketing", "withdrawn", "preferences") in told
    assert told[-1] == ("marketing", "granted", "preferences")


def test_un4_all_advertising_is_that_of_every_channel(shop: Writing) -> None:
    """UN-4: she presses "Stop all advertising" under a letter, and gets no texts either; the
    letter's own one-click is about letters (UN-2)."""
    with shop.work() as tx:
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
    shop.agrees("ana", channel="sms", address="+4915123456789", person=shop.ana)
    shop.sends()
    text = {"channel": "sms", "context": {"link": "https://shop.example/"}}
    later = shop.house.clock.now() + timedelta(days=2)
    shop.asks("later", due=later, **text)
    path = way_out(shop.mail())
    shop.http.post(path)
    assert shop.word("later") == "waiting"
    shop.http.post(path.replace("/u/", "/preferences/"), data={"do": "stop"})
    assert shop.word("later") == "cancelled:withdrawn"
    shop.sends("k2", **text)
    assert shop.word("k2") == "refused:withdrawn"


def test_un5_a_token_is_random_hashed_and_never_ends(shop: Writing) -> None:
    shop.sends("k1")
    shop.waits(days=700)
    token = way_out(shop.mail()).rpartition(".")[2]
    kept = str([vars(row) for row in shop.all(Send)])
    assert token not in kept
    assert shop.http.post(f"/u/{shop.id}.{token}").status_code == 200
    shop.sends("k2")
    assert shop.word("k2") == "refused:withdrawn"
    for forged in (f"/u/{shop.id}.{'a' * 52}", "/u/nonsense", f"/u/99.{token}"):
        assert shop.http.post(forged).status_code == 404


def test_un5_it_works_even_when_who_it_was_is_forgotten(shop: Writing) -> None:
    shop.sends()
    now = shop.house.clock.now().isoformat()
    gone = {"id": gid("User", "ana"), "email": "ana@example.com"}
    shop.hears("CUSTOMER_DELETED", event("CUSTOMER_DELETED", issued=now, user=gone))
    assert shop.http.post(way_out(shop.mail())).status_code == 200
    assert "ana" not in str([vars(row) for row in shop.all(Send)])
    assert [row.reason for row in shop.all(Suppression)] == ["erased", "unsubscribed"]


def test_un5_a_letter_of_three_years_ago_still_has_its_way_out(shop: Writing) -> None:
    """UN-5, PR-5: the message is forgotten after 24 months, that it may be answered is not."""
    shop.sends()
    path = way_out(shop.mail())
    shop.waits(days=800)
    with shop.work() as tx:
        nights.retire(tx, nights.old(tx))
    assert shop.all(Send) == []
    assert "ana" not in str([vars(row) for row in shop.all(WayOut)])
    assert shop.http.get(path).status_code == 200
    assert shop.all(Suppression) == []
    for _ in range(2):
        assert shop.http.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    shop.sends("k2")
    assert shop.word("k2") == "refused:suppressed"
    shop.waits(seconds=1)
    shop.agrees("ana", source="preferences")
    assert shop.sends("k3").state != "refused"


def test_un6_what_waits_is_called_off_in_the_same_breath(shop: Writing) -> None:
    """UN-6: not within five seconds, but in the same transaction."""
    shop.sends("k1")
    shop.asks("k2", due=shop.house.clock.now() + timedelta(days=3))
    shop.asks(
        "s1", due=shop.house.clock.now() + timedelta(days=3), message="receipt", purpose="service"
    )
    shop.http.post(way_out(shop.mail()))
    assert shop.word("k2") == "cancelled:withdrawn"
    assert shop.word("s1") == "waiting"


@pytest.mark.parametrize(
    ("text", "stops"),
    [("STOP", True), (" stop. ", True), ("Parar", True), ("SAIR!", True), ("cancelar", True),
     ("Wypisz", True), ("REZYGNUJĘ", True), ("rezygnuje", True), ("unsubscribe", True),
     ("don't stop", False), ("stop it please", False), ("", False), ("👍", False)],
)  # fmt: skip
def test_un7_a_text_that_says_stop(text: str, *, stops: bool) -> None:
    assert says_stop(text) is stops


def test_un7_one_goodbye_and_then_silence(shop: Writing) -> None:
    """UN-7: over the signed webhook that the SMS service calls."""
    number = {"channel": "sms", "address": "+4915123456789", "person": shop.ana}
    shop.agrees("ana", **number)
    with shop.work() as tx:
        seal = shop.house.secrets.seal
        tx.add(Outlet(channel="sms", url=seal("mailbox:"), secret=seal("s3"), since=tx.now))
    shop.asks("later", channel="sms", due=shop.house.clock.now() + timedelta(days=1))
    body = json.dumps([{"event": "reply", "sender": "+49 1512 3456789", "text": "Stop"}]).encode()
    for _ in range(2):
        assert reports(shop, body, channel="sms", secret="s3") == 200
        shop.settles()
    assert shop.word("later") == "cancelled:withdrawn"
    assert [row.text for row in shop.all(Posted)] == [
        "shop.example: done, you will get no more messages."
    ]
    shop.sends("k2", channel="sms", context={"link": "https://shop.example/"})
    assert shop.word("k2") == "refused:withdrawn"


def reports(shop: Writing, body: bytes, *, channel: str = "email", secret: str) -> int:
    mark = "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()
    return shop.http.post(
        f"/api/reports/{shop.id}/{channel}", content=body, headers={"X-Perennial-Signature": mark}
    ).status_code


# -- CO-4 to CO-7


def signs_up(shop: Writing, email: str = "cleo@example.com", **other: str) -> None:
    told = {
        "language": "en",
        "text_version": "v3",
        "text": "Send me news.",
        "country": "DE",
    } | other
    with shop.work() as tx:
        saying = Saying(email, Said.GRANTED, "storefront", proof={"form": "footer"}, **told)  # type: ignore[arg-type]
        joining.ask_to_confirm(tx, saying)
    shop.settles()


def question(mail: Mail) -> str:
    found = re.search(r"https://perennial.example(/confirm/[^\s\"]+)", mail.part("plain"))
    assert found
    return found[1]


def test_co4_a_typed_address_gets_one_question_and_only_a_press_is_a_word(shop: Writing) -> None:
    """CO-4: GET shows a button, POST confirms; the proof tells the text that was shown."""
    signs_up(shop)
    path = question(shop.mail())
    assert shop.mail().to == "cleo@example.com"
    assert shop.http.get(path).status_code == 200
    assert [row.state for row in shop.all(Consent) if row.address.startswith("cleo")] == ["pending"]
    assert shop.http.post(path).status_code == 200
    assert shop.http.post(path).status_code == 410
    cleo = shop.people()["cleo@example.com"]
    assert shop.sends(person=cleo.id).state == "sent"
    with shop.look() as tx:
        *_, entry = consent.words_of(tx, cleo.id or 0)
    assert (entry.text, entry.text_version, entry.source) == ("Send me news.", "v3", "confirmation")
    assert entry.proof["form"] == "footer"


def test_co4_one_reminder_then_the_link_ends_then_all_is_forgotten(shop: Writing) -> None:
    """CO-4: token 72 h, reminder after 24 h, unconfirmed data deleted after 14 days."""
    signs_up(shop)
    signs_up(shop)  # pressed twice: one question
    shop.waits(hours=25)
    assert shop.post.to == ["cleo@example.com"] * 2
    first, second = map(question, shop.post.sent)
    assert first == second  # whichever of the two mails she finds, its link is good for 72 hours
    assert shop.http.get(first).status_code == 200
    shop.waits(hours=48)
    assert shop.http.post(second).status_code == 410
    shop.waits(days=12)
    assert len(shop.post.sent) == 2
    assert shop.all(Confirmation) == []
    everything = [
        vars(r) for table in (Consent, ConsentEntry, Send, Person) for r in shop.all(table)
    ]
    assert "cleo" not in str(everything)


def test_co4_who_comes_back_after_the_link_ran_out_is_asked_anew(shop: Writing) -> None:
    """CO-4: three days later her link is dead; signing up once more brings another, and not a
    silence of eleven days."""
    signs_up(shop)
    shop.waits(hours=73)
    asked = len(shop.post.sent)
    signs_up(shop)
    assert len(shop.post.sent) == asked + 1
    assert shop.http.post(question(shop.post.sent[-1])).status_code == 200
    assert [r.state for r in shop.all(Consent) if r.address.startswith("cleo")] == ["granted"]
    shop.waits(days=15)
    assert [r.state for r in shop.all(Consent) if r.address.startswith("cleo")] == ["granted"]


def test_co4_where_one_word_is_enough_nobody_is_asked_twice(shop: Writing) -> None:
    shop.rules(single_opt_in=["US"])
    signs_up(shop, country="US")
    assert shop.post.sent == []
    assert [r.state for r in shop.all(Consent) if r.address == "cleo@example.com"] == ["granted"]


def test_co6_the_checkout_that_she_paid_is_the_one_that_counts(shop: Writing) -> None:
    """CO-6: she ticked in one checkout, left it, ticked in another and paid that one."""
    saying = Saying("cleo@example.com", Said.GRANTED, "checkout", country="PL")
    with shop.work() as tx:
        joining.ask_to_confirm(tx, saying, checkout="C1")
    shop.waits(hours=30)
    with shop.work() as tx:
        joining.ask_to_confirm(tx, saying, checkout="C2")
        joining.paid(tx, {"C2": "cleo@example.com"})
    assert [r.state for r in shop.all(Consent) if r.address == "cleo@example.com"] == ["granted"]


def test_co6_a_tick_that_is_heard_after_its_paid_order_counts_too(shop: Writing) -> None:
    """CO-6, IN-3: what Saleor tells comes in any order."""
    shop.hears("ORDER_PAID", event("ORDER_PAID", order=order("cleo@example.com", of="C1")))
    ticked = checkout("cleo@example.com", consent="true")
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", checkout=ticked))
    assert [r.state for r in shop.all(Consent) if r.address == "cleo@example.com"] == ["granted"]
    shop.waits(days=2)
    assert shop.post.sent == []


def test_co6_a_tick_counts_once_the_order_is_paid(shop: Writing) -> None:
    """CO-6: anybody who holds a checkout's id can write its metadata; nobody pays for a joke."""
    with shop.work() as tx:
        saying = Saying("cleo@example.com", Said.GRANTED, "checkout", country="PL")
        joining.ask_to_confirm(tx, saying, checkout="C1")
        joining.paid(tx, {"C2": "cleo@example.com"})
        joining.paid(tx, {"C1": "other@example.com"})
    assert [r.state for r in shop.all(Consent) if r.address == "cleo@example.com"] == ["pending"]
    with shop.work() as tx:
        joining.paid(tx, {"C1": "cleo@example.com"})
    assert [r.state for r in shop.all(Consent) if r.address == "cleo@example.com"] == ["granted"]


@pytest.mark.parametrize("country", ["BR", "PL"])
def test_co6_a_tick_that_nobody_confirmed_undoes_no_unsubscribing(
    shop: Writing, country: str
) -> None:
    """CO-6, CO-2: whoever holds a checkout's id can tick its box with any address. Where the law
    takes silence for enough, a no that became a question would be silence, at once or in 14 days.
    """
    ana = shop.person("cleo", country=country)
    shop.agrees("cleo", said=Said.WITHDRAWN, source="unsubscribe")
    touches(shop, "true")
    assert said(shop) == ["withdrawn"]
    shop.sends(person=ana)
    assert shop.word() == "refused:withdrawn"
    shop.waits(days=15)
    assert said(shop) == ["withdrawn"]
    shop.sends("k2", person=ana)
    assert shop.word("k2") == "refused:withdrawn"


def test_co3_a_paid_tick_does_not_bring_back_who_complained(shop: Writing) -> None:
    shop.agrees("ana", said=Said.WITHDRAWN, source=consent.COMPLAINT)
    shop.waits(seconds=1)
    with shop.work() as tx:
        saying = Saying("ana@example.com", Said.GRANTED, "checkout")
        joining.ask_to_confirm(tx, saying, checkout="C1")
        joining.paid(tx, {"C1": "ana@example.com"})
    shop.sends()
    assert shop.word() == "refused:complained"


def touches(shop: Writing, consent_: str | None, **other: object) -> None:
    now = shop.house.clock.now().isoformat()
    told = {"consent": consent_, "consentText": "v7", "languageCode": "PL"} | other
    body = checkout("cleo@example.com", updated=now, **told)  # type: ignore[arg-type]
    shop.hears("CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", issued=now, checkout=body))


def said(shop: Writing) -> list[str]:
    return [row.state for row in shop.all(Consent) if row.address == "cleo@example.com"]


def test_co6_a_tick_at_checkout_is_believed_with_the_paid_order(shop: Writing) -> None:
    """CO-6: heard in the checkout's metadata; the buyer is asked nothing more."""
    touches(shop, "true")
    assert said(shop) == ["pending"]
    now = shop.house.clock.now().isoformat()
    body = order("cleo@example.com", of="C1", created=now)
    shop.hears("ORDER_PAID", event("ORDER_PAID", issued=now, order=body))
    assert said(shop) == ["granted"]
    shop.waits(hours=30)
    assert shop.post.sent == []
    with shop.look() as tx:
        *_, entry = consent.words_of(tx, shop.people()["cleo@example.com"].id or 0)
    assert (entry.source, entry.text_version, entry.proof["checkout"]) == (
        "checkout", "v7", gid("Checkout", "C1"),
    )  # fmt: skip


def test_co6_who_ticked_and_left_is_asked_after_an_hour_in_her_language(shop: Writing) -> None:
    touches(shop, "true")
    touches(shop, "true")
    assert shop.post.sent == []
    shop.waits(hours=1)
    assert shop.mail().parsed["Subject"] == "Potwierdź swój adres"


@pytest.mark.parametrize("word", [None, "", "false", "TRUE?"])
def test_co6_no_tick_is_no_word(shop: Writing, word: str | None) -> None:
    touches(shop, word)
    assert said(shop) == []


def test_co6_a_tick_that_is_taken_back_was_not_meant(shop: Writing) -> None:
    touches(shop, "true")
    shop.waits(minutes=1)
    touches(shop, "false")
    assert said(shop) == []
    shop.waits(hours=30)
    assert shop.post.sent == []

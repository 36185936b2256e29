"""What staff sees of messages: words in three languages, a customer's look, the mailbox."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from app.kit.house import House
from app.messages import library, queries
from app.messages.blocks import Block, Draft, Letter, Note
from app.messages.tables import Message, Outlet, Posted, Send
from tests.support.postbox import Postbox
from tests.support.writing import Writing


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        yield shop


def posts(shop: Writing, status: int = 200, path: str = "/app/messages/hello", **form: str) -> str:
    answer = shop.http.post(path, headers=shop.staff(), data=form)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_message_is_seen_as_a_real_customer_gets_it(shop: Writing) -> None:
    page = shop.sees("/app/messages/hello")
    assert "Hello, {{ first_name|fallback(&#39;you&#39;) }}" in page
    looks = re.findall(r'href="(/look/[^"]+)"', page)
    assert len(looks) == 3
    letter = shop.http.get(looks[1])
    assert "Nowości w sklepie." in letter.text
    assert "style-src 'unsafe-inline'" in letter.headers["content-security-policy"]
    assert "script" not in letter.headers["content-security-policy"]
    assert "Hello, Ana!" in shop.http.get(looks[0]).text
    assert shop.all(Send) == []


def test_a_look_needs_its_pass(shop: Writing) -> None:
    page = shop.sees("/app/messages/hello")
    good = re.findall(r'href="(/look/[^"]+)"', page)[0]
    assert shop.http.get(good[:-1] + "7").status_code == 404
    assert shop.http.get(good.replace("-", "-9", 1)).status_code == 404
    assert shop.http.get("/look/1-99999999999-" + "0" * 20 + "/hello/email/en/1").status_code == 404
    assert shop.http.get("/look/x/y").status_code == 404


def test_words_are_changed_and_the_next_message_says_them(shop: Writing) -> None:
    with shop.look() as tx:
        draft = library.find(tx, "hello")
    assert draft
    form = fields(shop.sees("/app/messages/hello"))
    form["email.en.subject"] = "Good day, {{ first_name|fallback('you') }}"
    form["email.pt_BR.subject"] = "Olá"
    form["email.pt_BR.0.text"] = "Olá!"
    form["email.pt_BR.1.text"] = "Há **novidades**."
    form["email.pt_BR.2.label"] = "Ver"
    said = posts(shop, do="save", **form)
    assert "Saved." in said
    with shop.look() as tx:
        assert library.missing(tx, "hello") == [("sms", "pt_BR"), ("sms", "pl")]
        changed = library.find(tx, "hello")
    assert changed
    assert changed.variants["email"]["pt_BR"].blocks[2].link == "https://shop.example/new"  # type: ignore[union-attr]
    assert changed.variants["email"]["pl"] == draft.variants["email"]["pl"]
    shop.sends()
    assert shop.mail().parsed["Subject"] == "Good day, Ana"


def fields(page: str) -> dict[str, str]:
    import html

    told = dict(re.findall(r'<input id="([^"]+)" name="[^"]+" value="([^"]*)" lang', page))
    told |= dict(re.findall(r'<textarea id="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    return {name: html.unescape(text) for name, text in told.items()}


def test_a_text_for_the_phone_is_added_where_the_shop_can_send_one(shop: Writing) -> None:
    """C11: one message, a channel more, once somebody has written its words."""
    with shop.work() as tx:
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
        only = Letter(subject="Only mail", blocks=(Block(kind="text", text="mail"),))
        library.ensure(tx, Draft(key="mail", name="Mail", variants={"email": {"en": only}}))
    assert "sms.en.text" in fields(shop.sees("/app/messages/mail"))
    assert "whatsapp.en.text" not in fields(shop.sees("/app/messages/mail"))
    posts(shop, path="/app/messages/mail", do="save", **fields(shop.sees("/app/messages/mail")))
    form = fields(shop.sees("/app/messages/mail")) | {"sms.pl.text": "{{ shop_name }}: nowości"}
    with shop.look() as tx:
        before = library.find(tx, "mail")
    assert before
    assert set(before.variants) == {"email"}
    posts(shop, path="/app/messages/mail", do="save", **form)
    with shop.look() as tx:
        changed = library.find(tx, "mail")
    assert changed
    assert changed.variants["sms"] == {"pl": Note(text="{{ shop_name }}: nowości")}


def test_what_is_no_merge_field_is_said_beside_its_field(shop: Writing) -> None:
    form = fields(shop.sees("/app/messages/hello"))
    form["email.en.1.text"] = "{{ first_name.upper() }}"
    said = posts(shop, 422, do="save", **form)
    assert "is no merge field" in said
    assert len(shop.all(Message)) == 2


def test_who_may_not_change_may_look(shop: Writing) -> None:
    headers = shop.staff(["MANAGE_USERS"])
    assert (
        "You can look, but not change" in shop.http.get("/app/messages/hello", headers=headers).text
    )
    answer = shop.http.post("/app/messages/hello", headers=headers, data={"do": "save"})
    assert answer.status_code == 403
    assert shop.http.get("/app/messages/hello", headers=shop.staff([])).status_code == 403
    assert shop.http.get("/app/messages/none", headers=shop.staff()).status_code == 404


def test_a_test_goes_to_whoever_asks_and_twenty_customers_are_tried(shop: Writing) -> None:
    assert "owner@example.com" in posts(shop, do="test", person="ana@example.com")
    assert shop.mail().to == "owner@example.com"
    said = posts(shop, do="rehearse")
    assert "missing" in said or "no fallback" in said  # the text message has a link to fill in
    assert "Nobody has this address." in posts(shop, do="show", person="zoe@example.com")
    assert shop.all(Send) == []


def test_the_local_mailbox_shows_what_was_sent(shop: Writing) -> None:
    assert "Nothing is in the mailbox." in shop.sees("/app/mailbox")
    with shop.work() as tx:
        outlet = queries.outlet(tx, "email")
        assert outlet
        outlet.url = shop.house.secrets.seal("mailbox:")
    shop.sends()
    assert len(shop.all(Posted)) == 1
    page = shop.sees("/app/mailbox")
    assert "Hello, Ana" in page
    path = re.findall(r'href="(/letter/[^"]+)"', page)[0]
    assert "Hello, Ana!" in shop.http.get(path).text
    assert shop.http.get(path + "9").status_code == 404


def test_she_may_take_away_what_is_known(shop: Writing) -> None:
    shop.sends()
    path = f"/app/people/{shop.ana}/messages.json"
    told = shop.http.get(path, headers=shop.staff()).json()
    assert told["consents"][0]["said"] == "granted"
    assert shop.http.get(path, headers=shop.staff([])).status_code == 403


@pytest.mark.parametrize("locale", ["en", "pl", "pt-BR"])
def test_public_pages_speak_the_language_of_the_message(shop: Writing, locale: str) -> None:
    shop.sends()
    path = re.findall(
        r"https://perennial.example(/u/\S+)>", shop.mail().parsed["List-Unsubscribe"]
    )[0]
    page = shop.http.get(f"{path}?locale={quote(locale)}").text
    word = {"en": "One press", "pl": "Jedno kliknięcie", "pt-BR": "Um clique"}[locale]
    assert word in page
    other = shop.http.get(f"{path.replace('/u/', '/preferences/')}?locale={locale}").text
    word = {"en": "Less often", "pl": "Rzadziej", "pt-BR": "Com menos frequência"}[locale]
    assert word in other

"""Opens and clicks: links that lead only where we signed, and machines told apart from people."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlmodel import select

from app.kit.house import House
from app.messages import library, networks, queries, touches
from app.messages.links import marked
from app.messages.tables import Outlet, Posted, Send, Touch
from app.messages.touches import Visitor
from tests.support.postbox import Postbox
from tests.support.writing import Writing

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
MANY = library.Draft(
    key="many", name="Many links",
    variants={"email": {"en": library.Letter(
        subject="x",
        blocks=tuple(
            library.Block(kind="button", label=f"L{n}", link=f"https://shop.example/{n}?t=secret")
            for n in range(3)
        ),
    )}},
)  # fmt: skip


@pytest.fixture
def shop(house: House, postbox: Postbox) -> Iterator[Writing]:
    with Writing(house, postbox) as shop:
        with shop.work() as tx:
            library.save(tx, MANY)
        yield shop


def links(shop: Writing) -> list[str]:
    text = shop.mail().part("plain")
    return re.findall(r"https://perennial.example(/c/\S+)", text)


def follows(shop: Writing, path: str, **headers: str) -> str:
    answer = shop.http.get(path, headers=BROWSER | headers, follow_redirects=False)
    return answer.headers.get("location", str(answer.status_code))


def told(shop: Writing) -> list[str]:
    return [row.by for row in shop.all(Touch)]


def test_a_link_leads_on_and_keeps_nothing_of_a_token(shop: Writing) -> None:
    """RL-8 for links of messages: signed, marked (AT-1), and no open redirect."""
    shop.sends(message="many", campaign="Cart", step="1", variant="a")
    shop.waits(minutes=1)
    first, *_ = links(shop)
    assert follows(shop, first) == (
        "https://shop.example/0?t=secret&utm_source=perennial&utm_medium=email"
        "&utm_campaign=cart&utm_content=1-a"
    )
    assert [(t.by, t.link) for t in shop.all(Touch)] == [("human", "https://shop.example/0")]
    evil = first.split("?to=")[0] + "?to=https%3A%2F%2Fevil.example%2F"
    assert follows(shop, evil) == "404"
    assert follows(shop, first.replace("/c/", "/c/9")) == "404"
    with shop.look() as tx:
        assert queries.clicked(tx, shop.ana, since=tx.now - timedelta(hours=1))
        assert queries.figures(tx, "Cart")["1"] == {"sent": 1}
        assert queries.clicks(tx, "Cart") == {"1": 1}


def test_op2_machines_are_told_apart(shop: Writing) -> None:
    """OP-2: at once, by HEAD, by name, by the link nobody sees, three in two seconds."""
    shop.sends(message="many")
    first, second, third = links(shop)
    follows(shop, first)
    assert told(shop) == ["machine"]  # within five seconds
    shop.waits(minutes=1)
    shop.http.head(first, headers=BROWSER, follow_redirects=False)
    follows(shop, first, **{"User-Agent": "Barracuda Sentinel"})
    trap = re.findall(r"https://perennial.example(/c/[^\"?]+)\"", shop.mail().part("html"))[-1]
    assert follows(shop, trap) == "404"
    assert told(shop) == ["machine"] * 4
    shop.waits(minutes=1)
    for path in (first, second, third):
        follows(shop, path)
    assert told(shop)[-3:] == ["machine"] * 3
    shop.waits(minutes=1)
    follows(shop, second)
    assert told(shop)[-1] == "human"


@pytest.mark.parametrize(
    ("agent", "by"),
    [("Mozilla/5.0", "human"), ("GoogleImageProxy", "unknown"), ("", "machine"),
     ("python-requests/2", "machine")],
)  # fmt: skip
def test_op1_whose_agent_it_is(agent: str, by: str) -> None:
    since = timedelta(minutes=5)
    assert touches.by_whom(Visitor(agent), since=since, least=touches.AT_ONCE) == by


def test_op1_apples_proxy_and_data_centres_open_nothing() -> None:
    assert networks.of_apple("17.58.101.3")
    assert not networks.of_apple("93.184.216.34")
    assert networks.of_a_centre("20.81.4.9")
    assert networks.of_a_centre("2603:1000::1")
    assert not networks.of_a_centre("93.184.216.34")
    assert not networks.of_a_centre("testclient")


def test_op2_what_was_followed_before_it_arrived_was_a_gateway(shop: Writing) -> None:
    """Not the hour of sending counts, but that of delivery, as soon as it is told."""
    shop.sends(message="many")
    first, second, _ = links(shop)
    shop.waits(minutes=10)
    follows(shop, first)
    shop.waits(minutes=1)
    follows(shop, second)
    assert told(shop) == ["human", "human"]
    with shop.work() as tx:
        send = tx.exec(select(Send)).one()
        send.delivered_at = tx.now - timedelta(seconds=61)
        touches.delivered(tx, send)
    assert told(shop) == ["machine", "human"]


def test_op2_who_follows_the_hidden_link_follows_all_around_it(shop: Writing) -> None:
    shop.sends(message="many")
    shop.waits(minutes=5)
    first, second, _ = links(shop)
    trap = re.findall(r"https://perennial.example(/c/[^\"?]+)\"", shop.mail().part("html"))[-1]
    follows(shop, first)
    shop.waits(seconds=20)
    follows(shop, trap)
    shop.waits(seconds=20)
    follows(shop, second)
    assert told(shop) == ["machine"] * 3


def test_op4_no_address_and_no_agent_is_written_down(shop: Writing) -> None:
    """OP-4: and a click from a data centre is doubtful, until somebody does something there."""
    shop.sends(message="many")
    shop.waits(minutes=5)
    with shop.work() as tx:
        send = tx.exec(select(Send)).one()
        visitor = Visitor("Mozilla/5.0 Firefox/140.0", "20.81.4.9")
        touches.clicked(tx, send, link="https://shop.example/0", visitor=visitor, trap=False)
    (touch,) = shop.all(Touch)
    assert touch.by == "doubtful"
    assert "20.81" not in str(vars(touch))
    assert "Firefox" not in str(vars(touch))
    with shop.work() as tx:
        assert not queries.clicked(tx, shop.ana, since=tx.now - timedelta(hours=1))
        touches.became_human(tx.exec(select(Touch)).one())
    assert told(shop) == ["human"]


def test_op3_an_open_is_no_sign_of_life_and_stops_nothing(shop: Writing) -> None:
    """OP-3: decisions look at human clicks and orders; an open changes none of them."""
    shop.sends(message="many")
    shop.waits(minutes=5)
    with shop.work() as tx:
        send = tx.exec(select(Send)).one()
        touches.opened(tx, send, visitor=Visitor("Mozilla/5.0 Firefox/140.0", "93.184.216.34"))
    assert told(shop) == ["human"]
    with shop.look() as tx:
        assert not queries.clicked(tx, shop.ana, since=tx.now - timedelta(hours=1))
        people = queries.group(tx, shop.ana)
        known = queries.life(tx, people, "ana@example.com").last_sign_at
        assert known is None or known < tx.now - timedelta(minutes=4)


def test_op1_opens_are_counted_only_where_the_owner_and_she_agree(shop: Writing) -> None:
    """OP-1, OP-4: off by default; in the EU only with her word; nothing of her device is kept."""
    shop.sends("k1")
    assert "/o/" not in shop.post.sent[-1].part("html")
    shop.rules(opens=True)
    shop.waits(days=1)
    shop.sends("k2")
    assert "/o/" not in shop.post.sent[-1].part("html")
    shop.agrees("ana", purpose="personalisation")
    shop.waits(days=1)
    shop.sends("k3")
    pixel = re.findall(r"https://perennial.example(/o/[^\"]+)", shop.post.sent[-1].part("html"))[0]
    shop.waits(minutes=1)
    answer = shop.http.get(pixel, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    (touch,) = shop.all(Touch)
    assert (touch.kind, touch.by) == ("open", "human")
    assert "Firefox" not in str(vars(touch))


def test_at1_links_are_left_alone_where_the_owner_says_so(shop: Writing) -> None:
    """AT-1: privacy mode."""
    shop.rules(wrap_links=False)
    shop.sends(message="many", campaign="cart")
    assert links(shop) == []
    assert "https://shop.example/0?t=secret&utm_source=perennial" in shop.mail().part("plain")


def test_at1_one_message_may_leave_its_links_alone(shop: Writing) -> None:
    """AT-1: privacy mode of a message: marked, but not led through us, and no hidden link."""
    with shop.work() as tx:
        library.save(tx, MANY.model_copy(update={"plain_links": True}))
    shop.sends(message="many", campaign="cart")
    assert links(shop) == []
    assert "/c/" not in shop.mail().part("html")
    assert "utm_campaign=cart" in shop.mail().part("plain")


def test_at1_marks_that_are_there_stay_and_all_are_in_lower_case() -> None:
    """AT-1: nothing of a person, and no code, is ever a mark."""
    url = marked(
        "https://shop.example/x?utm_source=Own&a=1#top", medium="email", campaign="Win_Back",
        content="First-B",
    )  # fmt: skip
    assert url == (
        "https://shop.example/x?utm_source=Own&a=1&utm_medium=email&utm_campaign=win_back"
        "&utm_content=first-b#top"
    )


def test_sm2_the_first_text_in_thirty_days_says_who_writes_and_how_it_ends(shop: Writing) -> None:
    """SM-2."""
    shop.agrees("ana", channel="sms", address="+4915123456789", person=shop.ana)
    with shop.work() as tx:
        tx.add(Outlet(channel="sms", url=shop.house.secrets.seal("mailbox:"), since=tx.now))
    for key in ("k1", "k2"):
        shop.sends(key, channel="sms", context={"link": "https://shop.example/"})
        shop.waits(days=2)
    first, second = (row.text for row in shop.all(Posted))
    assert first.startswith("shop.example: Hello, Ana!")
    assert first.endswith("Reply STOP to get no more.")
    assert second.startswith("Hello, Ana!")
    assert "STOP" not in second


def test_sending_holds_no_transaction(shop: Writing) -> None:
    """While the mail server thinks, everybody else may write."""
    wrote: list[bool] = []

    def write() -> None:
        with shop.work() as tx:
            tx.add(Touch(send=0, kind="open", by="human", at=tx.now))
        wrote.append(True)

    shop.post.before = write
    shop.sends()
    assert wrote == [True]
    assert shop.word() == "sent"


def test_op1_who_says_no_more_than_apples_proxy_opened_nothing(shop: Writing) -> None:
    """OP-1: most of its fetches come from networks of its partners: the agent tells, for opens."""
    shop.sends()
    shop.waits(minutes=5)
    with shop.work() as tx:
        send = tx.exec(select(Send)).one()
        assert (
            touches.opened(tx, send, visitor=Visitor("Mozilla/5.0", "93.184.216.34")) == "machine"
        )


@pytest.mark.parametrize(
    "words",
    ["https://shop.example/?c={{ code }}", "Go: [here](https://shop.example/{{first_name}}/x)",
     "https://shop.example/{{ link }}?n={{ last_name|upper }}"],
)  # fmt: skip
def test_at1_no_address_holds_a_name_or_a_code(words: str) -> None:
    """AT-1, CP-9: whoever counts visits for the shop would read them there."""
    with pytest.raises(ValidationError, match="no address may hold"):
        library.Block(kind="text", text=words)
    with pytest.raises(ValidationError, match="no address may hold"):
        library.Note(text=words)
    library.Note(
        text="{{ first_name }}, your code is {{ code }}: https://shop.example/?x={{ link }}"
    )


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_fc2_a_code_in_the_words_is_an_offer_too(channel: str) -> None:
    """FC-2: with or without a block of its own."""
    words = "Your parcel is late, take {{ code }}"
    told = library.Note(text=words)
    if channel == "email":
        told = library.Letter(subject=words, blocks=(library.Block(kind="text", text="Sorry."),))
    with pytest.raises(ValidationError, match="FC-2"):
        library.Draft(key="k", name="k", purpose="service", variants={channel: {"en": told}})

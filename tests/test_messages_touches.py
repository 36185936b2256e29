"""Opens and clicks: links that lead only where we signed, and machines told apart from people."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.kit.house import House
from app.messages import library, queries, touches
from app.messages.tables import Outlet, Posted, Touch
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
def postbox() -> Iterator[Postbox]:
    with Postbox() as postbox:
        yield postbox


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
        assert queries.figures(tx, "Cart")["1"] == {"sent": 1, "clicked": 1}


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
    assert touches.by_whom(agent, head=False, since_sent=since, least=touches.AT_ONCE) == by


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

"""SS-1 and AC-6: at most once, whatever dies, and nothing to somebody who has just bought."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.kit.clock import StillClock
from app.kit.house import House
from app.messages import flows, library
from app.messages.flows import Deliver
from app.messages.guards import NotBought, StillUnpaid
from app.messages.rules import RefusedError
from app.messages.tables import Posted, Send, Touch
from tests.support.makers import checkout, checkout_line, gid, money, order
from tests.support.postbox import Postbox
from tests.support.writing import Writing

JSON = dict[str, Any]


class Till:
    """A Saleor that knows the orders it was given and a checkout, and may be away."""

    def __init__(self) -> None:
        self.orders: list[JSON] = []
        self.checkout: JSON | None = None
        self.sold_out: set[str] = set()
        self.unpublished: set[str] = set()
        self.away = False
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] | None = None
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if self.away:
            raise httpx.ConnectError("away", request=request)
        if "PurchasesSince" in asked["query"]:
            self.asked.append("purchases")
            if self.meanwhile:
                self.meanwhile()
            return httpx.Response(200, json={"data": self._purchases(asked["variables"])})
        if "query Checkout" in asked["query"]:
            self.asked.append("checkout")
            return httpx.Response(200, json={"data": {"checkout": self.checkout}})
        if "query VariantsOnSale" in asked["query"]:
            self.asked.append("shelf")
            return httpx.Response(200, json={"data": self._shelf(asked["variables"]["ids"])})
        self.asked.append("order")
        return httpx.Response(
            200, json={"data": {"order": self.orders[0] if self.orders else None}}
        )

    def _shelf(self, ids: list[str]) -> JSON:
        there = [id_ for id_ in ids if id_ not in self.unpublished]
        shelf = [on_sale(id_, left=0 if id_ in self.sold_out else 50) for id_ in there]
        return {"productVariants": {"edges": [{"node": one} for one in shelf]}}

    def _purchases(self, told: Mapping[str, Any]) -> JSON:
        mine = [o for o in self.orders if told["email"] in o["userEmail"]]
        own = [o for o in self.orders if o["checkoutId"] in told["checkouts"]]
        return {"byAddress": edges(mine), "ofCheckout": edges(own)}


def on_sale(id_: str, *, left: int) -> JSON:
    product = {"id": id_, "name": "It", "isAvailable": True}
    asked = {"price": {"gross": money(20), "net": money(20)}}
    return {"id": id_, "quantityAvailable": left, "product": product, "pricing": asked}


def edges(orders: list[JSON]) -> JSON:
    names = ("id", "created", "origin", "userEmail", "user")
    return {"edges": [{"node": {name: one[name] for name in names}} for one in orders]}


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def shop(house: House, postbox: Postbox, till: Till) -> Iterator[Writing]:
    with Writing(house, postbox, transport=till.transport) as shop:
        yield shop


def reminded(shop: Writing, key: str = "cart:1", **other: object) -> None:
    """A cart left an hour ago, its reminder due now."""
    since = shop.house.clock.now() - timedelta(hours=1)
    shop.sends(key, guard=NotBought(since=since, checkout=gid("Checkout", "C1")), **other)


def placed(shop: Writing, email: str = "ana@example.com", **other: object) -> JSON:
    created = shop.house.clock.now() - timedelta(seconds=1)
    return order(email, created=created, **other)  # type: ignore[arg-type]


def test_ac6_an_order_placed_a_second_ago_with_its_webhook_withheld(
    shop: Writing, till: Till
) -> None:
    """AC-6: Saleor is asked seconds before; nothing is sent."""
    till.orders.append(placed(shop))
    reminded(shop)
    assert shop.word("cart:1") == "refused:stopped_purchase"
    assert shop.post.sent == []


def test_ac6_an_order_that_comes_while_saleor_is_being_asked_is_seen(
    shop: Writing, till: Till
) -> None:
    till.meanwhile = lambda: till.orders.append(placed(shop)) if not till.orders else None
    reminded(shop)
    assert shop.post.sent == []
    assert till.asked == ["purchases"]


@pytest.mark.parametrize(
    ("other", "sent"),
    [({"email": "ben@example.com"}, 1), ({"email": "dana@example.com"}, 1),
     ({"origin": "BULK_CREATE"}, 1), ({"origin": "DRAFT"}, 1), ({"origin": "REISSUE"}, 0),
     ({"email": "other@example.com", "of": "C1"}, 0)],
    ids=str,
)  # fmt: skip
def test_ac6_whose_and_which_orders_stop_it(
    shop: Writing, till: Till, other: dict[str, Any], sent: int
) -> None:
    """Any of hers but bulk and draft; the checkout's own, whoever paid it; nobody else's."""
    till.orders.append(placed(shop, **other))
    reminded(shop)
    assert len(shop.post.sent) == sent


def test_ac6_an_order_from_before_the_cart_stops_nothing(shop: Writing, till: Till) -> None:
    till.orders.append(
        order("ana@example.com", created=shop.house.clock.now() - timedelta(hours=2))
    )
    reminded(shop)
    assert len(shop.post.sent) == 1


def test_ac6_while_saleor_is_away_it_is_held_and_after_six_hours_dropped(
    shop: Writing, till: Till
) -> None:
    """AC-6: `could_not_verify`."""
    till.away = True
    reminded(shop)
    assert shop.word("cart:1") == "waiting:could_not_verify"
    for _ in range(5):
        shop.waits(hours=1)
    assert shop.word("cart:1") == "waiting:could_not_verify"
    shop.waits(hours=1)
    assert shop.word("cart:1") == "refused:could_not_verify"
    assert shop.post.sent == []


def test_ac6_when_saleor_is_back_in_time_it_goes(shop: Writing, till: Till) -> None:
    till.away = True
    reminded(shop)
    shop.waits(hours=2)
    till.away = False
    shop.waits(minutes=5)
    assert shop.word("cart:1") == "sent"


def test_ac2_a_payment_reminder_ends_with_the_payment(shop: Writing, till: Till) -> None:
    till.orders.append(order("ana@example.com", paid=False))
    shop.sends("pay:1", guard=StillUnpaid(order=gid("Order", 1)))
    assert shop.word("pay:1") == "sent"
    till.orders[0] = order("ana@example.com", paid=True)
    shop.waits(days=1)
    shop.sends("pay:2", guard=StillUnpaid(order=gid("Order", 1)))
    assert shop.word("pay:2") == "refused:paid"


CART = library.Draft(
    key="cart", name="Cart",
    variants={"email": {"en": library.Letter(
        subject="{{ n_items }} in your basket", blocks=(library.Block(kind="cart"),)
    )}},
)  # fmt: skip


def test_ac10_the_basket_is_shown_as_it_is_now(shop: Writing, till: Till) -> None:
    """AC-10: prices read again seconds before; what has none any more is left out."""
    with shop.work() as tx:
        library.save(tx, CART)
    till.checkout = checkout(
        lines=[checkout_line("tee", each=17.5, quantity=2), checkout_line("gone", each=None)]
    )
    reminded(shop, message="cart", context={"checkout": gid("Checkout", "C1")})
    mail = shop.mail()
    assert mail.parsed["Subject"] == "2 in your basket"
    assert "Tee" in mail.part("plain")
    assert "€35.00" in mail.part("html")
    assert "Gone" not in mail.part("html")
    assert "can change" in mail.part("plain")


def test_ac10_nothing_left_is_nothing_sent(shop: Writing, till: Till) -> None:
    with shop.work() as tx:
        library.save(tx, CART)
    till.checkout = checkout(lines=[checkout_line("gone", each=None)])
    reminded(shop, message="cart", context={"checkout": gid("Checkout", "C1")})
    assert shop.word("cart:1") == "refused:nothing_left"


# -- SS-1


def test_ss1_it_is_reserved_on_disk_before_the_mail_server_hears_of_it(shop: Writing) -> None:
    seen: list[str] = []
    shop.post.before = lambda: seen.append(shop.send().state)
    shop.sends()
    assert seen == ["reserved"]
    assert shop.word() == "sent"


def test_ss1_whoever_dies_after_reserving_leaves_it_unsent_for_ever(shop: Writing) -> None:
    """SS-1: the next one finds it reserved: unknown, and never again."""
    shop.asks()
    with shop.work() as tx:
        send = tx.get(Send, 1)
        assert send
        send.state, send.hold, send.handed_at = "reserved", "a dead hand", tx.now
    shop.settles()
    assert shop.word() == "unknown:crashed"
    shop.waits(days=30)
    assert shop.post.sent == []


def test_ss1_a_line_that_breaks_after_the_letter_leaves_it_unknown(shop: Writing) -> None:
    shop.post.hangs_up = True
    shop.sends()
    assert shop.word() == "unknown:no_answer"
    shop.post.hangs_up = False
    shop.waits(days=1)
    assert len(shop.post.sent) == 1  # it had arrived; a second one would have been a second one


def test_ss1_who_reads_it_tells_that_it_was_sent(shop: Writing) -> None:
    """Resolved by evidence: a person followed its link."""
    shop.post.hangs_up = True
    shop.sends()
    found = re.search(r"https://perennial.example(/c/\S+)", shop.mail().part("plain"))
    assert found
    path = found[1]
    shop.waits(minutes=5)
    answer = shop.http.get(path, headers={"User-Agent": "Mozilla/5.0"}, follow_redirects=False)
    assert answer.headers["location"].startswith("https://shop.example/new?utm_source=perennial")
    assert shop.send().state == "sent"
    assert [(t.kind, t.by, t.link) for t in shop.all(Touch)] == [
        ("click", "human", "https://shop.example/new")
    ]


@pytest.mark.parametrize("answer", ["451 4.3.0 Later", "421 4.7.0 Busy"])
def test_ss1_a_plain_no_is_tried_again_later(shop: Writing, answer: str) -> None:
    shop.post.answers = answer
    shop.sends()
    assert shop.word() == "waiting:not_taken"
    shop.post.answers = "250 OK"
    shop.waits(minutes=2)
    assert shop.word() == "sent"
    assert len(shop.post.sent) == 1


def test_ss1_a_no_for_good_is_a_failure(shop: Writing) -> None:
    shop.post.answers = "554 5.7.1 We don't like you"
    shop.sends()
    assert shop.word() == "failed:not_taken"
    shop.waits(days=2)
    shop.post.answers = "250 OK"
    assert shop.sends("k2").state == "sent"  # a server's opinion is no dead address


def test_ss1_a_server_that_is_away_is_waited_for(shop: Writing, postbox: Postbox) -> None:
    with shop.work() as tx:
        outlet = flows.queries.outlet(tx, "email")
        assert outlet
        good, outlet.url = outlet.url, shop.house.secrets.seal("smtp://127.0.0.1:9?tls=none")
    shop.sends()
    assert shop.word() == "waiting:not_taken"
    with shop.work() as tx:
        outlet = flows.queries.outlet(tx, "email")
        assert outlet
        outlet.url = good
    shop.waits(minutes=2)
    assert shop.word() == "sent"


def test_ss1_two_hands_at_one_message_send_it_once(shop: Writing) -> None:
    for n in range(8):
        shop.asks(f"k{n}", person=shop.person(f"p{n}", country="US"))
    shop.waits(hours=9)
    shop.post.sent.clear()
    for n in range(8):
        shop.asks(f"again{n}", person=shop.person(f"q{n}", country="US"))
    keeper = shop.perennial.worker.keeper
    ids = [row.id for row in shop.all(Send) if row.key.startswith("again")]
    start = threading.Barrier(16)

    def work(number: int) -> None:
        start.wait()
        job = Deliver(send=ids[number % 8], who=str(number))
        keeper.agenda.errands[job.kind].run(job, keeper.world(shop.id))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(shop.post.to) == [f"q{n}@example.com" for n in range(8)]


def test_ss1_what_is_called_off_before_it_is_reserved_is_not_sent(
    shop: Writing, till: Till
) -> None:
    """A cancellation that comes in while the message is being made."""

    def called_off() -> None:
        with shop.work() as tx:
            flows.cancel(tx, key="cart:1", reason="bought")

    till.meanwhile = called_off
    reminded(shop)
    assert shop.word("cart:1") == "cancelled:bought"
    assert shop.post.sent == []


def test_the_last_words_may_be_a_refusal(shop: Writing, clock: StillClock) -> None:
    """Whoever supplies a link or a code at the last moment may say no."""
    keeper = shop.perennial.worker.keeper
    job = Deliver(send=shop.asks().id or 0, who="x")

    def no(*_: object) -> Mapping[str, Any]:
        raise RefusedError("margin_floor")

    from app.messages.errands import deliver

    deliver(job, keeper.world(shop.id), supply=no)
    assert shop.word() == "refused:margin_floor"


def test_ss4_a_field_without_value_stops_the_message(shop: Writing) -> None:
    """SS-4: and says which kind of trouble it was; nothing half filled in goes out."""
    letter = library.Letter(
        subject="Hi {{ first_name }}", blocks=(library.Block(kind="text", text="x"),)
    )
    with shop.work() as tx:
        library.save(tx, library.Draft(key="bare", name="x", variants={"email": {"en": letter}}))
    shop.sends(message="bare", person=shop.person("nemo", country="US", first_name=""))
    shop.waits(hours=9)
    assert shop.word() == "refused:missing_field"
    assert shop.all(Posted) == []

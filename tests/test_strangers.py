"""What somebody tries who is nobody's customer and nobody's staff."""

from datetime import UTC, datetime

import pytest
from apprise import AppriseAttachment
from sqlalchemy import event as events

from app.messages.apprise.carrier import Apprise
from app.messages.carriers import NotTakenError, Parcel
from app.messages.email.smtp import Server, Smtp
from app.messages.rendering import Rendered
from tests.support.keys import sign
from tests.support.postbox import Postbox
from tests.support.story import Shop

TOKEN = "a" * 52
PARCEL = Parcel(
    send=1, recipient="ana@example.com", rendered=Rendered("en", "Hello", text="Hello"),
    message_id="<1@shop.example>", sender="Shop <hi@shop.example>",
)  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [f"/u/999999999999.{TOKEN}", f"/preferences/999999999999.{TOKEN}",
     f"/confirm/999999999999.{TOKEN}", "/r/ffffffffffff-" + "x" * 43,
     "/c/999999999999-1-" + "0" * 20, "/o/999999999999-1-" + "0" * 20 + ".gif",
     "/look/99999999999999999999-9-x/y", "/look/1-9-ż/y"],
)  # fmt: skip
def test_a_link_of_a_shop_that_cannot_be_leads_nowhere(shop: Shop, path: str) -> None:
    """A number that no column holds is no reason to stumble."""
    assert shop.http.get(path).status_code in (404, 410)


def test_a_key_or_a_report_of_a_shop_that_cannot_be_is_refused(shop: Shop) -> None:
    key = f"perennial_{10**17}_{'k' * 43}"
    answer = shop.http.get("/api/v1/customers", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 401
    for number in (shop.id, 10**20):
        reports = f"/api/reports/{number}/email"
        signed = {"x-perennial-signature": "sha256=ż".encode()}
        assert shop.http.post(reports, content=b"[]", headers=signed).status_code == 401


def test_who_asks_for_one_thing_after_the_other_to_be_back_is_told_to_wait(shop: Shop) -> None:
    """Each wish makes somebody known to the shop, whoever typed the address."""
    told = {"saleorApiUrl": shop.api_url, "variant": "v", "channel": "c", "email": "a@b.example"}
    answers = [shop.http.post("/public/v1/back-in-stock", json=told) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [202] * 30 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_deliveries_under_keys_that_nobody_has_never_wait_for_the_pen(shop: Shop) -> None:
    """Anybody may name a key that does not exist, as often as he likes."""
    forged = sign(b"{}", kid="nobody's")

    def deliver() -> int:
        return shop.delivers("ORDER_CREATED", b"{}", **{"Saleor-Signature": forged})

    assert deliver() == 503
    held: list[object] = []

    def note(connection: object) -> None:
        held.append(connection)

    events.listen(shop.house.engine, "commit", note)  # a mere look is rolled back
    try:
        assert [deliver() for _ in range(3)] == [503] * 3
    finally:
        events.remove(shop.house.engine, "commit", note)
    assert held == []


def test_a_mail_server_that_was_typed_into_a_page_is_in_no_private_network(
    postbox: Postbox,
) -> None:
    """Only whoever runs the app knows what else answers there."""
    server = Server.read(postbox.url)
    with pytest.raises(NotTakenError, match="not on the public internet"):
        Smtp(server, now=datetime(2026, 3, 2, 9, tzinfo=UTC)).hand_over(PARCEL)
    assert postbox.sent == []


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # by what Apprise signs mails with
def test_a_service_of_one_s_own_is_in_no_private_network_either(postbox: Postbox) -> None:
    address = f"json://127.0.0.1:{Server.read(postbox.url).port}/{{to}}"
    with pytest.raises(NotTakenError, match="not on the public internet"):
        Apprise(address).hand_over(PARCEL)


def test_no_address_of_a_service_opens_a_file_of_this_machine() -> None:
    """Apprise's `template=` sends what is in a file to whoever wrote the address."""
    found = AppriseAttachment()
    found.add([__file__, "http://127.0.0.1/latest/meta-data"])
    assert [one.path for one in found] == [None, None]

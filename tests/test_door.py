"""IN-1: what the intake door answers, and that a 202 is a delivery on disk."""

import asyncio
import json
from contextlib import closing
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from app.kit.deliveries import Heard as Job
from app.kit.deliveries import name_of
from app.kit.house import House
from app.kit.intake import Heard, Intake, IntakeFullError
from app.kit.promises import Delivery, Promise
from app.shops.tables import Shop as Row
from app.shops.tables import Status
from tests.support.keys import jwks, sign
from tests.support.story import Shop

BODY = json.dumps({"__typename": "OrderCreated", "issuedAt": "2026-03-02T09:00:00Z"}).encode()


def test_in1_a_signed_delivery_is_on_disk_when_it_is_answered(shop: Shop) -> None:
    assert shop.delivers("ORDER_CREATED", BODY) == 202
    (delivery,) = shop.all(Delivery)
    assert (delivery.event, delivery.body) == ("order_created", BODY)
    (promise,) = shop.all(Promise)
    assert promise.id == delivery.id


def test_in1_what_is_already_there_is_answered_alike_and_not_written_again(shop: Shop) -> None:
    for _ in range(3):
        assert shop.delivers("ORDER_CREATED", BODY) == 202
    assert len(shop.all(Delivery)) == len(shop.all(Promise)) == 1
    assert shop.delivers("ORDER_UPDATED", BODY) == 202
    assert len(shop.all(Promise)) == 2


def test_in2_a_repeat_of_what_was_kept_long_ago_leaves_no_body_behind(shop: Shop) -> None:
    """Nobody would ever drop it, and it may tell of somebody who is forgotten meanwhile."""
    for _ in range(2):
        shop.hears("ORDER_CREATED", {"issuedAt": "2026-03-02T09:00:00Z", "order": None})
    assert [promise.kept_at for promise in shop.all(Promise) if promise.kind == Job.kind]
    assert not shop.all(Delivery)


def test_in1_a_disk_that_fails_is_answered_503_and_nothing_is_claimed(shop: Shop) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    engine = shop.perennial.intake._engine
    event.listen(engine, "commit", full)
    assert shop.delivers("ORDER_CREATED", BODY) == 503
    event.remove(engine, "commit", full)
    assert shop.delivers("ORDER_CREATED", BODY) == 202


def test_in1_a_body_altered_by_a_byte_is_refused(shop: Shop) -> None:
    altered = BODY.replace(b"09:00", b"09:01")
    assert shop.delivers("ORDER_CREATED", altered, Saleor_Signature=sign(BODY)) == 401
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Signature="nonsense") == 401
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Signature="") == 401
    assert shop.all(Promise) == []


def test_in1_a_stranger_is_told_to_come_again_and_one_not_allowed_is_not(
    shop: Shop, house: House
) -> None:
    other = "https://other.example/graphql/"
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Api_Url=other) == 503
    strict = house.settings.model_copy(
        update={"development": False, "allowed_shops": ("https://shop.example/graphql/",)}
    )
    object.__setattr__(house, "settings", strict)
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Api_Url=other) == 403
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Api_Url="file:///etc/passwd") == 403


def rotating(published: dict[str, Any], asked: list[str]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=published)

    return httpx.MockTransport(answer)


def test_in1_a_rotated_key_is_fetched_once_and_then_known(house: House) -> None:
    asked: list[str] = []
    with Shop(house, transport=rotating(jwks("new"), asked)) as shop:
        new = sign(BODY, "new")
        assert shop.delivers("ORDER_CREATED", BODY, Saleor_Signature=new) == 202
        assert shop.delivers("ORDER_UPDATED", BODY, Saleor_Signature=new) == 202
        assert asked == ["/.well-known/jwks.json"]


def test_in1_junk_does_not_make_us_ask_without_end(house: House) -> None:
    asked: list[str] = []
    with Shop(house, transport=rotating(jwks(), asked)) as shop:
        junk = sign(BODY, "junk")
        assert shop.delivers("ORDER_CREATED", BODY, Saleor_Signature=junk) == 401
        answers = [shop.delivers("ORDER_CREATED", BODY, Saleor_Signature=junk) for _ in range(5)]
        assert answers == [503] * 5
        assert asked == ["/.well-known/jwks.json"]


def test_in1_an_unreachable_jwks_is_a_503(shop: Shop) -> None:
    assert shop.delivers("ORDER_CREATED", BODY, Saleor_Signature=sign(BODY, "new")) == 503


@pytest.mark.parametrize("status", [Status.PAUSED, Status.DELETED])
def test_in1_a_shop_that_is_away_is_answered_and_dropped_but_may_come_back(
    shop: Shop, status: Status
) -> None:
    with Session(shop.house.engine) as session, session.begin():
        row = session.exec(select(Row).where(Row.id == shop.id)).one()
        row.status = status.value
    shop.perennial.directory.forget()
    assert shop.delivers("ORDER_CREATED", BODY) == 202
    assert shop.all(Promise) == []
    assert shop.delivers("APP_STATUS_CHANGED", BODY) == 202
    assert len(shop.all(Promise)) == 1


def test_in1_a_full_writer_says_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise IntakeFullError

    monkeypatch.setattr(Intake, "write", full)
    assert shop.delivers("ORDER_CREATED", BODY) == 503


def test_in1_a_house_that_is_closing_takes_nothing_more(shop: Shop) -> None:
    """Whoever still came in would wait for a writer that has gone."""
    intake = shop.perennial.intake
    intake.close()
    heard = Heard(shop.id, name_of("order_created", BODY), "order_created", BODY)
    with closing(asyncio.new_event_loop()) as loop, pytest.raises(IntakeFullError):
        intake.put(heard, loop, print)


def test_only_a_post_is_a_delivery(shop: Shop) -> None:
    assert shop.http.get("/api/webhooks/order_created").status_code == 405

"""What a delivery tells, and what its errors keep it from telling."""

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.saleor import manifest, shapes
from app.saleor.shapes import Checkout, CheckoutUpdated, CustomerDeleted, OrderCreated

NINE = "2026-03-02T09:00:00+00:00"
CHANNEL = {"id": "CH1", "slug": "web", "currencyCode": "EUR"}
PRODUCT = {"id": "P1", "name": "Tea", "slug": "tea", "category": None, "collections": []}


def body(**told: object) -> bytes:
    frame = {"issuedAt": NINE, "version": "3.23.28", "issuingPrincipal": None}
    return json.dumps(frame | told).encode()


def euros(amount: float) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def line(price: float | None, quantity: int = 1, *, gift: bool = False) -> dict[str, Any]:
    asked = {"price": {"gross": euros(price or 0), "net": euros(price or 0)}}
    variant = {"id": "V1", "name": "100 g", "sku": None, "product": PRODUCT}
    return {
        "id": "L1",
        "quantity": quantity,
        "isGift": gift,
        "variant": variant | {"pricing": None if price is None else asked},
    }


def checkout(**told: object) -> dict[str, Any]:
    return {
        "id": "C1",
        "token": "7f000001-0000-4000-8000-000000000000",
        "created": NINE,
        "updatedAt": NINE,
        "languageCode": "EN",
        "channel": CHANNEL,
        "lines": [],
        "transactions": [],
        **told,
    }


def paid(**amounts: float) -> dict[str, Any]:
    names = ("authorizedAmount", "authorizePendingAmount", "chargedAmount", "chargePendingAmount")
    return {"id": "T1"} | {name: euros(amounts.get(name, 0)) for name in names}


@pytest.mark.parametrize(
    ("principal", "app"),
    [
        (None, None),
        ({"__typename": "User", "id": "U1"}, None),
        ({"__typename": "App", "id": "QXBwOjE="}, "QXBwOjE="),
    ],
)
def test_the_app_that_caused_an_event_is_named(principal: object, app: str | None) -> None:
    event = CheckoutUpdated.read(body(checkout=None, issuingPrincipal=principal))
    assert event.issuing_app == app


def test_a_field_that_an_error_nulled_is_told_from_a_real_null() -> None:
    """IN-3: such a null overwrites nothing."""
    denied = {"message": "no", "path": ["event", "checkout", "user"], "extensions": {}}
    lost = CheckoutUpdated.read(body(checkout=checkout(user=None), errors=[denied]))
    real = CheckoutUpdated.read(body(checkout=checkout(user=None)))
    assert (lost.lost("checkout", "user"), lost.lost("checkout", "email")) == (True, False)
    assert not real.lost("checkout", "user")
    assert lost.checkout is not None


def test_a_noun_is_lost_by_an_error_deep_inside_it() -> None:
    deep = {"message": "no", "path": ["event", "order", "lines", 0, "unitPrice"]}
    event = OrderCreated.read(body(order=None, errors=[deep]))
    assert event.order is None
    assert event.lost("order")
    assert event.nulled == {("order", "lines", 0, "unitPrice")}


def test_an_error_without_a_path_is_no_reason_to_fail() -> None:
    event = OrderCreated.read(body(order=None, errors=[{"message": "no"}]))
    assert event.nulled == frozenset()
    assert len(event.flaws) == 1


def test_money_keeps_its_last_digit() -> None:
    raw = body(checkout=checkout(lines=[line(0)])).replace(b'"amount": 0', b'"amount": 10.10')
    event = CheckoutUpdated.read(raw)
    assert event.checkout is not None
    assert event.checkout.worth == Decimal("10.10")
    assert str(event.checkout.worth) == "10.10"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"7", b'"text"'])
def test_a_body_that_is_no_event_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever: the caller parks it
        OrderCreated.read(raw)


def test_an_order_that_lacks_its_money_does_not_fit() -> None:
    with pytest.raises(ValidationError):
        OrderCreated.read(body(order={"id": "O1"}))


@pytest.mark.parametrize(
    ("lines", "discount", "worth"),
    [
        ([], None, "0"),
        ([line(20)], None, "20"),
        ([line(20, 3), line(1.5)], None, "61.5"),
        ([line(20, 3)], 6, "54"),
        ([line(20)], 30, "0"),
        ([line(20), line(9, gift=True)], None, "20"),
        ([line(20), line(None, 5)], None, "20"),
    ],
)
def test_what_a_checkout_is_worth_without_asking_the_tax_app(
    lines: list[dict[str, Any]], discount: float | None, worth: str
) -> None:
    told = checkout(lines=lines, discount=None if discount is None else euros(discount))
    assert Checkout.model_validate(told).worth == Decimal(worth)


@pytest.mark.parametrize(
    ("transactions", "tried", "holds"),
    [
        (None, False, False),
        ([], False, False),
        ([paid()], True, False),
        ([paid(authorizedAmount=5)], True, True),
        ([paid(authorizePendingAmount=5)], True, True),
        ([paid(), paid(chargedAmount=5)], True, True),
        ([paid(chargePendingAmount=5)], True, True),
    ],
)
def test_whether_somebody_has_begun_to_pay(
    transactions: list[dict[str, Any]] | None, *, tried: bool, holds: bool
) -> None:
    told = Checkout.model_validate(checkout(transactions=transactions))
    assert (told.payment_tried, told.payment_holds) == (tried, holds)


def old_payload(principal: object) -> bytes:
    """What Saleor before 3.23.5 sends to a webhook without a query: a list, snake case."""
    meta = {"issued_at": NINE, "version": "3.22.67", "issuing_principal": principal}
    person = {"type": "User", "id": "VXNlcjo3", "email": "ana@example.com", "meta": meta}
    return json.dumps([person | {"first_name": "Ana", "addresses": [], "metadata": {}}]).encode()


@pytest.mark.parametrize(
    ("principal", "kind", "id_"),
    [
        ({"id": "VXNlcjox", "type": "user"}, "User", "VXNlcjox"),
        ({"id": "Some App", "type": "app"}, "App", None),
        ({"id": None, "type": None}, None, None),
        (None, None, None),
    ],
)
def test_a_deleted_customer_is_heard_from_an_older_saleor_too(
    principal: object, kind: str | None, id_: str | None
) -> None:
    event = CustomerDeleted.read(old_payload(principal))
    assert event.user is not None
    assert (event.user.id, event.user.email) == ("VXNlcjo3", "ana@example.com")
    assert event.issued_at is not None
    assert event.version == "3.22.67"
    assert (event.cause and event.cause.kind, event.cause and event.cause.id) == (kind, id_)
    assert event.issuing_app is None


def test_both_forms_of_a_deletion_say_the_same() -> None:
    new = CustomerDeleted.read(body(user={"id": "VXNlcjo3", "email": "ana@example.com"}))
    assert new.user == CustomerDeleted.read(old_payload(None)).user


def test_an_empty_old_payload_deletes_nobody() -> None:
    assert CustomerDeleted.read(b"[]").user is None


def pascal(event: str) -> str:
    return "".join(word.capitalize() for word in event.split("_"))


def test_manifest_shapes_and_handlers_name_the_same_events() -> None:
    """The two sides of DOOR 1: what Saleor is asked to send, and what happens when it does."""
    webhooks = pytest.importorskip("webhooks")
    if not hasattr(webhooks, "EVENTS"):
        pytest.skip("nobody listens yet")
    asked = {*manifest.BASE["webhooks"], *itertools.chain(*manifest.OPTIONAL.values())}
    assert set(webhooks.EVENTS) == asked
    for name, event in webhooks.EVENTS.items():
        assert event.shape is getattr(shapes, pascal(name)), name

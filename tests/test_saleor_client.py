"""What the client makes of every kind of answer."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from graphql import FieldNode, OperationDefinitionNode, OperationType

from app.saleor import documents, metadata
from app.saleor.bucket import Bucket
from app.saleor.client import (
    PartialAnswerError,
    PermissionMissingError,
    QueryRefusedError,
    Saleor,
    SaleorRefusedError,
    SaleorThrottledError,
    SaleorUnreachableError,
    TokenRefusedError,
)
from app.saleor.operations import (
    APP_IDENTITY,
    CHECKOUT_ADD_PROMO_CODE,
    CUSTOMERS,
    ORDERS,
    SHOP_FACTS,
    VOUCHER_CREATE,
)
from tests.support.saleor import SCHEMAS, ask
from tests.support.shared import needs_shared

URL = "https://shop.example/graphql/"
LATEST = list(SCHEMAS)[2]
WHO = {"app": {"id": "QXBwOjE="}, "shop": {"name": "S", "domain": {"host": "h", "url": "u"}}}
Answer = Callable[[dict[str, Any]], httpx.Response]


def saleor(answer: Answer | httpx.Response | Exception, *, bucket: Bucket | None = None) -> Saleor:
    def reply(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return answer(json.loads(request.content) | {"headers": request.headers})

    return Saleor(URL, "token", transport=httpx.MockTransport(reply), bucket=bucket)


def said(data: object, *errors: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"data": data} | ({"errors": errors} if errors else {}))


def error(code: str, *path: str | int) -> dict[str, Any]:
    return {"message": "no", "path": path, "extensions": {"exception": {"code": code}}}


def customers(*names: str, more: str | None = None) -> dict[str, Any]:
    fields = {
        "email": "ana@example.com", "dateJoined": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z", "languageCode": "EN",
    }  # fmt: skip
    edges = [{"node": {"id": name, **fields}} for name in names]
    return {
        "customers": {"edges": edges, "pageInfo": {"hasNextPage": bool(more), "endCursor": more}}
    }


@needs_shared
def test_a_page_of_orders_comes_typed() -> None:
    answer = ask(documents.document("queries/orders"), LATEST, {}, full=True)
    page = saleor(lambda _: said(answer)).run(ORDERS)
    assert page.nodes[0].lines[0].quantity == 1
    assert page.nodes[0].total.gross.amount == Decimal("1.5")


def test_the_question_carries_token_document_and_plain_variables() -> None:
    asked: list[dict[str, Any]] = []

    def reply(question: dict[str, Any]) -> httpx.Response:
        asked.append(question)
        return said({"voucherCreate": {"voucher": None, "errors": []}})

    start = datetime(2026, 3, 1, tzinfo=UTC)
    given = {"startDate": start, "endDate": date(2026, 4, 30), "codes": ("A", "B")}
    saleor(reply).run(VOUCHER_CREATE, input=given | {"value": Decimal("0.10")})
    (question,) = asked
    assert question["headers"]["authorization"] == "Bearer token"
    assert question["query"].startswith("mutation VoucherCreate(")
    assert question["variables"] == {
        "input": {
            "startDate": "2026-03-01T00:00:00+00:00",
            "endDate": "2026-04-30",
            "codes": ["A", "B"],
            "value": "0.10",
        }
    }


def test_money_is_exact_from_the_wire_on() -> None:
    raw = b'{"data": {"app": {"id": 1.10}, "shop": null}}'
    with pytest.raises(ValueError, match="id") as told:
        saleor(httpx.Response(200, content=raw)).run(APP_IDENTITY)
    assert "Decimal('1.10')" in str(told.value)


@pytest.mark.parametrize(
    ("answer", "kind", "permanent"),
    [
        (httpx.ConnectError("refused"), SaleorUnreachableError, False),
        (httpx.ReadTimeout("slow"), SaleorUnreachableError, False),
        (httpx.RemoteProtocolError("rubbish"), SaleorUnreachableError, False),
        (httpx.Response(500, json={"errors": []}), SaleorUnreachableError, False),
        (httpx.Response(502, text="<html>"), SaleorUnreachableError, False),
        (httpx.Response(503), SaleorUnreachableError, False),
        (httpx.Response(301, headers={"location": "/"}), SaleorUnreachableError, False),
        (httpx.Response(404, text="not here"), SaleorUnreachableError, False),
        (httpx.Response(200, text="<html>"), SaleorUnreachableError, False),
        (httpx.Response(200, json={}), SaleorUnreachableError, False),
        (httpx.Response(200, json=[1]), SaleorUnreachableError, False),
        (httpx.Response(429), SaleorThrottledError, False),
        (httpx.Response(400, json={"errors": [{"message": "x"}]}), QueryRefusedError, True),
        (httpx.Response(400, text="<html>"), QueryRefusedError, True),
        (httpx.Response(413), QueryRefusedError, True),
        (httpx.Response(401), TokenRefusedError, True),
        (said(None, error("InvalidTokenError")), TokenRefusedError, True),
        (said(None, error("ExpiredSignatureError")), TokenRefusedError, True),
        (said(None, error("PermissionDenied", "shop", "version")), TokenRefusedError, True),
        (said(None, error("OperationalError", "shop")), PartialAnswerError, False),
        (said(None, {"message": "bare"}), PartialAnswerError, False),
    ],
)
def test_each_trouble_has_its_name_and_says_whether_it_passes(
    answer: httpx.Response | Exception, kind: type[Exception], *, permanent: bool
) -> None:
    with pytest.raises(kind) as told:
        saleor(answer).run(SHOP_FACTS)
    assert type(told.value) is kind
    assert told.value.permanent is permanent  # type: ignore[attr-defined]


def test_what_saleor_did_not_take_is_kept_for_developers() -> None:
    refusal = httpx.Response(400, json={"errors": [{"message": "Cost 60000 over 50000"}]})
    with pytest.raises(QueryRefusedError) as told:
        saleor(refusal).run(SHOP_FACTS)
    assert told.value.messages == ("Cost 60000 over 50000",)
    assert "60000" not in str(told.value)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (None, 30), ("Wed, 21 Oct", 30)])
def test_a_rate_limit_closes_the_shop_for_everybody(header: str | None, seconds: float) -> None:
    waits: list[float] = []
    bucket = Bucket(sleep=waits.append)
    limited = httpx.Response(429, headers={"retry-after": header} if header else {})
    shop = saleor(limited, bucket=bucket)
    with pytest.raises(SaleorThrottledError) as told:
        shop.run(SHOP_FACTS)
    assert told.value.retry_after == seconds
    bucket.take(patience=60)
    assert waits == [pytest.approx(seconds, abs=1)]


def test_a_revoked_token_gets_no_error_of_its_own_so_we_ask_who_we_are() -> None:
    """Saleor takes a token it does not know for anybody's, with HTTP 200."""

    def anybody(question: dict[str, Any]) -> httpx.Response:
        if "AppIdentity" in question["query"]:
            return said({**WHO, "app": None})
        return said({"customers": None}, error("PermissionDenied", "customers"))

    with pytest.raises(TokenRefusedError):
        saleor(anybody).run(CUSTOMERS)


def test_a_missing_permission_is_told_from_a_revoked_token() -> None:
    def somebody(question: dict[str, Any]) -> httpx.Response:
        if "AppIdentity" in question["query"]:
            return said(WHO)
        return said({"customers": None}, error("PermissionDenied", "customers"))

    with pytest.raises(PermissionMissingError, match=r"errors at customers") as told:
        saleor(somebody).run(CUSTOMERS)
    assert told.value.permanent


def test_one_bad_order_nulls_its_page_and_is_named() -> None:
    """observed.md: an order with an empty origin."""
    path = ("orders", "edges", 24, "node", "origin")
    with pytest.raises(PartialAnswerError) as told:
        saleor(said({"orders": None}, error("GraphQLError", *path))).run(ORDERS)
    assert told.value.paths == (path,)
    assert not told.value.permanent


def test_what_a_mutation_refuses_is_raised_in_one_place() -> None:
    refusal = {"field": "promoCode", "code": "VOUCHER_NOT_APPLICABLE", "message": "Ana may not"}
    answer = said({"checkoutAddPromoCode": {"checkout": None, "errors": [refusal]}})
    with pytest.raises(SaleorRefusedError) as told:
        saleor(answer).run(CHECKOUT_ADD_PROMO_CODE, id="C1", code="X")
    assert told.value.codes == {"VOUCHER_NOT_APPLICABLE"}
    assert told.value.refusals[0].field == "promoCode"
    assert "Ana" not in str(told.value)
    assert "VOUCHER_NOT_APPLICABLE (promoCode)" in str(told.value)


def book(*pages: dict[str, Any]) -> Answer:
    """A Saleor that turns the pages by their cursors p1, p2, …"""

    def turn(question: dict[str, Any]) -> httpx.Response:
        after = question["variables"].get("after")
        return said(pages[int(after[1:]) if after else 0])

    return turn


THREE = (customers("A", "B", more="p1"), customers("C", more="p2"), customers("D"))


def test_pages_follow_each_other_to_the_last() -> None:
    pages = list(saleor(book(*THREE)).pages(CUSTOMERS, first=2))
    assert [[node.id for node in page.nodes] for page in pages] == [["A", "B"], ["C"], ["D"]]
    assert [page.next for page in pages] == ["p1", "p2", None]


def test_pages_can_be_gone_on_from_where_one_stopped() -> None:
    pages = saleor(book(*THREE)).pages(CUSTOMERS, after="p1")
    assert [node.id for page in pages for node in page.nodes] == ["C", "D"]


def test_the_next_page_is_asked_for_while_this_one_is_worked() -> None:
    second = threading.Event()
    turn = book(*THREE)

    def watched(question: dict[str, Any]) -> httpx.Response:
        if question["variables"].get("after") == "p1":
            second.set()
        return turn(question)

    pages = saleor(watched).pages(CUSTOMERS)
    next(pages)
    assert second.wait(5)
    pages.close()


def test_a_walk_that_is_left_asks_no_more() -> None:
    asked: list[str] = []
    turn = book(*THREE)

    def counted(question: dict[str, Any]) -> httpx.Response:
        asked.append(question["variables"].get("after"))
        return turn(question)

    pages = saleor(counted).pages(CUSTOMERS)
    next(pages)
    pages.close()
    assert len(asked) <= 2


def test_a_walk_waits_for_the_rate_limit_and_goes_on() -> None:
    waits: list[float] = []
    turns: Iterator[httpx.Response] = iter([
        httpx.Response(429, headers={"retry-after": "3"}), said(customers("A"))
    ])  # fmt: skip
    now = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    bucket = Bucket(clock=lambda: now[0], sleep=sleep)
    pages = saleor(lambda _: next(turns), bucket=bucket).pages(CUSTOMERS)
    assert [node.id for page in pages for node in page.nodes] == ["A"]
    assert waits == [3]


def test_a_walk_does_not_sit_out_a_limit_that_lasts_longer_than_its_lease() -> None:
    def asleep(seconds: float) -> None:
        raise AssertionError(f"for {seconds} s")

    limited = httpx.Response(429, headers={"retry-after": "3600"})
    with pytest.raises(SaleorThrottledError):
        next(saleor(limited, bucket=Bucket(sleep=asleep)).pages(CUSTOMERS))


def test_any_other_trouble_ends_the_walk_after_the_last_good_page() -> None:
    turn = book(*THREE)

    def fails(question: dict[str, Any]) -> httpx.Response:
        return httpx.Response(500) if question["variables"].get("after") == "p2" else turn(question)

    got: list[str] = []
    with pytest.raises(SaleorUnreachableError):
        got.extend(page.nodes[0].id for page in saleor(fails).pages(CUSTOMERS))
    assert got == ["A", "C"]


@pytest.mark.parametrize("name", documents.names("mutations"))
def test_no_document_has_more_than_four_mutations(name: str) -> None:
    """Saleor refuses a fifth (observed.md)."""
    operation = next(
        part for part in documents.document(name).definitions
        if isinstance(part, OperationDefinitionNode)
    )  # fmt: skip
    assert operation.operation is OperationType.MUTATION
    fields = [part for part in operation.selection_set.selections if isinstance(part, FieldNode)]
    assert 1 <= len(fields) <= 4


class Metadata:
    """A Saleor that writes metadata, but not everybody's."""

    def __init__(self) -> None:
        self.written: dict[str, dict[str, str]] = {}
        self.requests = 0

    def answer(self, question: dict[str, Any]) -> httpx.Response:
        if "AppIdentity" in question["query"]:
            return said(WHO)
        self.requests += 1
        told, data, errors = question["variables"], {}, []
        for place in range(4):
            if place and not told.get(f"with{place}"):
                continue
            data[f"write{place}"] = self.one(told[f"id{place}"], told[f"input{place}"])
            if data[f"write{place}"] is None:
                errors.append(error("PermissionDenied", f"write{place}"))
        return said(data, *errors)

    def one(self, customer: str, pairs: list[dict[str, str]]) -> dict[str, Any] | None:
        if customer == "staff":
            return None
        if customer == "gone":
            return {"errors": [{"field": "id", "code": "NOT_FOUND", "message": None}]}
        self.written[customer] = {pair["key"]: pair["value"] for pair in pairs}
        return {"errors": []}


def test_metadata_is_written_four_customers_a_request() -> None:
    shop = Metadata()
    changes = [(f"U{n}", {"perennial.tier": "gold"}) for n in range(9)]
    assert metadata.write(saleor(shop.answer), changes) == {}
    assert shop.requests == 3
    assert shop.written == dict(changes)


def test_one_customer_who_cannot_be_written_holds_up_nobody() -> None:
    shop = Metadata()
    changes = [(name, {"perennial.tier": "gold"}) for name in ("Ana", "gone", "staff", "Ben")]
    refused = metadata.write(saleor(shop.answer), changes, private=True)
    assert {name: [r.code for r in why] for name, why in refused.items()} == {
        "gone": ["NOT_FOUND"], "staff": ["PERMISSION_DENIED"]
    }  # fmt: skip
    assert set(shop.written) == {"Ana", "Ben"}


def test_nothing_to_write_asks_nothing() -> None:
    shop = Metadata()
    assert metadata.write(saleor(shop.answer), []) == {}
    assert shop.requests == 0


@needs_shared
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_saleor_takes_the_batch_document_at_every_size(size: int) -> None:
    """The unused places are switched off, and what fills them still fits the schema."""
    from graphql import execute_sync

    from tests.support.saleor import schema

    changes = [(f"U{n}", {"perennial.tier": "gold"}) for n in range(size)]
    answer = execute_sync(
        schema(LATEST),
        documents.document("mutations/customer_metadata"),
        variable_values=metadata.variables(changes),
        field_resolver=lambda *_, **__: {"errors": []},
    )
    assert list(answer.data or {}) == [f"write{n}" for n in range(size)]

"""How much a stranger may send, how much a member of staff, and what nobody may keep."""

import pytest

from app.web.limits import OF_ANYBODY, OF_STAFF
from tests.support.story import Shop

COSTS = "/app/value/costs"
TABLE = "sku;price\n" + "A-1;10,00\n" * 200_000
"""Two megabytes, in which no column is called cost."""


def test_a_large_table_of_a_member_of_staff_is_read(shop: Shop) -> None:
    """A field of more than a megabyte was refused as a whole, in a word no owner understands."""
    answer = shop.http.post(COSTS, data={"do": "prices", "prices": TABLE}, headers=shop.staff())
    assert answer.status_code == 422
    assert "cost" in answer.text


@pytest.mark.parametrize(
    "path", [COSTS, "/api/register", "/u/1." + "a" * 52, "/api/reports/1/email"]
)
def test_a_stranger_is_stopped_in_the_middle_of_a_flood(shop: Shop, path: str) -> None:
    headers = {"saleor-api-url": shop.api_url, "content-type": "application/x-www-form-urlencoded"}
    answer = shop.http.post(path, content=b"a" * (OF_ANYBODY + 1), headers=headers)
    assert answer.status_code == 413


def test_a_stranger_with_a_token_of_his_own_making_gets_nothing_read(shop: Shop) -> None:
    headers = shop.staff() | {"authorization-bearer": "not.a.token"}
    answer = shop.http.post(COSTS, data={"do": "prices", "prices": TABLE}, headers=headers)
    assert answer.status_code == 401


def test_there_is_an_end_for_staff_too(shop: Shop) -> None:
    content = b"prices=" + b"a" * OF_STAFF
    headers = shop.staff() | {"content-type": "application/x-www-form-urlencoded"}
    assert shop.http.post(COSTS, content=content, headers=headers).status_code == 413


def test_nothing_of_the_app_is_kept_or_taken_for_something_else(shop: Shop) -> None:
    """Tables and numbers too, and not only pages: they are about people."""
    for path in ("/app/books", "/app/progress", "/app/customers"):
        headers = shop.http.get(path, headers=shop.staff()).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
    assert shop.http.get("/logo.png").headers["x-content-type-options"] == "nosniff"

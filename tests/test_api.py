"""Machines read what the pages show: with a key of the shop's own, and nothing else."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.api import door
from app.api.tables import ApiKey
from app.kit.clock import StillClock
from app.kit.house import House
from app.ltv.flows import learn_now
from app.recommend.turnstile import Turnstile
from app.segments import flows as segments
from tests.support.loyal import Loyal
from tests.support.till import Till

LISTS = ("customers", "segments", "cohorts", "rfm", "journeys", "offers")
KEY = re.compile(r"perennial_\d+_[\w-]{43}")


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    """Three people have bought, and what is worked out of it is there."""
    with Loyal(house, Till(clock.now)) as shop:
        for name, amount in (("ana", 120), ("ben", 20), ("cleo", 350)):
            shop.buys(name, amount)
        with shop.work() as tx:
            learn_now(tx)
            segments.fill(tx)
        shop.settles()
        yield shop


def key_of(shop: Loyal, name: str = "Warehouse") -> str:
    answer = shop.http.post("/app/settings/keys", data={"name": name}, headers=shop.staff())
    found = KEY.search(answer.text)
    assert found, answer.text
    return found[0]


def asks(shop: Loyal, path: str, key: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer: httpx.Response = shop.http.get(f"/api/v1/{path}", headers=headers)
    return answer


def test_a_key_is_shown_once_and_only_its_hash_is_kept(shop: Loyal) -> None:
    key = key_of(shop)
    (row,) = shop.all(ApiKey)
    assert key not in (row.hash, row.name)
    assert row.hash != key
    page = shop.sees("/app/settings/keys")
    assert key not in page
    assert f"…{key[-4:]}" in page


def test_customers_come_with_value_and_tier_a_page_at_a_time(shop: Loyal) -> None:
    key = key_of(shop)
    first = asks(shop, "customers?limit=2", key).json()
    assert [row["email"] for row in first["data"]] == ["ana@example.com", "ben@example.com"]
    assert first["data"][0]["tier"] == "bronze"
    assert first["data"][0]["orders"] == 1
    rest = asks(shop, f"customers?limit=2&after={first['next']}", key).json()
    assert [row["email"] for row in rest["data"]] == ["cleo@example.com"]
    assert rest["next"] is None


def test_csv_is_the_whole_table_however_many_pieces_it_is_read_in(
    shop: Loyal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 1)
    answer = asks(shop, "customers?format=csv", key_of(shop))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["first_name"] for row in rows] == ["", "", ""]
    assert [row["email"] for row in rows] == [
        "ana@example.com", "ben@example.com", "cleo@example.com",
    ]  # fmt: skip
    assert answer.headers["content-disposition"] == 'attachment; filename="customers.csv"'


def test_parquet_holds_the_same_rows(shop: Loyal, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(door, "AT_ONCE", 2)
    key = key_of(shop)
    table = parquet.read_table(io.BytesIO(asks(shop, "customers?format=parquet", key).content))
    told = asks(shop, "customers", key).json()["data"]
    assert table.column("email").to_pylist() == [row["email"] for row in told]
    assert table.column("orders").to_pylist() == [1, 1, 1]


def test_members_of_a_segment_are_those_the_page_counts(shop: Loyal) -> None:
    key = key_of(shop)
    counted = {row["key"]: row["people"] for row in asks(shop, "segments", key).json()["data"]}
    full = [name for name, people in counted.items() if people]
    assert full
    for name in full:
        told = asks(shop, f"segments/{name}/members", key).json()["data"]
        assert len(told) == counted[name]
    assert asks(shop, "segments/nothing/members", key).status_code == 404


def test_every_list_opens_with_a_key_and_with_nothing_else(shop: Loyal) -> None:
    key = key_of(shop)
    wrong = (None, "nonsense", f"perennial_{shop.id}_{'a' * 43}", shop.staff_token())
    for path in (f"{name}?format={form}" for name in LISTS for form in ("json", "csv")):
        assert asks(shop, path, key).status_code == 200, path
        for other in wrong:
            answer = asks(shop, path, other)
            assert answer.status_code == 401, path
            assert "ana@" not in answer.text


def test_a_revoked_key_opens_nothing_and_can_be_given_back_at_once(shop: Loyal) -> None:
    key = key_of(shop)
    (row,) = shop.all(ApiKey)
    page = shop.http.post("/app/settings/keys", data={"revoke": row.id}, headers=shop.staff())
    assert "Undo" in page.text
    assert asks(shop, "customers", key).status_code == 401
    shop.http.post("/app/settings/keys", data={"restore": row.id}, headers=shop.staff())
    assert asks(shop, "customers", key).status_code == 200


def test_a_key_opens_its_own_shop_and_no_other(house: House, shop: Loyal) -> None:
    with Loyal(house, Till(house.clock.now), domain="second.example") as second:
        theirs = key_of(second)
        told = asks(shop, "customers", theirs).json()
        assert told["data"] == []
        renamed = theirs.replace(f"perennial_{second.id}_", f"perennial_{shop.id}_")
        assert asks(shop, "customers", renamed).status_code == 401


def test_who_may_not_see_customers_makes_no_key(shop: Loyal) -> None:
    headers = shop.staff(("MANAGE_APPS",))
    answer = shop.http.post("/app/settings/keys", data={"name": "x"}, headers=headers)
    assert answer.status_code == 403
    assert shop.all(ApiKey) == []


def test_who_asks_too_often_is_told_when_to_come_back(shop: Loyal) -> None:
    key = key_of(shop)
    (mount,) = [one for one in shop.perennial.pages.routes if getattr(one, "path", "") == "/api/v1"]
    machines: Any = mount
    machines.app.state.turnstile = Turnstile(rate=1e-6, burst=2)  # whatever the machine's speed
    statuses = [asks(shop, "journeys", key).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert int(asks(shop, "journeys", key).headers["retry-after"]) >= 1


def test_the_description_names_every_list(shop: Loyal) -> None:
    told = shop.http.get("/api/v1/openapi.json").json()
    assert {f"/{name}" for name in LISTS} <= set(told["paths"])
    assert "HTTPBearer" in told["components"]["securitySchemes"]

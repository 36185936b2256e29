"""Who may see what, asked of the route table itself: a new route without a rule fails here."""

import re
from collections.abc import Iterator, Sequence

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from app.customers import queries as customers
from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.settings import Settings
from app.ltv.flows import learn_now
from app.main import Perennial
from tests.support.addresses import NO_PAGES, PAGES
from tests.support.loyal import Loyal
from tests.support.makers import gid
from tests.support.till import Till

PUBLIC = {
    "/": "where to go",
    "/api/manifest": "Saleor asks",
    "/api/v1/openapi.json": "how machines ask",
    "/api/register": "Saleor tells",
    "/api/reports/{shop}/{channel}": "providers report, signed",
    "/c/{mark}": "whoever has the message",
    "/confirm/{token}": "whoever has the link, which is the proof",
    "/healthz": "machines ask",
    "/letter/{mark}/{number}": "a sealed mark of a member of staff",
    "/logo.png": "a picture",
    "/look/{mark}/{what:path}": "a sealed mark of a member of staff",
    "/o/{mark}.gif": "whoever has the message",
    "/preferences/{token}": "whoever has the link, which is the proof",
    "/privacy": "words",
    "/public/v1/back-in-stock": "storefronts say who waits, and everybody hears the same answer",
    "/public/v1/openapi.json": "how storefronts ask",
    "/public/v1/recommendations": "storefronts ask, with the shop's public key",
    "/public/v1/recover": "whoever has the link, which is the proof",
    "/r/{token}": "whoever has the link, which is the proof",
    "/f/{token}": "whoever has the link, which is the proof",
    "/public/v1/friend": "the same, from a storefront's own page",
    "/public/v1/referral": "a customer, by the token of the storefront",
    "/public/v1/points": "a customer, by the token of the storefront",
    "/readyz": "machines ask",
    "/support": "words",
    "/survey/{token}": "whoever has the letter, which is the proof",
    "/u/{token}": "whoever has the link, which is the proof",
    "/useful/{token}": "whoever has the letter, which is the proof",
}
"""Routes that ask for no member of staff, and whom they are for."""
MACHINES = "/api/v1/"
"""These ask for a key, and know no staff."""
WIDGETS = "/app/widgets/"
"""A frame can't show a 401 or a 403: these say so in words."""
ASKED = ("", "?q=ana", "?customer=ana@example.com", "?person=1", "?csv=people-title")
SECRETS = ("ana@example.com", "Ana Example", "ben@example.com")


def routes() -> list[tuple[str, str]]:
    """Path and method of every route, in the order of the table."""
    house = House.of(Settings(database_url="sqlite://", secret_keys="x", _env_file=None))
    perennial = Perennial(house, works=False)
    try:
        return sorted(_all(perennial.pages.routes))
    finally:
        perennial.close()


def _all(table: Sequence[BaseRoute], above: str = "") -> Iterator[tuple[str, str]]:
    for route in table:
        if isinstance(route, APIRoute):
            methods = route.methods - {"HEAD", "OPTIONS"}
            yield from ((above + route.path, method) for method in methods)
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _all(included.routes, above)
        elif not (isinstance(route, Mount) and route.path == "/static"):
            path = above + str(getattr(route, "path", route))
            within = getattr(route, "routes", None)
            yield from _all(within, path) if within else [(path, "GET")]


ROUTES = routes()
OF_STAFF = [(path, method) for path, method in ROUTES if path not in PUBLIC]


@pytest.fixture
def shop(house: House, clock: StillClock) -> Iterator[Loyal]:
    """Ana and Ben have bought, and all that is worked out of it is there."""
    with Loyal(house, Till(clock.now)) as shop:
        shop.buys("ana", 120)
        shop.buys("ben", 20)
        with shop.work() as tx:
            learn_now(tx)
        shop.settles()
        yield shop


def filled(path: str, shop: Loyal) -> str:
    """With Ana wherever a customer is meant, and something of each other kind."""
    with shop.look() as tx:
        ana = customers.by_account(tx, gid("User", "ana"))
    assert ana
    known = {"person": str(ana.id), "name": "customers", "key": "cart"}
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: known.get(found[1], "1"), path)


def test_every_public_route_is_there_and_named() -> None:
    assert set(PUBLIC) <= {path for path, _ in ROUTES}


def test_no_page_is_forgotten_where_axe_looks_at_them() -> None:
    """tests/test_web_walk.py looks at every address of PAGES."""
    inside = {path for path, method in ROUTES if method == "GET" and path.startswith("/app")}
    assert {*PAGES, *NO_PAGES} == inside
    assert not set(PAGES) & set(NO_PAGES)


def tells(answer: httpx.Response) -> bool:
    """Whether anybody is named in it."""
    return any(secret in answer.text for secret in SECRETS)


def test_a_route_answers_nobody_without_a_proof(shop: Loyal) -> None:
    for path, method in OF_STAFF:
        answer = shop.http.request(method, filled(path, shop), headers={"x-part": "main"})
        if path.startswith(WIDGETS):
            assert "too old to be trusted" in answer.text
        else:
            assert answer.status_code == 401, (method, path, answer.text)
        assert not tells(answer), path


def test_who_may_nothing_sees_no_customer_and_changes_nothing(shop: Loyal) -> None:
    headers = shop.staff(())
    fields = {"customerId": gid("User", "ana"), "do": "save", "customer": "ana@example.com"}
    for path, method in OF_STAFF:
        address = filled(path, shop)
        if method == "POST":
            answers = [shop.http.post(address, data=fields, headers=headers)]
            if not path.startswith(WIDGETS):
                no = 401 if path.startswith(MACHINES) else 403
                assert answers[0].status_code == no, (path, answers[0].text)
        else:
            answers = [shop.http.get(address + asked, headers=headers) for asked in ASKED]
        for answer in answers:
            assert answer.status_code < 500, (method, path)
            assert not tells(answer), (method, path)


def test_the_staff_of_another_shop_sees_none_of_it(
    shop: Loyal, house: House, clock: StillClock
) -> None:
    with Loyal(house, Till(clock.now), domain="second.example") as second:
        for path in (path for path, method in OF_STAFF if method == "GET"):
            answer = second.http.get(filled(path, shop), headers=second.staff())
            assert answer.status_code < 500, path
            assert not tells(answer), path

"""A sandbox and the whole app in one process: real install, real deliveries, real questions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition, Lock, RLock
from typing import Any, Self, cast

import httpx
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.kit.clock import StillClock
from app.kit.house import House
from app.kit.promises import Promise
from app.kit.tx import ShopId, Tx
from app.main import Perennial
from app.recommend import flows
from app.recommend.stall import close_stalls, stalls_of
from app.shops.tables import Shop as Row
from sandbox import Sandbox
from sandbox.apps import App
from sandbox.calls import over
from sandbox.tokens import access_token, app_user_token
from sandbox.wire import transport
from tests.support.lent import Lent

APP = "https://perennial.example"


class SameClock:
    """The sandbox lives in the house's time."""

    def __init__(self, house: House) -> None:
        self.house = house

    def now(self) -> datetime:
        return self.house.clock.now()


@dataclass(frozen=True)
class Past:
    """What a market is besides the rows of the app: its Saleor, and what that was asked."""

    rows: int
    """The number under which they are kept."""
    now: datetime
    sandbox: Sandbox
    app: App
    asked: tuple[bytes, ...]

    def again(self) -> tuple[Sandbox, App]:
        """A Saleor of one's own that has come so far. It shares what never changes, and its clock:
        there is one of this past at a time.
        """
        mine = self.sandbox
        memo: dict[int, object] = {}
        for shared in (mine.clock, mine.shop.ring.current, mine.api.schema, mine.shop.call):
            memo[id(shared)] = shared
        memo[id(mine.store.lock)] = RLock()
        memo[id(mine.outbox.ready)] = Condition()
        memo[id(mine.faults._lock)] = Lock()
        return deepcopy((mine, self.app), memo)


class Market:
    """`with Market(house) as market:`. A shop with a past, its app installed and its history read.

    Saleor's answers about what is for sale are good for no time here, but where a test says so.
    """

    def __init__(
        self,
        house: House,
        *,
        url: str = "https://market.example",
        customers: int = 40,
        orders: int = 160,
        seed: int = 1,
        perennial: Perennial | None = None,
        past: Past | None = None,
    ) -> None:
        self.house = house
        self.asked: list[bytes] = []
        if past:
            self.sandbox, self.app = past.again()
            cast("SameClock", self.sandbox.clock).house = house
            self.asked += past.asked
        else:
            self.sandbox = Sandbox(
                seed, cast("Any", SameClock(house)), url=url, customers=customers, orders=orders,
                latency=(0, 0),
            )  # fmt: skip
        self._past = past
        self.away = False
        self.cut_off = b""
        """Requests with this in them are done, and their answer is lost."""
        self.perennial = perennial or Perennial(
            house,
            transport=httpx.MockTransport(self._answer),
            resolve=lambda *_: ["203.0.113.7"],
            works=False,
        )
        self.http = TestClient(self.perennial.asgi, base_url=APP)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("nobody is there", request=request)
        self.asked.append(request.content)
        answer = transport(self.sandbox).handle_request(request)
        if self.cut_off and self.cut_off in request.content:
            raise httpx.ReadTimeout("it was done, and nobody heard", request=request)
        return answer

    def __enter__(self) -> Self:
        self.http.__enter__()
        if self._past:
            self.sandbox.shop.call = over(cast("Any", self.http))
        else:
            self.app: App = self.sandbox.install(
                via=cast("Any", self.http), manifest_url=f"{APP}/api/manifest"
            )
        with Session(self.house.engine) as session:
            found = session.exec(select(Row).where(Row.api_url == self.sandbox.api_url)).one()
            self.id = ShopId(found.id or 0)
        if not self._past:
            self.settles()
        self.stall.sale.good_for = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.http.__exit__(None, None, None)

    def kept(self, lent: Lent) -> Past:
        """All of it as it is now. It is not gone on with."""
        now = self.house.clock.now()
        return Past(lent.keep(), now, self.sandbox, self.app, tuple(self.asked))

    @property
    def stall(self) -> Any:  # noqa: ANN401  # the one of this process, whichever it is by now
        return stalls_of(self.house).of(self.id)

    def settles(self) -> None:
        """Everything is delivered, and all that follows at once is done."""
        keeper = self.perennial.worker.keeper
        while self.sandbox.deliver_all(cast("Any", self.http)) + keeper.settle(lambda: [self.id]):
            pass

    def waits(self, **span: float) -> None:
        cast("StillClock", self.house.clock).move(timedelta(**span))
        self.settles()

    def look(self) -> AbstractContextManager[Tx]:
        return self.house.look(self.id)

    def work(self) -> AbstractContextManager[Tx]:
        return self.house.work(self.id)

    def errors(self) -> list[str]:
        with self.look() as tx:
            promises = tx.exec(select(Promise)).all()
            return [f"{p.kind}: {p.error}" for p in promises if p.error and "recommend" in p.kind]

    # ---- the owner

    def grants(self, *permissions: str) -> None:
        """The merchant lets the app do more than it asked for when it came."""
        self.app.permissions = frozenset(self.app.permissions) | set(permissions)

    def owner(self) -> dict[str, str]:
        made = app_user_token(
            self.sandbox.shop.ring, self.sandbox.owner, self.app, issuer=self.sandbox.api_url
        )
        return {
            "authorization-bearer": made, "saleor-api-url": self.sandbox.api_url, "x-part": "main",
        }  # fmt: skip

    def lists(self, product: str, channel: str, **listing: bool) -> None:
        """Publish, hide or take off sale: the listing of a product in a channel."""
        asked = "mutation L($id: ID!, $input: ProductChannelListingUpdateInput!) {"
        asked += " productChannelListingUpdate(id: $id, input: $input) { errors { code } } }"
        of = self.sandbox.store.channels[channel].id
        given = {"id": product, "input": {"updateChannels": [{"channelId": of, **listing}]}}
        body = self.sandbox.gql(asked, given, token=self.sandbox.staff_token())
        assert not body.get("errors"), body

    # ---- the storefront

    @property
    def key(self) -> str:
        with self.work() as tx:
            return flows.counsel(tx).public_key

    def shopper(self, email: str) -> str:
        """The access token that Saleor gives this customer at the storefront."""
        user = self.sandbox.store.users_by_email[email]
        return access_token(self.sandbox.shop.ring, user, issuer=self.sandbox.api_url)

    def asks(self, headers: Mapping[str, str] | None = None, **query: object) -> httpx.Response:
        given: dict[str, Any] = {"key": self.key, "channel": "br", **query}
        answer: httpx.Response = self.http.get(
            "/public/v1/recommendations", params=given, headers=headers
        )
        return answer

    def ids(self, **query: object) -> list[str]:
        answer = self.asks(**query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["products"]]

    def metadata(self, thing: str) -> dict[str, str]:
        """The lists that a product or a customer (Saleor's id) carries."""
        store = self.sandbox.store
        held = store.products.get(thing) or store.users[thing]
        lists = ("perennial.together.", "perennial.for_you.")
        return {key: text for key, text in held.metadata.items() if key.startswith(lists)}


After = Callable[[Market], object]
Opens = Callable[..., AbstractContextManager[Market]]


def at_once(_: Market) -> None:
    """Nothing came about there since it opened."""


class Markets:
    """A market takes a second to come about: that is gone through once a process and kind of
    database. Every test that wants such a one has rows and a Saleor of its own, as they were then.
    """

    def __init__(self) -> None:
        self._pasts: dict[tuple[str, After, int, int], Past] = {}

    @contextmanager
    def open(
        self,
        house: House,
        lent: Lent,
        *,
        customers: int = 40,
        orders: int = 160,
        after: After = at_once,
    ) -> Iterator[Market]:
        """The market as it was `after` that; where two are equal, it is the same function."""
        of = lent.url, after, customers, orders
        if of not in self._pasts:
            with Market(house, customers=customers, orders=orders) as market:
                after(market)
                self._pasts[of] = market.kept(lent)
            close_stalls(house)
            lent.empty()
        past = self._pasts[of]
        lent.put_back(past.rows)
        cast("StillClock", house.clock).move(past.now - house.clock.now())
        with Market(house, past=past) as market:
            yield market

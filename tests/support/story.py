"""A shop with the whole app in it: Saleor speaks, time passes, people look."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Self, cast

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlmodel import Session, SQLModel, select

from app.kit.clock import StillClock, real_now
from app.kit.house import House
from app.kit.promises import Promise
from app.kit.rowlock import open_for
from app.kit.tx import ShopId, Tx
from app.main import Perennial
from app.shops.tables import Shop as Row
from app.trials.tables import Holding
from tests.support.keys import jwks, sign, token

APP_ID = "QXBwOjE="
ALL = ("MANAGE_APPS", "MANAGE_USERS", "MANAGE_ORDERS", "MANAGE_CHECKOUTS", "MANAGE_DISCOUNTS")


def nobody(request: httpx.Request) -> httpx.Response:
    """A Saleor that cannot be reached."""
    raise httpx.ConnectError("nobody is there", request=request)


class Shop:
    """`with Shop(house) as shop:`. Its Saleor is silent unless a transport is given."""

    def __init__(
        self,
        house: House,
        *,
        domain: str = "shop.example",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.house = house
        self.api_url = f"https://{domain}/graphql/"
        self.perennial = Perennial(
            house,
            transport=transport or httpx.MockTransport(nobody),
            resolve=lambda *_: ["203.0.113.7"],
            works=False,
        )
        self.http = TestClient(self.perennial.asgi, base_url="https://perennial.example")
        self.id = self._installed()

    def _installed(self) -> ShopId:
        real, now = real_now(), self.house.clock.now()
        secrets = self.house.secrets
        with Session(self.house.engine, expire_on_commit=False) as session, session.begin():
            row = session.exec(select(Row).where(Row.api_url == self.api_url)).first()
            if row is None:
                row = Row(
                    api_url=self.api_url, app_id=APP_ID, token=secrets.seal("an app token"),
                    jwks=jwks(), jwks_at=real - timedelta(hours=1), status_at=now,
                    registered_at=now, code_secret=secrets.seal("the code secret"),
                    currency="EUR",
                )  # fmt: skip
                session.add(row)
                session.flush()
                self._holds_nothing_back(session, cast("int", row.id))
            return ShopId(cast("int", row.id))

    def _holds_nothing_back(self, session: Session, shop: int) -> None:
        """A story meets no holdout of its own, unless it is about one."""
        open_for(session.connection(), shop)
        terms = {"shop": shop, "share": 0.0, "everywhere": 0.0, "prove_first": False}
        session.connection().execute(insert(Holding).values(terms | {"promised": []}))

    def __enter__(self) -> Self:
        self.http.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.__exit__(None, None, None)

    def delivers(self, event: str, body: bytes | Mapping[str, Any], **headers: str) -> int:
        """One signed delivery, not yet worked. The status of the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Saleor-Api-Url": self.api_url,
            "Saleor-Event": event.lower(),
            "Saleor-Signature": sign(raw),
            "Content-Type": "application/json",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(
            f"/api/webhooks/{event.lower()}", content=raw, headers=sent
        ).status_code

    def hears(self, event: str, body: bytes | Mapping[str, Any], *, times: int = 1) -> None:
        """Saleor delivers the event, and all that follows at once is done."""
        for _ in range(times):
            assert self.delivers(event, body) == 202
        self.settles()

    def waits(self, **span: float) -> None:
        cast("StillClock", self.house.clock).move(timedelta(**span))
        self.settles()

    def settles(self) -> int:
        return self.perennial.worker.keeper.settle(lambda: [self.id])

    def look(self) -> AbstractContextManager[Tx]:
        return self.house.look(self.id)

    def work(self) -> AbstractContextManager[Tx]:
        return self.house.work(self.id)

    def all(self, table: type[SQLModel]) -> Sequence[Any]:
        """In the order in which they were written, on PostgreSQL too."""
        rows = select(table)
        if "id" in table.model_fields:
            rows = rows.order_by("id")
        with self.look() as tx:
            return tx.exec(rows).all()

    def errors(self) -> list[str]:
        """What went wrong so far, parked or waiting for another try."""
        return [promise.error for promise in self.all(Promise) if promise.error]

    def staff_token(self, permissions: Sequence[str] = ALL, **claims: object) -> str:
        """The Dashboard's token for a member of staff (protocol §4.5)."""
        now = int(real_now().timestamp())
        told = {
            "iss": self.api_url, "owner": "saleor", "type": "thirdparty", "app": APP_ID,
            "user_id": "VXNlcjox", "email": "owner@example.com", "is_staff": True,
            "permissions": list(permissions), "user_permissions": list(permissions),
            "iat": now, "exp": now + 300,
        } | claims  # fmt: skip
        return token(**told)

    def staff(self, permissions: Sequence[str] = ALL, *, part: str = "main") -> dict[str, str]:
        """The headers bridge.js sends."""
        return {
            "authorization-bearer": self.staff_token(permissions),
            "saleor-api-url": self.api_url,
            "x-part": part,
        }

    def sees(self, path: str, *, locale: str = "en", part: str = "main") -> str:
        answer = self.http.get(path, headers=self.staff(part=part) | {"x-locale": locale})
        assert answer.status_code == 200, answer.text
        return answer.text

"""The sandbox itself: a shop, its API, its post, and the people in it."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import jwt

from sandbox import history, install, wares
from sandbox.api.execute import Api, Reading, failed
from sandbox.apps import NOBODY, App, Delivery, Installation, Principal
from sandbox.books import Book, books
from sandbox.calls import Call, Client, Post, Reply, Unreachable, over, over_network
from sandbox.clock import Clock, StandingClock
from sandbox.events import TYPE_OF, Told
from sandbox.faults import Faults
from sandbox.keys import KeyRing
from sandbox.outbox import Latency, Outbox
from sandbox.people import User
from sandbox.rules.permissions import ALL
from sandbox.sales import Order
from sandbox.shop import Shop
from sandbox.shopper import Shopper, Staff
from sandbox.store import Store
from sandbox.tokens import access_token, decode

VERSION = "3.23.28"
OWNER = "owner@example.com"
OWNER_PASSWORD = "owner"  # noqa: S105 - a toy shop's, printed where it is started
FOUNDED = timedelta(days=800)


class Sandbox:
    """A small Saleor in this process.

    `seed` decides everything that is by chance; `clock` is the business time (a StandingClock if
    none is given); `url` is the origin it answers under. Without `customers` and `orders` it has a
    catalogue and no past.
    """

    def __init__(
        self,
        seed: int = 1,
        clock: Clock | None = None,
        *,
        url: str = "https://sandbox.example.com",
        version: str = VERSION,
        customers: int = 0,
        orders: int = 0,
        latency: tuple[float, float] = (0.3, 1.1),
    ) -> None:
        self.clock: Clock = clock or StandingClock()
        self.store = Store(seed, self.clock, version)
        self.faults = Faults()
        self.shop = Shop(self.store, KeyRing(), url.rstrip("/"), self.faults)
        self.api = Api(self.shop)
        self.outbox = Outbox(
            self.store,
            self.render,
            self.shop.ring.sign,
            latency=Latency(Random(f"latency:{seed}"), median=latency[0], p95=latency[1]),
            time=lambda: self.clock.now().timestamp(),
        )
        self.outbox.copies = self._copies
        self.shop.outbox = self.outbox
        self.shop.validate = self.api.problems
        self.shop.install = self._later
        self.installs: list[tuple[Installation, frozenset[str], bool]] = []
        self.watchers: list[Callable[[str, Any, Principal], None]] = []
        self.store.emit = self._emit
        wares.open_markets(self.store)
        wares.fill_shelves(self.store, since=self.clock.now() - FOUNDED)
        self.owner = self._hire_owner()
        if orders:
            history.remember(self.store, customers=customers, orders=orders)

    @property
    def api_url(self) -> str:
        return self.shop.api_url

    def _hire_owner(self) -> User:
        now = self.store.instant()
        owner = User(
            id=self.store.numbers.serial("User"),
            email=OWNER,
            first_name="Olívia",
            last_name="Duarte",
            date_joined=now - FOUNDED,
            updated_at=now,
            is_staff=True,
            password=OWNER_PASSWORD,
            permissions=ALL,
        )
        return self.store.add_user(owner)

    def _emit(self, event: str, subject: Any) -> None:
        self.outbox.emit(event, subject)
        for watch in self.watchers:
            watch(event, subject, self.store.acting)

    # What comes in

    def principal(self, token: str | None) -> Principal:
        """Whom a token speaks for. An app token nobody knows is nobody; a broken JWT raises."""
        if not token:
            return NOBODY
        app = self.store.app_tokens.get(token)
        if app is not None:
            return Principal(app=app, permissions=app.permissions) if app.is_active else NOBODY
        if token.count(".") != 2:
            return NOBODY
        claims = decode(self.shop.ring, token, issuer=self.api_url)
        user = self.store.users.get(claims["user_id"])
        if user is None:
            raise jwt.InvalidTokenError("Invalid token. User does not exist or is inactive.")
        may = user.permissions
        if claims["type"] == "thirdparty":
            may = may & frozenset(claims["permissions"])
        return Principal(user=user, permissions=may)

    def answer(self, headers: Any, body: bytes) -> Reading:
        """One POST to /graphql/."""
        token = bearer(headers)
        try:
            who = self.principal(token)
        except jwt.InvalidTokenError as error:
            name = type(error).__name__
            entry = {"message": str(error), "extensions": {"exception": {"code": name}}}
            return Reading(200, {"errors": [entry], "data": None})
        try:
            payload = json.loads(body)
        except ValueError:
            return Reading(400, {"errors": [{"message": "Unable to parse query."}]})
        return self.api.ask(payload, who)

    def gql(self, query: str, variables: Any = None, *, token: str | None = None) -> Any:
        """Ask the API in this process; the body of the answer."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.answer(
            headers, json.dumps({"query": query, "variables": variables}).encode()
        ).body

    def staff_token(self) -> str:
        return access_token(self.shop.ring, self.owner, issuer=self.api_url)

    # What goes out

    def render(self, delivery: Delivery) -> bytes | None:
        """The body of a delivery: the app's own subscription, executed on what happened."""
        told = Told(
            type_name=TYPE_OF[delivery.event_type],
            event_type=delivery.event_type,
            subject=delivery.subject,
            issued_at=delivery.created_at,
            version=delivery.version,
            principal=delivery.principal,
            recipient=delivery.webhook.app,
        )
        prepared = self.api.prepare(delivery.webhook.subscription_query)
        if prepared.document is None or prepared.errors or self._gone(delivery):
            return None
        app = delivery.webhook.app
        who = Principal(app=app, permissions=app.permissions)
        result = self.api.run(prepared, who, root=told)
        data = next(iter((result.data or {}).values()), None)
        if not data:
            return None
        body = dict(data) | (failed(result.errors) if result.errors else {})
        return json.dumps(body).encode()

    def _gone(self, delivery: Delivery) -> bool:
        """A cart that was ordered or deleted before its letter left takes the letter along."""
        carts = delivery.event_type in ("CHECKOUT_CREATED", "CHECKOUT_UPDATED")
        return carts and delivery.subject.id not in self.store.checkouts

    def _copies(self, delivery: Delivery) -> int:
        fault = self.faults.on(delivery, "duplicate")
        return 1 + max(int(fault.value), 1) if fault else 1

    def headers_of(self, delivery: Delivery) -> dict[str, str]:
        event = delivery.event_type.lower()
        return {
            **delivery.webhook.custom_headers,
            "Content-Type": "application/json",
            "X-Saleor-Event": event,
            "X-Saleor-Domain": self.shop.domain,
            "X-Saleor-Signature": delivery.signature,
            "Saleor-Event": event,
            "Saleor-Domain": self.shop.domain,
            "Saleor-Signature": delivery.signature,
            "Saleor-Api-Url": self.api_url,
        }

    def send(self, delivery: Delivery, call: Call) -> None:
        """One attempt at a delivery that was taken from the outbox."""
        try:
            if not self.outbox.prepare(delivery):
                return
            fault = self.faults.on(delivery, "drop", "delay", "answer")
            if fault and fault.kind == "delay":
                self.outbox.enqueue(delivery, fault.value)
            elif fault and fault.kind == "drop":
                self.outbox.settle(delivery, 200, "dropped by a fault")
            elif fault:
                self.outbox.settle(delivery, int(fault.value) or None, "answered by a fault")
            else:
                self._attempt(delivery, call)
        finally:
            self.outbox.landed()

    def _attempt(self, delivery: Delivery, call: Call) -> None:
        body = delivery.body or b""
        try:
            reply = call("POST", delivery.webhook.target_url, self.headers_of(delivery), body)
        except Unreachable as error:
            self.outbox.settle(delivery, None, str(error))
        else:
            self.outbox.settle(delivery, reply.status, reply.body.decode(errors="replace"))

    def deliver_all(self, post: Post | Client, *, most: int = 100_000) -> int:
        """Deliver everything that waits, in the order it is due and without waiting for it,
        retries included. `post` takes (path, headers, body) and gives a status; a client that can
        `request` will do too. The number of attempts made."""
        call = calling(post)
        for attempts in range(most):
            with self.outbox.ready:
                delivery = self.outbox.take()
            if delivery is None:
                return attempts
            self.send(delivery, call)
        raise RuntimeError(f"still delivering after {most} attempts")

    # People

    def customer(
        self, email: str, channel: str = "br", *, confirmed: bool = True, quietly: bool = False
    ) -> Shopper:
        """The shopper with that account; she registers now if the shop does not know her.

        `quietly` leaves no event behind, as if she had registered before any app came.
        """
        known = self.store.user_by_email(email)
        shopper = Shopper(self.store, self.store.channels[channel], email, known)
        if known is not None:
            return shopper
        emit, self.store.emit = self.store.emit, (_silently if quietly else self.store.emit)
        try:
            return shopper.registers(confirms=confirmed)
        finally:
            self.store.emit = emit

    def guest(self, email: str | None = None, channel: str = "br") -> Shopper:
        """Somebody without an account, or not signed in to it."""
        return Shopper(self.store, self.store.channels[channel], email)

    @property
    def staff(self) -> Staff:
        return Staff(self.store, self.as_owner)

    def books(self) -> dict[str, Book]:
        return books(self.store)

    def spoil(self, order: Order) -> None:
        """Make it a bad order: its origin is empty, and every page it is on with it."""
        with self.store.lock:
            order.origin = ""

    # Apps

    def _later(
        self, installation: Installation, permissions: frozenset[str], *, activate: bool
    ) -> None:
        self.installs.append((installation, permissions, activate))

    def install(
        self,
        manifest: Any = None,
        *,
        via: Post | Client | None = None,
        manifest_url: str = "http://app.example.com/api/manifest",
        activate: bool = True,
    ) -> App:
        """Install an app by the real handshake and hand the App back.

        `via` is a client that reaches it, or a post callable; without it the network is used.
        A manifest given as a dict is not fetched. Raises InstallFailed.
        """
        call = calling(via) if via is not None else over_network()
        self.shop.call = call
        read = manifest or install.fetch_manifest(self.shop, manifest_url, call)
        return install.install(self.shop, read, call, manifest_url=manifest_url, activate=activate)

    def deactivate(self, app: App) -> None:
        with self.store.acting_as(self.as_owner):
            install.switch(self.shop, app, on=False)

    def activate(self, app: App) -> None:
        with self.store.acting_as(self.as_owner):
            install.switch(self.shop, app, on=True)

    def uninstall(self, app: App) -> None:
        with self.store.acting_as(self.as_owner):
            install.remove(self.shop, app)

    def revoke_token(self, app: App) -> None:
        """The app's token stops working and nobody tells the app."""
        with self.store.lock:
            self.store.app_tokens.pop(app.token, None)

    @property
    def as_owner(self) -> Principal:
        return Principal(user=self.owner, permissions=self.owner.permissions)


def _silently(_event: str, _subject: Any) -> None:
    return None


def bearer(headers: Any) -> str | None:
    """`Authorization: Bearer …` or the older `Authorization-Bearer: …`."""
    plain = headers.get("authorization") or ""
    if plain.lower().startswith("bearer "):
        return str(plain[7:]).strip()
    return headers.get("authorization-bearer") or None


def calling(post: Post | Client) -> Call:
    """A way out made of what a test has: a client, or a callable (path, headers, body)."""
    if hasattr(post, "request"):
        return over(post)

    def call(method: str, url: str, headers: Any, body: bytes | None = None) -> Reply:
        if method != "POST":
            return Reply(404, {}, b"")
        path = httpx.URL(url).raw_path.decode()
        return Reply(post(path, dict(headers), body or b""), {}, b"")

    return call

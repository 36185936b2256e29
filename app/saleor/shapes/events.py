"""What each subscription document delivers."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeAlias

from pydantic import Field, model_validator

from app.saleor.shapes.base import Shape
from app.saleor.shapes.checkouts import Checkout
from app.saleor.shapes.customers import Customer, Gone
from app.saleor.shapes.orders import Order

Where: TypeAlias = tuple[str | int, ...]


class Principal(Shape):
    kind: Annotated[str, Field(validation_alias="__typename")]
    id: str | None = None


class Flaw(Shape):
    """An error in a payload; its path is told from the event on: `("order", "user")`."""

    path: Where | None = None
    message: str = ""


class Event(Shape):
    """A delivery. `cause` is None where an anonymous shopper caused it."""

    issued_at: datetime | None = None
    version: str | None = None
    cause: Annotated[Principal | None, Field(validation_alias="issuingPrincipal")] = None
    flaws: Annotated[tuple[Flaw, ...], Field(validation_alias="errors")] = ()
    hash: str = ""
    """Of the delivery's bytes, which whoever took it in knows: of two tellings with equal times
    the greater is called the newer (IN-3)."""

    @classmethod
    def read(cls, body: bytes | str) -> Self:
        """A raw body, its money exact. Raises ValueError for anything that does not fit."""
        return cls.model_validate(json.loads(body, parse_float=Decimal))

    @property
    def issuing_app(self) -> str | None:
        """The id of the app that caused this, if one did: our own echoes are told by it."""
        return self.cause.id if self.cause and self.cause.kind == "App" else None

    @property
    def nulled(self) -> frozenset[Where]:
        """Where an error, not the shop, made a field null. Such a null overwrites nothing."""
        paths = (flaw.path for flaw in self.flaws if flaw.path)
        return frozenset(path[1:] if path[0] == "event" else path for path in paths)

    def lost(self, *path: str | int) -> bool:
        """Whether this field is null because of an error at it or anywhere inside it."""
        return any(nulled[: len(path)] == path for nulled in self.nulled)


class OrderEvent(Event):
    order: Order | None = None


class OrderCreated(OrderEvent): ...


class OrderUpdated(OrderEvent): ...


class OrderConfirmed(OrderEvent): ...


class OrderPaid(OrderEvent): ...


class OrderFullyPaid(OrderEvent): ...


class OrderRefunded(OrderEvent): ...


class OrderFullyRefunded(OrderEvent): ...


class OrderCancelled(OrderEvent): ...


class OrderExpired(OrderEvent): ...


class OrderFulfilled(OrderEvent): ...


class OrderBulkCreated(Event):
    orders: tuple[Order, ...] | None = None


class CheckoutEvent(Event):
    checkout: Checkout | None = None


class CheckoutCreated(CheckoutEvent): ...


class CheckoutUpdated(CheckoutEvent): ...


class CustomerEvent(Event):
    user: Customer | None = None


class CustomerCreated(CustomerEvent): ...


class CustomerUpdated(CustomerEvent): ...


class AccountConfirmed(CustomerEvent): ...


class GoneEvent(Event):
    user: Gone | None = None


class AccountDeleted(GoneEvent): ...


class CustomerDeleted(GoneEvent):
    """Saleor before 3.23.5 has no subscription for this and sends its old payload, a list."""

    @model_validator(mode="before")
    @classmethod
    def _old_payload(cls, told: object) -> object:
        if not isinstance(told, list):
            return told
        person = told[0] if told else {}
        meta = person.get("meta") or {}
        return {
            "issuedAt": meta.get("issued_at"),
            "version": meta.get("version"),
            "issuingPrincipal": _old_principal(meta.get("issuing_principal")),
            "user": {"id": person.get("id"), "email": person.get("email")} if person else None,
        }


def _old_principal(told: dict[str, Any] | None) -> dict[str, Any] | None:
    """Old payloads write `{"id": …, "type": "user"}`, and of an app not the id but the name."""
    if not told or not told.get("id"):
        return None
    if told.get("type") == "user":
        return {"__typename": "User", "id": told["id"]}
    return {"__typename": "App", "id": None}


class ChangedProduct(Shape):
    id: str


class ProductEvent(Event):
    product: ChangedProduct | None = None


class ProductUpdated(ProductEvent): ...


class ProductDeleted(ProductEvent): ...


class AppState(Shape):
    id: str
    is_active: bool | None = None


class AppDeleted(Event):
    app: AppState | None = None


class AppStatusChanged(Event):
    app: AppState | None = None

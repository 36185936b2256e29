"""Where all of a kind is listed, and what reading along such a list brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from app.history.rules import Kind
from app.kit.hearing import Hearing
from app.saleor import operations
from app.saleor.operations import Operation
from app.saleor.shapes import OrderName, Page

N = TypeVar("N", bound=BaseModel)


@dataclass(frozen=True)
class Source(Generic[N]):
    """Where all of a kind is listed."""

    name: str
    noun: str
    """What an event calls one of them; paths of errors are told from it on."""
    pages: Operation[Page[N]]
    bare: Operation[Page[N]] | None = None
    """The same without what some of them cannot tell."""
    names: Operation[Page[OrderName]] | None = None


SOURCES: Mapping[Kind, Source[Any]] = {
    Kind.CUSTOMERS: Source("customers", "user", operations.CUSTOMERS),
    Kind.PRODUCTS: Source("products", "product", operations.PRODUCTS),
    Kind.ORDERS: Source(
        "orders",
        "order",
        operations.ORDERS,
        bare=operations.ORDERS_WITHOUT_ORIGIN,
        names=operations.ORDER_NAMES,
    ),
    Kind.CHECKOUTS: Source("checkouts", "checkout", operations.CHECKOUTS),
}


class Told(NamedTuple, Generic[N]):
    thing: N
    heard: Hearing


class Flaw(NamedTuple):
    """Something that could not be read whole."""

    saleor_id: str
    number: str | None
    reason: str
    read: bool
    """Read all the same, but for what stood in the way."""


class Stretch(NamedTuple, Generic[N]):
    """A part of the walk: what was read, what was not, and the cursor behind both."""

    told: tuple[Told[N], ...]
    next: str | None
    flaws: tuple[Flaw, ...] = ()

"""AC-6: what is asked of Saleor itself just before a message leaves, whatever was heard."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from app.carts.queries import NO_PURCHASE
from app.customers.rules import tidy
from app.messages.rules import Word
from app.saleor.client import Saleor
from app.saleor.operations import ORDER, PURCHASES_SINCE

HELD_FOR = timedelta(hours=6)
"""AC-6: how long a message is held while Saleor can't be asked."""
AGAIN = timedelta(minutes=5)
NO_CHECKOUT = "Q2hlY2tvdXQ6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"
"""Of nobody's: asked with an empty list, Saleor would answer with every order there is."""
NOBODY = "nobody@invalid"
OVER = frozenset({"EXPIRED", "CANCELED"})


class NotBought(BaseModel, frozen=True):
    """Refused once the person has any order made since then, or this checkout became one."""

    kind: Literal["not_bought"] = "not_bought"
    since: datetime
    checkout: str | None = None

    def word(self, saleor: Saleor, *, emails: tuple[str, ...], account: str | None) -> str:
        """Asked under each address she ever had: Saleor's filter takes one at a time."""
        for email in emails or (NOBODY,):
            told = saleor.run(
                PURCHASES_SINCE,
                email=email,
                since=(
                    self.since - timedelta(days=1)
                ).date(),  # Saleor's filter knows days, of its zone
                checkouts=[self.checkout or NO_CHECKOUT],
            )
            if told.of_checkout:
                return Word.STOPPED_PURCHASE
            for order in (edge.node for edge in told.by_address):
                theirs = tidy(order.email) in emails or (account and order.account == account)
                if theirs and order.created >= self.since and order.origin not in NO_PURCHASE:
                    return Word.STOPPED_PURCHASE
        return ""


class StillUnpaid(BaseModel, frozen=True):
    """Refused once the order is paid, cancelled or expired (AC-2)."""

    kind: Literal["still_unpaid"] = "still_unpaid"
    order: str

    def word(self, saleor: Saleor, *, emails: tuple[str, ...], account: str | None) -> str:  # noqa: ARG002
        order = saleor.run(ORDER, id=self.order).order
        if order is None or order.is_paid or order.status in OVER:
            return Word.PAID
        return ""


Guard = Annotated[NotBought | StillUnpaid, Field(discriminator="kind")]
_read: TypeAdapter[NotBought | StillUnpaid] = TypeAdapter(Guard)


def read(stored: Mapping[str, Any]) -> NotBought | StillUnpaid:
    return _read.validate_python(stored)

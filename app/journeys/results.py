"""AC-11: what became of the checkouts that were left: brought back, bought anyway, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import and_, col, func, select

from app.carts.rules import State
from app.carts.tables import Cart
from app.journeys.recovery_rules import Word
from app.journeys.tables import Journey, Skip
from app.kit.money import major
from app.kit.tx import Tx

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of one currency, over the last thirty days. Shares are of all that were left."""

    currency: str
    left: int
    recovered: int
    bought_anyway: int
    left_worth: Decimal
    recovered_worth: Decimal
    bought_anyway_worth: Decimal

    @property
    def recovered_share(self) -> float:
        return self.recovered / self.left if self.left else 0.0

    @property
    def bought_anyway_share(self) -> float:
        return self.bought_anyway / self.left if self.left else 0.0


def results(tx: Tx) -> list[Result]:
    """By currency. Suspects (AC-12) are not among them."""
    suspects = select(Skip.subject).where(_suspect(tx), col(Skip.subject).is_not(None))
    rows: Any = tx.exec(
        select(Cart.currency, Cart.state, func.count(), func.sum(Cart.worth_minor))
        .where(col(Cart.abandoned_at) >= tx.now - WINDOW, col(Cart.checkout).not_in(suspects))
        .group_by(col(Cart.currency), col(Cart.state))
    )
    found: dict[str, list[tuple[str, int, int]]] = {}
    for currency, state, carts, worth in rows:
        found.setdefault(currency, []).append((state, carts, int(worth)))
    return [_result(currency, found[currency]) for currency in sorted(found)]


def _result(currency: str, outcomes: Sequence[tuple[str, int, int]]) -> Result:
    def of(*states: State) -> tuple[int, Decimal]:
        mine = [one for one in outcomes if not states or one[0] in states]
        return sum(one[1] for one in mine), major(sum(one[2] for one in mine), currency)

    left, recovered, anyway = of(), of(State.RECOVERED), of(State.BOUGHT_ANYWAY)
    return Result(
        currency=currency, left=left[0], recovered=recovered[0], bought_anyway=anyway[0],
        left_worth=left[1], recovered_worth=recovered[1], bought_anyway_worth=anyway[1],
    )  # fmt: skip


def suspects(tx: Tx) -> int:
    """AC-12: counted apart, and not written to."""
    return tx.exec(select(func.count(func.distinct(Skip.subject))).where(_suspect(tx))).one()


def _suspect(tx: Tx) -> Any:  # noqa: ANN401  # a clause
    """In the window: who was skipped for a cart was so when it was left. By journey, because that
    is how the index begins."""
    return and_(
        col(Skip.journey).in_(select(Journey.id)),
        Skip.why == Word.SUSPECT.value,
        col(Skip.at) >= tx.now - WINDOW,
    )

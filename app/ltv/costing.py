"""What a shop says an order costs beside its goods."""

from decimal import Decimal

from sqlmodel import select

from app.kit.asking import ask, question
from app.kit.tx import Tx
from app.ltv.lines import Costs, Line
from app.ltv.rules import CostLine
from app.ltv.tables import ValueCosts

IN_ENGINE = {
    CostLine.SHIPPING: Line.SHIPPING,
    CostLine.FEES: Line.FEES,
    CostLine.RETURNS: Line.RETURNS,
    CostLine.MESSAGES: Line.MESSAGES,
    CostLine.REWARDS: Line.REWARDS,
    CostLine.SERVICE: Line.SERVICE,
}


TERMS = question(select(ValueCosts))


def terms(tx: Tx) -> ValueCosts:
    """As the owner has them; what is usual until somebody changes it."""
    return next(iter(ask(tx, TERMS)), None) or ValueCosts()


def usual_margin(tx: Tx) -> Decimal | None:
    """Share of the net price, where nobody told an article's cost."""
    known = tx.info.get("usual_margin", False)
    if known is False:
        points = terms(tx).usual_margin_basis_points
        known = None if points is None else Decimal(points).scaleb(-4)
        tx.info["usual_margin"] = known
    return known if isinstance(known, Decimal) else None


def costs(of: ValueCosts) -> Costs:
    """For the engine, which counts tax with the cost of goods (app.ltv.ground)."""
    return Costs(
        shipping=of.shipping,
        fees=of.fees_basis_points / 10_000,
        returns=of.returns,
        messages=of.messages,
        rewards=of.rewards,
        service=of.service,
        off=frozenset(line for name, line in IN_ENGINE.items() if name in of.off),
    )

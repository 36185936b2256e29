"""V13: what is known this morning, and what to do about it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.journeys import queries as journeys
from app.kit.money import major
from app.kit.tx import Tx
from app.ltv import queries as value
from app.ltv.rfm import Group
from app.ltv.tables import CustomerScore
from app.shops.flows import this_shop, without_rate
from app.today import rules
from app.today.rules import Facts, What
from app.today.view import Action, CartLine, Left
from app.web.notation import Sum

WHERE = {
    What.RATES: "/app/offers",
    What.REMIND: "/app/automations/cart",
    What.CALL: "/app/customers",
    What.WIN_BACK: "/app/automations/winback",
    What.SECOND: "/app/automations/second",
    What.COSTS: "/app/value/costs",
}
AWAY = (Group.RISK.value, Group.CANNOT_LOSE.value)


def actions(tx: Tx, left: Left | None, lines: Sequence[CartLine] = ()) -> tuple[Action, ...]:
    """`lines`: the most valuable of the checkouts that were left, where the viewer sees whose."""
    on = {journey.recipe for journey in journeys.every(tx) if journey.on_since}
    sheet = value.sheet(tx, "overview") or {}
    back, old = sheet.get("again_of") or (0, 0)
    people, worth = _away(tx)
    dearest = _to_call(lines)
    unrated = without_rate(tx)
    facts = Facts(
        unrated=bool(unrated),
        waiting=left.carts if left else 0,
        reminds="cart" in on,
        dearest=dearest is not None,
        at_risk=people,
        wins_back="winback" in on,
        bought_once=old - back,
        back=Decimal(back) / old if old else None,
        seconds="second" in on,
        covered=Decimal(str(sheet["covered"])) if "covered" in sheet else None,
    )
    sums = {
        What.REMIND: left.value if left else (),
        What.CALL: (dearest.value,) if dearest else (),
        What.WIN_BACK: (worth,),
    }
    counts = {What.REMIND: facts.waiting, What.WIN_BACK: people, What.SECOND: facts.bought_once}
    shares = {What.SECOND: facts.back, What.COSTS: facts.covered}
    return tuple(
        Action(
            what=what,
            address=_address(what, dearest),
            count=counts.get(what, 0),
            worth=tuple(sums.get(what, ())),
            share=shares.get(what),
            currencies=unrated if what is What.RATES else (),
            who=dearest.who if dearest and what is What.CALL else None,
        )
        for what in rules.suggestions(facts)
    )


def _address(what: What, dearest: CartLine | None) -> str:
    if what is What.CALL and dearest and dearest.person:
        return f"/app/customers/{dearest.person}"
    return WHERE[what]


def _to_call(lines: Sequence[CartLine]) -> CartLine | None:
    """The most valuable cart, where the viewer may see whose it is and she is a customer."""
    first = next(iter(lines), None)
    return first if first and first.person and first.who else None


def _away(tx: Tx) -> tuple[int, Sum]:
    """Regulars who stay away, and what they are expected to bring in 12 months all the same."""
    rows: Any = tx.exec(
        select(func.count(), func.coalesce(func.sum(CustomerScore.net_12), 0)).where(
            col(CustomerScore.group).in_(AWAY)
        )
    )
    people, minor = rows.one()
    currency = this_shop(tx).currency
    return people, Sum(major(int(minor), currency), currency)

"""CP-3: a code that nobody used yet is reminded of two days before its end, once at most."""

from datetime import timedelta

from sqlmodel import col, or_, select

from app.journeys import queries
from app.journeys.jobs import RemindCode
from app.journeys.naming import decision_of
from app.journeys.recipes.cart import CODE_ENDS
from app.journeys.tables import Grant
from app.kit.tx import Tx
from app.loyalty import coupons
from app.messages import flows as messages
from app.messages import library
from app.messages.flows import Request
from app.messages.rules import Priority
from app.orders.tables import Order

BEFORE = timedelta(hours=48)
LEAST = timedelta(hours=24)
"""Who was told of it yesterday needs no reminder."""


def promise(tx: Tx, grant: Grant) -> None:
    at = grant.ends_at - BEFORE
    if at >= grant.at + LEAST:
        tx.later(RemindCode(grant=grant.id or 0), at=at)


def remind(job: RemindCode, tx: Tx) -> None:
    """Asked for through the gate as anything else; nothing where it was used, or she has bought."""
    grant = tx.exec(select(Grant).where(Grant.id == job.grant)).first()
    code = coupons.by_id(tx, grant.code) if grant and grant.code else None
    journey = queries.by_key(tx, grant.journey) if grant else None
    if grant is None or code is None or journey is None or journey.on_since is None:
        return
    if code.used_at or code.deleted_at or grant.ends_at <= tx.now or _bought(tx, grant):
        return
    library.ensure(tx, CODE_ENDS)
    key = f"grant:{grant.id}:ends"
    messages.request(
        tx,
        Request(
            key=key, person=grant.person, message=CODE_ENDS.key, campaign=grant.journey,
            step="again", priority=Priority.LOYALTY,
            context={"run": grant.run, "code": grant.code}, due=tx.now, not_after=grant.ends_at,
            decision=decision_of(tx.shop, key, tx.now),
        ),
    )  # fmt: skip


def _bought(tx: Tx, grant: Grant) -> bool:
    family = queries.same_address(tx, [grant.person])[grant.person]
    hers = or_(col(Order.person).in_(family), col(Order.source).in_(family))
    return (
        tx.exec(select(Order.id).where(hers, col(Order.created_at) >= grant.at)).first() is not None
    )

"""Who is at which promise: compare-and-set leases with a fencing token."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, delete, inspect, or_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, func, select

from app.kit.asking import Question, any_of, ask, blank, carry_out, change, question
from app.kit.clock import real_now
from app.kit.house import House, conflicts
from app.kit.promises import Delivery, Promise
from app.kit.rowlock import EVERY, open_for
from app.kit.tx import ShopId, Tx, among

MOST_LOST = 3
OPEN = and_(col(Promise.kept_at).is_(None), col(Promise.parked_at).is_(None))
FREE = or_(col(Promise.lease).is_(None), col(Promise.leased_till) < blank("real"))
IN_TURN = col(Promise.rank), col(Promise.due), col(Promise.id)

_other = aliased(Promise)
BUSY = select(_other.lane).where(
    col(_other.lane).is_not(None),
    col(_other.lease).is_not(None),
    col(_other.leased_till) >= blank("real"),
)
LANE_FREE = or_(col(Promise.lane).is_(None), col(Promise.lane).not_in(BUSY))
DUE = (
    select(Promise)
    .where(OPEN, col(Promise.due) <= blank("now"), any_of(col(Promise.kind), "kinds"))
    .where(FREE, LANE_FREE)
    .order_by(*IN_TURN)
    .limit(blank("most"))
)
ALL_DUE = question(DUE)
BLAMELESS = question(DUE.where(col(Promise.lease).is_(None), col(Promise.lost) == 0))
TAKE = change(
    update(Promise)
    .where(any_of(col(Promise.id), "ids"))
    .values(lease=blank("token"), leased_till=blank("till"), tries=Promise.tries + 1)
)
KEEP = change(
    update(Promise)
    .where(any_of(col(Promise.id), "ids"))
    .values(kept_at=blank("now"), lease=None, leased_till=None, error=None)
)
DROP = change(delete(Delivery).where(any_of(col(Delivery.id), "ids")))
THERE: Question[int | None] = question(
    select(col(Promise.id)).where(any_of(col(Promise.id), "ids"))
)
MINE = question(
    select(Promise)
    .where(any_of(col(Promise.id), "ids"), Promise.lease == blank("lease"), OPEN)
    .order_by(*IN_TURN)
)


def shops_with_due(engine: Engine, now: datetime) -> list[ShopId]:
    """Shops that wait for something, the most urgent kind of thing first."""
    shop = Promise.__table__.c.shop  # type: ignore[attr-defined]  # the one look across shops
    due = (
        select(shop)
        .where(OPEN, col(Promise.due) <= now, FREE)
        .group_by(shop)
        .order_by(func.min(Promise.rank), func.min(Promise.due))
    )
    with Session(engine.execution_options(reads_only=True)) as session:
        open_for(session.connection(), EVERY)
        return [ShopId(id_) for id_ in session.exec(due, params={"real": real_now()}).all()]


def take(
    house: House,
    shop: ShopId,
    *,
    kinds: Collection[str],
    most: int,
    for_: timedelta,
    suspects: bool = True,
) -> list[Promise]:
    """Lease up to `most` due promises, by rank and age. Nothing if another worker was faster.

    A promise whose lease ran out was in the hands of somebody who died. Such a suspect is taken
    alone, so that if it is what kills, it kills nobody else's, and parked after the third time;
    without `suspects` it is left where it is.
    """
    try:
        with house.work(shop) as tx:
            taken = _take(tx, kinds=kinds, most=most, for_=for_, suspects=suspects)
    except DBAPIError as failure:
        if conflicts(failure):
            return []
        raise
    lanes = {promise.lane for promise in taken if promise.lane}
    if not lanes or house.settings.embedded:
        return taken
    return house.do(shop, lambda tx: _alone(tx, taken, lanes))


def _alone(tx: Tx, taken: Sequence[Promise], lanes: Collection[str]) -> list[Promise]:
    """Those of them in whose lane nobody else is; the others are given back.

    On PostgreSQL two workers may lease two promises of a lane in the same moment, for neither sees
    what the other has not committed. So each looks once more behind its own commit: whoever came
    second sees the first, and at worst both step back and come again.
    """
    token = taken[0].lease
    others = select(Promise.lane).where(
        among(col(Promise.lane), sorted(lanes)),
        col(Promise.lease).is_not(None),
        Promise.lease != token,
        col(Promise.leased_till) >= real_now(),
    )
    busy = set(tx.exec(others))
    if busy:
        give_back([promise for promise in still_mine(tx, taken) if promise.lane in busy])
    return [promise for promise in taken if promise.lane not in busy]


def _take(
    tx: Tx, *, kinds: Collection[str], most: int, for_: timedelta, suspects: bool
) -> list[Promise]:
    real = real_now()
    asked = ALL_DUE if suspects else BLAMELESS
    rows = ask(tx, asked, now=tx.now, real=real, kinds=sorted(kinds), most=most)
    token = secrets.token_hex(8)
    taken: list[Promise] = []
    for promise in rows:
        if promise.lease is not None:
            promise.lost += 1
            _let_go(promise)  # or the next look would count the same death again
        if promise.lost >= MOST_LOST:
            park(tx, promise, reason=f"whoever was at it died, {promise.lost} times over")
            continue
        if promise.lost and taken:
            continue
        taken.append(promise)
        if promise.lost:
            break
    ids = [promise.id for promise in taken]
    carry_out(tx, TAKE, ids=ids, token=token, till=real + for_)
    for promise in taken:
        set_committed_value(promise, "lease", token)
    return taken


def take_over(engine: Engine) -> None:
    """All leases of all shops run out now: whoever holds them is known to be dead."""
    held = col(Promise.lease).is_not(None)
    with Session(engine) as session, session.begin():
        open_for(session.connection(), EVERY)
        session.exec(update(Promise).where(held).values(leased_till=real_now()))


def still_mine(tx: Tx, held: Sequence[Promise]) -> list[Promise]:
    """Those of `held` whose lease nobody has taken over, fresh from the database, in order."""
    if not held:
        return []
    return list(ask(tx, MINE, ids=[promise.id for promise in held], lease=held[0].lease))


def standing(tx: Tx, promises: Sequence[Promise]) -> list[Promise]:
    """Those that nobody has taken back in this very unit of work, as forgetting a person does.

    The database is asked: of rows deleted by a question the session does not always know.
    """
    numbered = {inspect(promise).identity[0]: promise for promise in promises}
    there: Sequence[int | None] = ask(tx, THERE, ids=list(numbered)) if numbered else ()
    left = set(there)
    return [promise for id_, promise in numbered.items() if id_ in left]


def keep(tx: Tx, promise: Promise) -> None:
    keep_all(tx, [promise])


def keep_all(tx: Tx, promises: Sequence[Promise]) -> None:
    """Done. The body behind a delivery is not needed any more."""
    ids = [promise.id for promise in promises]
    carry_out(tx, KEEP, ids=ids, now=tx.now)
    if any("hash" in promise.body for promise in promises):
        carry_out(tx, DROP, ids=ids)


def put_off(promise: Promise, *, until: datetime, reason: str) -> None:
    _let_go(promise)
    promise.due = until
    promise.error = reason


def park(tx: Tx, promise: Promise, *, reason: str) -> None:
    """Out of the way, where a person sees it. Nothing is dropped."""
    _let_go(promise)
    promise.parked_at = tx.now
    promise.error = reason


def give_back(promises: Sequence[Promise]) -> None:
    """Not done, only put back: that was no try."""
    for promise in promises:
        _let_go(promise)
        promise.tries -= 1


def reopen(tx: Tx) -> int:
    """All that was parked is due again, with a fresh start. How many there were."""
    parked = update(Promise).where(col(Promise.parked_at).is_not(None))
    fresh = {"parked_at": None, "due": tx.now, "tries": 0, "lost": 0, "error": None}
    return int(tx.exec(parked.values(fresh)).rowcount)


def _let_go(promise: Promise) -> None:
    promise.lease = None
    promise.leased_till = None

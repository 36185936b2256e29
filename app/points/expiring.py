"""PT-5: points that rest for long end, the whole balance, and never without two warnings."""

from datetime import datetime, timedelta
from functools import partial

from app.kit.tx import Tx
from app.messages import flows as messages
from app.messages import library
from app.messages.flows import Request
from app.messages.rules import Priority, Purpose
from app.points import ledger, queries, rules
from app.points.letters import ENDS
from app.points.rules import Fate, Idle, Kind
from app.points.tables import PointsAccount, PointsTerms
from app.world import World

TOGETHER = 50
SHORTEST_MONTH = timedelta(days=28)


def all_of(world: World) -> None:
    """Everybody whose points rest, a few at a time."""
    after = 0
    while True:
        with world.look() as tx:
            terms = queries.terms(tx)
            if terms is None or terms.expires_since is None:
                return
            before = tx.now - SHORTEST_MONTH * terms.expiry_months + rules.FIRST_WARNING
            some = queries.idle(tx, before=before, after=after, limit=TOGETHER)
        if not some:
            return
        after = some[-1][0]
        world.do(partial(_look, people=[person for _, person in some]))


def idle_of(terms: PointsTerms, account: PointsAccount) -> Idle | None:
    """None where points don't end."""
    if terms.expires_since is None:
        return None
    return Idle(
        active_at=account.active_at,
        counted_from=terms.expires_since,
        months=terms.expiry_months,
        warned_at=account.warned_at,
        warned_again_at=account.warned_again_at,
    )


def ends_at(terms: PointsTerms | None, account: PointsAccount | None) -> datetime | None:
    """When what somebody has would end if she did nothing."""
    if terms is None or account is None or account.available <= 0:
        return None
    rests = idle_of(terms, account)
    return rests.ends_at if rests else None


def _look(tx: Tx, *, people: list[int]) -> None:
    terms = queries.terms(tx)
    if terms is None:
        return
    for person in people:
        account = queries.account(tx, person)
        idle = idle_of(terms, account) if account else None
        if account is None or idle is None or account.available <= 0:
            continue  # spent, or forgotten, a moment ago
        match rules.fate(idle, now=tx.now):
            case Fate.WARN:
                account.warned_at = tx.now
                _warn(tx, account, idle, days=rules.FIRST_WARNING.days)
            case Fate.WARN_AGAIN:
                account.warned_again_at = tx.now
                _warn(tx, account, idle, days=rules.LAST_WARNING.days)
            case Fate.EXPIRES:
                _expire(tx, account)
            case Fate.STAYS:
                pass


def _warn(tx: Tx, account: PointsAccount, idle: Idle, *, days: int) -> None:
    library.ensure(tx, ENDS)
    messages.request(
        tx,
        Request(
            key=f"points:{account.id}:{idle.active_at:%Y%m%d%H%M%S}:{days}:{tx.now:%Y%m%d}",
            person=account.person, message=ENDS.key, purpose=Purpose.SERVICE.value,
            campaign="points", step=str(days), priority=Priority.LOYALTY,
            context={"points": account.available, "days": days}, due=tx.now,
            not_after=tx.now + timedelta(days=days - 2),
        ),
    )  # fmt: skip


def _expire(tx: Tx, account: PointsAccount) -> None:
    """The whole balance; what an order brought of it is over, whatever becomes of the order."""
    for earning in queries.ready_earnings(tx, account.person):
        earning.closed_at = tx.now
    ledger.book(
        tx, account.person, Kind.EXPIRED, points=-account.available,
        key=f"end:{account.id}:{tx.now:%Y%m%d}",
    )  # fmt: skip
    account.warned_at = account.warned_again_at = None

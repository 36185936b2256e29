"""What is known of a referral, put before the rules; and what becomes of it."""

from datetime import datetime, timedelta

from sqlmodel import select

from app.carts.tables import Cart
from app.customers import queries as customers
from app.customers.tables import Person
from app.journeys.jobs import EndCoupons
from app.journeys.recovery_rules import DISPOSABLE
from app.kit.tx import Tx
from app.loyalty import coupons
from app.loyalty import queries as loyalty
from app.loyalty.tables import Code
from app.orders import queries as orders
from app.orders.tables import Order
from app.referrals import deciding, queries, rules
from app.referrals.jobs import BringReward, Look, Ripen
from app.referrals.rules import Case, Hand, State, Why
from app.referrals.tables import Referral

TOMORROW, HOUR, SOON = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GONE = "voucher_gone"
"""Somebody deleted the voucher of the reward."""
OVER = frozenset({"CANCELED", "EXPIRED"})


def look(job: Look, tx: Tx) -> None:
    """Exactly once, whatever it finds; and what it finds is the newest state of everything."""
    referral = queries.by_id(tx, job.referral)
    if referral is None:
        return
    code = coupons.by_id(tx, referral.code)
    order = orders.by_saleor_id(tx, code.used_order) if code and code.used_order else None
    if order is None:
        return
    _note_order(tx, referral, order)
    case = case_of(tx, referral, order)
    wanted, reasons = rules.verdict(case)
    _become(tx, referral, case, wanted, [str(why) for why in reasons])


def _note_order(tx: Tx, referral: Referral, order: Order) -> None:
    referral.order, referral.ordered_at = order.saleor_id, order.created_at
    referral.friend = order.person
    terms = queries.terms(tx)
    if order.paid and referral.ripe_at is None and terms:
        referral.ripe_at = tx.now + timedelta(days=terms.return_days)


def case_of(tx: Tx, referral: Referral, order: Order) -> Case:
    programme = loyalty.terms(tx)
    friend = customers.person(tx, order.person) if order.person else None
    advocate = customers.person(tx, referral.person)
    id_ = referral.id or 0
    return Case(
        blocks=_blocks(tx, advocate, friend, order),
        same_home=_same_home(tx, advocate, friend, order),
        similar=bool(advocate and friend) and rules.similar(_email(advocate), _email(friend)),
        disposable=_email(friend).rpartition("@")[2] in DISPOSABLE,
        nobody=friend is None or advocate is None,
        visitors=queries.from_visitor(
            tx, referral.seen_from, around=referral.made_at, span=rules.WEEK
        ) if referral.seen_from else 0,
        a_day=queries.ordered_around(
            tx, referral.person, at=order.created_at, span=rules.DAY
        ),
        refunded=order.refunded_minor > 0,
        cancelled=order.status in OVER,
        paid=order.paid,
        ripe=referral.ripe_at is not None and tx.now >= referral.ripe_at,
        stopped=programme is None
        or not programme.running
        or programme.programme.stopped_at is not None,
        a_month=queries.rewarded(tx, referral.person, but=id_, since=tx.now - rules.MONTH),
        ever=queries.rewarded(tx, referral.person, but=id_),
        hand=Hand(referral.hand),
        allowed=tuple(referral.allowed),
    )  # fmt: skip


def _email(person: Person | None) -> str:
    return (person.email if person else None) or ""


def _blocks(
    tx: Tx, advocate: Person | None, friend: Person | None, order: Order
) -> tuple[str, ...]:
    """RF-3."""
    if advocate is None or friend is None:
        return ()
    wholes = customers.wholes(tx, {advocate.id or 0, friend.id or 0})
    same = wholes[advocate.id or 0] == wholes[friend.id or 0]
    mine, its = rules.folded(advocate.email), rules.folded(friend.email)
    family = {friend.id or 0, *queries.under_fold(tx, _email(friend))}
    checks = (
        (same, Why.SAME_PERSON),
        (bool(mine) and mine == its, Why.SAME_EMAIL),
        (_signed_in(tx, order) == advocate.id, Why.PLACED_BY_ADVOCATE),
        (
            queries.bought_before(tx, family, at=order.created_at, but=order.saleor_id),
            Why.BOUGHT_BEFORE,
        ),
    )
    return tuple(str(why) for holds, why in checks if holds)


def _signed_in(tx: Tx, order: Order) -> int | None:
    """Whose account the order's checkout was."""
    if order.checkout is None:
        return None
    return tx.exec(select(Cart.person).where(Cart.checkout == order.checkout)).first()


def _same_home(tx: Tx, advocate: Person | None, friend: Person | None, order: Order) -> bool:
    """RF-3: one postal code and one surname: a family as likely as not. Streets we do not know."""
    if advocate is None or friend is None or not order.postal:
        return False
    names = {one.last_name.strip().casefold() for one in (advocate, friend)}
    homes = {advocate.postal} | {one.postal for one in orders.last_orders(tx, advocate.id or 0)}
    alike = len(names) == 1 and names != {""}
    return alike and _bare(order.postal) in {_bare(home) for home in homes if home}


def _bare(postal: str) -> str:
    return "".join(letter for letter in postal.casefold() if letter.isalnum())


def _become(tx: Tx, referral: Referral, case: Case, wanted: State, reasons: list[str]) -> None:
    was, reward = State(referral.state), coupons.by_id(tx, referral.reward)
    used = reward is not None and reward.used_at is not None
    state = rules.becomes(was, wanted, used=used)
    if state is State.WAITING:
        _wait(tx, referral, case)
    if was is State.TAKEN_BACK and state is State.REWARDED and _still_leaving(referral, reward):
        _at(tx, referral, _hour(tx.now + HOUR))
        return
    told = [*reasons, Why.USED.value] if used and reasons else reasons
    if state is was and told == referral.reasons:
        return
    deciding.judged(
        tx, case, state, referral=referral.id or 0, person=referral.person, was=was, used=used
    )
    referral.state, referral.reasons = state.value, told
    if state is was:
        return
    if state is State.TAKEN_BACK:
        _take_back(tx, referral, reward)
    if state is State.REWARDED and not used:
        referral.turn, referral.rewarded_at = referral.turn + 1, tx.now
        bring = BringReward(referral=referral.id or 0, advocate=referral.person, turn=referral.turn)
        tx.later(bring)


def _still_leaving(referral: Referral, reward: Code | None) -> bool:
    """A reward that was taken back and may still be used: no second one beside it."""
    if reward is None or reward.used_at or referral.trouble == GONE:
        return False
    return reward.deleted_at is None


def _wait(tx: Tx, referral: Referral, case: Case) -> None:
    """Until the return window ends; what is held back by a stop is looked at every day."""
    if referral.ripe_at is not None:
        _at(tx, referral, referral.ripe_at if not case.ripe else _hour(tx.now + TOMORROW))


def _at(tx: Tx, referral: Referral, when: datetime) -> None:
    tx.later(Ripen.of(referral, when), at=when)


def _hour(at: datetime) -> datetime:
    """However often it is asked within an hour, it is one promise."""
    return at.replace(minute=0, second=0, microsecond=0)


def _take_back(tx: Tx, referral: Referral, reward: Code | None) -> None:
    """RF-5: unused, it ends now, and leaves Saleor; what is just being brought leaves after."""
    if reward is not None:
        reward.ends_at = tx.now
        end = EndCoupons(day=f"referral {referral.id} {referral.turn}")
        tx.later(end, at=tx.now + SOON)

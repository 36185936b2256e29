"""A promised reward is minted and brought to Saleor: once, whichever step was the last."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.customers import queries as customers
from app.journeys.jobs import EndCoupons
from app.kit.tx import Tx
from app.loyalty import cards, coupons, spans, vouchers
from app.loyalty.tables import Code
from app.loyalty.vouchers import VoucherGoneError
from app.referrals import letters, queries
from app.referrals.flows import THANKS, Opener
from app.referrals.jobs import BringReward
from app.referrals.judging import GONE
from app.referrals.rules import State
from app.referrals.tables import Referral
from app.shops.flows import this_shop
from app.world import World

GOOD_FOR = timedelta(days=60)
AGAIN = timedelta(days=1)
SOON = timedelta(minutes=1)
NO_CARD = "no_card"


def bring_reward(job: BringReward, world: World) -> None:
    """RF-1. It is minted in a unit of work of its own, and brought after: Saleor refuses twice."""
    code = world.do(lambda tx: _minted(tx, job, world.house.secrets.open))
    if code is None:
        return
    trouble = _brought(world, code)
    world.do(lambda tx: _end(tx, job, trouble))


def _minted(tx: Tx, job: BringReward, open_: Opener) -> Code | None:
    referral = queries.by_id(tx, job.referral)
    if referral is None or referral.turn != job.turn:
        return None
    known = coupons.by_id(tx, referral.reward)
    if referral.state != State.REWARDED.value:
        return known  # taken back meanwhile: what an earlier try brought has to be known, to go
    if known and (known.deleted_at is None and (known.ends_at or tx.now) > tx.now):
        return known
    return _mint(tx, referral, open_)


def _mint(tx: Tx, referral: Referral, open_: Opener) -> Code | None:
    """Each of her rewards of a month is of a voucher of its own: Saleor takes one a customer."""
    terms, person = queries.terms(tx), customers.person(tx, referral.person)
    if terms is None or person is None or person.erased_at:
        return None
    month = spans.month_of(tx.now, ZoneInfo(this_shop(tx).zone))
    begun, _ = spans.offer_span(month, ZoneInfo(this_shop(tx).zone))
    nth = 1 + coupons.given(tx, referral.person, programme=f"{THANKS}:", since=begun)
    if terms.card:
        code = cards.give(
            tx, f"{THANKS}:{nth}", person, title=lambda words: words.gettext("Thank you"),
            percent_hundredths=0, amount_minor=terms.reward_minor,
            currency=this_shop(tx).currency, ends_at=tx.now + GOOD_FOR, open_=open_,
        )  # fmt: skip
    else:
        code = coupons.give(
            tx, f"{THANKS}:{terms.reward_hundredths}:{nth}", person,
            title=lambda words: words.gettext("Thank you"),
            percent_hundredths=terms.reward_hundredths, ends_at=tx.now + GOOD_FOR, open_=open_,
        )  # fmt: skip
    referral.reward = code.id
    return code


def _brought(world: World, code: Code) -> str:
    if code.amount_minor is not None:
        return "" if cards.bring(world, code.id or 0) else NO_CARD
    try:
        vouchers.bring(world, code.id or 0)
    except VoucherGoneError:
        return GONE
    return ""


def _end(tx: Tx, job: BringReward, trouble: str) -> None:
    referral = queries.by_id(tx, job.referral)
    if referral is None:
        return
    referral.trouble = trouble
    if not trouble and referral.state == State.REWARDED.value:
        letters.thank(tx, referral)
    if trouble == NO_CARD:
        tx.postpone(job, until=tx.now + AGAIN)  # the owner may grant the permission meanwhile
    if referral.state != State.REWARDED.value:
        tx.later(
            EndCoupons(day=f"referral {referral.id} {referral.turn} brought"), at=tx.now + SOON
        )

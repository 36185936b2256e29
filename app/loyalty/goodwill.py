"""A present by hand: a personal code with a reason, of the same ledger as every other (CP-1)."""

from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import col, delete, select

from app.customers.tables import Person
from app.kit.promises import Promise
from app.kit.tx import Tx
from app.loyalty import coupons, queries, spans
from app.loyalty.minting import BringCode, Opener
from app.loyalty.tables import Act, Code, Voucher
from app.shops.flows import this_shop

PERCENTS = (500, 1000, 1500)
"""Hundredths of a percent. Each is a voucher of its own, good in every channel."""
PROGRAMME = "goodwill"
GOOD_FOR = timedelta(days=30)
BETWEEN = timedelta(days=30)
REGRET = timedelta(seconds=30)
"""So long it can be taken back: Saleor knows nothing of it before."""


class Word(StrEnum):
    """Why not."""

    PERCENT = "percent"
    REASON = "reason"
    OFF = "app_off"
    STOPPED = "stopped"
    """MG-8."""
    EXCLUDED = "excluded"
    LIVE = "has_live_code"
    """CP-5: one at a time."""
    RECENT = "recent_offer"


def against(tx: Tx, person: Person, *, percent: int, reason: str) -> Word | None:
    """What stands against it; None where nothing does."""
    terms, id_ = queries.terms(tx), person.id or 0
    if percent not in PERCENTS:
        return Word.PERCENT
    if not reason.strip():
        return Word.REASON
    checks = (
        (terms is None or not terms.running, Word.OFF),
        (terms is not None and terms.programme.stopped_at is not None, Word.STOPPED),
        (terms is not None and terms.excludes(person.email), Word.EXCLUDED),
        (id_ in coupons.live(tx, [id_]), Word.LIVE),
        (_recent(tx, id_), Word.RECENT),
    )
    return next((word for holds, word in checks if holds), None)


def give(tx: Tx, person: Person, *, percent: int, reason: str, open_: Opener) -> Code:
    """Saleor takes the code in half a minute. Ask `against` first."""
    code = coupons.give(
        tx,
        f"{PROGRAMME}-{percent // 100}",
        person,
        title=lambda words: words.gettext("Thank you"),
        percent_hundredths=percent,
        ends_at=tx.now + GOOD_FOR,
        open_=open_,
    )
    act = tx.exec(select(Act).where(Act.code == code.id, Act.verb == "minted")).first()
    if act:
        act.reason = reason.strip()[:200]
        tx.add(act)
    tx.later(BringCode(code=code.id or 0), at=tx.now + REGRET)
    return code


def take_back(tx: Tx, person: int, code: int) -> bool:
    """As if it had never been given; False once Saleor knows the code."""
    row = tx.exec(select(Code).where(Code.id == code, Code.person == person)).first()
    if row is None or row.in_saleor_at or row.minted_at + REGRET < tx.now:
        return False
    tx.exec(delete(Promise).where(col(Promise.key) == BringCode(code=code).key))
    tx.exec(delete(Act).where(col(Act.code) == code))
    tx.delete(row)
    tx.flush()
    return True


def last(tx: Tx, person: int) -> tuple[Code, int] | None:
    """The latest one, and its hundredths of a percent."""
    return tx.exec(
        select(Code, Voucher.percent_hundredths)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .where(Code.person == person, col(Voucher.tier).startswith(f"{PROGRAMME}-"))
        .order_by(col(Code.minted_at).desc())
    ).first()


def _recent(tx: Tx, person: int) -> bool:
    """CP-1: a month has one code of a kind, and 30 days may end in the month they began in: then
    the code of another reward would be the one that is over."""
    if (given := last(tx, person)) is None:
        return False
    zone, at = ZoneInfo(this_shop(tx).zone), given[0].minted_at
    return tx.now - at < BETWEEN or spans.month_of(at, zone) == spans.month_of(tx.now, zone)

"""CP-1 to CP-8: codes that an automation gives: a programme's voucher of the month, one a person.

They are of the same ledger as the tiers' codes, made, found again and tidied by the same steps;
`Voucher.programme` tells them apart. A code may end before its voucher does (CP-3): Saleor knows
ends of vouchers only, so a code that has ended unused is taken out of Saleor.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_DOWN
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import and_, col, func, not_, select

from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.loyalty import codes, least, minting, queries, spans, speech
from app.loyalty.acts import Verb, note
from app.loyalty.minting import Opener
from app.loyalty.speech import Title
from app.loyalty.tables import Code, Voucher
from app.orders.tables import Order
from app.shops.flows import this_shop
from app.web.notation import Sum
from app.web.words import catalogue

WITH_POINTS = "points:"
"""Begins the programme of what was paid for with points: no present, so CP-5 is not about it."""
OF_CARDS = ":card"
"""Ends the programme of what is given as gift cards: a month may have vouchers of both kinds."""


def give(
    tx: Tx,
    programme: str,
    person: Person,
    *,
    title: Title,
    percent_hundredths: int,
    ends_at: datetime,
    open_: Opener,
    least_minor: int = 0,
    amount_minor: int = 0,
    longer: timedelta = timedelta(0),
    prefix: str = codes.PREFIX,
) -> Code:
    """The person's code of the programme this month, the same however often it is asked for.

    It takes off a percentage or, with `amount_minor` of the reporting currency, an amount. It has
    to be brought to Saleor before anybody reads it (`vouchers.bring`).
    """
    voucher = _voucher_of(
        tx, programme, title=title, percent=percent_hundredths, open_=open_,
        least_minor=least_minor, amount_minor=amount_minor, longer=longer,
    )  # fmt: skip
    if code := queries.code_for(tx, person.id or 0, voucher.id or 0):
        return code
    text = codes.code_of(
        open_(this_shop(tx).code_secret), shop=tx.shop, account=f"person:{person.id}",
        tier=_own(programme, percent_hundredths), month=voucher.month, prefix=prefix,
    )  # fmt: skip
    code = Code(
        voucher=voucher.id or 0, person=person.id or 0, code=text, minted_at=tx.now,
        ends_at=min(ends_at, voucher.ends_at),
    )  # fmt: skip
    tx.add(code)
    tx.flush()
    note(tx, Verb.MINTED, "promised", of=code.id, person=person.id, code=code.id, tier=programme)
    return code


def give_away(
    tx: Tx,
    programme: str,
    *,
    whose: str,
    title: Title,
    percent_hundredths: int,
    least_minor: int,
    good_for: timedelta,
    open_: Opener,
) -> Code:
    """RF-1: a code for somebody who is not known yet; `whose` says when two are the same.

    It is good for all of its time: its voucher ends later than others of the month.
    """
    voucher = _voucher_of(
        tx, programme, title=title, percent=percent_hundredths, open_=open_,
        least_minor=least_minor, longer=good_for,
    )  # fmt: skip
    text = codes.code_of(
        open_(this_shop(tx).code_secret), shop=tx.shop, account=whose,
        tier=_own(programme, percent_hundredths), month=voucher.month,
    )  # fmt: skip
    if known := queries.code_called(tx, text):
        return known
    code = Code(voucher=voucher.id or 0, code=text, minted_at=tx.now, ends_at=tx.now + good_for)
    tx.add(code)
    tx.flush()
    note(tx, Verb.MINTED, "promised", of=code.id, code=code.id, tier=programme)
    return code


def _voucher_of(
    tx: Tx,
    programme: str,
    *,
    title: Title,
    percent: int,
    open_: Opener,
    least_minor: int = 0,
    amount_minor: int = 0,
    longer: timedelta = timedelta(0),
) -> Voucher:
    """CP-1: what else its terms are is said on the day in the month on which it is first needed."""
    zone = ZoneInfo(this_shop(tx).zone)
    month = spans.month_of(tx.now, zone)
    known = select(Voucher).where(
        Voucher.tier == programme, Voucher.month == month, Voucher.percent_hundredths == percent
    )
    if voucher := tx.exec(known).first():
        return voucher
    own = _own(programme, percent)
    mark = codes.mark_of(open_(this_shop(tx).code_secret), shop=tx.shop, tier=own, month=month)
    begins_at, ends_at = spans.offer_span(month, zone)
    spoken = speech.of_shoppers(tx)
    words = title(catalogue(spoken))
    if amount_minor:
        name = minting.name_of_amount(words, amount_minor, this_shop(tx).currency, mark, spoken)
    else:
        name = minting.name_of(words, percent, month, mark, spoken)
    voucher = Voucher(
        tier=programme, programme=True, month=month, mark=mark, percent_hundredths=percent,
        name=name, begins_at=begins_at, ends_at=ends_at + longer,
        least_minor=least.by_currency(tx, least_minor),
        amounts_minor=least.by_currency(tx, amount_minor, rounding=ROUND_DOWN),
    )  # fmt: skip
    tx.add(voucher)
    tx.flush()
    return voucher


def _own(programme: str, percent: int) -> str:
    """By what the codes and the mark of one voucher of a programme differ from another's."""
    return f"{programme}:{percent}"


def percent_of(tx: Tx, code: Code) -> int:
    """Hundredths of a percent that a code takes off."""
    return tx.exec(select(Voucher.percent_hundredths).where(Voucher.id == code.voucher)).one()


def least_of(tx: Tx, code: Code, currency: str) -> Sum | None:
    """CP-1: what a basket has to come to for it, as somebody who pays in this currency reads it;
    None where there is no bound."""
    told = tx.exec(select(Voucher.least_minor).where(Voucher.id == code.voucher)).one()
    return least.shown(told, currency, reporting=this_shop(tx).currency)


def by_id(tx: Tx, id_: int | None) -> Code | None:
    return tx.exec(select(Code).where(Code.id == id_)).first() if id_ else None


def given(tx: Tx, person: int, *, programme: str, since: datetime) -> int:
    """How many codes of a programme whose key begins so, under vouchers that began since."""
    rows = (
        select(func.count())
        .select_from(Code)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .where(
            Code.person == person,
            col(Voucher.tier).startswith(programme, autoescape=True),
            col(Voucher.begins_at) >= since,
        )
    )
    return tx.exec(rows).one()


def live(tx: Tx, people: Collection[int]) -> frozenset[int]:
    """CP-5: who of them holds a code, of a tier or a programme, that could be used today."""
    end = func.coalesce(Code.ends_at, Voucher.ends_at)
    rows = tx.exec(
        select(Code.person)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .where(
            among(col(Code.person), sorted(people)),
            col(Code.used_at).is_(None),
            col(Code.deleted_at).is_(None),
            not_(col(Voucher.tier).startswith(WITH_POINTS)),
            end > tx.now,
        )
    )
    return frozenset(person for person in rows if person)


def on_last_orders(tx: Tx, people: Collection[int], programme: str) -> Mapping[int, int]:
    """CP-6: by person: how many of the last three orders used a code of this programme."""
    place = (
        func.row_number()
        .over(
            partition_by=col(Order.person),
            order_by=(col(Order.created_at).desc(), col(Order.id).desc()),
        )
        .label("place")
    )
    last: Any = (
        select(col(Order.person).label("person"), col(Order.saleor_id).label("saleor_id"), place)
        .where(among(col(Order.person), sorted(people)), col(Order.counts))
        .subquery()
    )
    of_it = col(Voucher.tier).in_((programme, programme + OF_CARDS))
    rows: Any = tx.exec(
        select(last.c.person, func.count())
        .select_from(last)
        .join(Code, col(Code.used_order) == last.c.saleor_id)
        .join(Voucher, and_(col(Voucher.id) == col(Code.voucher), of_it))
        .where(last.c.place <= 3)  # noqa: PLR2004
        .group_by(last.c.person)
    )
    return dict(rows.all())


def ended(tx: Tx, *, limit: int) -> list[tuple[Code, Voucher]]:
    """CP-3: codes past their own end that nobody used and Saleor still takes."""
    rows: Any = tx.exec(
        select(Code, Voucher)
        .join(Voucher, col(Voucher.id) == col(Code.voucher))
        .where(
            col(Code.ends_at) < tx.now,
            col(Code.used_at).is_(None),
            col(Code.deleted_at).is_(None),
            col(Code.in_saleor_at).is_not(None),
            col(Code.card).is_(None),
            col(Voucher.gone_at).is_(None),
        )
        .order_by(col(Code.voucher), col(Code.id))
        .limit(limit)
    )
    return list(rows)

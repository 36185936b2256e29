"""PT-6: points become a code of one use, and come back where nothing came of it."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.customers.tables import Person
from app.kit.money import minor
from app.kit.tx import Tx
from app.loyalty import coupons, spans
from app.loyalty import queries as loyalty
from app.loyalty.minting import Opener
from app.loyalty.tables import Code
from app.points import deciding, ledger, queries, rules
from app.points.jobs import BringSpend
from app.points.rules import Kind, Wish, Word
from app.points.tables import PointsSpend
from app.shops.flows import this_shop

GOOD_FOR = timedelta(days=60)


class State(StrEnum):
    PROMISED = "promised"
    GIVEN = "given"
    RETURNED = "returned"


def wish_of(tx: Tx, person: Person, points: int) -> Wish:
    terms, programme = queries.terms(tx), loyalty.terms(tx)
    mine = queries.account(tx, person.id or 0)
    return Wish(
        points=points,
        available=mine.available if mine else 0,
        least=terms.least_points if terms else rules.LEAST,
        running=programme is not None and programme.running,
        on=terms is not None and terms.on_since is not None,
        stopped=programme is not None and programme.programme.stopped_at is not None,
        account=person.account is not None and not person.staff and person.erased_at is None,
        excluded=programme is not None and programme.excludes(person.email),
    )


def spend(
    tx: Tx, person: Person, points: int, *, key: str, by: str | None = None
) -> tuple[Word, PointsSpend | None]:
    """The points are gone with the same stroke that promises the code. The same `key` asks for the
    same code again."""
    id_ = person.id or 0
    key = f"{id_}:{key}"
    if known := queries.spend_keyed(tx, key):
        return Word.GIVE, known
    wish = wish_of(tx, person, points)
    word = rules.word(wish)
    deciding.judged(tx, wish, word, key=key, person=id_)
    if word is not Word.GIVE:
        return word, None
    currency = this_shop(tx).currency
    row = PointsSpend(
        key=key, person=id_, points=points, amount_minor=minor(rules.worth(points), currency),
        currency=currency, at=tx.now, by=by,
    )  # fmt: skip
    tx.add(row)
    tx.flush()
    ledger.book(tx, id_, Kind.SPENT, key=f"spend:{row.id}:0", points=-points, spend=row.id, by=by)
    tx.later(BringSpend(person=id_, spend=row.id or 0))
    return word, row


def mint(tx: Tx, row: PointsSpend, person: Person, open_: Opener) -> Code:
    """Each code of hers in a month is of a voucher of its own: Saleor takes one a customer."""
    zone = ZoneInfo(this_shop(tx).zone)
    begun, _ = spans.offer_span(spans.month_of(tx.now, zone), zone)
    nth = 1 + coupons.given(tx, row.person, programme=coupons.WITH_POINTS, since=begun)
    code = coupons.give(
        tx, f"{coupons.WITH_POINTS}{row.points}:{nth}", person,
        title=lambda words: words.gettext("Points"), percent_hundredths=0,
        amount_minor=row.amount_minor, least_minor=row.amount_minor * rules.TIMES,
        ends_at=tx.now + GOOD_FOR, longer=GOOD_FOR, open_=open_,
    )  # fmt: skip
    row.code = code.id
    return code


def give_back(tx: Tx, row: PointsSpend, trouble: str) -> None:
    """Nothing came of it, so all of it comes back. A code that Saleor may have and nobody was shown
    is dead."""
    row.state, row.trouble = State.RETURNED.value, trouble
    code = coupons.by_id(tx, row.code)
    if code is not None and code.in_saleor_at is None and code.deleted_at is None:
        code.ends_at = code.deleted_at = tx.now
    _come_back(tx, row, to=row.points, reason=trouble)


def settle_all(tx: Tx, people: Collection[int]) -> None:
    """PT-2: what an order that was paid with points gives back, by its newest state."""
    used = queries.used(tx, people)
    pieces = queries.lines(tx, [order.id or 0 for _, order in used])
    for row, order in used:
        lines = sum(piece.total for piece in pieces[order.id or 0])
        row.state = State.GIVEN.value
        back = rules.comes_back(
            row.points, lines=lines, left=order.goods_minor, cancelled=order.status == "CANCELED"
        )
        _come_back(tx, row, to=back, reason="order")


def _come_back(tx: Tx, row: PointsSpend, *, to: int, reason: str) -> None:
    change = to - row.back
    if not change:
        return
    row.turn, row.back = row.turn + 1, to
    tx.add(row)
    ledger.book(
        tx, row.person, Kind.BACK, key=f"spend:{row.id}:{row.turn}", points=change, spend=row.id,
        reason=reason,
    )  # fmt: skip

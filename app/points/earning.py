"""PT-1 to PT-4: what every order of somebody stands at, worked out anew and put against the books.

Whatever Saleor tells, however often and in whatever order, the newest state of an order says what
it is to stand at; only the difference to what was booked becomes a line.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.money import minor
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.orders.tables import Order
from app.points import ledger, queries, rules, spending
from app.points.jobs import Ripen
from app.points.queries import Piece
from app.points.rules import Bought, Kind
from app.points.tables import Earning, PointsTerms
from app.shops.flows import this_shop

CANCELLED = frozenset({"CANCELED", "EXPIRED"})


def recount(tx: Tx, people: Collection[int]) -> None:
    """All orders of these people, and what they spent on some."""
    terms = queries.terms(tx)
    if terms is None or not people:
        return
    known = queries.earnings(tx, people)
    found = queries.orders(tx, people, known=sorted(known), since=terms.on_since)
    pieces = queries.lines(tx, [order.id or 0 for order in found])
    cards = queries.products(tx, terms.gift_cards)
    fresh = _who_may(tx, {o.person for o in found if o.id not in known and o.person})
    for order in found:
        earning = known.pop(order.id or 0, None) or _first(tx, terms, order, fresh)
        if earning is not None:
            _stand(tx, earning, order, bought(order, pieces[order.id or 0], cards))
    for earning in known.values():  # Saleor itself does not have the order any more
        _settle(tx, earning, to=0, kind=Kind.VOID)
    spending.settle_all(tx, people)


def _who_may(tx: Tx, people: Collection[int]) -> Mapping[int, Person]:
    """Who has an account, is not of the staff and not on the list of who stays out."""
    programme = loyalty.terms(tx) if people else None
    return {
        id_: person
        for id_, person in customers.persons(tx, people).items()
        if person.account and not person.staff and person.erased_at is None
        if programme is not None and not programme.excludes(person.email)
    }


def _first(
    tx: Tx, terms: PointsTerms, order: Order, people: Mapping[int, Person]
) -> Earning | None:
    """PT-2: paid, while points are on. Its terms are those of this day."""
    rate = rate_of(terms, order.channel, order.currency, home=this_shop(tx).currency)
    if order.person not in people or not rate:
        return None
    earning = Earning(
        order=order.id or 0, person=order.person or 0, rate_hundredths=rate,
        return_days=terms.return_days,
    )  # fmt: skip
    tx.add(earning)
    return earning


def rate_of(terms: PointsTerms, channel: str, currency: str, *, home: str) -> int:
    """PT-1: hundredths of a point for a unit. A channel of another currency has its own rate or
    brings nothing: a point for a yen would be a hundred times too many."""
    usual = terms.rate_hundredths if currency == home else 0
    return terms.rates.get(channel, usual)


def bought(order: Order, pieces: Sequence[Piece], cards: Collection[int]) -> Bought:
    earns = [piece for piece in pieces if piece.product not in cards]
    other = [piece for piece in pieces if piece.product in cards]
    return Bought(
        lines=sum(piece.total for piece in pieces),
        earning=sum(piece.total for piece in earns),
        left=order.goods_minor,
        returned=_returned(earns),
        returned_else=_returned(other),
        reward=order.reward_minor,
        stands=order.counts and order.paid,
    )


def _returned(pieces: Sequence[Piece]) -> int:
    return round(sum(Fraction(one.total * one.returned, one.quantity or 1) for one in pieces))


def _stand(tx: Tx, earning: Earning, order: Order, facts: Bought) -> None:
    rate, unit = earning.rate_hundredths, minor(Decimal(1), order.currency)
    owner = order.person if order.earns else None
    if owner != earning.person:
        _settle(tx, earning, to=0, kind=Kind.VOID, freely=True)
        if owner is None:
            return
        earning.person = owner
    earning.whole = rules.whole(facts, rate=rate, unit=unit)
    _note_sent(tx, earning, order)
    points = rules.points_of(facts, rate=rate, unit=unit)
    over = order.status in CANCELLED
    _settle(tx, earning, to=points, kind=Kind.VOID if over else Kind.REFUNDED)
    _ripen(tx, earning)


def _note_sent(tx: Tx, earning: Earning, order: Order) -> None:
    """PT-2: the return window begins when all of it was sent."""
    if earning.ready_at is None and order.status not in rules.SENT:
        earning.sent_at = None
    elif earning.sent_at is None:
        earning.sent_at = min(order.updated_at, tx.now)


def _ripen(tx: Tx, earning: Earning) -> None:
    if earning.ready_at is not None or earning.sent_at is None or not earning.pending:
        return
    when = earning.sent_at + timedelta(days=earning.return_days)
    if tx.now < when:
        tx.later(Ripen(person=earning.person, order=earning.order, when=when), at=when)
        return
    points = earning.pending
    earning.ready_at, earning.pending, earning.points = tx.now, 0, points
    _line(tx, earning, Kind.READY, points=points, pending=-points)


def _settle(tx: Tx, earning: Earning, *, to: int, kind: Kind, freely: bool = False) -> None:
    """`freely`: the order is somebody else's, and so is all it brought."""
    if earning.closed_at is not None:
        return
    if earning.ready_at is None:
        change = to - earning.pending
        if change:
            earning.pending = to
            _line(tx, earning, Kind.EARNED if change > 0 else kind, pending=change)
        return
    if to == earning.points - earning.spared and not freely:
        return
    wanted = change = to - earning.points
    if wanted < 0 and not freely:
        balance = ledger.account(tx, earning.person).available
        change = rules.reversal(wanted, balance=balance, whole=earning.whole)
    earning.points += change
    earning.spared = earning.points - to
    if change:
        _line(tx, earning, Kind.EARNED if change > 0 else kind, points=change)


def _line(tx: Tx, earning: Earning, kind: Kind, *, points: int = 0, pending: int = 0) -> None:
    earning.turn += 1
    tx.add(earning)
    tx.flush()
    ledger.book(
        tx, earning.person, kind, key=f"order:{earning.order}:{earning.turn}", points=points,
        pending=pending, order=earning.order,
    )  # fmt: skip

"""Who was drawn, what they bought, and what was found of it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, or_, select

from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.ltv import costing
from app.ltv.lines import Line
from app.ltv.rules import CostLine
from app.ltv.tables import BookedOrder
from app.messages import library, withholding
from app.messages.consent_tables import ConsentEntry
from app.messages.reserving import LEFT_OUT
from app.messages.rules import Purpose, State
from app.messages.tables import Bounce, Message, Send, SendNote
from app.orders.tables import Order
from app.proof import forgotten
from app.proof.rules import SPANS, Bought, Costs, margin
from app.proof.tables import Finding, Outcome, ProofNote
from app.segments.standard import STANDARD
from app.segments.tables import Segment, Stay
from app.trials.tables import Assignment, Denied, Trial

MONEY = ("gross", "discount", "cost", "tax", "refunded")


def note(tx: Tx, name: str) -> ProofNote | None:
    return tx.exec(select(ProofNote).where(ProofNote.name == name)).first()


def findings(tx: Tx, trials: Collection[int]) -> Mapping[int, Mapping[int, Finding]]:
    """By trial and span."""
    rows = tx.exec(select(Finding).where(among(col(Finding.trial), sorted(trials))))
    found: dict[int, dict[int, Finding]] = {}
    for row in rows:
        found.setdefault(row.trial, {})[row.span] = row
    return found


def drawn_since(tx: Tx, *, after: int, limit: int) -> list[Assignment]:
    somebody = (col(Assignment.id) > after, col(Assignment.person).is_not(None))
    rows = select(Assignment).where(*somebody).order_by(col(Assignment.id))
    return list(tx.exec(rows.limit(limit)))


def moved_since(tx: Tx, since: datetime, *, after: int, limit: int) -> list[Assignment]:
    """Assignments of people with an order that changed since then."""
    bought = select(Order.person).where(
        col(Order.updated_at) >= since, col(Order.person).is_not(None)
    )
    rows = (
        select(Assignment)
        .join(Person, col(Person.id) == col(Assignment.person))
        .where(
            col(Assignment.id) > after,
            func.coalesce(col(Person.merged_into), col(Person.id)).in_(bought),
        )
        .order_by(col(Assignment.id))
    )
    return list(tx.exec(rows.limit(limit)))


def bought(tx: Tx, people: Collection[int]) -> Mapping[int, Sequence[Bought]]:
    """By person: what is booked of them, the oldest first."""
    columns: list[Any] = [getattr(BookedOrder, name) for name in MONEY]
    rows: Any = tx.exec(
        select(BookedOrder.person, Order.created_at, *columns)
        .join(Order, col(Order.id) == col(BookedOrder.order))
        .where(among(col(BookedOrder.person), sorted(people)))
        .order_by(col(Order.created_at), col(Order.id))
    )
    costs, found = costs_of(tx), dict[int, list[Bought]]()
    for person, at, *sums in rows:
        money = dict(zip(MONEY, sums, strict=True))
        revenue = money["gross"] - money["discount"]
        one = Bought(at, revenue, money["refunded"], margin(money, costs))
        found.setdefault(person, []).append(one)
    return found


def costs_of(tx: Tx) -> Costs:
    """The owner's lines of an order (LV-1), those that are switched off left out."""
    known: Costs | None = tx.info.get("proof costs")
    if known is None:
        terms = costing.terms(tx)
        all_ = costing.costs(terms)

        def on(line: Line, value: float) -> float:
            return 0.0 if line in all_.off else value

        known = Costs(
            order=on(Line.SHIPPING, all_.shipping)
            + on(Line.REWARDS, all_.rewards)
            + on(Line.SERVICE, all_.service),
            fees=on(Line.FEES, all_.fees),
            returns=on(Line.RETURNS, all_.returns),
            cost=CostLine.COST not in terms.off,
            tax=CostLine.TAX not in terms.off,
        )
        tx.info["proof costs"] = known
    return known


def brought(tx: Tx, *, until: int, days: int) -> list[int]:
    """AB-5: what each person who bought in those days before day `until` brought: to winsorise."""
    sums = [func.sum(getattr(BookedOrder, name)) for name in MONEY]
    rows: Any = tx.exec(
        select(*sums)
        .where(BookedOrder.day < until, BookedOrder.day >= until - days)
        .group_by(col(BookedOrder.person))
    )
    costs = costs_of(tx)
    return [margin(dict(zip(MONEY, map(int, row), strict=True)), costs) for row in rows]


Cell = tuple[str, int]
"""An arm and a stratum."""


def counts(tx: Tx, trial: int, *, until: datetime | None = None) -> Mapping[Cell, int]:
    """People by arm and stratum, all or those drawn till then."""
    rows = select(Assignment.arm, Assignment.stratum, func.count()).where(Assignment.trial == trial)
    if until is not None:
        rows = rows.where(col(Assignment.at) <= until)
    found: Any = tx.exec(rows.group_by(col(Assignment.arm), col(Assignment.stratum)))
    return {(arm, stratum): count for arm, stratum, count in found}


@dataclass(frozen=True)
class Span:
    """From when to when people were drawn, and how many came in the last four weeks."""

    first: datetime
    last: datetime
    lately: int


def span(tx: Tx, trial: int) -> Span | None:
    ends: Any = select(func.min(Assignment.at), func.max(Assignment.at))
    first, last = tx.exec(ends.where(Assignment.trial == trial)).one()
    if first is None or last is None:
        return None
    lately = select(func.count()).where(
        Assignment.trial == trial, col(Assignment.at) > tx.now - timedelta(days=28)
    )
    return Span(first, last, tx.exec(lately).one())


ACTIVE: list[Any] = [
    Assignment.id, Assignment.arm, Assignment.stratum, Outcome.before, Outcome.past, Outcome.spans,
]  # fmt: skip


def active(tx: Tx, trial: int, *, until: datetime) -> Iterable[Any]:
    """Those who ever ordered, drawn till then."""
    rows: Any = tx.exec(
        select(*ACTIVE)
        .join(Outcome, col(Outcome.assignment) == col(Assignment.id))
        .where(Assignment.trial == trial, col(Assignment.at) <= until)
        .order_by(col(Assignment.id))
    )
    found: Iterable[Any] = rows.all()
    return found


def twice(tx: Tx, trial: int) -> Mapping[int, Cell]:
    """Assignments of people who were drawn before under another name: guests who joined an
    account. What was drawn first counts for both."""
    merged = select(Person.id).where(col(Person.merged_into).is_not(None))
    guests: Any = tx.exec(
        select(Assignment.id, Assignment.person, Assignment.arm, Assignment.stratum).where(
            Assignment.trial == trial, col(Assignment.person).in_(merged)
        )
    ).all()
    gone = forgotten.again(tx, trial)
    if not guests:
        return gone
    whole = customers.wholes(tx, [row.person for row in guests])
    accounts: Any = tx.exec(
        select(Assignment.id, Assignment.person, Assignment.arm, Assignment.stratum).where(
            Assignment.trial == trial, among(col(Assignment.person), sorted(set(whole.values())))
        )
    ).all()
    first: dict[int, int] = {}
    found: dict[int, Cell] = gone
    for row in sorted([*guests, *accounts], key=lambda row: row.id):
        if first.setdefault(whole.get(row.person, row.person), row.id) != row.id:
            found[row.id] = (row.arm, row.stratum)
    return found


def _alone(of: int | None) -> list[ColumnElement[bool]]:
    """Of one person; otherwise of everybody, and then who was forgotten is counted on (PR-3)."""
    return [] if of is None else [col(Assignment.person) == of]


def unsubscribed(tx: Tx, trial: int, *, of: int | None = None) -> Mapping[str, int]:
    """AB-2: by arm: who took consent back since she was drawn."""
    rows: Any = tx.exec(
        select(Assignment.arm, func.count(func.distinct(Assignment.person)))
        .join(ConsentEntry, col(ConsentEntry.person) == col(Assignment.person))
        .where(
            Assignment.trial == trial,
            ConsentEntry.state == "withdrawn",
            col(ConsentEntry.at) >= col(Assignment.at),
            *_alone(of),
        )
        .group_by(col(Assignment.arm))
    )
    gone = forgotten.of(tx, trial) if of is None else ()
    return forgotten.counted(rows.all(), gone, "unsubscribed")


def complained(tx: Tx, trial: int, *, of: int | None = None) -> Mapping[str, int]:
    rows: Any = tx.exec(
        select(Assignment.arm, func.count(func.distinct(Assignment.person)))
        .join(Send, col(Send.person) == col(Assignment.person))
        .join(Bounce, col(Bounce.send) == col(Send.id))
        .where(
            Assignment.trial == trial,
            Bounce.kind == "complaint",
            col(Bounce.at) >= col(Assignment.at),
            *_alone(of),
        )
        .group_by(col(Assignment.arm))
    )
    gone = forgotten.of(tx, trial) if of is None else ()
    return forgotten.counted(rows.all(), gone, "complained")


def paid_messages(
    tx: Tx, trial: int, channels: Collection[str], *, span: timedelta, until: datetime
) -> Mapping[tuple[str, str], int]:
    """HO-4: by arm and channel: what those drawn till then were written in the span after."""
    rows: Any = tx.exec(
        select(Assignment.arm, Send.channel, Assignment.at, Send.handed_at)
        .join(Send, col(Send.person) == col(Assignment.person))
        .where(
            Assignment.trial == trial,
            col(Assignment.at) <= until,
            among(col(Send.channel), sorted(channels)),
            col(Send.sent_at).is_not(None),
            col(Send.handed_at) >= col(Assignment.at),
        )
    )
    found = Counter((arm, channel) for arm, channel, drawn, at in rows if at < drawn + span)
    for one in forgotten.of(tx, trial):
        if one.at <= until:
            later = [ch for ch, after in one.left["messages"] if timedelta(seconds=after) < span]
            found.update((one.arm, channel) for channel in later if channel in channels)
    return found


def written_to(tx: Tx, one: Assignment) -> list[tuple[str, float]]:
    """Channel and seconds after the draw of every message, as far as any span counts it."""
    rows: Any = tx.exec(
        select(Send.channel, Send.handed_at).where(
            Send.person == one.person,
            col(Send.sent_at).is_not(None),
            col(Send.handed_at) >= one.at,
            col(Send.handed_at) < one.at + timedelta(days=SPANS[-1]),
        )
    )
    return [(channel, (at - one.at).total_seconds()) for channel, at in rows]


def stood_in(tx: Tx, one: Assignment) -> list[int]:
    """S9: segments somebody was in when drawn."""
    left = or_(col(Stay.left_at).is_(None), col(Stay.left_at) > one.at)
    rows = select(Stay.segment).where(Stay.person == one.person, col(Stay.entered_at) <= one.at)
    return sorted(tx.exec(rows.where(left)))


def crossed(tx: Tx, trial: int, *, of: int | None = None) -> int:
    """HO-8: who was kept from something here and got the same all the same since: the message, or
    another that holds what is in it.
    """
    left_out = select(SendNote.id).where(
        SendNote.send == Send.id, SendNote.outcome == LEFT_OUT, SendNote.word == Denied.content
    )
    same = (
        select(func.count(func.distinct(Denied.person)))
        .join(Send, col(Send.person) == col(Denied.person))
        .where(
            Denied.trial == trial,
            or_(Send.message == Denied.content, *_holding(tx, trial)),
            Send.state == State.SENT.value,
            Send.purpose != Purpose.SERVICE.value,
            col(Send.sent_at) >= col(Denied.at),
            ~left_out.exists(),
            *([] if of is None else [col(Denied.person) == of]),
        )
    )
    gone = forgotten.of(tx, trial) if of is None else ()
    return tx.exec(same).one() + sum(int(one.left["crossed"]) for one in gone)


def _holding(tx: Tx, trial: int) -> list[ColumnElement[bool]]:
    """For each thing people are kept from here: the versions of messages that hold it."""
    kept = set(tx.exec(select(Denied.content).where(Denied.trial == trial).distinct()))
    if not any(content.startswith(withholding.BLOCK) for content in kept):
        return []
    found: dict[str, list[ColumnElement[bool]]] = {}
    for row in tx.exec(select(Message)):
        version = and_(Send.message == row.key, Send.version == row.version)
        for content in withholding.blocks(library.draft_of(row)) & kept:
            found.setdefault(content, []).append(version)
    return [and_(Denied.content == content, or_(*its)) for content, its in found.items()]


def trials_on(tx: Tx) -> Sequence[Trial]:
    """Those with anybody in them."""
    rows = select(Trial).where(col(Trial.began_at).is_not(None)).order_by(col(Trial.id))
    return tx.exec(rows).all()


@dataclass(frozen=True)
class Members:
    """Those of a trial who were in a segment when they were drawn."""

    people: Mapping[Cell, int]
    active: frozenset[int]
    """Assignments with an outcome."""


MOST_SEGMENTS = 12


def members(tx: Tx, trial: int, *, until: datetime) -> Mapping[str, Members]:
    """S9: by segment, the first ones that anybody of the trial was in: the shop's own before those
    that every shop has."""
    inside = and_(
        col(Stay.person) == col(Assignment.person),
        col(Stay.entered_at) <= col(Assignment.at),
        or_(col(Stay.left_at).is_(None), col(Stay.left_at) > col(Assignment.at)),
    )
    here = (Assignment.trial == trial, col(Assignment.at) <= until)
    gone = [one for one in forgotten.of(tx, trial) if one.at <= until]
    found: dict[str, Members] = {}
    living = (
        select(Segment)
        .where(col(Segment.retired_at).is_(None))
        .order_by(col(Segment.key).in_(STANDARD), col(Segment.id))
    )
    for segment in tx.exec(living.limit(MOST_SEGMENTS)):
        counted: Any = tx.exec(
            select(Assignment.arm, Assignment.stratum, func.count())
            .join(Stay, inside)
            .where(Stay.segment == segment.id, *here)
            .group_by(col(Assignment.arm), col(Assignment.stratum))
        ).all()
        theirs = [one for one in gone if segment.id in one.left["segments"]]
        if not counted and not theirs:
            continue
        active_ = tx.exec(
            select(Assignment.id)
            .join(Stay, inside)
            .join(Outcome, col(Outcome.assignment) == col(Assignment.id))
            .where(Stay.segment == segment.id, *here)
        )
        people = Counter({(arm, stratum): n for arm, stratum, n in counted})
        people.update((one.arm, one.stratum) for one in theirs)
        active = {id_ for id_ in active_ if id_} | {one.id for one in theirs}
        found[segment.key] = Members(people, frozenset(active))
    return found

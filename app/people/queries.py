"""All that is known of one customer."""

from collections.abc import Iterator, Mapping, Sequence

from sqlmodel import col, func, select

from app.customers import queries as customers
from app.customers import rules
from app.decisions.tables import Decision
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import deciding as loyal
from app.loyalty import queries as loyalty
from app.loyalty.acts import Verb
from app.loyalty.queries import Terms
from app.loyalty.tables import Act, TierChange
from app.messages import deciding as gate
from app.messages.rules import COUNTED
from app.messages.tables import Message, Send
from app.orders.tables import Order as Purchase
from app.people import why
from app.people.view import Because, HandForm, Inside, Joined, Kind, Moment
from app.segments import queries as segments
from app.segments.lists import LIST
from app.web.notation import Sum

MOMENTS = 100


def hand_form(tx: Tx, terms: Terms, person: int) -> HandForm:
    standing = [tier for tier in terms.tiers.values() if not tier.retired_at]
    standing.sort(key=lambda tier: tier.threshold_minor)
    member = loyalty.member(tx, person)
    given = member.manual_tier if member and loyalty.in_hand(member, tx.now) else None
    return HandForm(
        tiers=tuple((tier.key, tier.name) for tier in standing),
        given=terms.tiers[given].name if given else None,
    )


def joined(tx: Tx, person: int) -> tuple[Joined, ...]:
    merges = customers.merges(tx, person)
    counts: dict[int, int] = dict(
        tx.exec(
            select(Purchase.source, func.count())
            .where(col(Purchase.source).in_([merge.source for merge in merges]))
            .group_by(col(Purchase.source))
        ).all()  # type: ignore[arg-type]  # sources of merges are not null
    )
    return tuple(
        Joined(
            guest=merge.source,
            at=merge.merged_at,
            orders=counts.get(merge.source, 0),
            undoable=rules.undoable(merge.merged_at, now=tx.now),
        )
        for merge in merges
    )


def segments_of(tx: Tx, person: int) -> tuple[Inside, ...]:
    """S8: those she is in, then those she was in."""
    found = [
        Inside(key=segment.key, name=segment.name, since=stay.entered_at, left=stay.left_at)
        for stay, segment in segments.stays(tx, person)[:MOMENTS]
    ]
    return tuple(sorted(found, key=lambda one: one.left is not None))


def notes(tx: Tx, person: int) -> Mapping[str, str]:
    """S4: stated preferences and tags; that she is on a list is said by the list."""
    told = segments.traits(tx, person)
    return {name: value for name, value in told.items() if not name.startswith(LIST)}


def timeline(
    tx: Tx, terms: Terms, person: int, decided: Sequence[Decision] = ()
) -> tuple[Moment, ...]:
    """The latest hundred things, the newest first; one question a kind. `decided`: what was
    decided about her, to say why (DC-2).
    """
    moments = [
        *_purchases(tx, person),
        *_acts(tx, terms, person, decided),
        *_moves(tx, terms, person, decided),
        *_messages(tx, person, why.by_ref(decided, gate.GATE)),
        *(Moment(at=one.at, kind=Kind.JOINED, word="joined") for one in joined(tx, person)),
    ]
    return tuple(sorted(moments, key=lambda moment: moment.at, reverse=True)[:MOMENTS])


def _purchases(tx: Tx, person: int) -> Iterator[Moment]:
    rows = select(Purchase).where(Purchase.person == person)
    for order in tx.exec(rows.order_by(col(Purchase.created_at).desc()).limit(MOMENTS)):
        word = "refunded" if order.refunded_minor > 0 else "bought"
        yield Moment(
            at=order.created_at,
            kind=Kind.ORDER,
            word="cancelled" if order.status == "CANCELED" else word,
            what=order.number,
            sum=Sum(major(order.total_minor, order.currency), order.currency),
        )


def _acts(tx: Tx, terms: Terms, person: int, decided: Sequence[Decision]) -> Iterator[Moment]:
    put = why.by_ref(decided, loyal.CHECKOUT)
    rows = select(Act).where(Act.person == person).order_by(col(Act.at).desc()).limit(MOMENTS)
    for act in tx.exec(rows):
        because: tuple[Because, ...] = ()
        one = put.get(act.checkout or "")
        if act.verb == Verb.PUT_ON and one and one.outcome == act.verb:
            because = (Because(word="signed_in", what=_tier_name(terms, one.subject)),)
        elif act.verb == Verb.MINTED:
            because = why.of_code(decided, act.tier, act.at)
        yield Moment(at=act.at, kind=Kind.CODE, word=act.verb, reason=act.reason, because=because)


def _tier_name(terms: Terms, key: str) -> str:
    tier = terms.tiers.get(key)
    return tier.name if tier else key


def _moves(tx: Tx, terms: Terms, person: int, decided: Sequence[Decision]) -> Iterator[Moment]:
    why_moved = {(one.at, one.outcome): one for one in decided if one.rule == loyal.TIER}
    rows = select(TierChange).where(
        TierChange.person == person, col(TierChange.undone_at).is_(None)
    )
    for change in tx.exec(rows.order_by(col(TierChange.at).desc()).limit(MOMENTS)):
        one = why_moved.get((change.at, change.move))
        yield Moment(
            at=change.at,
            kind=Kind.TIER,
            word=change.move,
            what=_tier_name(terms, change.to_tier),
            reason=change.reason or "",
            because=why.reasons(one, currency=terms.currency) if one else (),
        )


def _messages(tx: Tx, person: int, decided: Mapping[str, Decision]) -> Iterator[Moment]:
    rows = (
        select(Send, func.max(Message.name))
        .join(Message, col(Message.key) == Send.message, isouter=True)
        .where(Send.person == person)
        .group_by(col(Send.id))
        .order_by(col(Send.due).desc())
        .limit(MOMENTS)
    )
    for send, name in tx.exec(rows):
        at = send.sent_at or send.ended_at or send.due
        what = name or send.message
        one = decided.get(send.key)
        yield Moment(
            at=at, kind=Kind.MESSAGE, word=send.state, what=what, reason=send.reason,
            because=_because(send, one),
        )  # fmt: skip


def _because(send: Send, one: Decision | None) -> tuple[Because, ...]:
    """The gate's reasons, unless it ended otherwise after the gate had let it out."""
    if one and (one.outcome == send.reason or send.state in COUNTED):
        return why.reasons(one)
    return (Because(word=send.reason),) if send.reason else ()

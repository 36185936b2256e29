"""BO: what comes back, and what follows from it."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import and_, col, func, or_, select

from app.kit.tx import Tx
from app.messages import brakes, consent, flows, queries, reputation, standing
from app.messages.law import Said
from app.messages.reputation import Kind, Standing
from app.messages.rules import Channel, State, Word
from app.messages.tables import Bounce, Send

HARD = "hard_bounce"
SOFT = "soft_bounces"


def says_dead(status: str) -> bool:
    """BO-1."""
    return reputation.kind_of(status) is Kind.HARD if status else False


def came_back(
    tx: Tx, send_id: int, *, status: str, source: str, kind: Kind | None = None
) -> Kind | None:
    """A report about a message of ours. None where there is no such message (BO-4)."""
    send = queries.send_by_id(tx, send_id)
    if send is None or send.address_hash is None:
        return None
    kind = kind or reputation.kind_of(status)
    if _told_before(tx, send, kind):
        return kind
    tx.add(
        Bounce(
            send=send_id, address_hash=send.address_hash, domain=send.channel or "",
            kind=kind.value, status=status, source=source, at=tx.now,
        )
    )  # fmt: skip
    tx.flush()
    _follow(tx, send, kind)
    return kind


def _told_before(tx: Tx, send: Send, kind: Kind) -> bool:
    same = select(Bounce.id).where(Bounce.send == send.id, Bounce.kind == kind.value)
    return tx.exec(same.limit(1)).first() is not None


def _follow(tx: Tx, send: Send, kind: Kind) -> None:
    hash_ = send.address_hash or ""
    if kind is Kind.DELIVERED:
        send.delivered_at = send.delivered_at or tx.now
    elif kind is Kind.HARD:
        consent.suppress(tx, hash_, HARD)
        _call_off(tx, send, Word.SUPPRESSED)
    elif kind is Kind.COMPLAINT:
        consent.suppress(tx, hash_, consent.COMPLAINT)
        _complain(tx, send)
    elif soft_in_a_row(tx, hash_) >= reputation.SOFT_IN_A_ROW:
        consent.suppress(tx, hash_, SOFT, for_=reputation.SOFT_FOR)
    if send.state == State.UNKNOWN:  # SS-1: it was sent after all, the provider says so
        send.state, send.sent_at = State.SENT.value, send.handed_at
    standing.reckon(tx, send.channel or Channel.EMAIL)
    if kind is Kind.HARD and send.campaign:
        _judge_batch(tx, send.campaign)


def soft_in_a_row(tx: Tx, hash_: str) -> int:
    """BO-2: since the last delivery, within 30 days."""
    rows: Sequence[str] = tx.exec(
        select(Bounce.kind)
        .where(
            Bounce.address_hash == hash_,
            col(Bounce.at) > tx.now - reputation.SOFT_WITHIN,
        )
        .order_by(col(Bounce.at).desc(), col(Bounce.id).desc())
    ).all()
    count = 0
    for kind in rows:
        if kind == Kind.DELIVERED:
            break
        count += kind == Kind.SOFT
    return count


def _complain(tx: Tx, send: Send) -> None:
    """BO-1: no marketing in any channel, until she herself says otherwise."""
    person = queries.whole(tx, send.person) if send.person else None
    if person is None or person.email is None:
        return
    said = consent.Saying(
        person.email, Said.WITHDRAWN, consent.COMPLAINT, person=person.id,
        proof={"send": send.id},
    )  # fmt: skip
    consent.say(tx, said)
    _call_off(tx, send, Word.COMPLAINED)


def _call_off(tx: Tx, send: Send, word: Word) -> None:
    if send.person:
        flows.cancel(tx, reason=word, person=send.person, purpose="marketing")


def _judge_batch(tx: Tx, campaign: str) -> None:
    """BO-5: too many dead addresses in what an automation sent today. What the mail server refused
    in the conversation itself was never handed over, and belongs to the batch all the same.
    """
    since = tx.now - timedelta(days=1)
    handed = queries.handed(tx, campaign=campaign, since=since)
    refused = col(Send.handed_at).is_(None)
    hard, never = tx.exec(
        select(func.count(), func.count().filter(refused))
        .select_from(Bounce)
        .join(Send, col(Send.id) == col(Bounce.send))
        .where(
            Send.campaign == campaign,
            Bounce.kind == Kind.HARD.value,
            or_(col(Send.handed_at) >= since, and_(refused, col(Bounce.at) >= since)),
        )
    ).one()
    if reputation.bad_batch(Standing(delivered=handed + never, bounced=hard)):
        brakes.pause_campaign(tx, campaign, reason=Word.BATCH_BOUNCES)

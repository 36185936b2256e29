"""The one gate of all channels: what is known of a message is gathered here, then judged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from app.customers.tables import Person
from app.kit.tx import Tx
from app.messages import (
    caps,
    grounds,
    hours,
    law,
    noes,
    queries,
    reputation,
    restraints,
    rules,
    strangers,
)
from app.messages import seen as judging
from app.messages.hours import Hours
from app.messages.policy import Policy, policy, stopped
from app.messages.reputation import Mood, Standing
from app.messages.rules import Channel, Purpose, Verdict, Word
from app.messages.seen import MOST_PAST, Quiet, Seen
from app.messages.tables import Outlet, Send
from app.segments import queries as segments
from app.shops.flows import this_shop

SUNSET = "sunset"
"""FC-6: the one step that may still write to who gave no sign of life for half a year."""
YOUNG = timedelta(hours=6)
"""SS-2: after that many hours an automation may send as it likes."""
IN_TURN = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.PUSH)


@dataclass(frozen=True)
class Addressee:
    """Whom a message goes to, and where."""

    person: Person | None
    people: tuple[int, ...]
    address: str | None
    channel: str
    country: str = ""
    region: str = ""


def addressee(tx: Tx, send: Send, own: Policy) -> Addressee:
    if send.person is None:
        return Addressee(None, (), send.address, send.channel or Channel.EMAIL)
    person = queries.whole(tx, send.person)
    if person is None:
        return Addressee(None, (), None, send.channel or Channel.EMAIL)
    people = tuple(queries.group(tx, person.id or 0))
    channel = send.channel or _channel_for(tx, person, send.purpose)
    country, region = queries.place_of(tx, person, people)
    return Addressee(
        person,
        people,
        queries.address_of(tx, person, channel),
        channel,
        country or own.country,
        region,
    )


def _channel_for(tx: Tx, person: Person, purpose: str) -> str:
    """E-mail, unless another channel is the one she agreed to (SM-4)."""
    others = queries.channels(tx) - {Channel.EMAIL.value}
    for channel in IN_TURN if others else ():
        if queries.address_of(tx, person, channel) and (
            purpose == Purpose.SERVICE
            or grounds.permission(tx, person, channel=channel, purpose=purpose).allowed
        ):
            return channel
    return Channel.EMAIL


class Look(NamedTuple):
    """The gate's verdict, whom it is about, and what was seen."""

    verdict: Verdict
    to: Addressee
    seen: Seen


def look(tx: Tx, send: Send, *, own_outlet: bool) -> Look:
    """May it leave now? `own_outlet`: the house sends e-mail where the shop has set nothing up."""
    own = policy(tx)
    to = addressee(tx, send, own)
    outlet = queries.outlet(tx, to.channel)
    seen = _seen(tx, send, own, to, outlet)
    good = outlet is not None or (own_outlet and to.channel == Channel.EMAIL)
    seen = replace(seen, outlet=good)
    return Look(judging.verdict(seen, now=tx.now), to, seen)


def _seen(tx: Tx, send: Send, own: Policy, to: Addressee, outlet: Outlet | None) -> Seen:
    service = send.purpose == Purpose.SERVICE
    seen = Seen(
        key=send.key,
        channel=to.channel,
        purpose=send.purpose,
        nobody=_nobody(send, to, service=service),
        stopped=stopped(tx) is not None,
        address=to.address is not None,
        due=send.due,
        not_after=send.not_after,
    )
    if service or to.person is None or to.address is None:
        return seen
    seen = _of_person(tx, send, seen, own=own, to=to, person=to.person, address=to.address)
    keen = seen.last_sign_at is not None and tx.now - seen.last_sign_at < caps.HALVED
    slowed_by, slowed_until = _slowed(tx, send, own, outlet, to.channel, keen=keen)
    checks = outlet.checks if outlet else {}
    return replace(
        seen,
        paused=queries.paused(tx, send.campaign),
        domain_bad="bad" in checks.get("domain", {}).values(),
        mood=checks.get("mood", Mood.GOOD),
        slowed_by=slowed_by,
        slowed_until=slowed_until,
    )


def _of_person(
    tx: Tx,
    send: Send,
    seen: Seen,
    *,
    own: Policy,
    to: Addressee,
    person: Person,
    address: str,
) -> Seen:
    said, complained = queries.stance(
        tx, address, channel=to.channel, purpose=send.purpose, person=person.id
    )
    basis = law.basis(to.channel, send.purpose, to.country, own=own.law, soft=own.soft_opt_in)
    wish = noes.wish_of(tx, address, to.people)
    life = queries.life(tx, to.people, address)
    off = wish.topics_off if wish else ()
    restraint = restraints.of(tx, to.people, campaign=send.campaign)
    seen = replace(
        seen,
        country=to.country,
        said=said.value,
        complained=complained,
        bought=queries.bought(tx, to.people),
        known=person.id in strangers.known(tx, [person]),
        basis=basis.value,
        suppressed=queries.suppressed(tx, address),
        topic_off=rules.Priority(send.priority).topic in off,
        fewer=bool(wish and wish.fewer),
        halved=restraint.halved,
        unhappy_until=restraint.unhappy_until if send.purpose == Purpose.MARKETING else None,
        paused_until=wish.paused_until if wish else None,
        first_message_at=life.first_message_at,
        last_sign_at=life.last_sign_at,
        farewell=send.step == SUNSET,
        outranked=queries.outranked(tx, send, to.people),
        past=tuple(queries.past(tx, to.people, but=send.id)),
        caps=tuple(own.all_caps),
        segments=segments.now_in(tx, person.id or 0),
        quiet=Quiet(
            hours=_hours(send, own.hours_of(to.channel, to.country)),
            country=to.country,
            region=to.region,
            stated=wish.zone if wish else "",
            fallback=this_shop(tx).zone,
        ),
    )
    return _cut(seen, now=tx.now) if len(seen.past) > MOST_PAST else seen


def _hours(send: Send, own: Hours) -> Hours:
    return hours.narrowed(own, hours.ASKING) if send.purpose == Purpose.FEEDBACK else own


def _cut(seen: Seen, *, now: datetime) -> Seen:
    """DC-5: more past than a decision has room for."""
    until = judging.facts(seen, now=now).capped_until
    return replace(seen, past=(), capped_until=until, cut=True)


def _nobody(send: Send, to: Addressee, *, service: bool) -> bool:
    if send.person is None:
        return send.address is None
    return to.person is None or (to.person.staff and not service)


def _slowed(
    tx: Tx, send: Send, own: Policy, outlet: Outlet | None, channel: str, *, keen: bool
) -> tuple[str, datetime | None]:
    """SS-2 and BS-3: how fast something new may go. Half of a new domain's day is for those who
    have lately shown interest.
    """
    if own.ramped and send.campaign and (first := queries.began(tx, send.campaign)):
        young = tx.now - first < YOUNG
        most = reputation.ramp(first, now=tx.now)
        if young and queries.handed(tx, campaign=send.campaign, since=first) >= most:
            return Word.RAMP, reputation.next_hour(first, now=tx.now)
    if outlet is not None and channel == Channel.EMAIL and not outlet.checks.get("warm"):
        told = Standing(**outlet.checks.get("standing", {}))
        most = reputation.warm_up(outlet.since, now=tx.now, standing=told) // (1 if keen else 2)
        today = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if queries.handed(tx, channel=channel, since=today) >= most:
            return Word.WARMING_UP, today + timedelta(days=1)
    return "", None

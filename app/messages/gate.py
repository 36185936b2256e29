"""The one gate of all channels: what is known of a message is gathered here, then judged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from app.customers.tables import Person
from app.kit.tx import Tx
from app.messages import calendar, caps, hours, queries, reputation, rules
from app.messages.policy import Policy, policy, stopped
from app.messages.reputation import Mood, Standing
from app.messages.rules import Channel, Facts, Purpose, Verdict, Word
from app.messages.tables import Outlet, Send
from app.shops.flows import this_shop

SUNSET = "sunset"
"""FC-6: the one automation that may still write to who gave no sign of life for half a year."""
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


def addressee(tx: Tx, send: Send, own: Policy) -> Addressee:
    if send.person is None:
        return Addressee(None, (), send.address, send.channel or Channel.EMAIL)
    person = queries.whole(tx, send.person)
    if person is None:
        return Addressee(None, (), None, send.channel or Channel.EMAIL)
    people = tuple(queries.group(tx, person.id or 0))
    channel = send.channel or _channel_for(tx, person, send.purpose)
    return Addressee(
        person,
        people,
        queries.address_of(tx, person, channel),
        channel,
        queries.country_of(tx, person, people, default=own.country),
    )


def _channel_for(tx: Tx, person: Person, purpose: str) -> str:
    """E-mail, unless another channel is the one she agreed to (SM-4)."""
    others = queries.channels(tx) - {Channel.EMAIL.value}
    for channel in IN_TURN if others else ():
        if queries.address_of(tx, person, channel) and (
            purpose == Purpose.SERVICE
            or queries.permission(tx, person, channel=channel, purpose=purpose).allowed
        ):
            return channel
    return Channel.EMAIL


def look(tx: Tx, send: Send, *, own_outlet: bool) -> tuple[Verdict, Addressee]:
    """May it leave now? `own_outlet`: the house sends e-mail where the shop has set nothing up."""
    own = policy(tx)
    to = addressee(tx, send, own)
    outlet = queries.outlet(tx, to.channel)
    facts = replace(
        _facts(tx, send, own, to, outlet),
        outlet=outlet is not None or (own_outlet and to.channel == Channel.EMAIL),
    )
    return rules.judge(facts, now=tx.now), to


def _facts(tx: Tx, send: Send, own: Policy, to: Addressee, outlet: Outlet | None) -> Facts:
    service = send.purpose == Purpose.SERVICE
    facts = Facts(
        service=service,
        channel=to.channel,
        nobody=_nobody(send, to, service=service),
        stopped=stopped(tx) is not None,
        address=to.address is not None,
        not_after=send.not_after,
    )
    if service or to.person is None or to.address is None:
        return facts
    facts = _of_person(tx, send, facts, own=own, to=to, person=to.person, address=to.address)
    slowed_by, slowed_until = _slowed(tx, send, own, outlet, to.channel)
    return replace(
        facts,
        paused=queries.paused(tx, send.campaign),
        backlog=tx.now > send.due + reputation.OLD_BACKLOG,
        domain=_domain(outlet, tired=facts.tired),
        slowed_by=slowed_by,
        slowed_until=slowed_until,
    )


def _of_person(
    tx: Tx,
    send: Send,
    facts: Facts,
    *,
    own: Policy,
    to: Addressee,
    person: Person,
    address: str,
) -> Facts:
    ground = queries.permission(tx, person, channel=to.channel, purpose=send.purpose)
    wish = queries.preference(tx, address)
    life = queries.life(tx, to.people, address)
    tired = caps.tired(life, now=tx.now)
    past = queries.past(tx, to.people, but=send.id)
    fewer = tired or bool(wish and wish.fewer)
    off = wish.topics_off if wish else ()
    return replace(
        facts,
        permission="" if ground.allowed else ground.word,
        suppressed=queries.suppressed(tx, address, channel=to.channel, purpose=send.purpose),
        topic_off=rules.Priority(send.priority).topic in off,
        paused_until=wish.paused_until if wish else None,
        tired=tired,
        sunset=caps.gone(life, now=tx.now) and send.campaign != SUNSET,
        outranked=queries.outranked(tx, send, to.people),
        capped_until=caps.free_from(past, to.channel, caps=own.all_caps, now=tx.now, fewer=fewer),
        allowed_from=_allowed_from(tx, send, own, to, wish.zone if wish else ""),
    )


def _nobody(send: Send, to: Addressee, *, service: bool) -> bool:
    if send.person is None:
        return send.address is None
    return to.person is None or (to.person.staff and not service)


def _domain(outlet: Outlet | None, *, tired: bool) -> str:
    """BS-1, BS-2: what is wrong with the sending domain, or nothing."""
    if outlet is None:
        return ""
    mood = outlet.checks.get("mood", Mood.GOOD)
    if "bad" in outlet.checks.get("domain", {}).values():
        return Word.DOMAIN
    careful = mood == Mood.CAREFUL and tired
    return Word.COMPLAINT_RATE if mood == Mood.PAUSED or careful else ""


def _slowed(
    tx: Tx, send: Send, own: Policy, outlet: Outlet | None, channel: str
) -> tuple[str, datetime | None]:
    """SS-2 and BS-3: how fast something new may go."""
    if own.ramped and send.campaign and (first := queries.began(tx, send.campaign)):
        young = tx.now - first < YOUNG
        most = reputation.ramp(first, now=tx.now)
        if young and queries.handed(tx, campaign=send.campaign, since=first) >= most:
            return Word.RAMP, reputation.next_hour(first, now=tx.now)
    if outlet is not None and channel == Channel.EMAIL and not outlet.checks.get("warm"):
        told = Standing(**outlet.checks.get("standing", {}))
        most = reputation.warm_up(outlet.since, now=tx.now, standing=told)
        today = tx.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if queries.handed(tx, channel=channel, since=today) >= most:
            return Word.WARMING_UP, today + timedelta(days=1)
    return "", None


def _allowed_from(tx: Tx, send: Send, own: Policy, to: Addressee, stated: str) -> partial[datetime]:
    zones = calendar.zones(to.country, stated=stated, fallback=this_shop(tx).zone)
    return partial(
        _with_jitter,
        key=send.key,
        clock=partial(
            hours.allowed_from,
            hours=own.hours_of(to.channel, to.country),
            zones=zones,
            holiday=calendar.holiday(to.country),
        ),
    )


def _with_jitter(at: datetime, *, key: str, clock: partial[datetime]) -> datetime:
    """QH-3: nobody's phones all ring at nine sharp."""
    allowed = clock(at)
    return allowed if allowed == at else allowed + hours.jitter(key)

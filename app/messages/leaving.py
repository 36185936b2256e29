"""UN: she has had enough, or of some of it. Effective in the transaction that hears of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kit.tx import Tx
from app.messages import consent, flows, grounds, profiling, queries
from app.messages.consent import Saying
from app.messages.consent_tables import Preference
from app.messages.law import Said
from app.messages.rules import Channel, Priority, Purpose
from app.messages.tables import Send

PAUSE = timedelta(days=30)
UNSUBSCRIBED = "unsubscribed"
OFFERED = (Purpose.MARKETING, Purpose.FEEDBACK)
TOPICS = tuple(p.topic for p in Priority if p is not Priority.PROBLEM)


@dataclass(frozen=True)
class Choice:
    """What the preference page says back."""

    subscribed: bool
    topics: frozenset[str]
    """Those she wants."""
    fewer: bool
    paused: bool
    language: str
    zone: str = ""
    reason: str = ""
    no_profile: bool = False
    """PR-4: nothing is made of what she bought."""


def unsubscribe(tx: Tx, send: Send, *, reason: str = "") -> None:
    """UN-2: no more of this purpose on this channel. Once more is as good as once."""
    _withdraw(tx, send, send.purpose, channel=_channel(send), source="unsubscribe", reason=reason)


def stop_everything(tx: Tx, send: Send, *, reason: str = "") -> None:
    """UN-4: no marketing of any kind, on this channel and on every other that reaches her."""
    person = queries.whole(tx, send.person) if send.person else None
    others = [one for one in Channel if person and queries.address_of(tx, person, one)]
    for channel in dict.fromkeys([_channel(send), *others]):
        for purpose in OFFERED:
            _withdraw(tx, send, purpose, channel=channel, source="preferences", reason=reason)


def _channel(send: Send) -> str:
    return send.channel or Channel.EMAIL


def _withdraw(tx: Tx, send: Send, purpose: str, *, channel: str, source: str, reason: str) -> None:
    address = address_now(tx, send, channel)
    if address is None:  # who it was is forgotten, that she wants no more is not
        consent.suppress(tx, send.address_hash or "", UNSUBSCRIBED)
        return
    said = Saying(
        address, Said.WITHDRAWN, source, channel=channel, purpose=purpose, person=send.person,
        language=send.language, proof={"send": send.id} | ({"reason": reason} if reason else {}),
    )  # fmt: skip
    consent.say(tx, said)
    if send.person:
        flows.cancel(tx, reason="withdrawn", person=send.person, purpose=purpose, channel=channel)


def address_now(tx: Tx, send: Send, channel: str) -> str | None:
    """The address of whoever got it, as it is today."""
    person = queries.whole(tx, send.person) if send.person else None
    return queries.address_of(tx, person, channel) if person else None


def chosen(tx: Tx, send: Send) -> Choice | None:
    """How she stands. None: who it was is forgotten."""
    channel = _channel(send)
    address = address_now(tx, send, channel)
    person = queries.whole(tx, send.person) if send.person else None
    if address is None or person is None:
        return None
    row = queries.preference(tx, address)
    ground = grounds.permission(tx, person, channel=channel, purpose=Purpose.MARKETING)
    off = frozenset(row.topics_off) if row else frozenset()
    return Choice(
        subscribed=ground.allowed,
        topics=frozenset(TOPICS) - off,
        fewer=bool(row and row.fewer),
        paused=bool(row and row.paused_until and row.paused_until > tx.now),
        language=(row.language if row else "") or send.language,
        zone=row.zone if row else "",
        no_profile=profiling.objects(tx, person),
    )


def choose(tx: Tx, send: Send, choice: Choice) -> None:
    """UN-4: some of it, less often, later, in another language; or all of it again."""
    channel = _channel(send)
    address = address_now(tx, send, channel)
    if address is None:
        return
    before = chosen(tx, send)
    row = queries.preference(tx, address) or Preference(address=address, at=tx.now)
    row.person, row.at = send.person, tx.now
    row.topics_off = sorted(frozenset(TOPICS) - choice.topics)
    row.fewer = choice.fewer
    row.language, row.zone = choice.language or row.language, choice.zone or row.zone
    row.paused_until = _pause(row, choice, tx)
    row.reason = choice.reason[:500] or row.reason
    tx.add(row)
    tx.flush()
    if before and choice.subscribed and not before.subscribed:
        said = Saying(
            address, Said.GRANTED, "preferences", channel=channel, person=send.person,
            language=send.language, proof={"send": send.id},
        )  # fmt: skip
        consent.say(tx, said)


def change_profile(tx: Tx, send: Send, *, objects: bool) -> None:
    """PR-4: apart from what she gets: who wants no messages may object all the same."""
    person = queries.whole(tx, send.person) if send.person else None
    if person is not None:
        change = profiling.object_ if objects else profiling.take_back
        change(tx, person, source="preferences")


def _pause(row: Preference, choice: Choice, tx: Tx) -> datetime | None:
    if not choice.paused:
        return None
    running = row.paused_until is not None and row.paused_until > tx.now
    return row.paused_until if running else tx.now + PAUSE

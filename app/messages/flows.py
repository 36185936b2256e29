"""A message is asked for, waits, is let through the gate, reserved, and ends one way or another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field
from sqlmodel import col, select
from typing_extensions import override

from app.customers import queries as customers
from app.kit.tx import Job, Tx
from app.messages import deciding, gate, guards, hashing, library, queries
from app.messages.gate import Addressee
from app.messages.guards import Guard
from app.messages.rules import ENDED, Channel, Priority, Purpose, State, Word
from app.messages.tables import Send, SendNote
from app.trials import queries as trials


class Deliver(Job, kind="messages.deliver"):
    """A message is due: judge it, and hand it over if it may go."""

    send: int
    who: str

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.send}"

    @property
    @override
    def lane(self) -> str:
        return self.who


class Ended(Job, kind="messages.ended", rank=0):
    """How it ended, for whoever asked: `state` and `reason` are words of app.messages.rules."""

    send: int
    asked: str
    """The key of the request."""
    state: str
    reason: str = ""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.send}"


class Request(BaseModel, frozen=True):
    """One message to one person on one occasion. `key` says which: it is sent at most once."""

    key: str
    message: str
    person: int | None = None
    address: str | None = None
    """Instead of a person: CO-4's question to an address somebody typed. Service only."""
    purpose: str = Purpose.MARKETING.value
    channel: str | None = None
    campaign: str = ""
    step: str = ""
    variant: str = ""
    priority: Priority = Priority.NEWSLETTER
    context: Mapping[str, Any] = Field(default_factory=dict)
    due: datetime | None = None
    not_after: datetime | None = None
    guard: Guard | None = None
    decision: str | None = None
    language: str = ""


def request(tx: Tx, wish: Request) -> Send:
    """The message, promised; the same one where it was asked for before (SS-1)."""
    request_all(tx, [wish])
    return queries.sends(tx, [wish.key])[wish.key]


def request_all(tx: Tx, wishes: Sequence[Request]) -> None:
    """The same for many, in five statements."""
    known = queries.asked(tx, {wish.key for wish in wishes})
    fresh = {wish.key: wish for wish in wishes if wish.key not in known}
    people = customers.wholes(tx, {wish.person for wish in fresh.values() if wish.person})
    tx.put(Send, [_row(tx, wish, people) for wish in fresh.values()], key=("key",))
    late = [key for key, wish in fresh.items() if _late(tx, wish)]
    for send in queries.sends(tx, late).values():
        end(tx, send, State.REFUSED, Word.BACKLOG)  # SS-2
    jobs = []
    for id_, key, who in queries.lanes(tx, fresh.keys() - set(late)):
        wish = fresh[key]
        lane = f"person:{who}" if who else f"address:{_hashed(wish.address)}"
        jobs.append((Deliver(send=id_, who=lane), max(wish.due or tx.now, tx.now)))
    tx.postpone_all(jobs)


def _late(tx: Tx, wish: Request) -> bool:
    over = wish.due is not None and wish.due < tx.now - timedelta(days=1)
    return over and wish.purpose != Purpose.SERVICE


def _row(tx: Tx, wish: Request, people: Mapping[int, int]) -> dict[str, Any]:
    return {
        "key": wish.key, "person": people.get(wish.person or 0, wish.person),
        "address": wish.address, "message": wish.message, "purpose": wish.purpose,
        "channel": wish.channel, "campaign": wish.campaign, "step": wish.step,
        "variant": wish.variant, "priority": int(wish.priority), "context": dict(wish.context),
        "guard": wish.guard.model_dump(mode="json") if wish.guard else None,
        "decision": wish.decision, "state": State.WAITING.value, "reason": "",
        "asked_at": tx.now, "due": max(wish.due or tx.now, tx.now), "not_after": wish.not_after,
        "language": wish.language,
    }  # fmt: skip


def job_of(send: Send) -> Deliver:
    who = f"person:{send.person}" if send.person else f"address:{_hashed(send.address)}"
    return Deliver(send=send.id or 0, who=who)


def note(
    tx: Tx, send: Send, outcome: str, word: str = "", *, until: datetime | None = None
) -> None:
    tx.add(SendNote(send=send.id or 0, at=tx.now, outcome=outcome, word=word, until=until))


def end(tx: Tx, send: Send, state: State, word: str = "") -> None:
    """It is over, and whoever asked hears of it."""
    send.state, send.reason, send.ended_at = state.value, str(word), tx.now
    send.address = None
    note(tx, send, state.value, str(word))
    ended = Ended(send=send.id or 0, asked=send.key, state=state.value, reason=str(word))
    tx.postpone(ended, until=tx.now)


def wait(tx: Tx, send: Send, word: str, *, until: datetime) -> None:
    """Not now. The same reason again is no news."""
    if send.reason != word or send.due != until:
        note(tx, send, "postponed", word, until=until)
    send.reason, send.due = str(word), until
    tx.postpone(job_of(send), until=until)


def _hashed(address: str | None) -> str:
    """A lane is written down: it names nobody."""
    return hashing.of_address(address or "")[:16]


@dataclass(frozen=True)
class Due:
    """A message that may go as far as is known, and whom it goes to."""

    send: Send
    to: Addressee
    draft: library.Draft
    version: int

    @property
    def id(self) -> int:
        return self.send.id or 0

    @property
    def address(self) -> str:
        return self.to.address or ""


def due(tx: Tx, id_: int, *, own_outlet: bool) -> Due | None:
    """The first look of the gate. None: it has ended, or waits."""
    send = queries.send_by_id(tx, id_)
    if send is None or send.state in ENDED:
        return None
    if send.state == State.RESERVED:
        end(tx, send, State.UNKNOWN, Word.CRASHED)  # SS-1: whoever reserved it is dead
        return None
    look = gate.look(tx, send, own_outlet=own_outlet)
    if not look.verdict.goes:
        abide(tx, send, look)
        return None
    message = library.newest(tx, send.message)
    if message is None:
        end(tx, send, State.REFUSED, Word.NO_MESSAGE)
        return None
    draft = library.draft_of(message)
    if word := _unfit(tx, send, offers=draft.offers):
        end(tx, send, State.REFUSED, word)
        return None
    return Due(send, look.to, draft, message.version)


def _unfit(tx: Tx, send: Send, *, offers: bool) -> Word | None:
    """FC-2; and HO-8: who is kept from this content by one automation gets it from no other."""
    if send.purpose == Purpose.SERVICE:
        return Word.OFFER_IN_SERVICE if offers else None
    people = queries.group(tx, send.person) if send.person else []
    return Word.WITHHELD if trials.denied(tx, people, {send.message}) else None


def abide(tx: Tx, send: Send, look: gate.Look) -> None:
    verdict = look.verdict
    if verdict.until is None or send.reason != verdict.word or send.due != verdict.until:
        deciding.at_the_gate(tx, send, look)
    if verdict.until:
        wait(tx, send, verdict.word, until=verdict.until)
    else:
        end(tx, send, State.REFUSED, verdict.word)


def unverified(tx: Tx, id_: int) -> None:
    """AC-6: Saleor can't be asked. Held, asked again, and after six hours dropped."""
    send = queries.send_by_id(tx, id_)
    if send is None or send.state != State.WAITING:
        return
    send.unverified_since = send.unverified_since or tx.now
    if tx.now >= send.unverified_since + guards.HELD_FOR:
        end(tx, send, State.REFUSED, Word.COULD_NOT_VERIFY)
    else:
        wait(tx, send, Word.COULD_NOT_VERIFY, until=tx.now + guards.AGAIN)


def refuse(tx: Tx, id_: int, word: str) -> None:
    send = queries.send_by_id(tx, id_)
    if send and send.state == State.WAITING:
        deciding.told_otherwise(tx, send, word)
        end(tx, send, State.REFUSED, word)


def cancel(
    tx: Tx,
    *,
    reason: str,
    key: str | None = None,
    person: int | None = None,
    campaign: str | None = None,
    purpose: str | None = None,
    channel: str | None = None,
) -> int:
    """What waits is called off at once; what is reserved is past stopping. How many there were."""
    asked = select(Send).where(Send.state == State.WAITING.value)
    for column, value in (
        (Send.key, key), (Send.campaign, campaign), (Send.purpose, purpose),
    ):  # fmt: skip
        if value is not None:
            asked = asked.where(column == value)
    if person is not None:
        asked = asked.where(col(Send.person).in_(queries.group(tx, person)))
    if channel is not None:
        asked = asked.where(col(Send.channel).in_([channel]) | col(Send.channel).is_(None))
    found = [
        send for send in tx.exec(asked)
        if send.channel == channel or channel is None or channel == Channel.EMAIL
    ]  # fmt: skip
    for send in found:
        end(tx, send, State.CANCELLED, reason)
    return len(found)

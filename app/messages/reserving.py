"""SS-1: the right to call a provider, given once; and what became of the call."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from app.kit.tx import Tx
from app.messages import deciding, flows, gate, hashing, queries
from app.messages.rules import Purpose, State, Word
from app.messages.tables import Pace, Send

TRIES = 8
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Reservation:
    """The right to call the provider, once."""

    send: int
    hold: str


def reserve(
    tx: Tx, id_: int, *, own_outlet: bool, token: str, address: str, version: int, language: str,
    left_out: Collection[str] = (),
) -> Reservation | None:  # fmt: skip
    """FC-7, SS-1: caps are checked and the message taken in one step, on disk before any call.
    `left_out`: what is not in it for her (HO-8).
    """
    send = queries.send_by_id(tx, id_)
    if send is None or send.state != State.WAITING:
        return None
    _one_at_a_time(tx, send)
    look = gate.look(tx, send, own_outlet=own_outlet)
    to = look.to
    if not look.verdict.goes:
        flows.abide(tx, send, look)
        return None
    if to.address != address:
        flows.wait(tx, send, Word.NO_ADDRESS, until=tx.now)  # it changed a moment ago: look again
        return None
    send.state, send.reason, send.hold = State.RESERVED.value, "", secrets.token_hex(8)
    send.handed_at, send.channel, send.version = tx.now, to.channel, version
    send.token_hash, send.address_hash = hashing.of_token(token), hashing.of_address(address)
    send.language = language
    flows.note(tx, send, State.RESERVED.value)
    for content in sorted(left_out):
        flows.note(tx, send, LEFT_OUT, content)
    deciding.at_the_gate(tx, send, look)
    return Reservation(id_, send.hold)


def _one_at_a_time(tx: Tx, send: Send) -> None:
    """Two that would both be the last allowed: PostgreSQL lets one of them try again."""
    if send.purpose == Purpose.SERVICE or send.person is None:
        return
    rows = [{"who": f"person:{send.person}", "at": tx.now}]
    tx.put(Pace, rows, key=("who",), overwrite=("at",))


def sent(tx: Tx, held: Reservation, provider_id: str) -> None:
    if send := _held(tx, held):
        send.provider_id, send.sent_at = provider_id, tx.now
        send.context = {}  # what it was made of is not needed any more
        flows.end(tx, send, State.SENT)


def lost(tx: Tx, held: Reservation, word: str) -> None:
    """SS-1: nobody knows whether it went out, so it stays unsent for ever."""
    if send := _held(tx, held):
        flows.end(tx, send, State.UNKNOWN, word)


def not_taken(tx: Tx, held: Reservation, *, permanent: bool, word: str) -> None:
    """It surely did not go out: once more later, unless the provider said never."""
    send = _held(tx, held)
    if send is None:
        return
    tries = sum(n.outcome == State.RESERVED for n in queries.notes(tx, held.send))
    send.handed_at = send.hold = send.token_hash = None
    if permanent or tries >= TRIES:
        flows.end(tx, send, State.FAILED, word)
        return
    send.state = State.WAITING.value
    flows.wait(tx, send, word, until=tx.now + timedelta(minutes=2**tries))


def _held(tx: Tx, held: Reservation) -> Send | None:
    """Only whoever reserved it may say how it ended, even if it was called dead meanwhile."""
    send = queries.send_by_id(tx, held.send)
    mine = send is not None and send.hold == held.hold
    open_ = send is not None and send.state in (State.RESERVED, State.UNKNOWN)
    return send if mine and open_ else None

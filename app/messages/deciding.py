"""DC-1: each verdict about a message is written down, with what the gate saw."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.decisions.flows import Decided, record
from app.decisions.rules import micros
from app.kit.tx import Tx
from app.messages import seen as judging
from app.messages.gate import Look
from app.messages.rules import Verdict
from app.messages.seen import AS_IT_WAS, Terms
from app.messages.tables import Send

GATE, LAST_WORD = "gate", "last_word"
SENT = "sent"


def at_the_gate(tx: Tx, send: Send, look: Look) -> None:
    record(
        tx,
        Decided(
            rule=GATE,
            ref=send.key,
            person=send.person,
            trigger=str(send.context.get("occasion", "")),
            subject=send.campaign or send.message,
            version=send.context.get("automation"),
            outcome=outcome(look.verdict),
            made=made(look.verdict, now=tx.now),
            seen=judging.told(look.seen, now=tx.now),
        ),
    )


def told_otherwise(tx: Tx, send: Send, word: str) -> None:
    """AC-6 (c): Saleor, or whoever had to supply the last words, said no a moment before it left.
    What they said is the only input there is.
    """
    subject = send.campaign or send.message
    seen = {"said": str(word)}
    record(
        tx,
        Decided(
            rule=LAST_WORD, ref=send.key, person=send.person, subject=subject, outcome=str(word),
            seen=seen,
        ),
    )  # fmt: skip


def outcome(verdict: Verdict) -> str:
    return str(verdict.word) or SENT


def made(verdict: Verdict, *, now: datetime) -> Mapping[str, Any]:
    """Until when it waits, in microseconds from now."""
    if verdict.until is None:
        return {}
    return {"until": (micros(verdict.until) or 0) - (micros(now) or 0)}


def again(
    seen: Mapping[str, Any], *, ref: str, now: datetime, terms: Terms = AS_IT_WAS
) -> tuple[str, Mapping[str, Any]]:
    """DC-3: the same verdict from the same inputs."""
    verdict = judging.verdict(judging.read(seen, key=ref, now=now), now=now, terms=terms)
    return outcome(verdict), made(verdict, now=now)

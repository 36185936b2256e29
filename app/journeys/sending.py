"""What a journey says to app.messages, and what it hears back."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.carts.tables import Cart
from app.customers.tables import Person
from app.journeys import testing
from app.journeys.naming import decision_of
from app.journeys.rules import Definition, Send, Subject
from app.journeys.tables import Journey, Run
from app.kit.tx import Tx, among
from app.messages import flows as messages
from app.messages.flows import Request
from app.messages.guards import NotBought, StillUnpaid
from app.messages.rules import Priority, State, Word

UNREACHABLE = frozenset(
    {
        Word.NO_CONSENT, Word.WITHDRAWN, Word.COMPLAINED, Word.NO_ADDRESS, Word.NOBODY,
        Word.SUPPRESSED, Word.TOPIC_OFF, Word.STOPPED_PURCHASE, Word.PAID, Word.SUNSET,
        Word.NOTHING_LEFT, Word.ASKED_LATELY, Word.ORDER_LATE, Word.REFUND_OPEN,
        Word.COMPLAINED_LATELY,
    }
)  # fmt: skip
"""Refusals that the next message of the journey would meet as well."""


def ask(
    tx: Tx, journey: Journey, definition: Definition, step: Send, runs: Mapping[str, Run]
) -> None:
    """For these people, each under the key of her own."""
    begun = _begun(tx, definition, runs.values())
    messages.request_all(
        tx,
        [
            Request(
                key=key,
                person=run.person,
                message=step.message,
                purpose=step.purpose,
                channel=step.channel,
                campaign=journey.key,
                step=step.key,
                variant=testing.variant(run, step.key),
                priority=Priority(definition.priority),
                context=_context(definition, run),
                due=tx.now,
                not_after=tx.now + step.valid_for,
                guard=_guard(definition, run, begun),
                decision=decision_of(tx.shop, key, tx.now),
            )
            for key, run in runs.items()
        ],
    )


def _begun(tx: Tx, definition: Definition, runs: Collection[Run]) -> Mapping[str, datetime]:
    """When the checkouts they are about were made."""
    if definition.subject != Subject.CART:
        return {}
    subjects = sorted({run.subject or "" for run in runs})
    rows = select(Cart.checkout, Cart.created_at).where(among(col(Cart.checkout), subjects))
    return dict(tx.exec(rows).all())


def _context(definition: Definition, run: Run) -> dict[str, Any]:
    """Ids, and the few words that only the moment of the trigger knew."""
    memo = run.memo
    context: dict[str, Any] = {**memo.get("fields", {}), "run": run.id}
    context |= {"automation": run.version, "occasion": run.occasion}
    context |= {name: memo[name] for name in ("code", "products", "order") if name in memo}
    context |= {"sales_channel": memo.get("channel", ""), "language": memo.get("language", "")}
    match definition.subject:
        case Subject.CART:
            context["checkout"] = run.subject
        case Subject.UNPAID_ORDER:
            context["order"] = run.subject
        case Subject.NOTHING:
            pass
    return context


def _guard(
    definition: Definition, run: Run, begun: Mapping[str, datetime]
) -> NotBought | StillUnpaid | None:
    """AC-6 (c): asked of Saleor itself just before the message leaves."""
    match definition.subject:
        case Subject.CART:
            since = begun.get(run.subject or "", run.entered_at)
            return NotBought(since=since, checkout=run.subject)
        case Subject.UNPAID_ORDER:
            return StillUnpaid(order=run.subject or "")
        case Subject.NOTHING:
            return None


def take_back(tx: Tx, run: Run, *, reason: str) -> int:
    """AC-5, J10: what was asked for and has not left. How many there were."""
    asked = run.memo.get("asked")
    return messages.cancel(tx, reason=reason, key=asked[1]) if asked else 0


def ends_it(state: str, word: str) -> bool:
    """A refusal after which nothing more of this journey could reach the person."""
    return state == State.REFUSED.value and word in UNREACHABLE


def account_of(tx: Tx, person: int) -> str | None:
    """Saleor's own id of a customer; None for a guest."""
    return tx.exec(select(Person.account).where(Person.id == person)).first()


def told(memo: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The memo, once a message has really gone out."""
    return dict(memo) | {"sent_at": at.isoformat()}

"""How an event was told: what decides whether it is news, and whose doing it was."""

from app.kit.hearing import Cause, Hearing
from app.saleor.shapes import Event

SWEEP = "Sweep"
"""The principal of what our own sweep has read: nobody said who caused it."""


class UnreadableError(Exception):
    """A delivery that no second try makes any better."""

    permanent = True
    public = True


def telling(event: Event) -> Hearing:
    """Raises UnreadableError where Saleor does not say when: no subscription of ours asks so."""
    if event.issued_at is None:
        raise UnreadableError("it does not say when it was issued")
    return Hearing(event.issued_at, event.hash, _cause(event), event.nulled)


def telling_of_one(event: Event, position: int) -> Hearing:
    """Of an event about several orders, the one at this position."""
    whole = telling(event)
    mine = {("order", *path[2:]) for path in whole.nulled if path[:2] == ("orders", position)}
    return Hearing(whole.issued_at, whole.hash, whole.cause, frozenset(mine))


def _cause(event: Event) -> Cause:
    if event.issuing_app:
        return Cause.APP
    return Cause.UNKNOWN if event.cause and event.cause.kind == SWEEP else Cause.PERSON

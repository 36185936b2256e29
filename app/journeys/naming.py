"""What things of a journey are called elsewhere."""

from hashlib import blake2b

from app.journeys.tables import Journey, Run


def key_of(run: Run, step: str) -> str:
    """SS-1: one person, version, step and occasion are one run; `turn` only counts beginnings
    anew, after which nothing that was sent is asked for again."""
    return f"journey:{run.id}:{run.turn}:{step}"


def decision_of(shop: int, key: str) -> str:
    """What the order that a message brings will carry: it says nothing to whoever reads it."""
    return blake2b(f"perennial/decision\x1f{shop}\x1f{key}".encode(), digest_size=12).hexdigest()


def programme_of(journey: Journey) -> str:
    """CP-1: the vouchers of an automation, in the ledger of codes."""
    return f"journey:{journey.key}"

"""What things of a journey are called elsewhere."""

from datetime import datetime
from hashlib import blake2b

from babel.support import Translations
from sqlmodel import select

from app.journeys.tables import Journey, Run
from app.kit.tx import Tx


def key_of(run: Run, step: str) -> str:
    """SS-1: one person, version, step and occasion are one run; `turn` only counts beginnings
    anew, after which nothing that was sent is asked for again."""
    return f"journey:{run.id}:{run.turn}:{step}"


def decision_of(shop: int, key: str, at: datetime) -> str:
    """What the order that a message brings will carry: it says nothing to whoever reads it.

    An app that came back with empty books counts its runs from one again: the instant keeps what
    old orders carry from being taken for new messages.
    """
    told = f"perennial/decision\x1f{shop}\x1f{key}\x1f{at.isoformat()}"
    return blake2b(told.encode(), digest_size=12).hexdigest()


def programme_of(journey: Journey) -> str:
    """CP-1: the vouchers of an automation, in the ledger of codes."""
    return f"journey:{journey.key}"


def title_of(tx: Tx, programme: str) -> str:
    """Which automation gave it: its own name, else the key for which pages have words (say.title).

    What gives codes and is no automation is called as it stands.
    """
    key = programme.removeprefix("journey:").partition(":")[0]
    named = tx.exec(select(Journey.name).where(Journey.key == key)).first()
    return named or key


def for_shoppers(journey: Journey, words: Translations) -> str:
    """What its discount is called where a shopper reads it: the owner's name for it, or ours."""
    said = {
        "cart": words.gettext("For your cart"),
        "second": words.gettext("For your second order"),
        "winback": words.gettext("Good to see you again"),
        "exclusive": words.gettext("Only for you"),
        "birthday": words.gettext("For your birthday"),
    }
    return journey.name or said.get(journey.key) or words.gettext("A present for you")

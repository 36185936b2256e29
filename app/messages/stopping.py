"""UN-7: a text that says stop, in three languages, with or without accents and capitals."""

import re
import unicodedata

from sqlmodel import select

from app.kit.tx import Tx
from app.messages import consent, flows, readymade
from app.messages.consent import Saying
from app.messages.consent_tables import Consent
from app.messages.flows import Request
from app.messages.law import Said
from app.messages.rules import Priority, Purpose

WORDS = frozenset({
    "stop", "stopall", "unsubscribe", "end", "quit",
    "parar", "pare", "sair", "cancelar",
    "wypisz", "rezygnuje",
})  # fmt: skip
STROKES = str.maketrans("łŁ", "lL")


def says_stop(text: str) -> bool:
    """One of these words is all it says."""
    bare = unicodedata.normalize("NFKD", text.translate(STROKES))
    letters = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z]+", " ", letters).strip() in WORDS


def heard(tx: Tx, number: str, text: str, *, channel: str) -> bool:
    """A reply to a text of ours. One goodbye, then silence."""
    if not says_stop(text):
        return False
    try:
        address = consent.tidy(channel, number)
    except ValueError:
        return False
    rows = tx.exec(
        select(Consent).where(Consent.address == address, Consent.channel == channel)
    ).all()
    stood = [row for row in rows if row.state == Said.GRANTED]
    for purpose in {row.purpose for row in rows} | {Purpose.MARKETING.value}:
        person = next((row.person for row in rows), None)
        said = Saying(
            address, Said.WITHDRAWN, "reply", channel=channel, purpose=purpose, person=person
        )
        consent.say(tx, said)
    if stood and stood[0].person:
        readymade.make_sure(tx)
        wish = Request(
            key=f"goodbye:{channel}:{stood[0].id}:{stood[0].at.isoformat()}",
            message=readymade.GOODBYE,
            person=stood[0].person, purpose=Purpose.SERVICE, channel=channel,
            priority=Priority.PROBLEM,
        )  # fmt: skip
        flows.request(tx, wish)
    return True

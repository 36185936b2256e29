"""PR-4, RC-5: an objection to being profiled holds at once, and for whatever is reckoned: scores
and the segments made of them, lists of products, offers. She is served like anybody unknown.
"""

from sqlmodel import col, select

from app.customers.tables import Person
from app.kit.tx import Tx
from app.ltv import flows as value
from app.messages import consent, queries
from app.messages.consent import Saying
from app.messages.law import Said
from app.messages.rules import Purpose
from app.recommend import flows as recommend
from app.segments import flows as segments


def objects(tx: Tx, person: Person) -> bool:
    return any(one.no_profile_at for one in _whole(tx, person))


def object_(tx: Tx, person: Person, *, source: str) -> None:
    """From now on; with its proof, if there is an address to write it down under (CO-1)."""
    _set(tx, person, source=source, objects=True)


def take_back(tx: Tx, person: Person, *, source: str) -> None:
    _set(tx, person, source=source, objects=False)


def _set(tx: Tx, person: Person, *, source: str, objects: bool) -> None:
    family = _whole(tx, person)
    if any(one.no_profile_at for one in family) is objects:
        return
    for one in family:
        one.no_profile_at = tx.now if objects else None
        tx.add(one)
    tx.flush()
    ids = {one.id or 0 for one in family}
    if objects:
        value.unscore(tx, ids)
    else:
        value.score_again(tx, ids)
    recommend.note(tx, persons=ids)
    segments.look_again(tx, ids)
    if objects and person.email:
        said = Saying(
            person.email, Said.WITHDRAWN, source, purpose=Purpose.PERSONALISATION, person=person.id
        )
        consent.say(tx, said)


def _whole(tx: Tx, person: Person) -> list[Person]:
    """She, and the guests that are her (ID-3)."""
    ids = queries.group(tx, person.id or 0)
    return list(tx.exec(select(Person).where(col(Person.id).in_(ids)).order_by(col(Person.id))))

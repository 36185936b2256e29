"""Segments that are written by hand: people whom staff have picked, one by one.

Who is on such a list is a note about each of them, and the segment asks for that note: so it is
made, reviewed, named in journeys and forgotten like every other.
"""

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from app.kit.tx import Tx, among
from app.segments import flows, queries
from app.segments.tables import Segment, Trait

LIST = "list-"
"""What keys of such segments begin with, and the notes that say who is on them."""
ON_IT = "yes"


def lists(tx: Tx) -> Sequence[Segment]:
    return [segment for segment in queries.live(tx) if segment.key.startswith(LIST)]


def begin(tx: Tx, name: str) -> Segment:
    """The list of that name, which is made if there is none."""
    for segment in lists(tx):
        if segment.name.casefold() == name.casefold():
            return segment
    key = queries.free_key(tx, LIST, name)
    return flows.save(tx, key, name=name, tree={"all": [_note(key)]})


def put(tx: Tx, segment: Segment, people: Collection[int]) -> list[int]:
    """They are on it from now on. Who was not before."""
    new = sorted(set(people) - _there(tx, segment.key, people))
    flows.tag(tx, new, segment.key, ON_IT, source="staff")
    flows.look_again(tx, new)
    return new


def take_off(tx: Tx, segment: Segment, people: Collection[int]) -> None:
    flows.untag(tx, people, segment.key)
    flows.look_again(tx, people)


def _there(tx: Tx, key: str, people: Collection[int]) -> set[int]:
    these = among(col(Trait.person), sorted(people))
    return set(tx.exec(select(Trait.person).where(Trait.name == key, these)))


def _note(key: str) -> dict[str, object]:
    return {"fact": "trait", "name": key, "among": [ON_IT]}

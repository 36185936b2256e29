"""People move in and out of segments: at an event within seconds, with time every night."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlmodel import col, delete, exists, select, update
from typing_extensions import override

from app.customers.tables import Person
from app.kit.portions import portions
from app.kit.tx import Job, Tx, among
from app.segments import queries, rules
from app.segments.compiling import Asking
from app.segments.rules import WrongTreeError
from app.segments.standard import STANDARD
from app.segments.tables import Handout, Segment, Stay, Study, Trait
from app.world import World

SETTLE = timedelta(seconds=2)
"""An order comes as several events in any order: who it moves is asked once, after them."""
TOGETHER = 500
"""People moved in one transaction by a review."""
COUNTED_WITHIN = timedelta(seconds=60)
"""People come and go all day: their number is asked once a minute, however many do."""
AT_FIRST = 2000
"""When a segment begins, nobody hears of it, so more of them go at once."""


class Place(Job, kind="segments.place"):
    """Something about a person has changed."""

    person: int

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.person}"


class Review(Job, kind="segments.review"):
    """Everybody is looked at: every night, and after a change of a definition."""

    occasion: str
    cause: str
    only: tuple[str, ...] = ()
    """Keys of segments; none is all of them."""

    @property
    @override
    def lane(self) -> str:
        return "segments.review"


class Group(Job, kind="segments.group", rank=2):
    """S7: what kinds of customers there are, and who is like the members of a segment."""

    occasion: str
    only: str = ""
    """The name of one study; none is all of them."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.only}:{self.occasion}"

    @property
    @override
    def lane(self) -> str:
        return "segments.review"


class Foretell(Job, kind="segments.foretell", rank=2):
    """S6: who is likely to buy soon, and how often such words came true so far."""

    occasion: str

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.occasion}"

    @property
    @override
    def lane(self) -> str:
        return "segments.review"


class Count(Job, kind="segments.count"):
    """How many are in each segment, for a page that asks nobody to count."""

    @property
    @override
    def key(self) -> str:
        return self.kind


@dataclass(frozen=True)
class Move:
    """Somebody came into a segment, or left it."""

    segment: str
    person: int
    entered: bool
    stay: int
    """Our row: what makes an entry a different one from the next."""


Moved: TypeAlias = Callable[[Tx, Sequence[Move]], None]


def begin(tx: Tx) -> None:
    """The standard ones, from the first run. Those a shop has, it keeps as they are."""
    rows = [
        {
            "key": key, "name": "", "tree": tree, "version": 1, "made_at": tx.now,
            "filled_at": None, "reviewed_at": None, "retired_at": None,
        }
        for key, tree in STANDARD.items()
    ]  # fmt: skip
    tx.put(Segment, rows, key=("key",))


def fill(tx: Tx) -> None:
    """The history is in: take in everybody who fits. That is no news to anybody."""
    begin(tx)
    tx.later(Review(occasion="history", cause="first"))
    tx.later(Group(occasion="history"))


def nightly(tx: Tx, day: date) -> None:
    """What time alone brings: nobody tells us that 90 days went by without an order."""
    begin(tx)
    tx.later(Review(occasion=day.isoformat(), cause="night"))
    tx.later(Group(occasion=day.isoformat()))
    tx.later(Foretell(occasion=day.isoformat()))


def look_again(tx: Tx, people: Iterable[int]) -> None:
    """S8: within a minute of an event, and well before that."""
    until = tx.now + SETTLE
    tx.postpone_all([(Place(person=person), until) for person in sorted(set(people))])


def place(tx: Tx, people: Collection[int], *, cause: str = "event") -> list[Move]:
    """Put each of them where she belongs, segment by segment: a few questions for many people."""
    segments = [segment for segment in queries.live(tx) if segment.filled_at]
    staying = queries.open_stays(tx, [s.id or 0 for s in segments], people)
    moves: list[Move] = []
    for segment in segments:
        id_ = segment.id or 0
        fit = queries.matching(tx, rules.read(segment.tree), people)
        there = {person for found, person in staying if found == id_}
        moves += _take_in(tx, segment, fit - there, cause=cause)
        moves += _let_out(tx, segment, [staying[id_, one].id or 0 for one in there - fit], cause)
    if moves:
        tx.soon(Count(), at=tx.now + COUNTED_WITHIN)
    return moves


def _take_in(tx: Tx, segment: Segment, people: Collection[int], *, cause: str) -> list[Move]:
    if not people:
        return []
    stays = [
        Stay(
            segment=segment.id or 0, version=segment.version, person=person,
            entered_at=tx.now, cause=cause,
        )
        for person in sorted(people)
    ]  # fmt: skip
    tx.add_all(stays)
    tx.flush()
    return [Move(segment.key, stay.person, entered=True, stay=stay.id or 0) for stay in stays]


def _let_out(tx: Tx, segment: Segment, stays: Collection[int], cause: str) -> list[Move]:
    if not stays:
        return []
    these = among(col(Stay.id), sorted(stays))
    rows: Any = tx.exec(select(Stay.id, Stay.person).where(these).order_by(col(Stay.id)))
    moves = [Move(segment.key, person, entered=False, stay=id_) for id_, person in rows]
    tx.exec(update(Stay).where(these).values(left_at=tx.now, left_cause=cause))
    return moves


def save(tx: Tx, key: str, *, name: str, tree: Mapping[str, Any]) -> Segment:
    """A new definition; who it moves is moved by the next review, and that is no news.

    Raises WrongTreeError, also where segments would lean on each other in a circle.
    """
    node = rules.read(tree)
    for other in rules.names_other(node):
        if other == key or _leans_on(tx, other, key):
            raise WrongTreeError(f"leans on itself by way of {other}")
    segment = queries.by_key(tx, key)
    if segment is None:
        segment = Segment(key=key, tree=dict(tree), made_at=tx.now, version=0)
        tx.add(segment)
    segment.name, segment.tree = name, dict(tree)
    segment.version += 1
    segment.filled_at = segment.retired_at = None
    tx.flush()
    tx.later(Review(occasion=f"{key} {segment.version}", cause="rules"))
    return segment


def _leans_on(tx: Tx, key: str, target: str, depth: int = 0) -> bool:
    segment = queries.by_key(tx, key)
    if segment is None or depth > rules.DEEPEST:
        return segment is not None
    others = rules.names_other(rules.read(segment.tree))
    return target in others or any(_leans_on(tx, one, target, depth + 1) for one in others)


def retire(tx: Tx, key: str) -> None:
    if segment := queries.by_key(tx, key):
        segment.retired_at = tx.now
        segment.people = segment.counted_at = None
        out = col(Stay.segment) == segment.id, col(Stay.left_at).is_(None)
        tx.exec(update(Stay).where(*out).values(left_at=tx.now, left_cause="retired"))


def review(job: Review, world: World, *, moved: Moved) -> None:
    """Only who moves is written, a few at a time; `moved` hears of each but a segment's first."""
    with world.look() as tx:
        keys, terms = [segment.key for segment in queries.live(tx)], queries.asking(tx)
    for key in keys:
        if job.only and key not in job.only:
            continue
        with world.look() as tx:
            segment = queries.by_key(tx, key)
            if segment is None or segment.retired_at:
                continue
            people, version = _out_of_place(tx, segment, terms), segment.version
            most = TOGETHER if segment.filled_at else AT_FIRST
        for some in portions(people, most):
            world.do(partial(_review_some, key=key, people=some, cause=job.cause, moved=moved))
        world.do(partial(_reviewed, key=key, version=version))
    world.do(_count_soon)


def _count_soon(tx: Tx) -> None:
    tx.soon(Count(), at=tx.now)


def _out_of_place(tx: Tx, segment: Segment, terms: Asking) -> list[int]:
    """Who has to come or go: everybody is asked about once, which takes a pass over all orders."""
    id_ = segment.id or 0
    fits = queries.everybody(rules.read(segment.tree), replace(terms, now=tx.now))
    inside = exists().where(
        col(Stay.segment) == id_, col(Stay.person) == col(Person.id), col(Stay.left_at).is_(None)
    )
    still = select(Person.id).where(fits)
    new = tx.exec(select(Person.id).where(fits, ~inside)).all()
    gone = tx.exec(
        select(Stay.person).where(queries.members(id_), col(Stay.person).not_in(still))
    ).all()
    return sorted({person for person in (*new, *gone) if person})


def _review_some(tx: Tx, *, key: str, people: Collection[int], cause: str, moved: Moved) -> None:
    """These are asked about again: an event may have moved them, or the definition changed."""
    segment = queries.by_key(tx, key)
    if segment is None or segment.retired_at:
        return
    id_, first = segment.id or 0, segment.filled_at is None
    staying = queries.open_stays(tx, [id_], people)
    fit, there = queries.matching(tx, rules.read(segment.tree), people), {one for _, one in staying}
    moves = _take_in(tx, segment, fit - there, cause="first" if first else cause)
    moves += _let_out(tx, segment, [staying[id_, one].id or 0 for one in there - fit], cause)
    if not first:
        moved(tx, moves)


def _reviewed(tx: Tx, *, key: str, version: int) -> None:
    """A definition that changed meanwhile has a review of its own ahead."""
    segment = queries.by_key(tx, key)
    if segment and segment.version == version and not segment.retired_at:
        segment.filled_at = segment.filled_at or tx.now
        segment.reviewed_at = tx.now
        tx.add(segment)


def tag(tx: Tx, people: Iterable[int], name: str, value: str, *, source: str) -> None:
    """S4: write something down about people; what was written under the name before is replaced."""
    rows = [
        {"person": person, "name": name, "value": value, "source": source, "at": tx.now}
        for person in sorted(set(people))
    ]
    tx.put(Trait, rows, key=("person", "name"), overwrite=("value", "source", "at"))


def traits(tx: Tx, person: int, names: Collection[str], *, source: str) -> Mapping[str, str]:
    """What was written down about her from there, of these."""
    rows = select(Trait.name, Trait.value).where(
        Trait.person == person, among(col(Trait.name), sorted(names)), Trait.source == source
    )
    return dict(tx.exec(rows).all())


def untag(tx: Tx, people: Iterable[int], name: str) -> None:
    """What was written down about these people under the name is not known any more."""
    these = among(col(Trait.person), sorted(set(people)))
    tx.exec(delete(Trait).where(col(Trait.name) == name, these))


def keep_kind(tx: Tx, number: int, *, name: str) -> Segment:
    """S7: a kind of customers as a segment: from now on journeys and reports may name it."""
    return save(tx, rules.kind_key(number), name=name, tree={"fact": "kind", "number": number})


def keep_alike(tx: Tx, key: str, best: int, *, name: str) -> Segment:
    """S7: so many of those who are most like the members of a segment, as a segment.

    Raises WrongTreeError.
    """
    tree = {"fact": "alike", "key": key, "best": best}
    return save(tx, rules.alike_key(key), name=name, tree=tree)


def look_for_alike(tx: Tx, key: str) -> None:
    """Somebody asked who is like the members of this segment; from now on it is kept up."""
    name = rules.ALIKE + key
    tx.put(Study, [{"name": name, "asked_at": tx.now, "made_at": None, "body": {}}], key=("name",))
    tx.later(Group(occasion=f"asked {tx.now.isoformat()}", only=name))


def handed_out(tx: Tx, segment: Segment, *, by: str, people: int) -> None:
    """A list of its people has left the app."""
    tx.add(Handout(segment=segment.id or 0, at=tx.now, by=by, people=people))

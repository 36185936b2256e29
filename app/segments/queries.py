"""Who fits, who is in, who was in, and why."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import col, func, or_, select

from app.catalog.tables import Product
from app.customers.tables import Person
from app.kit.letters import plain
from app.kit.tx import Tx, among
from app.loyalty import queries as loyalty
from app.segments import compiling, rules
from app.segments.compiling import PEOPLE, Asking
from app.segments.rules import Leaf, Node
from app.segments.tables import Handout, Placing, Segment, Stay, Study, Trait
from app.shops.flows import this_shop

AT_ONCE = 5000
LONGEST = 56
"""Letters of a key."""


@dataclass(frozen=True)
class Reason:
    """One fact of a segment, and whether it holds for a person today."""

    leaf: Leaf
    holds: bool


@dataclass(frozen=True)
class Why:
    """S8: why is she here, or why is she not."""

    fits: bool
    reasons: Sequence[Reason]
    since: datetime | None
    """Since when she is in it."""


def asking(tx: Tx, people: Collection[int] | None = None) -> Asking:
    """The shop's terms are read once a unit of work."""
    known = tx.info.get("segments asking")
    if known is None:
        terms = loyalty.terms(tx)
        base = terms.ladder.base.key if terms and terms.tiers else ""
        known = tx.info["segments asking"] = (this_shop(tx).currency, base)
    currency, base_tier = known
    return Asking(tx.now, currency, people, base_tier)


def live(tx: Tx) -> Sequence[Segment]:
    """Those that other segments lean on come first."""
    rows = list(tx.exec(select(Segment).where(col(Segment.retired_at).is_(None))))
    nodes = {row.key: rules.read(row.tree) for row in rows}
    return sorted(rows, key=lambda row: (_depth(row.key, nodes), row.id or 0))


def _depth(key: str, nodes: Mapping[str, Node], seen: frozenset[str] = frozenset()) -> int:
    others = rules.names_other(nodes[key]) if key in nodes and key not in seen else frozenset()
    return 1 + max((_depth(other, nodes, seen | {key}) for other in others), default=0)


def by_key(tx: Tx, key: str) -> Segment | None:
    return tx.exec(select(Segment).where(Segment.key == key)).first()


def free_key(tx: Tx, beginning: str, name: str) -> str:
    """For a new one of that name. Readable in an address; a number tells apart what letters alone
    cannot."""
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in plain(name))
    key = at = f"{beginning}{'-'.join(letters.split()) or 'people'}"[:LONGEST]
    number = 1
    while by_key(tx, at):
        number += 1
        at = f"{key}-{number}"
    return at


def matching(tx: Tx, node: Node, people: Collection[int]) -> set[int]:
    """Those of these people who fit, asked together."""
    if not people:
        return set()
    fits = compiling.clause(node, asking(tx, people))
    rows = select(Person.id).where(PEOPLE, among(col(Person.id), sorted(people)), fits)
    return {id_ for id_ in tx.exec(rows) if id_}


def everybody(node: Node, asked: Asking) -> ColumnElement[bool]:
    """The condition on `Person` for a whole shop."""
    return PEOPLE & compiling.clause(node, asked)


def size(tx: Tx, node: Node) -> int:
    """How many fit today."""
    found = select(func.count()).select_from(Person).where(everybody(node, asking(tx)))
    return tx.exec(found).one()


def some(tx: Tx, node: Node, *, limit: int | None = AT_ONCE) -> list[int]:
    """Ids of people who fit, upwards; without a limit, all of them."""
    rows = select(Person.id).where(everybody(node, asking(tx)))
    found = tx.exec(rows.order_by(col(Person.id)).limit(limit))
    return [id_ for id_ in found if id_]


def open_stays(
    tx: Tx, segments: Collection[int], people: Collection[int]
) -> dict[tuple[int, int], Stay]:
    rows = tx.exec(
        select(Stay).where(
            among(col(Stay.segment), sorted(segments)),
            among(col(Stay.person), sorted(people)),
            col(Stay.left_at).is_(None),
        )
    )
    return {(stay.segment, stay.person): stay for stay in rows}


def members(segment: int, *, at: datetime | None = None) -> ColumnElement[bool]:
    """Who is in it, or was at an instant: a condition on `Stay`."""
    if at is None:
        return (col(Stay.segment) == segment) & col(Stay.left_at).is_(None)
    left = or_(col(Stay.left_at).is_(None), col(Stay.left_at) > at)
    return (col(Stay.segment) == segment) & (col(Stay.entered_at) <= at) & left


def headcount(tx: Tx, segment: int, *, at: datetime | None = None) -> int:
    return tx.exec(select(func.count()).where(members(segment, at=at))).one()


def headcounts(tx: Tx) -> Mapping[int, int]:
    rows: Any = tx.exec(
        select(Stay.segment, func.count())
        .where(col(Stay.left_at).is_(None))
        .group_by(col(Stay.segment))
    )
    return dict(rows.all())


def movements(tx: Tx, *, since: datetime) -> Mapping[int, tuple[int, int]]:
    """By segment: how many came in and how many left, not counting who was there at first."""
    came = func.count().filter(col(Stay.entered_at) >= since, col(Stay.cause) != "first")
    left = func.count().filter(col(Stay.left_at) >= since)
    rows: Any = tx.exec(
        select(Stay.segment, came, left)
        .where(or_(col(Stay.entered_at) >= since, col(Stay.left_at) >= since))
        .group_by(col(Stay.segment))
    )
    return {segment: (entered, gone) for segment, entered, gone in rows}


def people_in(tx: Tx, segment: int, *, after: int = 0, limit: int | None = AT_ONCE) -> list[int]:
    rows = (
        select(Stay.person)
        .where(members(segment), col(Stay.person) > after)
        .order_by(col(Stay.person))
        .limit(limit)
    )
    return list(tx.exec(rows))


def now_in(tx: Tx, person: int) -> tuple[int, ...]:
    """The segments she is in."""
    return now_in_all(tx, [person]).get(person, ())


def now_in_all(tx: Tx, people: Collection[int]) -> Mapping[int, tuple[int, ...]]:
    """By person: the segments she is in."""
    rows = select(Stay.person, Stay.segment).where(
        among(col(Stay.person), sorted(people)), col(Stay.left_at).is_(None)
    )
    found: dict[int, tuple[int, ...]] = {}
    for person, segment in tx.exec(rows.order_by(col(Stay.segment))):
        found[person] = (*found.get(person, ()), segment)
    return found


def stays(tx: Tx, person: int) -> list[tuple[Stay, Segment]]:
    """S8: every segment she was ever in, the latest first."""
    rows: Any = tx.exec(
        select(Stay, Segment)
        .join(Segment, col(Segment.id) == col(Stay.segment))
        .where(Stay.person == person)
        .order_by(col(Stay.entered_at).desc(), col(Stay.id).desc())
    )
    return list(rows)


def why(tx: Tx, segment: Segment, person: int) -> Why:
    """Each fact of it asked of one person."""
    node = rules.read(segment.tree)
    facts = compiling.facts_of(node, asking(tx, [person]))
    columns: list[Any] = [clause.label(f"fact_{n}") for n, clause in enumerate(facts.values())]
    row: Any = tx.exec(select(Person.id, *columns).where(Person.id == person)).first()
    told = dict(zip(facts, (bool(x) for x in row[1:]), strict=True)) if row else {}
    stay = open_stays(tx, [segment.id or 0], [person]).get((segment.id or 0, person))
    return Why(
        fits=bool(told) and rules.holds(node, told),
        reasons=[Reason(leaf, holds) for leaf, holds in told.items()],
        since=stay.entered_at if stay else None,
    )


def traits(tx: Tx, person: int) -> Mapping[str, str]:
    rows: Any = tx.exec(select(Trait.name, Trait.value).where(Trait.person == person))
    return dict(rows.all())


def study(tx: Tx, name: str) -> Study | None:
    return tx.exec(select(Study).where(Study.name == name)).first()


def studies(tx: Tx) -> Sequence[Study]:
    """What has been worked out, or asked for."""
    return tx.exec(select(Study).order_by(col(Study.id))).all()


def places(tx: Tx, study_: int) -> dict[int, int]:
    """By person: where a study has put her."""
    rows: Any = tx.exec(select(Placing.person, Placing.place).where(Placing.study == study_))
    return dict(rows.all())


def placed(tx: Tx, study_: int, *, limit: int) -> Sequence[tuple[Placing, Person]]:
    """The first of a study, with who they are."""
    rows: Any = tx.exec(
        select(Placing, Person)
        .join(Person, col(Person.id) == col(Placing.person))
        .where(Placing.study == study_, PEOPLE)
        .order_by(col(Placing.place))
        .limit(limit)
    )
    return [tuple(row) for row in rows]


def leaning(tx: Tx, *facts: type[Any]) -> list[Segment]:
    """Segments in which there is a fact of these kinds."""
    return [
        segment
        for segment in live(tx)
        if any(isinstance(leaf, facts) for leaf in rules.leaves(rules.read(segment.tree)))
    ]


def handouts(tx: Tx, segment: int) -> Sequence[Handout]:
    """When its people were taken out of the app, the last five times, the latest first."""
    rows = select(Handout).where(Handout.segment == segment).order_by(col(Handout.at).desc())
    return tx.exec(rows.limit(5)).all()


def overlap(tx: Tx, segments: Sequence[int]) -> Mapping[int, int]:
    """How many are in exactly which of these segments: by the sum of 2^place.

    Each segment's people come as one text: as rows, half a million of them take a second.
    """
    people = func.aggregate_strings(cast(col(Stay.person), String), ",")
    rows: Any = tx.exec(
        select(Stay.segment, people)
        .where(among(col(Stay.segment), segments), col(Stay.left_at).is_(None))
        .group_by(col(Stay.segment))
    )
    which: dict[str, int] = {}
    for segment, text in rows:
        bit = 1 << segments.index(segment)
        for person in text.split(","):
            which[person] = which.get(person, 0) | bit
    return Counter(which.values())


def listed(
    tx: Tx, segment: int, *, after: int, limit: int
) -> Sequence[tuple[Person, datetime]]:  # fmt: skip
    """Who is in it now and since when, by our own number, upwards from `after`."""
    rows: Any = tx.exec(
        select(Person, Stay.entered_at)
        .join(Stay, members(segment) & (col(Stay.person) == col(Person.id)))
        .where(col(Person.id) > after, PEOPLE)
        .order_by(col(Person.id))
        .limit(limit)
    )
    return [tuple(row) for row in rows]


def category_names(tx: Tx, categories: Collection[str]) -> Mapping[str, str]:
    """What the shop calls them."""
    rows: Any = tx.exec(
        select(Product.category, func.max(Product.category_name))
        .where(col(Product.category).in_(categories))
        .group_by(col(Product.category))
    )
    return dict(rows.all())

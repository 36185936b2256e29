"""Questions about journeys and the people in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import and_, col, func, select

from app.customers.tables import Person
from app.journeys.rules import Definition, Last, Offer, Trigger
from app.journeys.tables import Grant, Journey, Link, Recovery, Redemption, Run, Version
from app.kit.asking import any_of, ask, question
from app.kit.tx import Tx, among


@dataclass(frozen=True)
class Live:
    """A journey with the definition that newcomers get."""

    journey: Journey
    definition: Definition
    version: int

    @property
    def id(self) -> int:
        return self.journey.id or 0


def live(tx: Tx, trigger: Trigger) -> Sequence[Live]:
    """What this trigger begins today."""
    return [one for one in every_live(tx) if one.definition.trigger == trigger]


def every_live(tx: Tx) -> Sequence[Live]:
    """What is on. Every delivery asks: read once a unit of work."""
    known: list[Live] | None = tx.info.get("journeys live")
    if known is None:
        newest = and_(
            col(Version.journey) == col(Journey.id), col(Version.number) == col(Journey.version)
        )
        rows: Any = tx.exec(
            select(Journey, Version)
            .join(Version, newest)
            .where(col(Journey.on_since).is_not(None))
            .order_by(col(Journey.id))
        )
        known = [Live(j, Definition.model_validate(v.definition), v.number) for j, v in rows]
        tx.info["journeys live"] = known
    return known


def gives_cards(tx: Tx) -> bool:
    """CP-4: something that is on gives gift cards."""
    steps = [step for one in every_live(tx) for step in one.definition.steps]
    return any(isinstance(step, Offer) and step.bound == "firm" for step in steps)


def by_key(tx: Tx, key: str) -> Journey | None:
    return tx.exec(select(Journey).where(Journey.key == key)).first()


def every(tx: Tx) -> Sequence[Journey]:
    return tx.exec(select(Journey).order_by(col(Journey.id))).all()


def version(tx: Tx, journey: int, number: int) -> Version | None:
    return tx.exec(
        select(Version).where(Version.journey == journey, Version.number == number)
    ).first()


def definition(tx: Tx, journey: int, number: int) -> Definition | None:
    row = version(tx, journey, number)
    return Definition.model_validate(row.definition) if row else None


def lasts(tx: Tx, journey: int, people: Collection[int]) -> Mapping[int, Last]:
    """The latest time each of them was in it."""
    rows: Any = tx.exec(
        select(
            Run.person,
            func.max(Run.entered_at),
            func.count().filter(col(Run.ended_at).is_(None)),
        )
        .where(Run.journey == journey, among(col(Run.person), sorted(people)))
        .group_by(col(Run.person))
    )  # fmt: skip
    return {
        person: Last(ended=not open_, days_ago=(tx.now - entered).total_seconds() / 86400)
        for person, entered, open_ in rows
    }


def was_in(tx: Tx, journey: int, occasions: Collection[str]) -> set[tuple[int, str]]:
    """Person and occasion of those who entered for one of these before."""
    rows: Any = tx.exec(
        select(Run.person, Run.occasion).where(
            Run.journey == journey, among(col(Run.occasion), sorted(occasions))
        )
    )
    return set(rows.all())


def runs(tx: Tx, ids: Collection[int]) -> list[Run]:
    """Those of these that are still on the way."""
    rows = select(Run).where(
        among(col(Run.id), sorted(ids)), col(Run.ended_at).is_(None), col(Run.paused_at).is_(None)
    )
    return list(tx.exec(rows.order_by(col(Run.id))))


def run(tx: Tx, id_: int) -> Run | None:
    return tx.exec(select(Run).where(Run.id == id_)).first()


ABOUT = question(
    select(Run)
    .where(any_of(col(Run.subject), "subjects"), col(Run.ended_at).is_(None))
    .order_by(col(Run.id))
)


def about(tx: Tx, subjects: Collection[str]) -> list[Run]:
    """Runs on the way, or paused, about these checkouts, orders or products."""
    if not subjects:
        return []
    return list(ask(tx, ABOUT, subjects=sorted(subjects)))


def of_people(tx: Tx, people: Collection[int]) -> list[Run]:
    if not people:
        return []
    rows = select(Run).where(among(col(Run.person), sorted(people)), col(Run.ended_at).is_(None))
    return list(tx.exec(rows.order_by(col(Run.id))))


def same_address(tx: Tx, people: Collection[int]) -> Mapping[int, frozenset[int]]:
    """By person: everybody known under the same address, herself included."""
    if not people:
        return {}
    mine = {id_: email for id_, email in _emails(tx, people) if email}
    rows: Any = tx.exec(
        select(Person.email, Person.id).where(among(col(Person.email), sorted(set(mine.values()))))
    )
    sharing: dict[str, set[int]] = {}
    for email, id_ in rows:
        sharing.setdefault(email, set()).add(id_)
    return {id_: frozenset({id_} | sharing.get(mine.get(id_, ""), set())) for id_ in people}


def _emails(tx: Tx, people: Collection[int]) -> Sequence[Any]:
    rows: Any = tx.exec(
        select(Person.id, Person.email).where(among(col(Person.id), sorted(people)))
    )
    return list(rows)


def recovery(tx: Tx) -> Recovery:
    """The shop's own terms, or the usual ones, not yet written down."""
    return tx.exec(select(Recovery)).first() or Recovery()


def grant(tx: Tx, key: str) -> Grant | None:
    return tx.exec(select(Grant).where(Grant.key == key)).first()


def grants(tx: Tx, people: Collection[int], *, since: datetime) -> Sequence[Grant]:
    rows = select(Grant).where(among(col(Grant.person), sorted(people)), col(Grant.at) >= since)
    return tx.exec(rows.order_by(col(Grant.id))).all()


def grant_of_code(tx: Tx, code: int) -> Grant | None:
    return tx.exec(select(Grant).where(Grant.code == code)).first()


def link(tx: Tx, hash_: str) -> Link | None:
    return tx.exec(select(Link).where(Link.hash == hash_)).first()


def redeemed_since(tx: Tx, link_: int, since: datetime) -> int:
    found = select(func.count()).where(Redemption.link == link_, col(Redemption.at) > since)
    return tx.exec(found).one()


def in_flight(tx: Tx) -> Mapping[int, int]:
    """By journey: how many are on the way."""
    rows: Any = tx.exec(
        select(Run.journey, func.count())
        .where(col(Run.ended_at).is_(None))
        .group_by(col(Run.journey))
    )
    return dict(rows.all())


def entered(tx: Tx, *, since: datetime) -> Mapping[int, int]:
    rows: Any = tx.exec(
        select(Run.journey, func.count())
        # by journey, because that is how the index begins
        .where(col(Run.journey).in_(select(Journey.id)), col(Run.entered_at) >= since)
        .group_by(col(Run.journey))
    )
    return dict(rows.all())


@dataclass(frozen=True)
class Standing:
    """So many people of a journey stand, or ended, alike."""

    version: int
    step: int
    """Its place among the version's steps; after the last one for who went all the way."""
    why: str
    """How it ended; empty for who is on the way."""
    people: int


def standings(tx: Tx, journey: int) -> Sequence[Standing]:
    """Everybody who ever was in it, counted in one pass."""
    places = (col(Run.version), col(Run.step), func.coalesce(Run.why, ""))
    rows: Any = tx.exec(
        select(*places, func.count()).where(Run.journey == journey).group_by(*places)
    )
    return [Standing(*row) for row in rows]


def steps(tx: Tx, journey: int) -> Mapping[tuple[int, int], str]:
    """By version and place: the key of a step. The newest version comes last."""
    rows = select(Version).where(Version.journey == journey).order_by(col(Version.number))
    return {
        (row.number, at): step.key
        for row in tx.exec(rows)
        for at, step in enumerate(Definition.model_validate(row.definition).steps)
    }

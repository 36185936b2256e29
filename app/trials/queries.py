"""Questions about trials and who is in them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlmodel import col, func, or_, select

from app.customers import queries as customers
from app.customers.tables import Merge
from app.kit.tx import Tx, among
from app.trials.rules import Kind
from app.trials.tables import Assignment, Denied, Holding, Trial


def holding(tx: Tx) -> Holding:
    """The shop's own, or what is usual, not yet written down."""
    known: Holding | None = tx.info.get("holding")
    if known is None:
        known = tx.exec(select(Holding)).first() or Holding()
        tx.info["holding"] = known
    return known


def newest(tx: Tx, key: str) -> Trial | None:
    """Its last version."""
    rows = select(Trial).where(Trial.key == key).order_by(col(Trial.version).desc())
    return tx.exec(rows.limit(1)).first()


def by_id(tx: Tx, id_: int) -> Trial | None:
    return tx.exec(select(Trial).where(Trial.id == id_)).first()


def every(tx: Tx) -> Sequence[Trial]:
    return tx.exec(select(Trial).order_by(col(Trial.id))).all()


def versions(tx: Tx, key: str) -> Sequence[Trial]:
    """The newest first."""
    rows = select(Trial).where(Trial.key == key).order_by(col(Trial.version).desc())
    return tx.exec(rows).all()


def tests_of(tx: Tx, subject: str) -> Sequence[Trial]:
    """What is tested in a journey or newsletter; also what was won, whose winner stays in place.
    Asked at each step: read once a unit of work.
    """
    known: dict[str, list[Trial]] | None = tx.info.get("tests")
    if known is None:
        known = {}
        rows = select(Trial).where(Trial.kind == Kind.TEST.value, col(Trial.began_at).is_not(None))
        latest: dict[str, Trial] = {}
        for trial in tx.exec(rows.order_by(col(Trial.version))):
            latest[trial.key] = trial
        for trial in latest.values():
            known.setdefault(trial.subject, []).append(trial)
        tx.info["tests"] = known
    return known.get(subject, [])


def drawn(tx: Tx, trial: int) -> int:
    return tx.exec(select(func.count()).where(Assignment.trial == trial)).one()


def assigned(tx: Tx, trial: int, people: Collection[int]) -> Mapping[int, Assignment]:
    """By person; of two that became one, what was drawn first counts for both."""
    if not people:
        return {}
    families = groups(tx, people)
    everybody = sorted({id_ for family in families.values() for id_ in family})
    rows = select(Assignment).where(
        Assignment.trial == trial, among(col(Assignment.person), everybody)
    )
    known = {row.person: row for row in tx.exec(rows) if row.person}
    found: dict[int, Assignment] = {}
    for person, family in families.items():
        own = sorted((known[id_] for id_ in family if id_ in known), key=lambda row: row.id or 0)
        if own:
            found[person] = own[0]
    return found


def groups(tx: Tx, people: Collection[int]) -> Mapping[int, frozenset[int]]:
    """By person: herself, the account she turned out to be, and the guests that joined it."""
    whole = customers.wholes(tx, people)
    joined: Any = tx.exec(
        select(Merge.target, Merge.source).where(
            among(col(Merge.target), sorted(set(whole.values()))), col(Merge.undone_at).is_(None)
        )
    )
    guests: dict[int, set[int]] = {}
    for target, source in joined:
        guests.setdefault(target, set()).add(source)
    return {
        person: frozenset({person, own} | guests.get(own, set())) for person, own in whole.items()
    }


def denied(tx: Tx, people: Collection[int], contents: Collection[str]) -> frozenset[str]:
    """HO-8: what of this they are kept from, by a trial that still goes on."""
    rows = (
        select(Denied.content)
        .join(Trial, col(Trial.id) == col(Denied.trial))
        .where(
            among(col(Denied.person), sorted(people)),
            among(col(Denied.content), sorted(contents)),
            col(Trial.ended_at).is_(None),
            or_(col(Denied.until).is_(None), col(Denied.until) > tx.now),
        )
    )
    return frozenset(tx.exec(rows)) if people else frozenset()

"""PR-3: what trials have seen of somebody is counted on, of nobody."""

from collections.abc import Collection
from typing import Any

from sqlmodel import col, select, update

from app.kit.tx import Tx
from app.proof import flows, queries
from app.proof.tables import Outcome
from app.trials import queries as trials
from app.trials.tables import Assignment


def last_look(tx: Tx, persons: Collection[int]) -> None:
    """While it is still known whose orders are whose: what they came to in each trial."""
    groups = trials.groups(tx, persons)
    everybody = sorted({id_ for group in groups.values() for id_ in group})
    rows = select(Assignment).where(col(Assignment.person).in_(everybody))
    drawn = list(tx.exec(rows.order_by(col(Assignment.id))))
    flows.write(tx, [one for one in drawn if one.person in persons])
    first: dict[tuple[int, frozenset[int]], Assignment] = {}
    for one in drawn:
        group = next(group for group in groups.values() if one.person in group)
        counts = first.setdefault((one.trial, group), one)
        again = {"again": counts is not one}
        if one.person in persons:
            one.left = _left_by(tx, one) | again
        elif counts.person in persons:
            one.left = again  # who stays counts no more than before
    tx.flush()


def _left_by(tx: Tx, one: Assignment) -> dict[str, Any]:
    """What app.proof.forgotten counts on."""
    trial, person = one.trial, one.person
    return {
        "unsubscribed": sum(queries.unsubscribed(tx, trial, of=person).values()),
        "complained": sum(queries.complained(tx, trial, of=person).values()),
        "crossed": queries.crossed(tx, trial, of=person),
        "messages": queries.written_to(tx, one),
        "segments": queries.stood_in(tx, one),
    }


def forget(tx: Tx, persons: Collection[int]) -> None:
    tx.exec(update(Outcome).where(col(Outcome.person).in_(persons)).values(person=None))

"""PR-3: what journeys forget with a person."""

from collections.abc import Collection

from sqlmodel import col, delete, select

from app.journeys.tables import Footprint, Grant, Link, Redemption, Run, Skip, Wish
from app.kit.tx import Tx


def forget(tx: Tx, persons: Collection[int]) -> None:
    """Runs with their footprints, links, promises of codes. A link that somebody still holds leads
    nowhere from then on."""
    runs = select(Run.id).where(col(Run.person).in_(persons))
    tx.exec(delete(Footprint).where(col(Footprint.run).in_(runs)))
    links = select(Link.id).where(col(Link.person).in_(persons))
    tx.exec(delete(Redemption).where(col(Redemption.link).in_(links)))
    for table in (Run, Link, Grant, Skip, Wish):
        tx.exec(delete(table).where(col(table.person).in_(persons)))

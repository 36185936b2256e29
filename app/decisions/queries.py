"""Questions about decisions."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from app.decisions.tables import Decision
from app.kit.tx import Tx, among

PAGE = 2000


def of_people(tx: Tx, people: Collection[int], *, limit: int) -> list[Decision]:
    """The latest about these, the newest first."""
    rows = select(Decision).where(among(col(Decision.person), sorted(people)))
    return list(
        tx.exec(rows.order_by(col(Decision.at).desc(), col(Decision.id).desc()).limit(limit))
    )


def walk(
    tx: Tx, *, limit: int | None = None, since: datetime | None = None, rule: str | None = None
) -> Iterator[Decision]:
    """The newest first, a page at a time; `limit` None is all of them."""
    last: int | None = None
    left = limit
    while left is None or left > 0:
        rows = select(Decision).order_by(col(Decision.id).desc())
        if last is not None:
            rows = rows.where(col(Decision.id) < last)
        if since is not None:
            rows = rows.where(col(Decision.at) >= since)
        if rule is not None:
            rows = rows.where(Decision.rule == rule)
        page = list(tx.exec(rows.limit(PAGE if left is None else min(PAGE, left))))
        yield from page
        if not page:
            return
        last = page[-1].id
        left = None if left is None else left - len(page)


def counts(tx: Tx, *, since: datetime) -> Mapping[tuple[str, str, str], int]:
    """By rule, automation or tier, and outcome."""
    rows: Any = tx.exec(
        select(Decision.rule, Decision.subject, Decision.outcome, func.count())
        .where(col(Decision.at) >= since)
        .group_by(col(Decision.rule), col(Decision.subject), col(Decision.outcome))
    )
    return {(rule, subject, outcome): count for rule, subject, outcome, count in rows}

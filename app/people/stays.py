"""S8, S9: who came into a segment and who left it, who was in it on a day, and what works there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys.vocabulary import Vocabulary
from app.kit.tx import Tx, among
from app.proof import showing
from app.proof.view import Range
from app.segments import queries
from app.segments.queries import Why
from app.segments.tables import Segment, Stay

PAGE = 50
AGO = (0, 30, 60, 90, 180, 365)
"""Days back at which a segment's size is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Somebody came in, or left."""

    person: int
    name: str
    at: datetime
    came: bool
    cause: str
    """Why: `event`, `night`, `rules`, `retired`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    days_ago: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an automation changed among those who were in the segment, and among everybody."""

    subject: str
    name: str
    people: int
    here: Range | None
    """None: too few to say."""
    all: Range | None

    @property
    def apart(self) -> bool:
        """The ranges do not meet."""
        if self.here is None or self.all is None:
            return False
        return self.here.low > self.all.high or self.here.high < self.all.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Why somebody is in it, or why not."""

    who: str
    person: int | None = None
    name: str = ""
    why: Why | None = None
    """None where nobody is known under what was typed."""
    told: Sequence[tuple[dict[str, Any], bool]] = ()
    """Each fact, and whether it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    key: str
    name: str
    moves: Sequence[Move]
    page: int
    more: bool
    sizes: Sequence[Size]
    on: str = ""
    """A day of the shop's …"""
    people_then: int | None = None
    """… and how many were in it at its end."""
    effects: Sequence[Effect]
    asked: Asked | None = None
    known: Vocabulary
    """What the things in its definition are called."""
    now: datetime
    zone: str


def moves(tx: Tx, segment: int, *, page: int) -> tuple[list[Move], bool]:
    """The latest first. Who was there when it began did not come in. And whether there are more."""
    most = (page + 1) * PAGE + 1
    columns: list[Any] = [Stay.person, Stay.entered_at, Stay.cause]
    came = (
        select(*columns)
        .where(Stay.segment == segment, Stay.cause != "first")
        .order_by(col(Stay.entered_at).desc())
        .limit(most)
    )
    columns = [Stay.person, Stay.left_at, Stay.left_cause]
    left = (
        select(*columns)
        .where(Stay.segment == segment, col(Stay.left_at).is_not(None))
        .order_by(col(Stay.left_at).desc())
        .limit(most)
    )
    told = chain(((*row, True) for row in tx.exec(came)), ((*row, False) for row in tx.exec(left)))
    rows = sorted(told, key=lambda row: (row[1], row[3]), reverse=True)[page * PAGE : most]
    names = _names(tx, {row[0] for row in rows})
    found = [
        Move(person=person, name=names.get(person, ""), at=at, came=in_, cause=cause or "")
        for person, at, cause, in_ in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def _names(tx: Tx, people: set[int]) -> dict[int, str]:
    if not people:
        return {}
    rows = tx.exec(select(Person).where(among(col(Person.id), sorted(people))))
    return {one.id or 0: one.name or one.email or "" for one in rows}


def sizes(tx: Tx, segment: Segment) -> list[Size]:
    """How many were in it, as far back as it reaches."""
    since = segment.filled_at
    if since is None:
        return []
    days = [ago for ago in AGO if tx.now - timedelta(days=ago) >= since]
    id_ = segment.id or 0
    return [
        Size(days_ago=ago, people=queries.headcount(tx, id_, at=tx.now - timedelta(days=ago)))
        for ago in days
    ]


def effects(tx: Tx, key: str) -> list[Effect]:
    """S9: of every automation that was measured, with the range; the surest difference first."""
    found = [
        Effect(
            subject=card.subject, name=card.name, people=group.people,
            here=group.conversion, all=card.conversion,
        )
        for card in showing.automations(tx, may_change=False).cards
        for group in card.groups
        if group.key == key
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.apart, one.here is None, -one.people))

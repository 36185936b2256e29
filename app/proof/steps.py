"""What happened at each step of an automation, in numbers: how many came, got it, were held back,
followed a link, ordered. Who they are: app.people.behind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from app.journeys import queries as journeys
from app.journeys import showing as automations
from app.journeys.queries import Standing
from app.journeys.rules import WITHHELD
from app.journeys.tables import Footprint, Journey, Run
from app.journeys.view import Card as JourneyCard
from app.journeys.view import StepLine
from app.journeys.walk import FINISHED
from app.kit.tx import Tx
from app.messages import queries as messages
from app.orders.exchange import exchange
from app.proof import showing
from app.proof.attribution_tables import Attribution
from app.proof.view import Card
from app.shops.flows import this_shop


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNumbers:
    """Since the automation was made."""

    step: StepLine
    """With the messages by state, and who waits here."""
    withheld: int = 0
    """HO-3: would have got it, and did not."""
    clicked: int = 0
    """Messages of which a person followed a link."""
    ordered: int = 0
    """Orders that go back to it (AT-2)."""
    stopped: int = 0
    """People whose way ended here early."""

    @property
    def of(self) -> Mapping[str, int]:
        """Messages by state; what is just leaving still waits."""
        counts = Counter(self.step.counts or {})
        counts["waiting"] += counts.pop("reserved", 0)
        return counts

    @property
    def came(self) -> int:
        """People for whom a message was due here, whatever became of it."""
        return sum(self.of.values()) + self.withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    card: JourneyCard
    entered: int
    withheld: int
    on_the_way: int
    endings: Mapping[str, int]
    ordered: int
    steps: Sequence[StepNumbers]
    proof: Card | None
    """HO-5: what it really brought; None where nobody was ever held back."""
    currency: str
    since: datetime
    zone: str


def numbers(tx: Tx, journey: Journey) -> Numbers | None:
    id_, key = journey.id or 0, journey.key
    definition = journeys.definition(tx, id_, journey.version)
    if definition is None:
        return None
    standing = journeys.standings(tx, id_)
    here = automations.here(tx, id_, standing)
    held, clicks, orders = _held(tx, id_), messages.clicks(tx, key), _orders(tx, key)
    stopped = _stopped(tx, id_, standing)
    endings = Counter[str]()
    for one in standing:
        endings[one.why] += one.people
    return Numbers(
        card=automations.card(tx, key, journey),
        entered=endings.total(),
        withheld=_ghosts(tx, id_),
        on_the_way=endings.pop("", 0),
        endings=dict(endings.most_common()),
        ordered=sum(orders.values()),
        steps=[
            StepNumbers(
                step=step, withheld=held.get(step.key, 0), clicked=clicks.get(step.key, 0),
                ordered=orders.get(step.key, 0), stopped=stopped.get(step.key, 0),
            )
            for step in automations.steps(tx, key, definition, here)
        ],
        proof=showing.card(tx, key),
        currency=exchange(tx).currency,
        since=journey.made_at,
        zone=this_shop(tx).zone,
    )  # fmt: skip


def _ghosts(tx: Tx, journey: int) -> int:
    return tx.exec(select(func.count()).where(Run.journey == journey, Run.withheld != "")).one()


def _held(tx: Tx, journey: int) -> dict[str, int]:
    rows: Any = tx.exec(
        select(Footprint.step, func.count())
        .join(Run, col(Run.id) == col(Footprint.run))
        .where(Run.journey == journey, Run.withheld != "", Footprint.what == WITHHELD)
        .group_by(col(Footprint.step))
    )
    return dict(rows.all())


def _orders(tx: Tx, campaign: str) -> dict[str, int]:
    rows: Any = tx.exec(
        select(Attribution.step, func.count())
        .where(Attribution.campaign == campaign)
        .group_by(col(Attribution.step))
    )
    return dict(rows.all())


def _stopped(tx: Tx, journey: int, standing: Sequence[Standing]) -> dict[str, int]:
    keys, found = journeys.steps(tx, journey), Counter[str]()
    for one in standing:
        if one.why and one.why != FINISHED and (key := keys.get((one.version, one.step))):
            found[key] += one.people
    return found

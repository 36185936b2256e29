"""A journey's version, the people of it who are due, and what becomes of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.decisions import flows as decisions
from app.decisions.flows import Decided
from app.journeys import deciding
from app.journeys.jobs import next_take
from app.journeys.rules import END, Definition
from app.journeys.tables import Footprint, Journey, Run
from app.kit.tx import Job, Tx

FINISHED = "finished"


@dataclass
class Walk:
    """One round, written down as a whole at its end."""

    tx: Tx
    journey: Journey
    definition: Definition
    notes: list[dict[str, Any]]
    promises: list[tuple[Job, datetime]]
    decided: list[Decided]

    @classmethod
    def of(cls, tx: Tx, journey: Journey, definition: Definition) -> "Walk":
        return cls(tx, journey, definition, [], [], [])

    def end(self, run: Run, why: str) -> None:
        run.ended_at, run.why = self.tx.now, why
        self.note(run, END, "ended", why)
        if why != FINISHED:
            self.decided.append(deciding.over(self.journey.key, run, why))

    def on(self, run: Run, to: int | None = None) -> None:
        run.step = run.step + 1 if to is None else to
        run.waits_since = None

    def until(self, run: Run, due: datetime) -> None:
        run.waits_since = run.waits_since or self.tx.now
        self.promises.append((next_take(run), due))

    def note(self, run: Run, step: str, what: str, reason: str = "") -> None:
        self.notes.append(
            {
                "run": run.id, "turn": run.turn, "step": step, "what": what,
                "reason": reason, "at": self.tx.now,
            }
        )  # fmt: skip

    def haunt(self, run: Run, step: str, what: str, reason: str) -> None:
        """HO-3: what a ghost would have got, or why she would not have."""
        self.note(run, step, what, reason)
        self.decided.append(deciding.ghost(self.journey.key, run, step, what, reason))

    def write(self) -> None:
        self.tx.put(Footprint, self.notes, key=("run", "turn", "step", "what"))
        self.tx.postpone_all(self.promises)
        decisions.record_all(self.tx, self.decided)
        self.notes, self.promises, self.decided = [], [], []

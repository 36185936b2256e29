"""An A/B test in a step: the same step, and for each arm what differs in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.journeys import deciding, ghosts
from app.journeys.rules import Offer, Send, Step, Wait
from app.journeys.tables import Run
from app.journeys.walk import Walk
from app.trials import flows as trials
from app.trials import queries

MAY_DIFFER: Mapping[type, frozenset[str]] = {
    Send: frozenset({"message", "channel"}),
    Wait: frozenset({"span"}),
    Offer: frozenset({"percent_hundredths", "days"}),
}
"""What a test may change: subject and content (another message), send time, kind of offer."""


def changed(step: Step, change: Mapping[str, Any]) -> Step:
    """The step as an arm has it. Raises ValueError where that would be no such step."""
    if not change.keys() <= MAY_DIFFER.get(type(step), frozenset()):
        raise ValueError(f"a test cannot change {sorted(change)} of {step.key}")
    told = step.model_dump(mode="json") | dict(change)
    return type(step).model_validate(told) if change else step


def parted(walk: Walk, step: Step, runs: Sequence[Run]) -> list[tuple[Step, list[Run]]]:
    """Those at a step, by the arm they are in. A ghost gets nothing of either, so is in none."""
    trial = next(
        (t for t in queries.tests_of(walk.tx, walk.journey.key) if t.step == step.key), None
    )
    if trial is None or type(step) not in MAY_DIFFER:
        return [(step, list(runs))]
    living, haunting = ghosts.parted(runs)
    people = {run.person for run in living}
    if trial.ended_at is None:
        arms = trials.arms_of(walk.tx, trial, people)
        _tell(walk, step, [run for run in living if step.key not in _drawn(run)], arms)
    ways: dict[str, tuple[Step, list[Run]]] = {}
    for person, (name, change) in trials.in_place(walk.tx, trial, people).items():
        way = ways.setdefault(name, (changed(step, change), []))
        way[1].extend(run for run in living if run.person == person)
    return [*ways.values(), *([(step, haunting)] if haunting else [])]


def _drawn(run: Run) -> Mapping[str, str]:
    arms: Mapping[str, str] = run.memo.get("arms", {})
    return arms


def _tell(walk: Walk, step: Step, runs: Sequence[Run], arms: Mapping[int, Any]) -> None:
    """AB-1: drawn as the step is decided, and written down with the number."""
    for run in runs:
        arm = arms[run.person]
        run.memo = run.memo | {"arms": {**_drawn(run), step.key: arm.name}}
        walk.note(run, step.key, "drew", arm.name)
        walk.decided.append(deciding.drawn(walk.journey.key, run, arm))


def variant(run: Run, step: str) -> str:
    """AT-1: which of two ways a message is."""
    return _drawn(run).get(step, "")

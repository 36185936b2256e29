"""The form of a test: what is typed becomes two to four arms and a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel import Locale

from app.journeys import queries as journeys
from app.journeys.testing import changed
from app.kit.money import minor
from app.kit.tx import Tx
from app.messages import library
from app.orders.exchange import exchange
from app.proof import showing
from app.proof.arms import ARMS, ASKED, arms, field
from app.proof.planning import Analysis
from app.proof.proposing import Wish
from app.proof.view import Place, Proposed
from app.trials import flows as trials
from app.trials.tables import Trial
from app.web.inputs import read_decimal

METRICS = ("margin", "conversion", "revenue", "second")
"""AB-2: the first is the usual one. Opens can be looked at, not chosen (OP-3)."""
IN_POINTS = ("conversion", "second")
MOST_HOURS = 24 * 60
MOST_PERCENT = 30


class WrongError(ValueError):
    """What is wrong with it, in a word that the page has a sentence for, and with which arm."""

    def __init__(self, word: str, arm: str = "") -> None:
        super().__init__(word)
        self.word, self.arm = word, arm


@dataclass(frozen=True)
class Draft:
    wish: Wish
    place: Place
    changes: Sequence[Mapping[str, Any]]
    """Of each arm but the first."""
    auto: bool


def read(tx: Tx, told: Mapping[str, str], locale: Locale) -> Draft:
    """Raises WrongError."""
    place = next((one for one in showing.places(tx) if one.value == told.get("place")), None)
    if place is None:
        raise WrongError("place")
    metric = told.get("metric", METRICS[0])
    if metric not in METRICS:
        raise WrongError("metric")
    try:
        least = read_decimal(told.get("least", ""), locale)
    except ValueError as wrong:
        raise WrongError("least") from wrong
    if least <= 0 or (metric in IN_POINTS and least > 100):  # noqa: PLR2004  # points
        raise WrongError("least")
    named = arms(told)
    wish = Wish(
        subject=place.subject,
        step=place.step,
        metric=metric,
        least=_least(least, metric, exchange(tx).currency),
        mode=next((one for one in Analysis if one == told.get("mode")), Analysis.ALWAYS),
        shares=(1 / len(named),) * len(named),
    )
    return Draft(wish, place, _changes(tx, place, told, named[1:]), auto="auto" in told)


def _changes(
    tx: Tx, place: Place, told: Mapping[str, str], named: Sequence[str]
) -> Sequence[Mapping[str, Any]]:
    """What differs in each of these arms; no two may be alike."""
    found: list[Mapping[str, Any]] = []
    for arm in named:
        typed = {name: told.get(field(name, arm), "") for name in ASKED}
        try:
            change = _change(tx, place, typed)
        except WrongError as wrong:
            raise WrongError(wrong.word, arm) from wrong
        if change in found:
            raise WrongError("alike", arm)
        found.append(change)
    return found


def _least(told: Decimal, metric: str, currency: str) -> float:
    return float(told) / 100 if metric in IN_POINTS else float(minor(told, currency))


def _change(tx: Tx, place: Place, told: Mapping[str, str]) -> Mapping[str, Any]:
    """What differs in an arm, by the kind of step."""
    match place.kind:
        case "send" | "letter" if (message := told.get("message", "")) != place.message:
            if library.newest(tx, message) is None:
                raise WrongError("message")
            return _checked(tx, place, {"message": message})
        case "letter":
            return {"hours": _number(told, "hours", MOST_HOURS)}
        case "wait":
            return _checked(tx, place, {"span": f"PT{_number(told, 'hours', MOST_HOURS)}H"})
        case "offer":
            percent = _number(told, "percent", MOST_PERCENT)
            return _checked(tx, place, {"percent_hundredths": percent * 100})
    raise WrongError("message")


def _number(told: Mapping[str, str], name: str, most: int) -> int:
    text = told.get(name, "").strip()
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise WrongError(name)
    return int(text)


def _checked(tx: Tx, place: Place, change: Mapping[str, Any]) -> Mapping[str, Any]:
    """It has to be another step than today's, and a possible one."""
    journey = journeys.by_key(tx, place.subject)
    if journey is None:
        return change
    definition = journeys.definition(tx, journey.id or 0, journey.version)
    step = next((s for s in definition.steps if s.key == place.step), None) if definition else None
    if step is None or changed(step, change) == step:
        raise WrongError("same")
    return change


def begin(tx: Tx, draft: Draft, plan: Proposed, *, by: str | None) -> Trial:
    """AB-3: what was planned is written down with it, and cannot be changed any more."""
    wish = draft.wish
    return trials.begin_test(
        tx,
        wish.subject,
        wish.step,
        arms=[
            {"name": name, "change": dict(change)}
            for name, change in zip(ARMS, ({}, *draft.changes), strict=False)
        ],
        shares=wish.shares,
        plan={
            "metric": wish.metric, "mode": wish.mode.value, "least": wish.least,
            "people": plan.people, "weeks": plan.weeks, "base": plan.base, "auto": draft.auto,
        },
        by=by,
    )  # fmt: skip

"""People enter, go on, wait, and leave."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.carts.rules import State as CartState
from app.carts.tables import Cart
from app.decisions import flows as decisions
from app.decisions.flows import Decided
from app.journeys import deciding, ghosts, queries, rules, sending
from app.journeys.jobs import Take, next_take, take_of
from app.journeys.queries import Live
from app.journeys.rules import Definition, Entry, Subject, Trigger, WaitFor
from app.journeys.tables import Journey, Run, Version
from app.journeys.walk import Walk
from app.journeys.walking import take
from app.kit.tx import Tx, among
from app.messages import brakes
from app.orders.tables import Order
from app.segments import queries as segments
from app.segments.rules import read
from app.trials import flows as trials


@dataclass(frozen=True)
class Entrant:
    """Somebody to whom a trigger happened."""

    person: int
    occasion: str
    """What makes it another time than the last."""
    subject: str | None = None
    anchor_at: datetime | None = None
    of: str | None = None
    """Which tier, segment, score or day it is about."""
    memo: Mapping[str, Any] = field(default_factory=dict)
    begins: bool = True
    """False: it ends journeys and lets them go on, and begins none."""


def happened(tx: Tx, trigger: Trigger, entrants: Sequence[Entrant]) -> None:
    """A trigger: it lets some go on, throws some out, and takes some in."""
    if not entrants:
        return
    people = {entrant.person for entrant in entrants}
    _let_go_on(tx, trigger, people)
    _throw_out(tx, trigger, people)
    for live in queries.live(tx, trigger):
        enter(tx, live, [e for e in entrants if e.begins and live.definition.about in (None, e.of)])


def enter(tx: Tx, live: Live, entrants: Sequence[Entrant]) -> int:
    """Takes in who may, each once for an occasion. How many there were."""
    people = {entrant.person for entrant in entrants}
    lasts = queries.lasts(tx, live.id, people)
    before = queries.was_in(tx, live.id, {entrant.occasion for entrant in entrants})
    fit = _audience(tx, live.definition, people)
    inside = segments.now_in_all(tx, people)
    taken: dict[int, Entrant] = {}
    decided: list[Decided] = []
    for entrant in entrants:
        person, reentry = entrant.person, live.definition.reentry
        if (person, entrant.occasion) in before or person in taken:
            continue
        word = rules.entry(reentry, lasts.get(person), fits=person in fit)
        if word is Entry.ENTERED:
            taken[person] = entrant
        decided.append(
            deciding.entry(
                live.journey.key, live.version, reentry, word, person=person,
                occasion=entrant.occasion, fits=person in fit, last=lasts.get(person),
                segments=inside.get(person, ()),
            )
        )  # fmt: skip
    decisions.record_all(tx, decided)
    begin(tx, live, list(taken.values()))
    return len(taken)


def begin(tx: Tx, live: Live, entrants: Sequence[Entrant]) -> None:
    people = {entrant.person for entrant in entrants}
    arms = ghosts.drawn(tx, live.journey.key, live.definition, people)
    withheld = {person: arm.key for person, arm in arms.items() if arm.withheld}
    runs = [
        Run(
            journey=live.id, version=live.version, person=entrant.person,
            occasion=entrant.occasion, subject=entrant.subject, entered_at=tx.now,
            anchor_at=entrant.anchor_at or tx.now, memo=dict(entrant.memo), tick=1,
            withheld=withheld.get(entrant.person, ""),
        )
        for entrant in entrants
    ]  # fmt: skip
    tx.add_all(runs)
    tx.flush()
    key = live.journey.key
    drawn = [deciding.drawn(key, run, arms[run.person]) for run in runs if run.person in arms]
    decisions.record_all(tx, drawn)
    tx.postpone_all([(take_of(run), tx.now) for run in runs])


def _audience(tx: Tx, definition: Definition, people: Collection[int]) -> Collection[int]:
    if definition.audience is None:
        return people
    return segments.matching(tx, read(definition.audience), people)


def taken(job: Take, tx: Tx) -> None:
    taken_all([job], tx)


def taken_all(jobs: Sequence[Take], tx: Tx) -> None:
    """Whose wait is over: those of one version go on together."""
    groups: dict[tuple[int, int], list[Run]] = {}
    ticks = {(job.run, job.tick) for job in jobs}
    for run in queries.runs(tx, {job.run for job in jobs}):
        if (run.id, run.tick) not in ticks:
            continue
        groups.setdefault((run.journey, run.version), []).append(run)
    for (journey_id, number), runs in groups.items():
        journey = tx.exec(select(Journey).where(Journey.id == journey_id)).one()
        definition = queries.definition(tx, journey_id, number)
        if definition is not None:
            _go_on(tx, journey, definition, runs)


def _go_on(tx: Tx, journey: Journey, definition: Definition, runs: Sequence[Run]) -> None:
    walk = Walk.of(tx, journey, definition)
    over = _over(tx, definition, runs)
    for run in runs:
        if why := over.get(run.id or 0):
            walk.end(run, why)
            sending.take_back(tx, run, reason=why)
    take(walk, [run for run in runs if (run.id or 0) not in over])


def _over(tx: Tx, definition: Definition, runs: Sequence[Run]) -> Mapping[int, str]:
    """AC-6 (b), J10: looked at once more when a step is due. By run: what ended it meanwhile."""
    subjects = {run.subject or "" for run in runs}
    states: Mapping[str, str] = {}
    match definition.subject:
        case Subject.CART:
            rows = select(Cart.checkout, Cart.state).where(
                among(col(Cart.checkout), sorted(subjects))
            )
            states = dict(tx.exec(rows).all())
            good = CartState.ABANDONED.value
        case Subject.UNPAID_ORDER:
            states, good = _unpaid(tx, subjects), "unpaid"
        case Subject.NOTHING:
            good = ""
    over = {
        run.id or 0: states.get(run.subject or "", "gone")
        for run in runs
        if definition.subject != Subject.NOTHING and states.get(run.subject or "") != good
    }
    if definition.leaves_audience:
        fit = _audience(tx, definition, {run.person for run in runs})
        over |= {run.id or 0: "left_audience" for run in runs if run.person not in fit}
    return over


def _unpaid(tx: Tx, orders: Collection[str]) -> Mapping[str, str]:
    """AC-2: by order: `unpaid`, or what became of it."""
    rows: Any = tx.exec(
        select(Order.saleor_id, Order.paid, Order.status).where(
            among(col(Order.saleor_id), sorted(orders))
        )
    )
    dead = {"CANCELED": "cancelled", "EXPIRED": "expired"}
    return {
        id_: "paid" if paid else dead.get(status, "unpaid") for id_, paid, status in rows
    }  # fmt: skip


def leave(tx: Tx, runs: Iterable[Run], why: str) -> int:
    """Ends them here and now, and takes back what has not left. How many there were."""
    count = 0
    for run in runs:
        journey = tx.exec(select(Journey).where(Journey.id == run.journey)).one()
        definition = queries.definition(tx, run.journey, run.version)
        if run.ended_at is None and definition is not None:
            walk = Walk.of(tx, journey, definition)
            walk.end(run, why)
            walk.write()
            sending.take_back(tx, run, reason=why)
            count += 1
    return count


def _throw_out(tx: Tx, trigger: Trigger, people: Collection[int]) -> None:
    """J10: whose journey ends when this happens."""
    definitions: dict[tuple[int, int], Definition | None] = {}
    for run in queries.of_people(tx, people):
        key = (run.journey, run.version)
        if key not in definitions:
            definitions[key] = queries.definition(tx, *key)
        if (known := definitions[key]) and trigger in known.exits:
            leave(tx, [run], trigger.value)


def _let_go_on(tx: Tx, trigger: Trigger, people: Collection[int]) -> None:
    """J1: what somebody waited for has happened: on with the next step, at once."""
    for run in queries.of_people(tx, people):
        definition = queries.definition(tx, run.journey, run.version)
        if definition is None or run.step >= len(definition.steps) or run.waits_since is None:
            continue
        step = definition.steps[run.step]
        if isinstance(step, WaitFor) and step.event == trigger:
            run.step, run.waits_since = run.step + 1, None
            tx.postpone(next_take(run), until=tx.now)


def pause(tx: Tx, run: Run, *, at: datetime) -> None:
    """AC-5: the shopper is back at it: nothing happens before the cart is quiet again."""
    _set_back(tx, run, at=at)
    run.paused_at = tx.now


def begin_to_wait_anew(tx: Tx, run: Run) -> None:
    """AC-5: the shopper came back by our own link: what comes next is counted from now."""
    _set_back(tx, run, at=tx.now)
    tx.postpone(next_take(run), until=tx.now)


def _set_back(tx: Tx, run: Run, *, at: datetime) -> None:
    """What has not left is taken back, and its step with it."""
    asked = run.memo.get("asked")
    if asked and sending.take_back(tx, run, reason="shopper_active"):
        run.step = asked[0]
        run.memo = {name: value for name, value in run.memo.items() if name != "asked"}
    run.anchor_at, run.waits_since = at, None
    run.turn += 1


def go_on(tx: Tx, run: Run) -> None:
    """What it waited for is there."""
    tx.postpone(next_take(run), until=tx.now)


def resume(tx: Tx, run: Run, *, anchor_at: datetime) -> None:
    """AC-5: quiet again: on with the next step that has not been sent."""
    run.paused_at, run.anchor_at = None, anchor_at
    tx.postpone(next_take(run), until=tx.now)


def send_ended(tx: Tx, *, key: str, state: str, reason: str) -> None:
    """What became of a message: written into the run, which may end with it."""
    run = _run_of(tx, key)
    if run is None:
        return
    journey = tx.exec(select(Journey).where(Journey.id == run.journey)).one()
    definition = queries.definition(tx, run.journey, run.version)
    if definition is None:
        return
    walk = Walk.of(tx, journey, definition)
    _, _, turn, step = key.split(":", 3)
    if state == "sent":
        run.memo = sending.told(run.memo, tx.now)
    walk.note(run, f"{step}@{turn}", state, reason)
    if run.ended_at is None and sending.ends_it(state, reason):
        walk.end(run, reason)
    walk.write()


def _run_of(tx: Tx, key: str) -> Run | None:
    word, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return queries.run(tx, int(number)) if word == "journey" and number.isdecimal() else None


def publish(
    tx: Tx, key: str, definition: Definition, *, by: str | None = None, name: str = "",
    recipe: str | None = None, options: Mapping[str, Any] | None = None,
) -> Journey:  # fmt: skip
    """A new version. Whoever is on the way finishes on the one they began with (J1)."""
    journey = queries.by_key(tx, key)
    if journey is None:
        journey = Journey(key=key, recipe=recipe, made_at=tx.now)
        tx.add(journey)
        tx.flush()
    last = queries.version(tx, journey.id or 0, journey.version)
    journey.name, journey.options = name or journey.name, dict(options or journey.options)
    body = definition.model_dump(mode="json")
    if last is None or last.definition != body:
        journey.version += 1
        tx.add(
            Version(
                journey=journey.id or 0, number=journey.version, definition=body,
                made_at=tx.now, by=by,
            )
        )  # fmt: skip
    tx.flush()
    tx.info.pop("journeys live", None)
    return journey


def switch_on(tx: Tx, key: str, *, skip: bool = True) -> None:
    """From now on it takes people in; with `skip`, what piled up meanwhile is not sent (SS-3)."""
    journey = queries.by_key(tx, key)
    if journey is not None and journey.on_since is None:
        journey.on_since = tx.now
        definition = queries.definition(tx, journey.id or 0, journey.version)
        if definition is not None and definition.trigger is Trigger.TIER_REACHED:
            trials.promise(tx, trials.TIERS)  # HO-9: its messages say what a tier gives
        brakes.resume_campaign(tx, key, skip=skip)
        tx.info.pop("journeys live", None)


def switch_off(tx: Tx, key: str) -> None:
    """Takes nobody in, and nothing of it leaves. Who is on the way goes on waiting and walking."""
    journey = queries.by_key(tx, key)
    if journey is not None and journey.on_since is not None:
        journey.on_since = None
        brakes.pause_campaign(tx, key)
        tx.info.pop("journeys live", None)

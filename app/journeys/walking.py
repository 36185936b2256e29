"""Steps: many people at one step are taken on together, one step after the other.

A definition only leads forward, so one pass over its steps brings everybody to where they have to
wait, or to the end. Nothing here touches the outside: what is to be sent is asked of app.messages.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.journeys import deciding, ghosts, incentives, rules, sending, testing
from app.journeys.jobs import BringOffer
from app.journeys.naming import key_of
from app.journeys.rules import (
    Condition,
    Offer,
    Send,
    Split,
    Tag,
    Wait,
    WaitFor,
    Webhook,
)
from app.journeys.tables import Run
from app.journeys.walk import FINISHED, Walk
from app.kit.chance import roll
from app.messages.hooks import flows as hooks
from app.segments import flows as segments
from app.segments import queries as people
from app.segments.rules import read

PATIENCE = timedelta(hours=6)
"""How long an offer may take to come to be; then the journey goes on without one."""


Waiting = Collection[int]
"""Runs that stay where they are."""


def wait(walk: Walk, step: Wait, runs: Sequence[Run]) -> Waiting:
    staying: set[int] = set()
    for run in runs:
        due = due_at(step, run, now=walk.tx.now)
        if due > walk.tx.now:
            staying.add(run.id or 0)
            walk.until(run, due)
        else:
            walk.on(run)
    return staying


def due_at(step: Wait, run: Run, *, now: datetime) -> datetime:
    """AC-4: counted from the shopper's last act, and never too soon after the last message."""
    start = run.anchor_at if step.since == "start" else run.waits_since or now
    due: datetime = start + step.span
    sent = run.memo.get("sent_at")
    return max(due, datetime.fromisoformat(sent) + step.gap) if sent and step.gap else due


def wait_for(walk: Walk, step: WaitFor, runs: Sequence[Run]) -> Waiting:
    staying: set[int] = set()
    for run in runs:
        due = (run.waits_since or walk.tx.now) + step.at_most
        if due > walk.tx.now:
            staying.add(run.id or 0)
            walk.until(run, due)
        else:
            walk.note(run, step.key, "waited", "in_vain")
            walk.on(run, walk.definition.index(step.otherwise))
    return staying


def condition(walk: Walk, step: Condition, runs: Sequence[Run]) -> Waiting:
    fit = people.matching(walk.tx, read(step.holds), {run.person for run in runs})
    otherwise = walk.definition.index(step.otherwise)
    for run in runs:
        walk.note(run, step.key, "asked", "yes" if run.person in fit else "no")
        walk.decided.append(deciding.condition(walk.journey.key, run, step, fits=run.person in fit))
        walk.on(run, None if run.person in fit else otherwise)
    return ()


def split(walk: Walk, step: Split, runs: Sequence[Run]) -> Waiting:
    salt = deciding.salt_of(walk.tx.shop, walk.journey.key, step.key)
    for run in runs:
        draw = roll(salt, run.person)
        arm = rules.arm_of(step, draw)
        walk.note(run, step.key, "drew", arm)
        walk.decided.append(deciding.split(walk.journey.key, run, step, draw=draw, salt=salt))
        walk.on(run, walk.definition.index(arm))
    return ()


def send(walk: Walk, step: Send, runs: Sequence[Run]) -> Waiting:
    living, haunting = ghosts.parted(runs)
    if step.purpose == "service":  # HO-1: never withheld
        living, haunting = list(runs), []
    keyed = {key_of(run, step.key): run for run in living}
    sending.ask(walk.tx, walk.journey, walk.definition, step, keyed)
    for key, run in keyed.items():
        run.memo = run.memo | {"asked": [run.step, key], "sent_at": walk.tx.now.isoformat()}
        walk.note(run, step.key, "asked_to_send")
        walk.on(run, walk.definition.index(step.then) if step.then else None)
    return ghosts.would_send(walk, step, haunting)


def offer(walk: Walk, step: Offer, runs: Sequence[Run]) -> Waiting:
    """Asked for once; who waits for it comes again when it is there, or when patience ends."""
    runs, haunting = ghosts.parted(runs)
    ghosts.would_offer(walk, step, haunting)
    fresh = [run for run in runs if run.waits_since is None]
    words = incentives.against_all(walk.tx, walk.journey, step, fresh)
    staying: set[int] = set()
    for run in runs:
        word = words.get(run.id or 0)
        patient_till = (run.waits_since or walk.tx.now) + PATIENCE
        brought = "code" in run.memo
        if brought or word or "no_code" in run.memo or walk.tx.now >= patient_till:
            walk.note(run, step.key, "offered" if brought else "no_offer", word or "")
            away = step.else_to if not brought else None
            walk.on(run, walk.definition.index(away) if away else None)
            continue
        if run in fresh:
            grant = incentives.promise(walk.tx, walk.journey, step, run)
            walk.tx.later(BringOffer(grant=grant.id or 0))
        walk.until(run, patient_till)
        staying.add(run.id or 0)
    return staying


def tag(walk: Walk, step: Tag, runs: Sequence[Run]) -> Waiting:
    runs, haunting = ghosts.parted(runs)
    ghosts.would_do(walk, step.key, step.name, haunting)
    who = {run.person for run in runs}
    segments.tag(walk.tx, who, step.name, step.value, source="journey")
    segments.look_again(walk.tx, who)
    for run in runs:
        walk.note(run, step.key, "tagged", step.name)
        walk.on(run)
    return ()


def webhook(walk: Walk, step: Webhook, runs: Sequence[Run]) -> Waiting:
    runs, haunting = ghosts.parted(runs)
    ghosts.would_do(walk, step.key, step.event, haunting)
    for run in runs:
        payload = {
            "name": step.event, "journey": walk.journey.key, "step": step.key,
            "subject": run.subject, "customer": sending.account_of(walk.tx, run.person),
        }  # fmt: skip
        key = key_of(run, step.key)
        hooks.announce(walk.tx, hooks.STEP, key=key, payload=payload, person=run.person)
        walk.note(run, step.key, "announced", step.event)
        walk.on(run)
    return ()


STEPS: Mapping[type, Callable[[Walk, Any, Sequence[Run]], Waiting]] = {
    Wait: wait,
    WaitFor: wait_for,
    Condition: condition,
    Split: split,
    Send: send,
    Offer: offer,
    Tag: tag,
    Webhook: webhook,
}


def take(walk: Walk, runs: Sequence[Run]) -> None:
    """Everybody as far as they get."""
    going = list(runs)
    for at, step in enumerate(walk.definition.steps):
        here = [run for run in going if run.step == at]
        for way, some in testing.parted(walk, step, here) if here else ():
            waiting = STEPS[type(way)](walk, way, some)
            going = [run for run in going if (run.id or 0) not in waiting]
    for run in going:
        walk.end(run, FINISHED)
    walk.write()

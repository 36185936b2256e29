"""Journeys as their pages show them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, func, select

from app.journeys import newsletters, queries
from app.journeys import results as outcomes
from app.journeys.queries import Standing
from app.journeys.recipes import RECIPES
from app.journeys.rehearsing import Rehearsal
from app.journeys.rules import (
    Condition,
    Definition,
    Offer,
    Send,
    Step,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    Webhook,
    spanned,
)
from app.journeys.tables import Journey, Skip, Version
from app.journeys.view import (
    Automation,
    Automations,
    Card,
    LetterLine,
    MessageLine,
    StepLine,
    VersionLine,
)
from app.kit.tx import Tx
from app.loyalty import cards as gift_cards
from app.messages import library, policy
from app.messages import queries as sends
from app.messages.rules import State
from app.messages.tables import Send as Sent
from app.segments import queries as segments
from app.segments.rules import leaves, read
from app.shops.flows import this_shop
from app.web.notation import Sum

READY_MADE: Mapping[str, str] = {
    draft.key: draft.name for recipe in RECIPES.values() for draft in recipe.messages
}
"""How messages are called that a shop has not got yet: it gets them as it sets a recipe up."""

MONTH = timedelta(days=30)
MOST_SKIPS = 10


def automations(tx: Tx, tab: str, *, may_change: bool, **more: Any) -> Automations:  # noqa: ANN401
    """The list, and whichever tab is open."""
    shown = cards(tx)
    row = policy.row(tx)
    return Automations(
        tab=tab,
        cards=[card for card in shown if card.on or card.on_the_way] if tab == "running" else shown,
        messages=_messages(tx) if tab in ("messages", "calendar") else (),
        letters=_letters(tx) if tab == "calendar" else (),
        segments=[(one.key, one.name) for one in segments.live(tx)] if tab == "calendar" else (),
        now=tx.now,
        zone=this_shop(tx).zone,
        stopped_at=row.stopped_at if row else None,
        may_change=may_change,
        **more,
    )


def cards(tx: Tx) -> Sequence[Card]:
    """The ready-made ones in their order, then the shop's own."""
    own = {journey.key: journey for journey in queries.every(tx)}
    way, entered = queries.in_flight(tx), queries.entered(tx, since=tx.now - MONTH)
    keys = [*RECIPES, *(key for key in own if key not in RECIPES)]
    return [_card(key, own.get(key), way, entered) for key in keys]


def card(tx: Tx, key: str, journey: Journey | None) -> Card:
    return _card(key, journey, queries.in_flight(tx), queries.entered(tx, since=tx.now - MONTH))


def _card(
    key: str, journey: Journey | None, way: Mapping[int, int], entered: Mapping[int, int]
) -> Card:
    minutes = RECIPES[key].minutes if key in RECIPES else 0
    if journey is None:
        return Card(key=key, minutes=minutes)
    id_ = journey.id or 0
    return Card(
        key=key,
        name=journey.name,
        on=journey.on_since is not None,
        set_up=True,
        minutes=minutes,
        on_the_way=way.get(id_, 0),
        entered=entered.get(id_, 0),
    )


def _messages(tx: Tx) -> Sequence[MessageLine]:
    return [
        MessageLine(
            key=row.key, name=row.name, purpose=row.purpose, missing=library.missing(tx, row.key)
        )
        for row in library.all_messages(tx)
    ]


def _letters(tx: Tx) -> Sequence[LetterLine]:
    return [
        LetterLine(
            id=letter.id or 0,
            name=letter.name,
            message=letter.message,
            segment=letter.segment or "",
            at=letter.at,
            every_days=letter.every_days,
            digest=letter.digest,
            asked=letter.asked,
            last_at=letter.last_at,
            cancelled=letter.cancelled_at is not None,
            over=letter.every_days is None and letter.last_at is not None,
        )
        for letter in newsletters.planned(tx)
    ]


def automation(
    tx: Tx,
    key: str,
    *,
    options: Mapping[str, Any] | None = None,
    rehearsal: Rehearsal | None = None,
    may_change: bool,
    sees_people: bool = False,
    saved: bool = False,
) -> Automation | None:
    """One journey: as it is, or as it would be with these options. None where there is none."""
    journey, recipe = queries.by_key(tx, key), RECIPES.get(key)
    definition = definition_of(tx, key, options)
    if definition is None:
        return None
    chosen = recipe.options(options if options is not None else _options(journey)) if recipe else {}
    id_ = journey.id or 0 if journey else 0
    row, standing = policy.row(tx), queries.standings(tx, id_) if id_ else ()
    cart = definition.trigger is Trigger.CART_ABANDONED
    return Automation(
        card=card(tx, key, journey),
        trigger=definition.trigger.value,
        of=definition.of or "",
        day=definition.day,
        exits=[trigger.value for trigger in definition.exits],
        reentry=definition.reentry.days,
        once=definition.reentry.days is None,
        steps=steps(tx, key, definition, here(tx, id_, standing)),
        choices=[(one, chosen[one.name]) for one in recipe.choices] if recipe else (),
        rehearsal=rehearsal,
        versions=_versions(tx, id_, standing),
        endings=_endings(standing),
        skips=_skips(tx, id_),
        now=tx.now,
        zone=this_shop(tx).zone,
        stopped_at=row.stopped_at if row else None,
        may_change=may_change,
        sees_people=sees_people,
        saved=saved,
        waiting=_waiting(tx, key),
        own=recipe is None,
        results=outcomes.results(tx) if cart else (),
        suspects=outcomes.suspects(tx) if cart else 0,
        firm=any(isinstance(step, Offer) and step.bound == "firm" for step in definition.steps),
        linkless=_linkless(tx, definition),
        cards_possible=gift_cards.possible(tx),
        currency=this_shop(tx).currency,
        cards_allowed=gift_cards.allowed(tx),
    )


def _linkless(tx: Tx, definition: Definition) -> bool:
    """A letter of it leads nowhere: nobody said where the storefront is, and it has no link of its
    own. (A cart's has: to the storefront's page or to ours.)
    """
    if policy.policy(tx).front or definition.trigger is Trigger.CART_ABANDONED:
        return False
    sent = {step.message for step in definition.steps if isinstance(step, Send)}
    return any(
        not linked(library.draft_of(row)) for row in library.all_messages(tx) if row.key in sent
    )


def linked(draft: library.Draft) -> bool:
    """There is a link in each of its letters."""
    letters = draft.variants.get("email", {}).values()
    return all(
        any(block.link or "](http" in block.text for block in letter.blocks)
        for letter in letters
        if isinstance(letter, library.Letter)
    )


def definition_of(tx: Tx, key: str, options: Mapping[str, Any] | None = None) -> Definition | None:
    """What newcomers get, or would get with these options."""
    journey, recipe = queries.by_key(tx, key), RECIPES.get(key)
    if recipe and (options is not None or journey is None):
        return recipe.definition(options or {})
    return queries.definition(tx, journey.id or 0, journey.version) if journey else None


def _options(journey: Journey | None) -> Mapping[str, Any]:
    return journey.options if journey else {}


def _waiting(tx: Tx, key: str) -> int:
    held = select(func.count()).where(Sent.campaign == key, Sent.state == State.WAITING.value)
    return tx.exec(held).one()


def _skips(tx: Tx, journey: int) -> Mapping[str, int]:
    rows: Any = tx.exec(
        select(Skip.why, func.count())
        .where(Skip.journey == journey, col(Skip.at) >= tx.now - MONTH)
        .group_by(col(Skip.why))
        .order_by(func.count().desc())
        .limit(MOST_SKIPS)
    )
    return dict(rows.all())


def _endings(standing: Sequence[Standing]) -> Mapping[str, int]:
    """By how it ended: how many; on the way under an empty word."""
    ends = Counter[str]()
    for one in standing:
        ends[one.why] += one.people
    return ends


def _versions(tx: Tx, journey: int, standing: Sequence[Standing]) -> Sequence[VersionLine]:
    people = Counter[int]()
    for one in standing:
        people[one.version] += 0 if one.why else one.people
    rows = select(Version).where(Version.journey == journey).order_by(col(Version.number).desc())
    return [
        VersionLine(
            number=row.number, made_at=row.made_at, by=row.by, on_the_way=people[row.number]
        )
        for row in tx.exec(rows)
    ]


def here(tx: Tx, journey: int, standing: Sequence[Standing]) -> Mapping[str, int]:
    """By step: how many wait at it now, on whichever version they are."""
    keys, found = queries.steps(tx, journey), Counter[str]()
    for one in standing:
        if not one.why and (key := keys.get((one.version, one.step))):
            found[key] += one.people
    return found


def steps(
    tx: Tx, key: str, definition: Definition, waiting: Mapping[str, int]
) -> Sequence[StepLine]:
    figures, names, currency = sends.figures(tx, key), _names(tx), this_shop(tx).currency
    return [
        _step(step, figures.get(step.key), waiting.get(step.key, 0), names, currency)
        for step in definition.steps
    ]


def step(tx: Tx, journey: Journey, key: str) -> StepLine | None:
    """One of its steps, as the newest version that has it does."""
    numbers = sorted(
        {v for (v, _), known in queries.steps(tx, journey.id or 0).items() if known == key}
    )
    definition = queries.definition(tx, journey.id or 0, numbers[-1]) if numbers else None
    if definition is None:
        return None
    return next(line for line in lines(tx, definition) if line.key == key)


def lines(tx: Tx, definition: Definition) -> Sequence[StepLine]:
    """What its steps do, without any number."""
    names, currency = _names(tx), this_shop(tx).currency
    return [_step(step, None, 0, names, currency) for step in definition.steps]


def _names(tx: Tx) -> Mapping[str, str]:
    return {row.key: row.name for row in library.all_messages(tx)}


def _step(
    step: Step, counts: Mapping[str, int] | None, here: int, names: Mapping[str, str], currency: str
) -> StepLine:
    told: dict[str, Any] = {"kind": step.kind, "key": step.key, "here": here}
    match step:
        case Wait() | WaitFor():
            told["amount"], told["unit"] = _worded(spanned(step))
            if isinstance(step, Wait):
                told["from_start"] = step.since == "start"
            else:
                told["event"] = step.event.value
        case Send():
            ours = names.get(step.message)
            told |= {"message": step.message, "message_kept": ours is not None}
            told["message_name"] = ours or READY_MADE.get(step.message, "")
            told["counts"] = counts or {}
        case Offer():
            told |= {"percent": step.percent_hundredths / 10_000, "days": step.days}
            told["firm"] = step.bound == "firm"
            told["least"] = Sum(Decimal(step.least), currency) if step.least else None
        case Condition():
            told["words"] = [leaf.model_dump(mode="json") for leaf in leaves(read(step.holds))]
        case Tag() | Webhook():
            told["event"] = step.name if isinstance(step, Tag) else step.event
        case _:
            pass
    return StepLine(**told)


def _worded(span: timedelta) -> tuple[int, str]:
    """The largest unit that says it without a fraction."""
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((1440, "days"), (60, "hours")):
        if minutes and minutes % size == 0:
            return minutes // size, unit
    return minutes, "minutes"

"""HO-3: who is held back walks the same way at the same time, and nothing comes of it.

Each step decides what it would have done and writes it down: no code is made, nothing is asked
for, nothing is sent. So both arms are counted from the same trigger.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import col, select

from app.customers.tables import Person
from app.journeys import incentives
from app.journeys.rules import Definition, Offer, Send, Trigger
from app.journeys.tables import Run
from app.journeys.walk import Walk
from app.kit.tx import Tx, among
from app.messages import grounds, library, withholding
from app.messages import queries as messages
from app.messages.rules import Channel, Word
from app.trials import flows as trials
from app.trials.rules import Arm

WITHHELD = "withheld_holdout"
ASKED_FOR = frozenset({Trigger.BACK_IN_STOCK, Trigger.TIER_AT_RISK})
"""HO-9: somebody asked to be told, or was promised to be."""


def drawn(tx: Tx, key: str, definition: Definition, people: Collection[int]) -> Mapping[int, Arm]:
    """HO-1: by person, at the moment of the trigger. Who is missing gets everything."""
    return trials.hold(tx, key, people) if may_be_withheld(definition) else {}


def may_be_withheld(definition: Definition) -> bool:
    """Service is never withheld: there has to be an offer or marketing in it."""
    return definition.trigger not in ASKED_FOR and any(
        isinstance(step, Offer) or (isinstance(step, Send) and step.purpose != "service")
        for step in definition.steps
    )


def parted(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """The living and the ghosts."""
    return [run for run in runs if not run.withheld], [run for run in runs if run.withheld]


def would_send(walk: Walk, step: Send, ghosts: Sequence[Run]) -> Collection[int]:
    """Those whose way ends here: for the others too it ends with a message they may not get."""
    if not ghosts:
        return ()
    people = {run.person for run in ghosts}
    may = grounds.reachable(
        walk.tx, people, channel=step.channel or Channel.EMAIL, purpose=step.purpose
    )
    for key in {run.withheld for run in ghosts}:
        theirs = {run.person for run in ghosts if run.withheld == key}
        keep_away(walk.tx, key, theirs & may, step.message)
    words = _words(walk.tx, people - may, step)
    ended: set[int] = set()
    for run in ghosts:
        if word := words.get(run.person):
            walk.haunt(run, step.key, "would_be_refused", word)
            walk.end(run, word)
            ended.add(run.id or 0)
            continue
        run.memo = run.memo | {"sent_at": walk.tx.now.isoformat()}
        walk.haunt(run, step.key, WITHHELD, step.message)
        walk.on(run, walk.definition.index(step.then) if step.then else None)
    return ended


def keep_away(tx: Tx, key: str, people: Collection[int], message: str) -> None:
    """HO-8: from the message, and from what it holds."""
    trials.deny(tx, key, people, {message})
    row = library.newest(tx, message) if people else None
    if row is not None:
        held = withholding.blocks(library.draft_of(row))
        trials.deny(tx, key, people, held, until=tx.now + withholding.SPAN)


def _words(tx: Tx, people: Collection[int], step: Send) -> Mapping[int, str]:
    """Why the message could not have gone to them either."""
    rows = select(Person).where(among(col(Person.id), sorted(people)))
    known = {row.id or 0: row for row in tx.exec(rows)} if people else {}
    channel, found = step.channel or Channel.EMAIL, dict[int, str]()
    for person in people:
        row = known.get(person)
        if row is None or row.erased_at or row.staff:
            found[person] = Word.NOBODY
        elif not messages.address_of(tx, row, channel):
            found[person] = Word.NO_ADDRESS
        else:
            ground = grounds.permission(tx, row, channel=channel, purpose=step.purpose)
            found[person] = Word.SUPPRESSED if ground.allowed else ground.word
    return found


def would_offer(walk: Walk, step: Offer, ghosts: Sequence[Run]) -> None:
    """ "Would have got a code of 10 %": asked of the same guardrails."""
    words = incentives.against_all(walk.tx, walk.journey, step, ghosts)
    for run in ghosts:
        word = words.get(run.id or 0)
        what = f"code {step.percent_hundredths / 100:g} %"
        walk.haunt(run, step.key, "no_offer" if word else WITHHELD, word or what)
        away = step.else_to if word else None
        walk.on(run, walk.definition.index(away) if away else None)


def would_do(walk: Walk, key: str, what: str, ghosts: Sequence[Run]) -> None:
    for run in ghosts:
        walk.haunt(run, key, WITHHELD, what)
        walk.on(run)

"""What is promised about a shop's past, and how far its reading has come."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel import col, delete, select, update
from typing_extensions import override

from app.history import keeping, queries
from app.history.rules import Kind
from app.history.sources import Flaw, Stretch, Told
from app.history.tables import Misfit, Passage, Swept
from app.kit.deliveries import Heard
from app.kit.promises import Promise
from app.kit.tx import Job, Tx
from app.shops.flows import tonight


class ReadHistory(Job, kind="history.import", rank=2):
    """Go on with the import. One promise a shop, made anew after every turn."""

    waits: int = 0
    """How often in a row nothing could be had."""

    @property
    @override
    def key(self) -> str:
        return self.kind


class HistoryRead(Job, kind="history.read"):
    """Everything is in: what is reckoned from the past can be reckoned now."""

    occasion: str


class Sweep(Job, kind="history.sweep"):
    """IN-4: read what has changed since the last time, in case nobody told us."""

    of: Kind
    began: datetime | None = None
    since: datetime | None = None
    after: str | None = None
    """Where a sweep that took long goes on."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.of}"


class HearFailed(Job, kind="history.hear_failed"):
    """Fetch the deliveries that Saleor gave up on."""


class Compare(Job, kind="history.compare"):
    """IN-4: our books beside Saleor's, a day at a time."""

    go_on: date | None = None

    @property
    @override
    def key(self) -> str:
        return self.kind


class Recheck(Job, kind="history.recheck"):
    """Were the days on which the books differed put right?"""

    turn: int = 1

    @property
    @override
    def key(self) -> str:
        return self.kind


class Overheard(Heard, kind="history.overheard"):
    """Something we read by ourselves, to be worked just like a delivery. Its body lies there too.

    Its key is the one a delivery with these bytes has, so that either is worked once (IN-2).
    """


def begin(tx: Tx) -> None:
    """Read everything; what was begun goes on where it was, what was finished is read again: what
    still cannot be read then is named anew.
    """
    passages = {passage.kind: passage for passage in tx.exec(select(Passage))}
    again = all(passage.finished_at for passage in passages.values())
    if again:
        tx.exec(delete(Misfit))
    for kind in Kind:
        passage = passages.get(kind) or Passage(kind=kind.value, started_at=tx.now)
        if again:
            passage.cursor, passage.done, passage.finished_at = None, 0, None
            passage.started_at = tx.now
        tx.add(passage)
    keep_watch(tx)
    tx.postpone(ReadHistory(), until=tx.now)


def keep_watch(tx: Tx) -> None:
    """At every start: what was missed meanwhile is fetched, and the night comes."""
    rows = [{"kind": kind.value, "swept_at": tx.now} for kind in Kind]
    tx.put(Swept, rows, key=("kind",))
    for kind in Kind:
        tx.postpone(Sweep(of=kind), until=tx.now)
    tx.postpone(HearFailed(), until=tx.now)
    _promise(tx, Compare(), at=tonight(tx))
    if queries.current(tx):
        _promise(tx, ReadHistory(), at=tx.now)


def watch_on(tx: Tx) -> None:
    """Nothing that comes again and again has ended for good, whatever it once stumbled over."""
    for kind in Kind:
        _promise(tx, Sweep(of=kind), at=tx.now)
    _promise(tx, HearFailed(), at=tx.now)
    _promise(tx, Compare(), at=tonight(tx))


def ask_again(tx: Tx) -> None:
    """A delivery said that an order changed, and not how."""
    tx.postpone(Sweep(of=Kind.ORDERS), until=tx.now)


def hearing_failed(tx: Tx) -> None:
    """There was a gap: fetch what else may have been missed in it."""
    tx.postpone(Sweep(of=Kind.CHECKOUTS), until=tx.now)
    tx.postpone(HearFailed(), until=tx.now)


def _promise(tx: Tx, job: Job, *, at: datetime) -> None:
    """Promise it unless it is promised; what was parked gets another chance."""
    open_ = select(Promise.id).where(
        Promise.key == job.key, col(Promise.kept_at).is_(None), col(Promise.parked_at).is_(None)
    )
    if tx.exec(open_).first() is None:
        tx.postpone(job, until=at)


def expect(tx: Tx, totals: Iterable[tuple[Kind, int]]) -> None:
    for kind, total in totals:
        tx.exec(update(Passage).where(col(Passage.kind) == kind.value).values(total=total))


def keep_stretch(
    tx: Tx, kind: Kind, stretch: Stretch[Any], *, after: str | None, rest: Sequence[Told[Any]]
) -> bool:
    """The `rest` of a page and the cursor behind it, in one unit of work.

    False: somebody else has come further.
    """
    passage = tx.exec(select(Passage).where(Passage.kind == kind.value)).one()
    if passage.cursor != after or passage.finished_at:
        return False
    keeping.keep(tx, kind, rest)
    note(tx, kind, stretch.flaws)
    passage.cursor = stretch.next
    passage.done += len(stretch.told)
    # only a page that kills its reader again and again is given up, not an import that goes on
    tx.exec(update(Promise).where(col(Promise.key) == ReadHistory().key).values(lost=0))
    if stretch.next is None:
        _finish(tx, passage)
    return True


def give_up(tx: Tx, kind: Kind, *, after: str | None, reason: str) -> None:
    """The rest of this kind cannot be had: say so, and go on with the next."""
    passage = tx.exec(select(Passage).where(Passage.kind == kind.value)).one()
    if passage.cursor == after and not passage.finished_at:
        note(tx, kind, [Flaw(f"after {after or 'the start'}", None, reason, read=False)])
        _finish(tx, passage)


def _finish(tx: Tx, passage: Passage) -> None:
    passage.finished_at = tx.now
    tx.add(passage)
    tx.flush()
    if queries.current(tx) is None:
        tx.later(HistoryRead(occasion=passage.started_at.isoformat()))
        tx.postpone(Compare(), until=tx.now)


def note(tx: Tx, kind: str, flaws: Sequence[Flaw]) -> None:
    """Name what could not be read whole."""
    rows = [
        {
            "kind": str(kind),
            "saleor_id": flaw.saleor_id,
            "number": flaw.number,
            "reason": flaw.reason,
            "read": flaw.read,
            "seen_at": tx.now,
        }
        for flaw in flaws
    ]
    tx.put(Misfit, rows, key=("kind", "saleor_id"), overwrite=("reason", "read", "seen_at"))


def swept(tx: Tx, kind: str, *, at: datetime) -> None:
    row = {"kind": str(kind), "swept_at": at}
    tx.put(Swept, [row], key=("kind",), overwrite=("swept_at",))

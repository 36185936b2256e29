"""What moves customers' value: an order, a merge, the night, an owner's hand."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Protocol

from sqlmodel import col, select, update
from typing_extensions import override

from app.kit.tx import Job, Tx
from app.ltv import booking, costing, entries, queries
from app.ltv.tables import Fitting, ValueCosts

SETTLE = timedelta(seconds=5)
"""An order comes as several events; its buyer is scored once they are in."""
MONTH = 30.4375
COUNTED_NEWS = 0.05


class Rescore(Job, kind="value.rescore"):
    """Score everybody whose line has changed, by the learning in use."""

    @property
    @override
    def key(self) -> str:
        return self.kind

    @property
    @override
    def lane(self) -> str:
        return "value"


class Reckon(Job, kind="value.reckon", rank=2):
    """Everybody at once: every night, after the import, when costs change or somebody asks."""

    occasion: str
    audit: bool = False
    """Hold every line against the orders first."""
    learn: bool | None = None
    """Learn the shop anew; None where it is due."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.occasion}"

    @property
    @override
    def lane(self) -> str:
        return "value"


class Scored(Job, kind="value.scored"):
    """Other things are said of these people than before: whoever goes by scores looks again."""

    occasion: str
    people: tuple[int, ...] | None = None
    """None is so many that everybody is looked at."""
    quiet: bool = False
    """IN-5: it is the first that is said of anybody, or what the import brought: no news."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.occasion}"


class Bought(Protocol):
    """What a telling of an order has changed (app.orders.flows.Recorded)."""

    @property
    def order(self) -> int: ...
    @property
    def person(self) -> int | None: ...
    @property
    def touched(self) -> frozenset[int]: ...


def book(tx: Tx, purchases: Iterable[Bought]) -> None:
    """Orders as they are now, and those that a merge on the way gave to somebody else."""
    orders, people = set[int](), set[int]()
    for purchase in purchases:
        if purchase.touched:
            orders.add(purchase.order)
            people |= purchase.touched - {purchase.person}
    _book(tx, orders | booking.moved(tx, people))


def follow(tx: Tx, people: Collection[int]) -> None:
    """ID-2, ID-3: orders of these people may be another's by now, or theirs again."""
    _book(tx, booking.moved(tx, people))


def forget(tx: Tx, persons: Collection[int], *, but: Collection[int] = ()) -> None:
    """PR-3. Some of them have bought again since: what is still theirs is booked anew."""
    booking.forget(tx, persons)
    _book(tx, booking.bought_by(tx, but))


def unscore(tx: Tx, people: Collection[int]) -> None:
    """PR-4: they object: nothing is said of them any more. What they bought stays in the books."""
    booking.unscore(tx, people)


def score_again(tx: Tx, people: Collection[int]) -> None:
    """They object no more: scored like anybody a moment later."""
    booking.mark(tx, people)
    soon(tx)


def _book(tx: Tx, orders: Collection[int]) -> None:
    if booking.book(tx, orders):
        soon(tx)


def soon(tx: Tx) -> None:
    """Promise a scoring, unless one is promised: a busy hour must not put it off for ever."""
    tx.soon(Rescore(), at=tx.now + SETTLE)


def nightly(tx: Tx) -> None:
    """TI-0, and a new learning where one is due."""
    tx.later(Reckon(occasion=f"night {tx.now.date().isoformat()}"))


def history_read(tx: Tx) -> None:
    """The shop's past is in."""
    tx.later(Reckon(occasion=f"history {tx.now.isoformat()}", audit=True, learn=True))


def revalued(tx: Tx) -> None:
    """Currency, rates, zone or costs have changed: every line is another."""
    tx.later(Reckon(occasion=f"revalued {tx.now.isoformat()}", audit=True))


def learn_now(tx: Tx) -> None:
    """Somebody asked."""
    tx.later(Reckon(occasion=f"asked {tx.now.isoformat()}", audit=True, learn=True))


def go_back(tx: Tx, fitting: int) -> bool:
    """V11: use this learning from now on, and no newer one until somebody says so. Whether it
    could be done."""
    chosen = tx.exec(select(Fitting).where(Fitting.id == fitting)).first()
    if chosen is None:
        return False
    newest = queries.newest(tx)
    _use(tx, fitting)
    hold(tx, held=newest is not None and fitting != newest.id)
    tx.later(Reckon(occasion=f"chosen {tx.now.isoformat()}", learn=False))
    return True


def publish(tx: Tx, fitting: Fitting) -> None:
    """A new learning: in use at once, unless somebody holds on to an older one."""
    tx.add(fitting)
    tx.flush()
    in_use = tx.exec(select(Fitting.id).where(col(Fitting.active).is_(True))).first()
    if in_use is None or not costing.terms(tx).held:
        _use(tx, fitting.id or 0)


def hold(tx: Tx, *, held: bool) -> None:
    terms = costing.terms(tx)
    terms.held = held
    tx.add(terms)
    tx.flush()


def _use(tx: Tx, fitting: int) -> None:
    tx.exec(update(Fitting).where(col(Fitting.id) != fitting).values(active=False))
    tx.exec(update(Fitting).where(col(Fitting.id) == fitting).values(active=True))


def change_costs(tx: Tx, new: ValueCosts, *, by: str) -> None:
    """LV-1: the switches are kept with the numbers made by them."""
    terms = costing.terms(tx)
    for name in (
        "fees_basis_points", "shipping", "returns", "messages", "rewards", "service",
        "usual_margin_basis_points", "off", "window_months",
    ):  # fmt: skip
        if not (terms.counted and name == "messages"):
            setattr(terms, name, getattr(new, name))
    terms.version += 1
    terms.changed_at, terms.changed_by = tx.now, by
    tx.add(terms)
    tx.info.pop("usual_margin", None)
    revalued(tx)


def messages_counted(tx: Tx, a_year: int) -> None:
    """LV-1: what all messages of a year cost, shared among the customers who bought in the window.
    It takes the place of what was typed; a difference that nobody would notice changes nothing.
    """
    terms = costing.terms(tx)
    active = queries.active(tx, since=entries.today(tx) - round(terms.window_months * MONTH))
    each = round(a_year / active) if active else 0
    if terms.counted and abs(each - terms.messages) <= COUNTED_NEWS * max(terms.messages, 1):
        return
    terms.counted, terms.messages = True, each
    terms.version += 1
    tx.add(terms)
    revalued(tx)


def messages_typed(tx: Tx) -> None:
    """From now on it is typed again."""
    terms = costing.terms(tx)
    if terms.counted:
        terms.counted = False
        tx.add(terms)

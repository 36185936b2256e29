"""What moves the lists: orders, people, products, the merchant's word, the night."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from sqlmodel import col, delete, select, update
from typing_extensions import override

from app.catalog.tables import Product
from app.customers.meeting import Met
from app.kit.clock import real_now
from app.kit.tx import Job, Tx, among
from app.orders.flows import Recorded
from app.recommend import queries
from app.recommend.tables import Choice, Counsel, Moved, Told, What

SETTLE = timedelta(seconds=2)
"""An order comes as several events: what follows is told once, after them."""
LOG_KEPT = timedelta(days=2)
FEW = 500
"""Products whose shelf is set right one by one; more are faster set out anew."""
EVERY = timedelta(hours=1)
"""How often everything that is on sale is read; in between only what a list would show."""


class ReadShelves(Job, kind="recommend.read_shelves", rank=2):
    """Read what every channel has on sale."""

    @property
    @override
    def key(self) -> str:
        return self.kind


class Tune(Job, kind="recommend.tune", rank=2):
    """Learn from the last orders, and judge every kind of list by them (RC-4)."""

    occasion: str

    @property
    @override
    def lane(self) -> str:
        return "recommend"


class TellLists(Job, kind="recommend.tell", rank=1):
    """Write into products' and customers' metadata what has changed."""

    @property
    @override
    def key(self) -> str:
        return self.kind


class TakeBack(Job, kind="recommend.take_back"):
    """The switch is off: what was written goes out of the metadata again."""

    @property
    @override
    def key(self) -> str:
        return self.kind


def counsel(tx: Tx) -> Counsel:
    """The shop's settings; made when they are first needed."""
    known = queries.counsel(tx)
    if known is None:
        known = Counsel(public_key=new_key(tx))
        tx.add(known)
        tx.flush()
    return known


def new_key(tx: Tx) -> str:
    return f"pk_{tx.shop}_{secrets.token_urlsafe(24)}"


# ---- what happened


def heard(tx: Tx, purchases: Iterable[Recorded]) -> None:
    """Orders were told of: those that are not what they were, and whose they are by now."""
    orders: set[int] = set()
    persons: set[int] = set()
    for purchase in purchases:
        if purchase.news or purchase.moved:
            orders.add(purchase.order)
        persons |= {one for one in purchase.touched if one != purchase.person}
    note(tx, orders=orders, persons=persons)


def people_changed(tx: Tx, met: Met) -> None:
    """Accounts were told of: somebody may have joined the staff, or a guest an account."""
    persons = {known.person for known in met.known.values()}
    note(tx, persons=persons | set(met.confirmed) | set(met.joined) | set(met.joined.values()))


def note(
    tx: Tx,
    *,
    orders: Collection[int] = (),
    persons: Collection[int] = (),
    products: Collection[int] = (),
) -> None:
    """A line in the log for each; and what Saleor was told is looked at again."""
    _log(tx, [(What.ORDER, n) for n in sorted(orders)])
    _log(tx, [(What.PERSON, n) for n in sorted(persons)])
    _log(tx, [(What.PRODUCT, n) for n in sorted(products)])
    if orders or persons or products:
        tell_soon(tx)


def products_changed(tx: Tx, saleor_ids: Collection[str]) -> None:
    """Published, hidden, renamed, deleted: Saleor does not say which."""
    rows = select(Product.id).where(among(col(Product.saleor_id), sorted(saleor_ids)))
    note(tx, products=[id_ for id_ in tx.exec(rows) if id_])


def history_read(tx: Tx) -> None:
    """Everything is in: begin."""
    counsel(tx)
    _log(tx, [(What.ALL, 0)])
    tx.postpone(ReadShelves(), until=tx.now)
    tx.later(Tune(occasion=tx.now.isoformat()))
    tell_soon(tx)


def nightly(tx: Tx) -> None:
    counsel(tx)
    tx.exec(delete(Moved).where(col(Moved.at) < real_now() - LOG_KEPT))
    tx.later(Tune(occasion=tx.now.date().isoformat()))
    tx.postpone(ReadShelves(), until=tx.now)


def keep_watch(tx: Tx) -> None:
    """At every start."""
    if queries.counsel(tx):
        tx.postpone(ReadShelves(), until=tx.now)
        tell_soon(tx)


def tell_soon(tx: Tx) -> None:
    """Promise it unless it is promised: a shop that never rests would push it away for ever.

    One that is being kept right now is promised again, for it may have looked already.
    """
    known = queries.counsel(tx)
    if known is None or not known.telling:
        return
    tx.soon(TellLists(), at=tx.now + SETTLE)


def offers_changed(tx: Tx, products: Collection[int]) -> None:
    """What the reading of a whole channel found to be otherwise; too many of them, all anew.

    Line 0 says that it was read: what a process took off its shelf meanwhile is looked at again.
    """
    if len(products) > FEW:
        terms_changed(tx)
        return
    _log(tx, [(What.OFFER, number) for number in (0, *sorted(products))])
    if products:
        tell_soon(tx)


def _log(tx: Tx, lines: Collection[tuple[What, int]]) -> None:
    at = real_now()
    rows = [{"what": what.value, "number": number, "at": at} for what, number in lines]
    tx.put(Moved, rows, key=())


# ---- the merchant's word


def pin(tx: Tx, product: int, *, beside: int = 0, by: str | None) -> None:
    """First where it can be bought: in the lists for customers, or beside one product."""
    _choose(tx, product, pinned=True, beside=beside, by=by)


def block(tx: Tx, product: int, *, by: str | None) -> None:
    """In no list; a pin of it goes."""
    tx.exec(delete(Choice).where(col(Choice.product) == product))
    _choose(tx, product, pinned=False, beside=0, by=by)


def _choose(tx: Tx, product: int, *, pinned: bool, beside: int, by: str | None) -> None:
    row = {"product": product, "pinned": pinned, "beside": beside, "at": tx.now, "by": by}
    tx.put(Choice, [row], key=("product", "pinned", "beside"))
    if pinned:
        taken = col(Choice.product) == product, col(Choice.pinned).is_(False)
        tx.exec(delete(Choice).where(*taken))
    terms_changed(tx)


def unchoose(tx: Tx, choice: int) -> None:
    tx.exec(delete(Choice).where(col(Choice.id) == choice))
    terms_changed(tx)


def terms_changed(tx: Tx) -> None:
    """Every list may be another one now."""
    _log(tx, [(What.TERMS, 0)])
    tell_soon(tx)


def open_to(tx: Tx, origins: Collection[str]) -> None:
    """Whose pages may ask from a browser."""
    counsel(tx).origins = sorted(set(origins))


def renew_key(tx: Tx) -> None:
    """The old one opens nothing from now on."""
    counsel(tx).public_key = new_key(tx)


def switch_on(tx: Tx) -> None:
    known = counsel(tx)
    known.telling, known.told_upto = True, 0
    tx.postpone(TellLists(), until=tx.now)


def switch_off(tx: Tx) -> None:
    counsel(tx).telling = False
    tx.postpone(TakeBack(), until=tx.now)


def forget(tx: Tx, persons: Collection[int]) -> None:
    """PR-3: their lists, and their place in every statistic."""
    mine = col(Told.kind) == "person", among(col(Told.subject), sorted(persons))
    tx.exec(delete(Told).where(*mine))
    note(tx, persons=persons)


def tuned(tx: Tx, values: Mapping[str, object]) -> None:
    counsel(tx)
    tx.exec(update(Counsel).values(**values, tuned_at=tx.now))
    _log(tx, [(What.TERMS, 0)])

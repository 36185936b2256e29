"""What products and customers are told in their metadata, and whose is due to be told anew.

Public metadata, one key a channel, so that a storefront reads it in the query it already makes:

* of a product `perennial.together.<channel>`: what goes with it;
* of a customer `perennial.for_you.<channel>`: her own list, where she has bought.

A text is JSON: `[{"id": "UHJvZHVjdDo3Mg==", "why": "often_with"}, …]`, the best first.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select, update

from app.catalog.tables import Product
from app.kit.clock import real_now
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.orders.tables import Line as Sold
from app.orders.tables import Order
from app.recommend import queries
from app.recommend.asking import Asked, Line
from app.recommend.rules import Slot
from app.recommend.stall import Stall
from app.recommend.tables import Counsel, Told, What

PRODUCT, PERSON = "product", "person"
TOGETHER, FOR_YOU = "perennial.together.", "perennial.for_you."
UNSURE = ""
"""A text that is just being written."""
LONG = 10
"""Products in a list of the metadata."""
AT_ONCE = 1_000
MOST_BUYERS = 20_000
"""Customers whose list is written when all are: those who bought last."""
STALE = timedelta(days=7)
"""A list moves with what others buy, too; so long it stays when its owner buys nothing."""
A_NIGHT = 5_000


def text_of(lines: Sequence[Line]) -> str:
    """As it stands in the metadata; nothing in it but products and their reasons."""
    told = []
    for line in lines:
        entry: dict[str, Any] = {"id": line.saleor_id, "why": line.why}
        if line.times:
            entry["times"] = line.times
        if line.other_id:
            entry["with"] = line.other_id
        told.append(entry)
    return json.dumps(told, separators=(",", ":"))


def wishes(told: Told, stall: Stall, channels: Collection[str]) -> Iterator[tuple[str, Asked]]:
    """The keys of a row, each with the list that is its text."""
    for slug in sorted(channels):
        counter = stall.counters.get(slug)
        if counter is None:
            continue
        if told.kind == PERSON:
            yield FOR_YOU + slug, Asked(slug, Slot.FOR_YOU, person=told.subject, n=LONG)
        elif told.subject in counter.listed:
            yield (
                TOGETHER + slug,
                Asked(slug, Slot.TOGETHER, products=(told.subject,), n=LONG),
            )


# ---- who is due


def mark_moved(tx: Tx) -> bool:
    """Whose lists the log says may be others now. False where nothing has moved."""
    counsel = tx.exec(select(Counsel)).one()
    if counsel.told_upto == 0:
        counsel.told_upto = max(queries.newest(tx), 1)
        mark_all(tx)
        return True
    lines = queries.moved_since(tx, counsel.told_upto)
    if not lines:
        return False
    counsel.told_upto = lines[-1][0]
    of: dict[str, set[int]] = {}
    for _, what, number, _ in lines:
        of.setdefault(what, set()).add(number)
    if What.ALL in of or What.TERMS in of:
        mark_all(tx)
        return True
    orders, persons = of.get(What.ORDER, set()), set(of.get(What.PERSON, set()))
    for some in portions(sorted(orders), AT_ONCE):
        rows = select(Order.person).where(among(col(Order.id), some))
        persons |= {person for person in tx.exec(rows) if person}
        lined = select(Sold.product).where(among(col(Sold.order), some)).distinct()
        mark(tx, PRODUCT, [product for product in tx.exec(lined) if product])
    mark(tx, PERSON, sorted(queries.accounts(tx, persons)))
    _mark_naming(tx, (of.get(What.PRODUCT, set()) | of.get(What.OFFER, set())) - {0})
    return True


def mark_all(tx: Tx) -> None:
    mark(tx, PRODUCT, [id_ for id_ in tx.exec(select(Product.id)) if id_])
    mark(tx, PERSON, queries.buyers(tx, limit=MOST_BUYERS))


def mark(tx: Tx, kind: str, subjects: Sequence[int]) -> None:
    for some in portions(subjects, AT_ONCE):
        fresh = {"kind": kind, "text": "", "refused": "", "untold": True, "marked": real_now()}
        rows = [{**fresh, "subject": subject} for subject in some]
        tx.put(Told, rows, key=("kind", "subject"), overwrite=("untold", "marked"))


def _mark_naming(tx: Tx, products: Collection[int]) -> None:
    """A product is another than it was: its own list is due, and every list that names it."""
    mark(tx, PRODUCT, sorted(products))
    for good in queries.goods(tx, products) if products else ():
        naming = col(Told.text).contains(good.saleor_id, autoescape=True)
        tx.exec(update(Told).where(naming).values(untold=True, marked=real_now()))


def mark_stale(tx: Tx) -> None:
    """A few of those whose list was written long ago."""
    old = queries.long_untouched(tx, than=STALE, limit=A_NIGHT)
    for some in portions(old, AT_ONCE):
        tx.exec(
            update(Told).where(among(col(Told.id), some)).values(untold=True, marked=real_now())
        )


# ---- what was told


def changes(told: Told, texts: Mapping[str, str]) -> dict[str, str]:
    """What of it Saleor does not have yet. A channel that is closed keeps its last list, empty."""
    before: dict[str, str] = json.loads(told.text) if told.text else {}
    wanted = {**dict.fromkeys(before, "[]"), **texts}
    return {key: text for key, text in wanted.items() if before.get(key) != text}


def announce(tx: Tx, told: int, texts: Mapping[str, str]) -> bool:
    """These keys are about to be written: until `remember`, nobody knows what Saleor says of them.
    False where its subject has been forgotten meanwhile, and nothing is to be written.
    """
    row = tx.exec(select(Told).where(Told.id == told)).first()
    if row is not None:
        row.text = _joined(row.text, dict.fromkeys(texts, UNSURE))
    return row is not None


def remember(
    tx: Tx, told: int, marked: datetime, *, before: str, texts: Mapping[str, str], refused: str
) -> None:
    """What it says now; what Saleor refused is remembered as not told."""
    row = tx.exec(select(Told).where(Told.id == told)).first()
    if row is None:
        return  # forgotten meanwhile
    row.refused = refused
    row.told_at, row.untold = tx.now, row.marked != marked
    row.text = before if refused else _joined(before, texts)


def _joined(before: str, texts: Mapping[str, str]) -> str:
    known: dict[str, str] = json.loads(before) if before else {}
    return json.dumps({**known, **texts}, separators=(",", ":"), sort_keys=True)

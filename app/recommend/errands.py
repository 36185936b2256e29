"""What the lists need of Saleor, and what Saleor is told of them. Each step may be the last
before a crash, or done twice.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlmodel import col, delete, select

from app.kit.clock import real_now, stopwatch
from app.kit.portions import portions
from app.kit.tx import Tx
from app.recommend import asking, flows, quality, queries, sale, writing
from app.recommend.asking import NoSuchChannelError
from app.recommend.flows import EVERY, ReadShelves, TakeBack, TellLists, Tune
from app.recommend.notes import AGAIN, FREQUENT, LEARNT, MIXED, NEW, POPULAR
from app.recommend.quality import Quality
from app.recommend.sale import NobodyKnowsError
from app.recommend.stall import Stall, stalls_of
from app.recommend.tables import Counsel, Offered, Told
from app.recommend.writing import PERSON, PRODUCT
from app.saleor import metadata
from app.saleor.client import Saleor, SaleorThrottledError, SaleorUnreachableError
from app.saleor.manifest import VERSION
from app.saleor.operations import PRODUCTS_FOR_SALE
from app.saleor.shapes import Refusal
from app.shops.errands import granted as permissions
from app.shops.flows import Reconcile, channels
from app.world import World

WRITES_PRODUCTS = "MANAGE_PRODUCTS"
TURN = 20.0
"""Seconds after which an errand hands on, long before its lease runs out."""
TOGETHER = 12
"""Products or customers told of between two units of work."""
SLOTS = {AGAIN: "again", NEW: "discover", MIXED: "for_you"}
METHODS = {LEARNT: "learnt", FREQUENT: "bought_again", POPULAR: "popular"}
BREATH, PAUSE = timedelta(seconds=20), timedelta(minutes=1)
"""Real time between two readings, however fast the business's clock runs; until Saleor is asked
again after it was away."""


# ---- what is on sale


def read_shelves(_: ReadShelves, world: World) -> None:
    """Every channel's products that can be bought, a page at a time."""
    with world.look() as tx:
        counters = [(c.slug, c.currency) for c in channels(tx) if c.active]
    try:
        for slug, currency in counters:
            _read_channel(world, slug, currency)
    except (SaleorUnreachableError, SaleorThrottledError):
        _again(world, ReadShelves(), world.clock.after(PAUSE))
        return
    _again(world, ReadShelves(), max(EVERY, world.clock.after(BREATH)))


def _again(world: World, job: ReadShelves | TellLists, after: timedelta) -> None:
    world.do(lambda tx: tx.postpone(job, until=tx.now + after))


def _read_channel(world: World, slug: str, currency: str) -> None:
    found: set[str] = set()
    for page in world.saleor.pages(PRODUCTS_FOR_SALE, channel=slug, now=real_now()):
        found |= {one.id for one in page.nodes if sale.sold(one, currency)}
    world.do(partial(_shelve, channel=slug, found=found))


def _shelve(tx: Tx, channel: str, found: set[str]) -> None:
    """Write what is another than it was; then every process sets its shelves out anew."""
    before = queries.offered(tx, channel)
    now = {good.id: good.saleor_id in found for good in queries.goods(tx)}
    news = [product for product, sold in now.items() if before.get(product) != sold]
    for some in portions(news, writing.AT_ONCE):
        rows = [
            {"channel": channel, "product": product, "sold": now[product], "seen_at": tx.now}
            for product in some
        ]
        tx.put(Offered, rows, key=("channel", "product"), overwrite=("sold", "seen_at"))
    flows.offers_changed(tx, news)


# ---- learning


def tune(_: Tune, world: World) -> None:
    """RC-4: on a book of its own, so that no list waits; it takes the place of the old one."""
    with world.look() as tx:
        stall = Stall(tx)
        now = int(tx.now.timestamp())
    judged = quality.tune(stall.adviser, now=now)
    values = {
        "weights": {part: kept.tolist() for part, kept in stall.adviser.weights._asdict().items()},
        "methods": {str(slot): int(method) for slot, method in judged.methods.items()},
        "quality": told(judged),
    }
    stalls_of(world.house).exchange(world.shop, stall)
    world.do(lambda tx: flows.tuned(tx, values))
    world.do(_mark_stale)


def told(judged: Quality) -> dict[str, object]:
    """As it is kept and shown: by slot and method, means over customers."""
    return {
        "customers": judged.customers,
        "served": {SLOTS[slot]: METHODS[method] for slot, method in judged.methods.items()},
        "scores": {
            SLOTS[slot]: {
                METHODS[method]: {
                    "hit_rate": score.hit_rate, "recall": score.recall, "coverage": score.coverage,
                    "asked": len(score.recalls),
                }
                for method, score in by_method.items()
            }
            for slot, by_method in judged.scores.items()
        },
    }  # fmt: skip


def _mark_stale(tx: Tx) -> None:
    if flows.counsel(tx).telling:
        writing.mark_stale(tx)
        flows.tell_soon(tx)


# ---- telling Saleor


class Due(NamedTuple):
    """A row of `Told` with what is to be written: by our row, and Saleor's id of its subject."""

    told: int
    marked: datetime
    saleor_id: str
    texts: Mapping[str, str]
    before: str
    """All that was written of it so far."""


def tell(_: TellLists, world: World) -> None:
    """Only what changed, four a request; where it was left, the next turn goes on."""
    if not world.do(_may_begin):
        return
    if not _granted(world):
        _again(world, TellLists(), world.clock.after(PAUSE * 10))
        return
    stall, till = stalls_of(world.house).of(world.shop), stopwatch() + TURN
    try:
        while stopwatch() < till:
            if not _tell_some(world, stall):
                return
    except (NobodyKnowsError, SaleorUnreachableError, SaleorThrottledError):
        _again(world, TellLists(), world.clock.after(PAUSE))
        return
    _again(world, TellLists(), timedelta())


def _may_begin(tx: Tx) -> bool:
    known = queries.counsel(tx)
    if known is None or not known.telling:
        return False
    writing.mark_moved(tx)
    return True


def _granted(world: World) -> bool:
    """Whether Saleor lets us write products; the page says so where it does not."""
    granted = WRITES_PRODUCTS in permissions(world.saleor)
    world.do(partial(_note_granted, granted=granted))
    return granted


def _note_granted(tx: Tx, *, granted: bool) -> None:
    """With the permission comes what Saleor tells of products: the webhooks are set up anew."""
    known = flows.counsel(tx)
    if known.granted != granted:
        known.granted = granted
        tx.later(Reconcile(version=VERSION, occasion=f"products {granted} {tx.now.isoformat()}"))


def _tell_some(world: World, stall: Stall) -> bool:
    """The next few. False where there are none."""
    with world.look() as tx:
        stall.refresh(tx)
    due = world.do(lambda tx: _take(tx, stall))
    if due is None:
        return False
    lists = [_texts(world, stall, row, saleor_id, channels_) for row, saleor_id, channels_ in due]
    news = [one for one in lists if one.texts]
    refused: Mapping[str, Sequence[Refusal]] = {}
    if news:
        left = world.house.do_durably(world.shop, partial(_announce, lists=news))
        refused = metadata.write(world.saleor, [(one.saleor_id, one.texts) for one in left])
    world.do(partial(_remember, lists=lists, refused=refused))
    return True


def _announce(tx: Tx, lists: Sequence[Due]) -> list[Due]:
    """Before they are written, so that what a crash cuts off is told again, or taken back."""
    return [one for one in lists if writing.announce(tx, one.told, one.texts)]


def _take(tx: Tx, stall: Stall) -> list[tuple[Told, str, set[str]]] | None:
    """The next few that are due: each row, Saleor's id of it, its channels. None: no more."""
    rows = queries.untold(tx, limit=TOGETHER)
    if not rows:
        return None
    persons = [row.subject for row in rows if row.kind == PERSON]
    accounts = queries.accounts(tx, persons) if persons else {}
    bought_in = queries.channels_of(tx, persons) if persons else {}
    due = []
    for row in rows:
        if row.kind == PRODUCT and row.subject in stall.goods:
            due.append((row, stall.goods[row.subject].saleor_id, set(stall.counters)))
        elif row.subject in accounts and row.kind == PERSON:
            due.append((row, accounts[row.subject], bought_in.get(row.subject, set())))
        else:
            tx.delete(row)  # gone, or a guest: there is nobody to tell it of
    return due


def _texts(world: World, stall: Stall, row: Told, saleor_id: str, channels_: set[str]) -> Due:
    texts = {}
    for key, asked in writing.wishes(row, stall, channels_):
        try:
            texts[key] = writing.text_of(asking.make(stall, asked, lambda: world.saleor))
        except NoSuchChannelError:
            continue
    return Due(row.id or 0, row.marked, saleor_id, writing.changes(row, texts), row.text)


def _remember(tx: Tx, lists: Sequence[Due], refused: Mapping[str, Sequence[Refusal]]) -> None:
    for one in lists:
        reasons = ", ".join(refusal.code for refusal in refused.get(one.saleor_id, ()))
        writing.remember(
            tx, one.told, one.marked, before=one.before, texts=one.texts, refused=reasons
        )


# ---- taking it back


def take_back(_: TakeBack, world: World) -> None:
    """Every list that was written becomes an empty one, and is forgotten."""
    till = stopwatch() + TURN
    while stopwatch() < till:
        with world.look() as tx:
            if _is_on(tx):
                return
            rows = list(tx.exec(select(Told).where(Told.text != "").limit(TOGETHER)))
            ids = _ids(tx, rows)
        _empty(world.saleor, rows, ids)
        world.do(partial(_strike, rows=rows))
        if not rows:
            return
    world.do(lambda tx: tx.postpone(TakeBack(), until=tx.now))


def _strike(tx: Tx, rows: Sequence[Told]) -> None:
    """Those, or all that are left where none of them says anything."""
    gone = delete(Told)
    tx.exec(gone.where(col(Told.id).in_([row.id for row in rows])) if rows else gone)


def _is_on(tx: Tx) -> bool:
    known: Counsel | None = queries.counsel(tx)
    return known is not None and known.telling


def _ids(tx: Tx, rows: Sequence[Told]) -> dict[tuple[str, int], str]:
    products = [row.subject for row in rows if row.kind == PRODUCT]
    persons = [row.subject for row in rows if row.kind == PERSON]
    found = {(PRODUCT, good.id): good.saleor_id for good in queries.goods(tx, products)}
    return found | {(PERSON, id_): acc for id_, acc in queries.accounts(tx, persons).items()}


def _empty(saleor: Saleor, rows: Sequence[Told], ids: Mapping[tuple[str, int], str]) -> None:
    changes = [
        (ids[row.kind, row.subject], dict.fromkeys(json.loads(row.text), "[]"))
        for row in rows
        if (row.kind, row.subject) in ids
    ]
    metadata.write(saleor, changes)

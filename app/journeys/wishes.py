"""J9: "tell me when it is back": who asked, and a look at the shelf every quarter of an hour.

Saleor's own event for it needs a permission that the app does not ask for; whether something can be
bought is public, so it is simply asked, for the few variants that somebody waits for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import col, func, select
from typing_extensions import override

from app.catalog.tables import Product, Variant
from app.customers import meeting
from app.customers.rules import Who, tidy
from app.journeys import flows
from app.journeys.flows import Entrant
from app.journeys.rules import Trigger
from app.journeys.tables import Wish
from app.kit.hearing import Version
from app.kit.portions import portions
from app.kit.tx import Job, Tx, among
from app.saleor.operations import VARIANTS_ON_SALE
from app.shops import flows as shops
from app.world import World

EVERY = timedelta(minutes=15)
MOST = 5
"""Open wishes of one address: more would be a way to annoy somebody else."""
KEPT = timedelta(days=180)
AT_ONCE = 100
"""Variants in one question."""


class LookAtShelf(Job, kind="journey.shelf"):
    """Is anything back that somebody waits for?"""

    at: datetime
    """On the quarter of an hour: all who ask within one share it."""

    @property
    @override
    def lane(self) -> str:
        return "journey.shelf"


def ask(tx: Tx, *, email: str, variant: str, channel: str) -> bool:
    """Somebody wants to know. False where there is no such thing, or too much was asked for.

    The message itself goes through the gate like any other: an address that has agreed to nothing
    gets nothing, whoever typed it.
    """
    address = tidy(email)
    known = tx.exec(select(Variant.id).where(Variant.saleor_id == variant)).first()
    here = channel in {one.slug for one in shops.channels(tx) if one.active}
    if not address or "@" not in address or known is None or not here:
        return False
    who = Who(account=None, email=address, since=tx.now, version=Version(tx.now, tx.now, "wish"))
    met = meeting.meet(tx, [who]).of(who)
    if met is None or _open(tx, met.person) >= MOST:
        return False
    row = {
        "person": met.person, "variant": variant, "channel": channel, "at": tx.now,
        "told_at": None,
    }  # fmt: skip
    tx.put(Wish, [row], key=("person", "variant", "channel"), overwrite=("at", "told_at"))
    _promise(tx)
    return True


def _open(tx: Tx, person: int) -> int:
    waiting = select(func.count()).where(Wish.person == person, col(Wish.told_at).is_(None))
    return tx.exec(waiting).one()


def look(_: LookAtShelf, world: World) -> None:
    """Asked of Saleor channel by channel; who waits for what is there enters the journey."""
    with world.look() as tx:
        wishes = list(
            tx.exec(
                select(Wish)
                .where(col(Wish.told_at).is_(None), col(Wish.at) > tx.now - KEPT)
                .order_by(col(Wish.channel), col(Wish.variant))
            )
        )
    by_channel: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_channel.setdefault(wish.channel, []).append(wish)
    for channel, some in by_channel.items():
        ids = sorted({wish.variant for wish in some})
        for asked in portions(ids, AT_ONCE):
            shelf = world.saleor.run(VARIANTS_ON_SALE, ids=asked, channel=channel).by_id
            back = [w for w in some if w.variant in shelf and shelf[w.variant].quantity_available]
            if back:
                world.do(partial(_tell, wishes=[wish.id or 0 for wish in back]))
    world.do(_again)


def _tell(tx: Tx, *, wishes: Sequence[int]) -> None:
    rows = list(tx.exec(select(Wish).where(among(col(Wish.id), wishes))))
    products = dict(
        tx.exec(
            select(Variant.saleor_id, Product.saleor_id)
            .join(Product, col(Product.id) == col(Variant.product))
            .where(among(col(Variant.saleor_id), sorted({row.variant for row in rows})))
        ).all()
    )
    entrants = []
    for row in rows:
        row.told_at = tx.now
        entrants.append(
            Entrant(
                person=row.person,
                occasion=f"{row.variant}:{row.at.isoformat()}",
                subject=row.variant,
                memo={"products": [products[row.variant]], "channel": row.channel},
            )
        )
    flows.happened(tx, Trigger.BACK_IN_STOCK, entrants)


def _again(tx: Tx) -> None:
    """As long as somebody waits."""
    waiting = select(Wish.id).where(col(Wish.told_at).is_(None), col(Wish.at) > tx.now - KEPT)
    if tx.exec(waiting.limit(1)).first():
        _promise(tx)


def _promise(tx: Tx) -> None:
    minute = tx.now.minute - tx.now.minute % 15
    at = tx.now.replace(minute=minute, second=0, microsecond=0) + EVERY
    tx.later(LookAtShelf(at=at), at=at)

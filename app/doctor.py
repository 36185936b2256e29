"""What is wrong with this house, in sentences. Nothing here changes anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from app.history import queries as history
from app.journeys import queries as journeys
from app.kit.house import House
from app.kit.promises import Promise
from app.kit.secret import SecretLostError
from app.kit.settings import Settings
from app.kit.tx import ShopId, Tx
from app.loyalty import cards
from app.shops.flows import ERASED_AFTER
from app.shops.tables import Shop, Status

LATE_SECONDS = 300
STANDS = {
    Status.ACTIVE: "is active",
    Status.PAUSED: "is switched off in its Dashboard: its work waits until it is switched on",
    Status.REFUSED: "does not take our token any more: install the app there again",
    Status.DELETED: f"has removed the app: what is kept of it goes after {ERASED_AFTER.days} days",
}


@dataclass(frozen=True)
class Finding:
    fine: bool
    words: str


def examine(settings: Settings) -> list[Finding]:
    house = House.of(settings)
    try:
        up_to_date = house.up_to_date()
    except OperationalError as failure:
        first, *_ = str(failure.orig).splitlines()
        return [Finding(fine=False, words=f"The database does not answer: {first}")]
    if not up_to_date:
        words = "The tables are not today's, or not there yet: perennial serve makes them so."
        return [Finding(fine=False, words=words)]
    with Session(house.engine) as session:
        shops = session.exec(select(Shop).order_by(col(Shop.api_url))).all()
    if not shops:
        words = "The database is fine. No shop is installed yet"
        nobody = not settings.allowed_shops and not settings.development
        words += ", and PERENNIAL_ALLOWED_SHOPS names none that may be." if nobody else "."
        return [Finding(fine=True, words=words)]
    return [finding for shop in shops for finding in _shop(house, shop)]


def _shop(house: House, shop: Shop) -> Iterator[Finding]:
    name = shop.api_url
    stands = Status(shop.status)
    yield Finding(fine=stands is not Status.REFUSED, words=f"{name} {STANDS[stands]}.")
    try:
        house.secrets.open(shop.token)
    except SecretLostError as failure:
        words = f"{name}: the token cannot be opened: {failure}. Put the key back that was used,"
        yield Finding(fine=False, words=f"{words} or install the app there again.")
    with house.look(ShopId(shop.id or 0)) as tx:
        parked = tx.exec(
            select(Promise.kind, Promise.error, func.count())
            .where(col(Promise.parked_at).is_not(None))
            .group_by(col(Promise.kind), col(Promise.error))
        ).all()
        for kind, error, count in parked:
            words = f"{name}: {count} × {kind} parked: {error}"
            yield Finding(fine=False, words=f"{words} (once that is mended: perennial again)")
        if not parked:
            yield Finding(fine=True, words=f"{name}: nothing is parked.")
        open_ = col(Promise.kept_at).is_(None) & col(Promise.parked_at).is_(None)
        oldest = tx.exec(select(Promise.due).where(open_).order_by(col(Promise.due))).first()
        late = (house.clock.now() - oldest).total_seconds() if oldest is not None else 0
        late /= house.clock.scale  # a fast clock makes nothing late
        if shop.status == Status.ACTIVE and late > LATE_SECONDS:
            minutes = late / 60
            words = f"{name}: work waits since {minutes:.0f} minutes: does perennial serve run, or,"
            yield Finding(fine=False, words=f"{words} on PostgreSQL, perennial worker?")
        yield from _completeness(name, tx)
        if journeys.gives_cards(tx) and not cards.allowed(tx):
            words = f"{name}: rewards are to be gift cards, and {cards.PERMISSION} was not given."
            yield Finding(fine=False, words=words)


def _completeness(name: str, tx: Tx) -> Iterator[Finding]:
    progress, books = history.progress(tx), history.completeness(tx)
    if progress.parts and not progress.done:
        yield Finding(fine=False, words=f"{name}: the import is not finished.")
    missing = [misfit for misfit in history.misfits(tx) if not misfit.read]
    for misfit in missing:
        which = misfit.number or misfit.saleor_id
        yield Finding(fine=False, words=f"{name}: {misfit.kind} {which}: {misfit.reason}")
    for channel in books.channels:
        if not channel.equal:
            yield Finding(
                fine=False,
                words=f"{name}: {channel.channel} differs from Saleor by {channel.difference}"
                f" {channel.currency}, {channel.our_orders} orders of {channel.their_orders}.",
            )
    if books.complete and books.compared_at:
        yield Finding(fine=True, words=f"{name}: {books.orders} orders agree with Saleor's books.")

"""What becomes of an installation: paused, resumed, removed, refused, told apart from others."""

from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from sqlmodel import col, select, update
from typing_extensions import override

from app.kit.asking import ask, blank, question
from app.kit.tx import Job, Tx
from app.saleor.errors import TokenRefusedError
from app.shops.tables import Channel, Rate, Shop, Status

ERASED_AFTER = timedelta(days=30)
ASKED_AGAIN = timedelta(hours=1)


class Reconcile(Job, kind="shop.reconcile"):
    """Compare the webhooks the shop has with those this version of the app wants."""

    version: str
    occasion: str

    @property
    @override
    def lane(self) -> str:
        return "shop"


class LearnShop(Job, kind="shop.learn"):
    """Read channels, version and country."""

    occasion: str


class EraseShop(Job, kind="shop.erase"):
    """The app was removed a month ago and has not come back."""

    removed: str


class Daily(Job, kind="shop.daily"):
    """What a shop needs once a day; each one promises the next."""

    day: date

    @classmethod
    def of(cls, now: datetime) -> Self:
        return cls(day=now.date())


class Chore(Job, kind="shop.chore"):
    """One room's part of a night: what one stumbles over is no night without the others."""

    day: date
    of: str


class AskStillIn(Job, kind="shop.still_in"):
    """Does Saleor still take our token? Nobody tells us when it does not."""

    day: date


THIS = question(select(Shop).where(Shop.id == blank("shop")))
STATUS = question(select(Shop.status).where(Shop.id == blank("shop")))


def this_shop(tx: Tx) -> Shop:
    """The row of the unit of work's own shop."""
    [shop] = ask(tx, THIS, shop=tx.shop)
    return shop


def tonight(tx: Tx) -> datetime:
    """The next three o'clock in the morning of the shop's own zone."""
    here = tx.now.astimezone(ZoneInfo(this_shop(tx).zone))
    three = here.replace(hour=3, minute=0, second=0, microsecond=0)
    return three if three > here else three + timedelta(days=1)


def pause(tx: Tx, *, at: datetime | None = None) -> bool:
    """Switched off in Saleor, at that instant. Whether that is news."""
    return _told(tx, Status.PAUSED, at=at or tx.now)


def resume(tx: Tx, *, at: datetime | None = None) -> bool:
    """Active again: what was missed meanwhile is read by the next sweep."""
    return _told(tx, Status.ACTIVE, at=at or tx.now)


def _told(tx: Tx, status: Status, *, at: datetime) -> bool:
    """IN-3: a word that comes late never undoes what was said after it; and who was uninstalled is
    only brought back by the handshake."""
    shop = this_shop(tx)
    if shop.status == Status.DELETED or at < shop.status_at:
        return False
    shop.status, shop.status_at = status.value, at
    return True


def remove(tx: Tx) -> None:
    """Uninstalled: nothing is done any more, and in a month nothing is kept either."""
    _become(tx, Status.DELETED)
    tx.later(EraseShop(removed=tx.now.isoformat()), at=tx.now + ERASED_AFTER)


def refuse(tx: Tx) -> None:
    """Saleor calls us anonymous: stop, and let the page and `doctor` say so. It is asked again from
    time to time: before 3.23.5 Saleor tells nobody that an app was switched on again.
    """
    if this_shop(tx).status == Status.ACTIVE:
        _become(tx, Status.REFUSED)
    if this_shop(tx).status == Status.REFUSED:
        tx.postpone(AskStillIn(day=tx.now.date()), until=tx.now + ASKED_AGAIN)


def take_back(tx: Tx) -> bool:
    """Saleor takes our token, and may have refused it for a while. Whether it had."""
    if this_shop(tx).status != Status.REFUSED:
        return False
    _become(tx, Status.ACTIVE)
    return True


def forget(tx: Tx) -> None:
    """The shop's own row, with its token: it was never here."""
    tx.delete(this_shop(tx))


def awake(tx: Tx) -> bool:
    """An active shop; one that has been erased meanwhile is not."""
    return list(ask(tx, STATUS, shop=tx.shop)) == [Status.ACTIVE]


def excuses(tx: Tx, failure: Exception) -> bool:
    """A token that is refused is nobody's fault in the house: the shop sleeps, and work waits."""
    if not isinstance(failure, TokenRefusedError):
        return False
    refuse(tx)
    return True


def still_removed(tx: Tx, job: EraseShop) -> bool:
    """Nobody has installed it again since that removal."""
    shop = this_shop(tx)
    return shop.status == Status.DELETED and shop.status_at.isoformat() == job.removed


def _become(tx: Tx, status: Status) -> None:
    shop = this_shop(tx)
    if shop.status != status:
        shop.status, shop.status_at = status.value, tx.now


def channels(tx: Tx) -> list[Channel]:
    return list(tx.exec(select(Channel).order_by(col(Channel.slug))))


def without_rate(tx: Tx) -> tuple[str, ...]:
    """LV-1: currencies that the shop sells in while nobody has said what they are worth. What is
    bought in them is in no sum, no value and no tier, and the pages say so.
    """
    sold_in = {channel.currency for channel in channels(tx) if channel.active}
    known = {this_shop(tx).currency, *tx.exec(select(Rate.currency).distinct())}
    return tuple(sorted(sold_in - known))


def switch_off_channels(tx: Tx, *, but: set[str]) -> None:
    tx.exec(update(Channel).where(col(Channel.slug).not_in(but)).values(active=False))

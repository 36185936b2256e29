from app.history import flows as history
from app.kit.tx import Tx
from app.saleor.shapes.events import AppDeleted, AppStatusChanged
from app.shops import flows as shops
from webhooks.telling import telling


def app_status_changed(event: AppStatusChanged, tx: Tx) -> None:
    if event.app is None or event.app.id != shops.this_shop(tx).app_id:
        return
    at = telling(event).issued_at
    if not event.app.is_active:
        shops.pause(tx, at=at)
    elif shops.resume(tx, at=at):
        history.keep_watch(tx)  # IN-4: Saleor told nobody of what happened meanwhile


def app_deleted(event: AppDeleted, tx: Tx) -> None:
    if event.app is not None and event.app.id == shops.this_shop(tx).app_id:
        shops.remove(tx)

from app.history import flows as history
from app.kit.tx import Tx
from app.saleor.shapes.events import AppDeleted, AppStatusChanged
from app.shops import flows as shops


def app_status_changed(event: AppStatusChanged, tx: Tx) -> None:
    if event.app is None or event.app.id != shops.this_shop(tx).app_id:
        return
    if event.app.is_active:
        shops.resume(tx)
        history.keep_watch(tx)  # IN-4: Saleor told nobody of what happened meanwhile
    else:
        shops.pause(tx)


def app_deleted(event: AppDeleted, tx: Tx) -> None:
    if event.app is not None and event.app.id == shops.this_shop(tx).app_id:
        shops.remove(tx)

"""Does the verdict see? Things that must never be so, done to the data and undone again."""

from collections.abc import Callable

from sqlmodel import col, select

from app.kit.promises import Delivery, Promise
from app.kit.tx import Tx
from app.loyalty.tables import Code, Membership, Voucher
from app.orders.tables import Order
from tests.prove import theirs
from tests.prove.stage import Stage
from tests.prove.verdict import complaints

Damage = Callable[[Tx], None]


def an_order_lost(tx: Tx) -> None:
    tx.delete(tx.exec(select(Order)).first())


def an_order_invented(tx: Tx) -> None:
    known = tx.exec(select(Order)).first()
    assert known
    tx.add(Order.model_validate(known.model_dump() | {"id": None, "saleor_id": "T3JkZXI6eA=="}))


def a_cent_too_much(tx: Tx) -> None:
    order = tx.exec(select(Order)).first()
    assert order
    order.total_minor += 1


def a_delivery_lost(tx: Tx) -> None:
    heard = select(Promise).where(Promise.kind == "webhook.heard")
    for promise in tx.exec(heard).all():
        tx.delete(promise)


def a_promise_parked(tx: Tx) -> None:
    promise = tx.exec(select(Promise).where(Promise.kind == "webhook.heard")).first()
    assert promise
    promise.parked_at, promise.error = tx.now, "damaged"


def a_body_left(tx: Tx) -> None:
    tx.add(Delivery(id=0, event="order_created", body=b"{}", heard_at=tx.now))


def a_voucher_made_twice(tx: Tx) -> None:
    voucher = tx.exec(select(Voucher)).first()
    assert voucher
    voucher.mark = "another"


def a_code_nobody_was_given(tx: Tx) -> None:
    tx.delete(tx.exec(select(Code).where(col(Code.in_saleor_at).is_not(None))).first())


def a_code_that_is_not_in_the_shop(tx: Tx) -> None:
    code = tx.exec(select(Code).where(col(Code.in_saleor_at).is_not(None))).first()
    assert code
    code.code = "NEVER-MADE"


def a_tier_nobody_was_told(tx: Tx) -> None:
    member = tx.exec(select(Membership)).first()
    assert member
    member.untold = True


DAMAGES: tuple[Damage, ...] = (
    an_order_lost,
    an_order_invented,
    a_cent_too_much,
    a_delivery_lost,
    a_promise_parked,
    a_body_left,
    a_voucher_made_twice,
    a_code_nobody_was_given,
    a_code_that_is_not_in_the_shop,
    a_tier_nobody_was_told,
)


def unseen(stage: Stage) -> list[str]:
    """The damages that the verdict would let pass."""
    books = theirs.read(stage)
    return [damage.__name__ for damage in DAMAGES if not _complaints_after(stage, damage, books)]


def _complaints_after(stage: Stage, damage: Damage, books: theirs.Theirs) -> list[str]:
    with stage.house.work(stage.shop) as tx:
        undone = tx.begin_nested()
        damage(tx)
        tx.flush()
        said = complaints(tx, books)
        undone.rollback()
    return said

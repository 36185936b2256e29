"""CP-4, firm: a reward as a gift card for one account alone. Saleor has these since 3.23.19.

It is of the ledger of codes as any other: a row of `Code` under a month's `Voucher` that has no
counterpart in Saleor. Its code is ours, minted as the others are, so that Saleor refuses the second
card of a retry and the first is found again by it. Saleor needs MANAGE_GIFT_CARD for all of this.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import col, select

from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import codes, coupons
from app.loyalty.acts import Verb, note
from app.loyalty.minting import Opener
from app.loyalty.speech import Title
from app.loyalty.tables import Code
from app.loyalty.vouchers import TAKEN
from app.saleor import shapes
from app.saleor.client import PermissionMissingError, SaleorRefusedError
from app.saleor.documents import Version
from app.saleor.operations import GIFT_CARD_CALLED, GIFT_CARD_CREATE, GIFT_CARD_DELETE
from app.shops import errands as shops
from app.shops.flows import this_shop
from app.web.notation import Sum
from app.world import World

PERMISSION = "MANAGE_GIFT_CARD"
SINCE = Version(3, 23, 19)
"""`assignedTo`."""
MOST_ENDED = 100
"""Saleor's limit on one bulk delete, from 3.24 on."""


class CardHiddenError(Exception):
    """Saleor says the card's code is taken, and does not show the card yet. Try again."""

    public = True


def possible(tx: Tx) -> bool:
    """Whether this shop's Saleor knows cards of one customer."""
    try:
        return Version.read(this_shop(tx).saleor_version) >= SINCE
    except ValueError:
        return False


def allowed(tx: Tx) -> bool:
    """Whether Saleor lets us make gift cards, when it was last asked."""
    return PERMISSION in this_shop(tx).granted


def give(
    tx: Tx,
    programme: str,
    person: Person,
    *,
    title: Title,
    percent_hundredths: int,
    amount_minor: int,
    currency: str,
    ends_at: datetime,
    open_: Opener,
) -> Code:
    """The person's card of the programme this month, the same however often it is asked for.

    It has to be brought to Saleor before anybody reads of it (`bring`).
    """
    code = coupons.give(
        tx, programme + coupons.OF_CARDS, person, title=title, ends_at=ends_at, open_=open_,
        percent_hundredths=percent_hundredths, prefix=codes.OF_CARD,
    )  # fmt: skip
    if code.amount_minor is None:
        code.amount_minor, code.currency = amount_minor, currency
    return code


def bring(world: World, code_id: int) -> bool:
    """Make the card in Saleor, once. False where Saleor will not: the permission is not ours, or
    the account is gone. Raises CardHiddenError, or any other SaleorError."""
    with world.look() as tx:
        code = tx.exec(select(Code).where(Code.id == code_id)).one()
        account = tx.exec(select(Person.account).where(Person.id == code.person)).first()
    if code.in_saleor_at:
        return True
    if account is None:
        return False
    try:
        card = _find(world, code.code) or _make(world, code, account)
    except PermissionMissingError:
        world.do(partial(shops.note_denied, permission=PERMISSION))
        return False
    if card is None:
        return False

    def store(tx: Tx) -> None:
        row = tx.exec(select(Code).where(Code.id == code_id)).one()
        row.card, row.in_saleor_at = card, tx.now

    world.do(store)
    return True


def _find(world: World, text: str) -> str | None:
    found = _called(world, text)
    return found.id if found else None


def _called(world: World, text: str) -> shapes.KnownGiftCard | None:
    return next(iter(world.saleor.run(GIFT_CARD_CALLED, code=text).nodes), None)


def _make(world: World, code: Code, account: str) -> str | None:
    """None where Saleor knows no such account any more."""
    currency = code.currency or ""
    until = code.ends_at or world.clock.now()
    tomorrow = world.clock.now() + timedelta(days=1)  # Saleor takes no card that ends today
    terms: dict[str, Any] = {
        "code": code.code,
        "balance": {"amount": major(code.amount_minor or 0, currency), "currency": currency},
        "assignedTo": account,
        "expiryDate": max(until, tomorrow).date(),
        "isActive": True,
        "addTags": ["perennial"],
    }
    try:
        made = world.saleor.run(GIFT_CARD_CREATE, input=terms).card
    except SaleorRefusedError as refusal:
        if "NOT_FOUND" in refusal.codes:
            return None
        if not refusal.codes & TAKEN:
            raise
        found = _find(world, code.code)
        if found is None:
            raise CardHiddenError("a gift card's code is taken and it is not shown") from refusal
        return found
    return made.id if made else _find(world, code.code)


def worth(code: Code) -> Sum | None:
    """What a card was given for; None of any other code."""
    if code.amount_minor is None or code.currency is None:
        return None
    return Sum(major(code.amount_minor, code.currency), code.currency)


def end(world: World) -> None:
    """CP-3, CP-8: cards past their end leave Saleor. Of each it is asked first whether anybody paid
    with it: where a channel takes cards as a payment, no order says so."""
    with world.look() as tx:
        over = _ended(tx)
    if not over:
        return
    try:
        found = {code.id or 0: _called(world, code.code) for code in over}
        idle = [card.id for card in found.values() if card and card.last_used_on is None]
        if idle:
            world.saleor.run(GIFT_CARD_DELETE, ids=idle)
    except PermissionMissingError:
        world.do(partial(shops.note_denied, permission=PERMISSION))
        return  # Saleor ends them itself, by the end of that day
    world.do(partial(_write_ends, found=found))


def _ended(tx: Tx) -> list[Code]:
    rows = (
        select(Code)
        .where(
            col(Code.card).is_not(None),
            col(Code.ends_at) < tx.now,
            col(Code.used_at).is_(None),
            col(Code.deleted_at).is_(None),
        )
        .order_by(col(Code.id))
        .limit(MOST_ENDED)
    )
    return list(tx.exec(rows))


def _write_ends(tx: Tx, *, found: Mapping[int, shapes.KnownGiftCard | None]) -> None:
    for id_, card in found.items():
        row = tx.exec(select(Code).where(Code.id == id_)).one()
        used_at = card.last_used_on if card else None
        if used_at is None:
            row.deleted_at = tx.now
        else:
            row.used_at = used_at
            note(tx, Verb.USED, "by_owner", of=id_, person=row.person, code=id_)

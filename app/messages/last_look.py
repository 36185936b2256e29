"""What Saleor says seconds before a message leaves, whatever was heard. Raises RefusedError."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from app.carts import flows as carts
from app.messages import content, guards
from app.messages.blocks import Kind
from app.messages.flows import Due
from app.messages.rules import RefusedError, Word
from app.saleor.operations import CHECKOUT, VARIANTS_ON_SALE
from app.saleor.shapes import Checkout, CheckoutLine
from app.world import World


def guarded(world: World, due: Due, *, emails: tuple[str, ...]) -> None:
    """AC-6: has she bought, has it been paid?"""
    if due.send.guard is None:
        return
    account = due.to.person.account if due.to.person else None
    if word := guards.read(due.send.guard).word(world.saleor, emails=emails, account=account):
        raise RefusedError(word)


def fresh(
    world: World, due: Due, told: Mapping[str, Any], *, emails: tuple[str, ...]
) -> Checkout | None:
    """AC-10: what lies in the checkout now and can still be had, and for how much.

    A reminder is refused where nothing is left behind any more: Saleor does not know the checkout
    (AC-9), or somebody is paying just now, which Saleor tells nobody (AC-13). A link that she asked
    for herself (RL-7) goes all the same: it rebuilds what is gone.
    """
    id_, reminds = told.get("checkout"), due.send.guard is not None
    if not id_ or not (reminds or Kind.CART in content.kinds_of(due.draft)):
        return None
    checkout = world.saleor.run(CHECKOUT, id=id_).checkout
    if checkout is None:
        if reminds:
            guarded(world, due, emails=emails)  # it became an order: that is the better word
            world.do(partial(carts.miss, checkout=str(id_)))
            raise RefusedError(Word.NOTHING_LEFT)
        return None
    if reminds and checkout.payment_holds:
        raise RefusedError(Word.SHOPPER_ACTIVE)
    lines = _to_be_had(world, checkout)
    if reminds and not lines:
        raise RefusedError(Word.NOTHING_LEFT)
    return checkout.model_copy(update={"lines": lines})


def _to_be_had(world: World, checkout: Checkout) -> tuple[CheckoutLine, ...]:
    """Without what is sold out or not for sale any more: the link itself will say the same."""
    ids = sorted({line.variant.id for line in checkout.lines})
    shelf = world.saleor.run(VARIANTS_ON_SALE, ids=ids, channel=checkout.channel.slug).by_id
    return tuple(
        line
        for line in checkout.lines
        if (found := shelf.get(line.variant.id)) and found.quantity_available != 0
    )

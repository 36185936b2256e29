"""RL-4 to RL-6: a link is shown, and a link is acted upon.

Showing reads our own snapshot and nothing else. Acting makes a new checkout in Saleor, with what of
the old one can still be had, and the promised code on it; the old one's id is never told, for it
opens addresses and e-mail to whoever holds it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlmodel import col, select, update

from app.carts import flows as carts
from app.carts import queries as cart_queries
from app.carts.rules import State
from app.carts.tables import Cart
from app.journeys import flows, links, queries
from app.journeys.tables import Link, Redemption
from app.kit.money import major, minor
from app.kit.tx import Tx
from app.loyalty import cards, coupons, vouchers
from app.loyalty.vouchers import VoucherGoneError
from app.saleor.client import SaleorRefusedError
from app.saleor.operations import CHECKOUT_ADD_PROMO_CODE, CHECKOUT_CREATE, VARIANTS_ON_SALE
from app.saleor.shapes.catalogue import OnSale
from app.web.notation import Sum
from app.world import World

MOST_AN_HOUR = 10
"""RL-6: redeems of one link."""
HOUR = timedelta(hours=1)
DECISION = "perennial.decision"
BOUGHT = frozenset({State.BOUGHT.value, State.RECOVERED.value, State.BOUGHT_ANYWAY.value})


class Sight(StrEnum):
    """What a link is good for right now."""

    READY = "ready"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    BOUGHT = "bought"
    """RL-4: good until the purchase."""
    TOO_OFTEN = "too_often"


@dataclass(frozen=True)
class Item:
    name: str
    quantity: int
    each: Sum | None


@dataclass(frozen=True)
class Shown:
    """A link as anybody who holds it may see it (RL-3)."""

    sight: Sight
    language: str = ""
    email: str = ""
    """Masked."""
    items: Sequence[Item] = ()
    percent: Decimal | None = None
    worth: Sum | None = None
    """Of a gift card: whoever it is for signs in and types its code."""
    ends_at: datetime | None = None
    zone: str = "UTC"
    shop: str = ""
    """Whose page it is, as the shopper knows it."""


class What(StrEnum):
    """RL-6: what is otherwise than it was."""

    GONE = "gone"
    FEWER = "fewer"
    PRICE = "price"
    CODE = "code"
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True)
class Problem:
    what: What
    name: str = ""
    quantity: int | None = None
    before: Sum | None = None
    now: Sum | None = None

    def told(self) -> dict[str, Any]:
        """As JSON; amounts are text, and their currency beside them."""
        body: dict[str, Any] = {"problem": self.what.value}
        if self.name:
            body["name"] = self.name
        if self.quantity is not None:
            body["quantity"] = self.quantity
        if self.before and self.now:
            body |= {"before": str(self.before.amount), "now": str(self.now.amount)}
            body["currency"] = self.now.currency
        return body


@dataclass(frozen=True)
class Redeemed:
    sight: Sight
    checkout: str | None = None
    language: str = ""
    problems: Sequence[Problem] = ()
    onward: str | None = None
    """Where the storefront takes it from here, if the shop has said."""
    coded: bool = False


@dataclass(frozen=True)
class Basis:
    """What acting on a link needs to know, read in one look."""

    sight: Sight
    link: Link | None = None
    cart: Cart | None = None
    problems: Sequence[Problem] = field(default_factory=tuple)


def look(tx: Tx, token: str) -> Basis:
    """Whether a link may be acted upon. A forged one costs the same question as a true one."""
    link = links.find(tx, token)
    if link is None:
        return Basis(Sight.UNKNOWN)
    cart = cart_queries.by_checkout(tx, link.checkout)
    if cart is None:
        return Basis(Sight.UNKNOWN)
    if cart.state in BOUGHT:
        return Basis(Sight.BOUGHT, link, cart)
    if links.expired(link, tx.now):
        return Basis(Sight.EXPIRED, link, cart)
    if queries.redeemed_since(tx, link.id or 0, tx.now - HOUR) >= MOST_AN_HOUR:
        return Basis(Sight.TOO_OFTEN, link, cart)
    return Basis(Sight.READY, link, cart)


def show(tx: Tx, token: str) -> Shown:
    """RL-4: GET reads, and changes nothing."""
    basis = look(tx, token)
    if basis.cart is None or basis.link is None:
        return Shown(basis.sight)
    sight = Sight.READY if basis.sight is Sight.TOO_OFTEN else basis.sight
    code = coupons.by_id(tx, basis.link.code) if basis.link.code else None
    good = code is not None and code.used_at is None and (code.ends_at or tx.now) > tx.now
    return Shown(
        sight,
        language=basis.cart.language,
        email=links.masked(basis.cart.email or ""),
        items=[_item(line, basis.cart.currency) for line in basis.cart.lines],
        percent=Decimal(coupons.percent_of(tx, code)).scaleb(-2) if code and good else None,
        worth=cards.worth(code) if code and good else None,
        ends_at=code.ends_at if code and good else None,
    )


def of_shop(shown: Shown, *, shop: str, zone: str) -> Shown:
    return replace(shown, shop=shop, zone=zone)


def _item(line: Mapping[str, Any], currency: str) -> Item:
    unit = line.get("unit_minor")
    each = Sum(major(unit, currency), currency) if unit is not None else None
    return Item(str(line["name"]), int(line["quantity"]), each)


def redeem(world: World, token: str) -> Redeemed:
    """RL-5: a new checkout, each time it is asked for. Raises SaleorError."""
    basis, turn = world.do(lambda tx: _come_in(tx, token))
    link, cart = basis.link, basis.cart
    if basis.sight is not Sight.READY or link is None or cart is None:
        return Redeemed(basis.sight)
    with world.look() as tx:
        terms = queries.recovery(tx)
    lines, problems = _still(world, cart)
    if not lines:
        return Redeemed(
            Sight.READY, language=cart.language, problems=[*problems, Problem(What.NOTHING_LEFT)]
        )
    made = _make(world, cart, link, lines)
    coded = False
    if link.code and not _is_card(world, link.code):
        coded = _put_code_on(world, link.code, made)
        problems += [] if coded else [Problem(What.CODE)]
    words = [problem.what.value for problem in problems]
    world.do(lambda tx: _write_down(tx, turn, link, made=made, of=cart, problems=words))
    onward = links.checkout_address(
        terms, cart.channel, checkout=made, locale=cart.language.replace("_", "-").lower()
    )
    return Redeemed(Sight.READY, made, cart.language, problems, onward, coded)


def _still(world: World, cart: Cart) -> tuple[list[dict[str, Any]], list[Problem]]:
    """What of it can be had, and what is otherwise than it was. Lines of one variant share what is
    left of it: Saleor adds them up, and refuses them all where it is too much."""
    ids = sorted({str(line["variant"]) for line in cart.lines})
    found = world.saleor.run(VARIANTS_ON_SALE, ids=ids, channel=cart.channel).by_id
    lines, problems, taken = [], list[Problem](), Counter[str]()
    for line in cart.lines:
        name, wanted, variant = str(line["name"]), int(line["quantity"]), str(line["variant"])
        now = found.get(variant)
        left = _left(now, wanted, taken=taken[variant])
        if now is None or left < 1:
            problems.append(Problem(What.GONE, name))
            continue
        if left < wanted:
            problems.append(Problem(What.FEWER, name, quantity=left))
        if changed := _price_changed(line, now, cart.currency):
            problems.append(Problem(What.PRICE, name, before=changed[0], now=changed[1]))
        lines.append({"variantId": variant, "quantity": left})
        taken[variant] += left
    return lines, problems


def _left(now: OnSale | None, wanted: int, *, taken: int) -> int:
    if now is None:
        return 0
    return wanted if now.quantity_available is None else min(wanted, now.quantity_available - taken)


def _price_changed(line: Mapping[str, Any], now: OnSale, currency: str) -> tuple[Sum, Sum] | None:
    before = line.get("unit_minor")
    if before is None or now.price is None:
        return None
    asked = minor(now.price.gross.amount, currency)
    if asked == before:
        return None
    return Sum(major(before, currency), currency), Sum(major(asked, currency), currency)


def _make(world: World, cart: Cart, link: Link, lines: Sequence[Mapping[str, Any]]) -> str:
    """No e-mail: the shopper types it, for whoever holds the id can read it."""
    made = world.saleor.run(
        CHECKOUT_CREATE,
        channel=cart.channel,
        language=cart.language or None,
        lines=list(lines),
        marks=[{"key": DECISION, "value": link.decision}],
    ).checkout
    if made is None:
        raise RuntimeError("Saleor made a checkout and did not name it")
    return made.id


def _is_card(world: World, code_id: int) -> bool:
    """CP-4, firm: Saleor takes it of her who has signed in, and this checkout is nobody's yet."""
    with world.look() as tx:
        code = coupons.by_id(tx, code_id)
        return code is not None and code.amount_minor is not None


def _put_code_on(world: World, code_id: int, checkout: str) -> bool:
    """RL-6: a code that does not apply is said, not swallowed."""
    try:
        code = vouchers.bring(world, code_id)
        world.saleor.run(CHECKOUT_ADD_PROMO_CODE, id=checkout, code=code.code)
    except (SaleorRefusedError, VoucherGoneError):
        return False
    return True


def _come_in(tx: Tx, token: str) -> tuple[Basis, int]:
    """RL-8: a turn is taken before Saleor is asked for anything: a hundred presses at once are
    counted one by one, and so are those that come to nothing. Who holds the link's row is first.
    """
    basis = look(tx, token)
    if basis.sight is not Sight.READY or basis.link is None:
        return basis, 0
    mine = update(Link).where(col(Link.id) == basis.link.id).values(hash=basis.link.hash)
    tx.exec(mine)  # two on PostgreSQL that count the same turns cannot both write the same row
    turn = Redemption(link=basis.link.id or 0, at=tx.now)
    tx.add(turn)
    tx.flush()
    return basis, turn.id or 0


def _write_down(tx: Tx, turn: int, link: Link, *, made: str, of: Cart, problems: list[str]) -> None:
    row = tx.exec(select(Redemption).where(Redemption.id == turn)).one()
    row.checkout, row.problems = made, problems
    carts.made_anew(tx, made, of=of.checkout)
    run = queries.run(tx, link.run)
    if run and run.ended_at is None:
        flows.begin_to_wait_anew(tx, run)  # AC-5: the shopper is back

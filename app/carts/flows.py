"""A checkout is touched, becomes an order, or goes quiet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from typing_extensions import override

from app.carts import queries, reading, rules
from app.carts.queries import Purchase
from app.carts.rules import State, Surroundings
from app.carts.tables import Cart, Patience
from app.catalog import flows as catalog
from app.customers import meeting
from app.customers import queries as people
from app.kit.hearing import Cause, Hearing, Version
from app.kit.merging import settle
from app.kit.tx import Job, Tx
from app.orders import flows as orders
from app.saleor.shapes import Checkout


class CartGoesQuiet(Job, kind="cart.goes_quiet"):
    """Nobody tells us that a shopper left: we look again once it has been quiet for a while."""

    checkout: str

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.checkout}"


@dataclass(frozen=True)
class Touched:
    """What hearing of a checkout has changed."""

    cart: Cart
    person: int | None
    """The signed-in shopper."""
    news: bool
    """This telling is the newest."""
    by_shopper: bool
    """And a person caused it, not an app: the only time to put a code on it (AC-3)."""
    touched: frozenset[int]
    """Persons whose orders earn more than before: this checkout vouches for one."""


class _Kept(NamedTuple):
    version: Version
    gaps: dict[str, str]
    columns: dict[str, Any]


def touch(tx: Tx, checkout: Checkout, *, heard: Hearing, own_code: bool = False) -> Touched | None:
    """Remember the cart as it now is, and look again once it has been quiet for a while.

    `own_code`: the code on it is one of ours, and putting it on was no act of the shopper's.
    None: its shopper has asked to be forgotten (PR-3), and nothing is remembered.
    """
    catalog.learn(tx, reading.sightings(checkout, heard))
    shopper = _shopper(tx, checkout, heard)
    if shopper is None:
        return None
    person, touched = shopper
    told = reading.columns(checkout, heard) | {"person": person}
    family = queries.family(
        tx,
        checkouts=[checkout.id],
        persons=[person] if person else (),
        emails=[told["email"]] if told["email"] else (),
    )
    cart = next((cart for cart in family if cart.checkout == checkout.id), None)
    if cart is None:
        if _forgotten(tx, told["email"], since=checkout.created):
            return None
        cart = _begin(checkout)
        tx.add(cart)
        family.append(cart)
    news = _lay_over(cart, told, heard, gaps=reading.gaps(heard))
    _follow(cart, checkout, heard, own_code=own_code)
    _judge(tx, family)
    quiet_at = cart.touched_at + queries.patience(tx)
    tx.postpone(CartGoesQuiet(checkout=checkout.id), until=quiet_at)
    return Touched(cart, person, news, news and heard.cause is Cause.PERSON, touched)


def _shopper(
    tx: Tx, checkout: Checkout, heard: Hearing
) -> tuple[int | None, frozenset[int]] | None:
    """Who is signed in, and whose orders earn more by it. None: she asked to be forgotten."""
    who = reading.shopper(checkout, heard)
    if who is None or who.account is None:
        return None, frozenset()
    met = meeting.meet(tx, [who])
    touched = orders.settle(tx, met)
    if (known := met.of(who)) is None:
        return None
    vouched = orders.vouch(tx, checkout.id, account=who.account, person=known.source)
    return known.person, touched | vouched


def _forgotten(tx: Tx, email: str | None, *, since: datetime) -> bool:
    """PR-3: this address asked to be forgotten after the checkout was begun."""
    erased_at = people.erased(tx, [f"guest:{email}"]).get(f"guest:{email}") if email else None
    return erased_at is not None and since <= erased_at


def _begin(checkout: Checkout) -> Cart:
    return Cart(
        checkout=checkout.id,
        channel=checkout.channel.slug,
        currency=checkout.channel.currency_code,
        created_at=checkout.created,
        touched_at=checkout.created,
        updated_at=checkout.updated_at,
        issued_at=checkout.updated_at,
    )


def _follow(cart: Cart, checkout: Checkout, heard: Hearing, *, own_code: bool) -> None:
    """AC-3: when the shopper did something last, whichever telling came first."""
    content = reading.content(checkout, own_code=own_code)
    cart.trail = rules.followed(cart.trail, checkout.updated_at, content, heard.cause)
    cart.touched_at = rules.touched_at(cart.trail, created_at=cart.created_at)
    if cart.gone_at and heard.issued_at > cart.gone_at:
        cart.gone_at = None


def _lay_over(cart: Cart, told: dict[str, Any], heard: Hearing, *, gaps: frozenset[str]) -> bool:
    """IN-3. Whether this telling is the newest."""
    kept = None
    if cart.id is not None:
        names = [name for columns in reading.GAPPED.values() for name in columns]
        kept = _Kept(
            Version(cart.updated_at, cart.issued_at, cart.hash),
            dict(cart.gaps or {}),
            {name: getattr(cart, name) for name in names},
        )
    version = heard.of(told["updated_at"])
    outcome = settle(kept, told, version, missing=gaps, fields=reading.GAPPED)
    for name, value in outcome.columns.items():
        setattr(cart, name, value)
    cart.gaps = outcome.gaps or None
    return outcome.newer


def close(tx: Tx, *, checkout: str | None, person: int | None, email: str | None) -> list[Cart]:
    """There is an order: of this checkout, and by this person. The carts that it ended."""
    family = queries.family(
        tx,
        checkouts=[checkout] if checkout else (),
        persons=[person] if person else (),
        emails=[email] if email else (),
    )
    return _judge(tx, family)


def judge(tx: Tx, checkout: str) -> Cart | None:
    """The cart, if it is abandoned as of now and was not before."""
    cart = queries.by_checkout(tx, checkout)
    if cart is None:
        return None
    return next((c for c in _judge(tx, _family_of(tx, cart)) if c is cart and lost(c)), None)


def miss(tx: Tx, checkout: str) -> None:
    """AC-9: Saleor does not know it any more. The snapshot stays."""
    cart = queries.by_checkout(tx, checkout)
    if cart and cart.gone_at is None:
        cart.gone_at = tx.now
        _judge(tx, _family_of(tx, cart))


def lost(cart: Cart) -> bool:
    return cart.state == State.ABANDONED.value


def _family_of(tx: Tx, cart: Cart) -> list[Cart]:
    return queries.family(
        tx,
        checkouts=[cart.checkout],
        persons=[cart.person] if cart.person else (),
        emails=[cart.email] if cart.email else (),
    ) or [cart]


def _judge(tx: Tx, family: Sequence[Cart]) -> list[Cart]:
    """Every cart of a person anew. Those whose state has changed."""
    if not family:
        return []
    tx.flush()
    patience, purchases = queries.patience(tx), queries.purchases(tx, family)
    changed = []
    for cart in family:
        _order(cart, purchases)
        around = _surroundings(cart, family, purchases)
        state = rules.verdict(cart, around, now=tx.now, patience=patience)
        if state != cart.state:
            changed.append(cart)
        cart.state = state.value
        cart.abandoned_at = rules.abandoned_at(cart, state, patience=patience)
    return changed


def _order(cart: Cart, purchases: Sequence[Purchase]) -> None:
    own = next((p for p in purchases if p.checkout == cart.checkout), None)
    cart.order = own.saleor_id if own else None
    cart.ordered_at = own.created_at if own else None
    cart.decision = own.decision if own else None


def _surroundings(
    cart: Cart, family: Sequence[Cart], purchases: Sequence[Purchase]
) -> Surroundings:
    other = (p.created_at for p in purchases if p.checkout != cart.checkout)
    return Surroundings(
        bought_elsewhere_at=rules.first(at for at in other if at >= cart.created_at),
        livelier=any(rules.livelier(one, cart) for one in family if one is not cart),
    )


def be_patient(tx: Tx, patience: timedelta) -> None:
    """AC-1: from now on a checkout may rest this long. Raises ValueError out of bounds."""
    minutes = int(rules.bounded(patience).total_seconds() // 60)
    row = queries.chosen_patience(tx) or Patience(minutes=minutes)
    row.minutes = minutes
    tx.add(row)
    tx.info.pop("patience", None)

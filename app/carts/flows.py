"""A checkout is touched, becomes an order, or goes quiet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from typing_extensions import override

from app.carts import queries, reading, rules
from app.carts.queries import Purchase, Purchases
from app.carts.rules import State, Surroundings
from app.carts.tables import Cart, Heir, Patience
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
    checkout: Checkout
    """As it was told."""
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


@dataclass(frozen=True)
class Telling:
    checkout: Checkout
    heard: Hearing
    own_code: bool = False
    """The code on it is one of ours, and putting it on was no act of the shopper's."""


def touch(tx: Tx, checkout: Checkout, *, heard: Hearing, own_code: bool = False) -> Touched | None:
    """Remember the cart as it now is, and look again once it has been quiet for a while.

    None: its shopper has asked to be forgotten (PR-3), and nothing is remembered.
    """
    return touch_all(tx, [Telling(checkout, heard, own_code)])[0]


def touch_all(tx: Tx, tellings: Sequence[Telling]) -> list[Touched | None]:
    """Many in few statements. One that is told of twice is taken one telling at a time."""
    first: dict[str, Telling] = {}
    again = [t for t in tellings if first.setdefault(t.checkout.id, t) is not t]
    touched = _touch(tx, list(first.values())) if first else []
    return touched + (touch_all(tx, again) if again else [])


def _touch(tx: Tx, tellings: Sequence[Telling]) -> list[Touched | None]:
    catalog.learn(tx, [s for t in tellings for s in reading.sightings(t.checkout, t.heard)])
    shoppers, touched = _shoppers(tx, tellings)
    told = {t.checkout.id: reading.columns(t.checkout, t.heard) for t in tellings}
    carts, begun = _carts(tx, tellings, told, shoppers)
    news: dict[str, bool] = {}
    for telling in tellings:
        id_ = telling.checkout.id
        if id_ in shoppers and (cart := carts.get(id_)):
            columns = told[id_] | {"person": shoppers[id_]}
            gaps = reading.gaps(telling.heard)
            news[id_] = _lay_over(cart, columns, telling.heard, gaps=gaps, new=id_ in begun)
            _follow(cart, telling.checkout, telling.heard, own_code=telling.own_code)
    told_now = {
        cart.checkout
        for t in tellings
        if (cart := carts.get(t.checkout.id)) and _to_be_followed(t, cart, now=tx.now)
    }
    _judge_all(tx, list(carts.values()), told_now=told_now)
    patience = queries.patience(tx)
    tx.postpone_all(
        [(CartGoesQuiet(checkout=id_), carts[id_].touched_at + patience) for id_ in news]
    )
    return [
        Touched(
            carts[id_],
            t.checkout,
            shoppers[id_],
            news[id_],
            news[id_] and t.heard.cause is Cause.PERSON,
            touched.get(id_, frozenset()),
        )
        if (id_ := t.checkout.id) in news
        else None
        for t in tellings
    ]


def _to_be_followed(telling: Telling, cart: Cart, *, now: datetime) -> bool:
    """Whoever is told of; of what a sweep or an import has read, only what is young: its webhook
    was lost. The rest was left long before.
    """
    return telling.heard.cause is not Cause.UNKNOWN or cart.touched_at > now - rules.YOUNG


def _shoppers(
    tx: Tx, tellings: Sequence[Telling]
) -> tuple[dict[str, int | None], dict[str, frozenset[int]]]:
    """By checkout: who is signed in, and whose orders earn more by it.

    A checkout whose shopper asked to be forgotten is not among them.
    """
    named = {t.checkout.id: reading.shopper(t.checkout, t.heard) for t in tellings}
    met = meeting.meet(tx, [who for who in named.values() if who and who.account])
    settled = orders.settle(tx, met)
    shoppers: dict[str, int | None] = {}
    vouching: list[orders.Vouching] = []
    for id_, who in named.items():
        if who is None or who.account is None:
            shoppers[id_] = None
        elif known := met.of(who):
            shoppers[id_] = known.person
            vouching.append(orders.Vouching(id_, who.account, known.source))
    touched = orders.vouch_all(tx, vouching)
    if settled and tellings:  # they are nobody's in particular: the first to be told tells of them
        id_ = tellings[0].checkout.id
        touched[id_] = touched.get(id_, frozenset()) | settled
    return shoppers, touched


def _carts(
    tx: Tx,
    tellings: Sequence[Telling],
    told: Mapping[str, Mapping[str, Any]],
    shoppers: Mapping[str, int | None],
) -> tuple[dict[str, Cart], frozenset[str]]:
    """The carts told of and all others of their people, by checkout; and which are begun by it."""
    asked = [t for t in tellings if t.checkout.id in shoppers]
    emails = {told[t.checkout.id]["email"] for t in asked} - {None}
    checkouts = [t.checkout.id for t in asked]
    known = queries.known(tx, checkouts)
    new = [t.checkout for t in asked if t.checkout.id not in known]
    erased = people.erased(tx, [f"guest:{told[c.id]['email']}" for c in new if told[c.id]["email"]])
    begun = {}
    for checkout in new:
        erased_at = erased.get(f"guest:{told[checkout.id]['email']}")
        if erased_at is None or checkout.created > erased_at:  # PR-3: begun before is forgotten
            columns = {**told[checkout.id], "person": shoppers[checkout.id]}
            begun[checkout.id] = _first(checkout, columns)
    tx.put(Cart, list(begun.values()), key=("checkout",))
    family = queries.family(
        tx,
        checkouts=checkouts,
        persons={person for person in shoppers.values() if person},
        emails=emails,
    )
    return {cart.checkout: cart for cart in family}, frozenset(begun)


def _first(checkout: Checkout, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Its row before anything is made of it; written without an object, and many at a time."""
    return {
        **columns,
        "checkout": checkout.id,
        "touched_at": checkout.created,
        "state": State.ACTIVE.value,
        "trail": [],
    }


def _follow(cart: Cart, checkout: Checkout, heard: Hearing, *, own_code: bool) -> None:
    """AC-3: when the shopper did something last, whichever telling came first."""
    content = reading.content(checkout, own_code=own_code)
    cart.trail = rules.followed(cart.trail, checkout.updated_at, content, heard.cause)
    cart.touched_at = rules.touched_at(cart.trail, created_at=cart.created_at)
    if cart.gone_at and heard.issued_at > cart.gone_at:
        cart.gone_at = None


def _lay_over(
    cart: Cart, told: dict[str, Any], heard: Hearing, *, gaps: frozenset[str], new: bool
) -> bool:
    """IN-3. Whether this telling is the newest."""
    kept = None
    if not new:
        names = [name for columns in reading.GAPPED.values() for name in columns]
        kept = _Kept(
            Version(cart.updated_at, cart.issued_at, cart.hash),
            dict(cart.gaps or {}),
            {name: getattr(cart, name) for name in names},
        )
    version = heard.of(told["updated_at"])
    outcome = settle(kept, told, version, missing=gaps, fields=reading.GAPPED)
    for name, value in outcome.columns.items():
        if getattr(cart, name) != value:  # most tellings leave most of it as it was
            setattr(cart, name, value)
    cart.gaps = outcome.gaps or None
    return outcome.newer


class Closing(NamedTuple):
    """There is an order: of this checkout, and by this person."""

    checkout: str | None
    person: int | None
    email: str | None


def close(tx: Tx, *, checkout: str | None, person: int | None, email: str | None) -> list[Cart]:
    """The carts that an order ended."""
    return close_all(tx, [Closing(checkout, person, email)])


def close_all(tx: Tx, orders: Sequence[Closing]) -> list[Cart]:
    family = queries.family(
        tx,
        checkouts={order.checkout for order in orders if order.checkout},
        persons={order.person for order in orders if order.person},
        emails={order.email for order in orders if order.email},
    )
    return _judge_all(tx, family)


def judge(tx: Tx, checkout: str) -> Cart | None:
    """The cart, if it is abandoned as of now and was not before."""
    return next(iter(judge_all(tx, [checkout])), None)


def judge_all(tx: Tx, checkouts: Collection[str]) -> list[Cart]:
    """Those of these carts that are abandoned as of now and were not before."""
    family = queries.family(tx, checkouts=checkouts)
    return [c for c in _judge_all(tx, family) if c.checkout in checkouts and lost(c)]


def made_anew(tx: Tx, checkout: str, *, of: str) -> None:
    """RL-5: this checkout was made out of an abandoned one."""
    tx.put(Heir, [{"checkout": checkout, "of": of}], key=("checkout",))


def miss(tx: Tx, checkout: str) -> None:
    """AC-9: Saleor does not know it any more. The snapshot stays."""
    cart = queries.by_checkout(tx, checkout)
    if cart and cart.gone_at is None:
        cart.gone_at = tx.now
        _judge_all(tx, _family_of(tx, cart))


def lost(cart: Cart) -> bool:
    return cart.state == State.ABANDONED.value


def _family_of(tx: Tx, cart: Cart) -> list[Cart]:
    return queries.family(
        tx,
        checkouts=[cart.checkout],
        persons=[cart.person] if cart.person else (),
        emails=[cart.email] if cart.email else (),
    ) or [cart]


def _judge_all(
    tx: Tx, carts: Sequence[Cart], *, told_now: Collection[str] = frozenset()
) -> list[Cart]:
    """Every cart anew, each beside those of its own people. Those whose state has changed.

    What has been told of this moment is lost only once CartGoesQuiet has looked: its shopper is
    followed up then, however late it was told.
    """
    if not carts:
        return []
    tx.flush()
    bought = queries.purchases(tx, carts)
    changed: list[Cart] = []
    for family in rules.families(carts):
        changed += _judge_family(tx, family, bought, told_now)
    return changed


def _judge_family(
    tx: Tx, family: Sequence[Cart], bought: Purchases, told_now: Collection[str]
) -> list[Cart]:
    patience, changed, purchases = queries.patience(tx), [], bought.of(family)
    apart = queries.per_channel(tx)
    for cart in family:
        own = bought.own(cart.checkout)
        _order(cart, [p for p in purchases if p.checkout in own])
        elsewhere = [p for p in purchases if p.checkout not in own]
        around = _surroundings(cart, family, elsewhere, per_channel=apart)
        waits = cart.checkout in told_now and not lost(cart)
        now = cart.touched_at if waits else tx.now
        state = rules.verdict(cart, around, now=now, patience=patience)
        if state != cart.state:
            changed.append(cart)
        cart.state = state.value
        cart.abandoned_at = rules.abandoned_at(cart, state, patience=patience)
    return changed


def _order(cart: Cart, purchases: Sequence[Purchase]) -> None:
    """Of the checkout itself, or of one made out of it."""
    own = next((p for p in purchases if p.checkout == cart.checkout), None)
    own = own or next(iter(purchases), None)
    cart.order = own.saleor_id if own else None
    cart.ordered_at = own.created_at if own else None
    cart.decision = own.decision if own else None


def _surroundings(
    cart: Cart, family: Sequence[Cart], purchases: Sequence[Purchase], *, per_channel: bool
) -> Surroundings:
    later = [p for p in purchases if p.created_at >= cart.created_at]
    first = min(later, key=lambda p: p.created_at, default=None)
    return Surroundings(
        bought_elsewhere_at=first.created_at if first else None,
        brought=bool(first and first.decision),
        livelier=any(
            rules.livelier(one, cart, per_channel=per_channel) for one in family if one is not cart
        ),
    )


def be_patient(tx: Tx, patience: timedelta) -> None:
    """AC-1: from now on a checkout may rest this long. Raises ValueError out of bounds."""
    minutes = int(rules.bounded(patience).total_seconds() // 60)
    row = queries.chosen_patience(tx) or Patience(minutes=minutes)
    row.minutes = minutes
    tx.add(row)
    tx.info.pop("patience", None)


def keep_apart(tx: Tx, *, per_channel: bool) -> None:
    """AC-8: from now on, one checkout a person, or one in each channel and language of theirs."""
    usual = int(rules.PATIENCE.total_seconds() // 60)
    row = queries.chosen_patience(tx) or Patience(minutes=usual)
    row.per_channel = per_channel
    tx.add(row)
    tx.info.pop("patience", None)

"""From a wish to a list: the adviser proposes, Saleor is asked what of it can be bought, and what
cannot is replaced.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any

from app.recommend import sale
from app.recommend.picks import Pick, Wish
from app.recommend.rules import Slot
from app.recommend.stall import Counter, Stall
from app.recommend.why import Why
from app.saleor.client import Saleor

MORE = 5
"""So many more are asked about than are shown: what is refused has its replacement at hand."""
MOST_TURNS = 20


class NoSuchChannelError(Exception):
    """The shop has no such channel, or it is closed."""


@dataclass(frozen=True)
class Asked:
    """A list as somebody wishes it. Persons and products by our own rows."""

    channel: str
    slot: Slot
    person: int | None = None
    products: tuple[int, ...] = ()
    """What it should go with; they are never in it."""
    n: int = 10


@dataclass(frozen=True)
class Line:
    """A product of a list, as a storefront and a page show it."""

    product: int
    saleor_id: str
    slug: str
    name: str
    picture: str | None
    why: str
    variant: str | None = None
    """Saleor's id of the one to put into a basket unless the shopper chooses another."""
    times: int = 0
    other: str | None = None
    """The name of the product it goes with."""
    other_id: str | None = None
    category: str | None = None


def make(stall: Stall, asked: Asked, reach: Callable[[], Saleor]) -> list[Line]:
    """The list. Raises NoSuchChannelError, or NobodyKnowsError where Saleor cannot be asked."""
    counter = stall.counters.get(asked.channel)
    if counter is None:
        raise NoSuchChannelError(asked.channel)
    for _ in range(MOST_TURNS):
        picks = propose(stall, counter, asked)
        refused = _refused(stall, counter, picks, reach)
        if not refused:
            break
        stall.put_away(counter.slug, refused)
    fit = [pick for pick in picks if pick.product not in refused]
    return [_line(stall, counter, pick) for pick in fit[: asked.n]]


def propose(stall: Stall, counter: Counter, asked: Asked) -> list[Pick]:
    """What the adviser would show, and a few more; from the shelf as it was last seen."""
    adviser, shelf = stall.adviser, counter.shelf
    pins = (
        [pin for product in asked.products for pin in stall.choices.beside.get(product, ())]
        if asked.slot is Slot.TOGETHER
        else stall.choices.pins
    )
    wish = Wish(n=asked.n + MORE, pins=pins, without=asked.products)
    lists: dict[Slot, Callable[[], list[Pick]]] = {
        Slot.FOR_YOU: lambda: adviser.mixed(asked.person, shelf, wish),
        Slot.AGAIN: lambda: adviser.again(asked.person, shelf, Wish(n=wish.n)),
        Slot.DISCOVER: lambda: adviser.discover(asked.person, shelf, Wish(n=wish.n)),
        Slot.POPULAR: lambda: adviser.popular(shelf, wish),
        Slot.TOGETHER: lambda: adviser.together(asked.products, shelf, wish),
    }
    with stall.lock:
        return lists[asked.slot]()


def _refused(
    stall: Stall, counter: Counter, picks: Sequence[Pick], reach: Callable[[], Saleor]
) -> set[int]:
    """Those of them that cannot be bought at this moment."""
    wanted = [pick.product for pick in picks]
    known = stall.sale.known(counter.slug, wanted)
    unknown = [product for product in wanted if product not in known]
    if unknown:
        known |= look(stall, counter, unknown, reach)
    elif fading := stall.sale.fading(counter.slug, wanted):
        Thread(target=_renew, args=(stall, counter, fading, reach), daemon=True).start()
    return {product for product in wanted if not known.get(product)}


def look(
    stall: Stall, counter: Counter, products: Collection[int], reach: Callable[[], Saleor]
) -> dict[int, bool]:
    """Ask Saleor, and remember. A product that we do not know cannot be sold."""
    ids = {
        stall.goods[product].saleor_id: product for product in products if product in stall.goods
    }
    found = sale.ask(reach(), counter.slug, counter.currency, list(ids)) if ids else frozenset()
    answers = dict.fromkeys(products, False)
    answers |= {product: saleor_id in found for saleor_id, product in ids.items()}
    stall.sale.keep(counter.slug, answers)
    return answers


def _renew(
    stall: Stall, counter: Counter, products: Collection[int], reach: Callable[[], Saleor]
) -> None:
    try:
        look(stall, counter, products, reach)
    except sale.NobodyKnowsError:
        stall.sale.give_up(counter.slug, products)


def _line(stall: Stall, counter: Counter, pick: Pick) -> Line:
    good = stall.goods[pick.product]
    other = stall.goods.get(pick.other) if pick.other is not None else None
    categories = counter.categories
    named = pick.category is not None and 0 <= pick.category < len(categories)
    told: dict[str, Any] = {"other": other.name, "other_id": other.saleor_id} if other else {}
    return Line(
        product=good.id,
        saleor_id=good.saleor_id,
        slug=good.slug,
        name=good.name,
        picture=good.picture,
        why=Why(pick.why).name.lower(),
        variant=counter.variants.get(good.id),
        times=pick.times,
        category=categories[pick.category or 0] if named else None,
        **told,
    )

"""What a shop shows while its adviser is still being opened: what others bought of late.

Plain SQL and no compiled loop, so that it is there at once: after a start, kernels may take a
minute to be compiled, and a shopper does not wait for that.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, func, select

from app.kit.portions import portions
from app.kit.tx import Tx
from app.orders.tables import Line, Order
from app.recommend import queries, rules, sale
from app.recommend.asking import MORE, NoSuchChannelError
from app.recommend.asking import Line as Shown
from app.recommend.queries import Good
from app.recommend.sale import Sale
from app.saleor.client import Saleor
from app.shops.flows import channels

LATELY = timedelta(days=90)
MOST = 200
"""Products looked at: more would be asked of Saleor for nothing."""
A_FAMILY = 2


@dataclass(frozen=True)
class Proposal:
    """The best first, more than are shown; not yet asked whether they can be bought."""

    channel: str
    currency: str
    goods: tuple[Good, ...]
    why: dict[int, str]
    variants: dict[int, str]


def propose(tx: Tx, channel: str, *, without: Collection[str]) -> Proposal:
    """`without`: Saleor's ids of products that it is to go with. Raises NoSuchChannelError."""
    found = next((c for c in channels(tx) if c.slug == channel and c.active), None)
    if found is None:
        raise NoSuchChannelError(channel)
    choices, offered = queries.choices(tx), queries.offered(tx, channel)
    variants = queries.priced(tx, channel, found.currency)
    fit = [id_ for id_ in variants if offered.get(id_, True) and id_ not in choices.blocked]
    pinned = [id_ for id_ in choices.pins if id_ in variants]
    bought = _bought(tx, channel)
    order = list(dict.fromkeys((*pinned, *bought, *sorted(fit, reverse=True))))
    wanted = [id_ for id_ in order if id_ in set(fit)][:MOST]
    goods = {good.id: good for good in queries.goods(tx, wanted)}
    told = [goods[id_] for id_ in wanted if goods[id_].saleor_id not in without]
    why = dict.fromkeys(wanted, "shelf") | dict.fromkeys(bought, "popular")
    why |= dict.fromkeys(pinned, "pinned")
    return Proposal(channel, found.currency, tuple(_varied(told)), why, variants)


def _bought(tx: Tx, channel: str) -> list[int]:
    """Products, the one in most orders of this channel first."""
    rows = (
        select(Line.product, func.count())
        .join(Order, col(Order.id) == col(Line.order))
        .where(
            col(Order.counts), Order.channel == channel,
            col(Order.created_at) >= tx.now - LATELY,
            col(Line.product).is_not(None), col(Line.gift).is_(False),
            col(Line.returned) < col(Line.quantity),
        )
        .group_by(col(Line.product))
        .order_by(func.count().desc(), col(Line.product))
        .limit(MOST)
    )  # fmt: skip
    return [product for product, _ in tx.exec(rows) if product]


def _varied(goods: list[Good]) -> Iterator[Good]:
    """At most two of a family."""
    seen: dict[str, int] = {}
    for good in goods:
        family = rules.family(good.name)
        seen[family] = seen.get(family, 0) + 1
        if seen[family] <= A_FAMILY:
            yield good


def make(proposal: Proposal, known: Sale, n: int, reach: Callable[[], Saleor]) -> list[Shown]:
    """The first `n` that can be bought. Raises NobodyKnowsError where Saleor cannot be asked."""
    chosen: list[Good] = []
    for some in portions(proposal.goods, n + MORE):
        sold = _sold(proposal, known, some, reach)
        chosen += [good for good in some if sold.get(good.id)]
        if len(chosen) >= n:
            break
    return [
        Shown(
            product=good.id, saleor_id=good.saleor_id, slug=good.slug, name=good.name,
            picture=good.picture, why=proposal.why[good.id],
            variant=proposal.variants.get(good.id),
        )
        for good in chosen[:n]
    ]  # fmt: skip


def _sold(
    proposal: Proposal, known: Sale, goods: Collection[Good], reach: Callable[[], Saleor]
) -> dict[int, bool]:
    told = known.known(proposal.channel, [good.id for good in goods])
    asked = {good.saleor_id: good.id for good in goods if good.id not in told}
    if asked:
        found = sale.ask(reach(), proposal.channel, proposal.currency, list(asked))
        fresh = {id_: saleor_id in found for saleor_id, id_ in asked.items()}
        known.keep(proposal.channel, fresh)
        told |= fresh
    return told

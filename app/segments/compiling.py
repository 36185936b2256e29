"""From a tree to SQL: one condition on `Person`, made of sub-queries that see one shop alone.

Asked for a few people, their ids go into every sub-query, so that an event costs what a few index
look-ups cost; asked for everybody, each fact is one pass over its table (4.4.30).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlmodel import case, col, func, select

from app.carts.rules import State
from app.carts.tables import Cart
from app.catalog.tables import Attribute, Product
from app.catalog.tables import Collection as InCollection
from app.customers.tables import Person
from app.kit.money import minor
from app.kit.tx import among
from app.loyalty.tables import Membership
from app.ltv.tables import CustomerScore
from app.orders.queries import BOUGHT
from app.orders.tables import Line, Order
from app.segments import rules
from app.segments.rules import All, Leaf, Node, Not, Of, Some
from app.segments.tables import Placing, Segment, Stay, Study, Trait

Clause: TypeAlias = ColumnElement[bool]
MONEY = frozenset({"net_12", "net_24", "to_date"})

PEOPLE: Clause = and_(
    col(Person.staff).is_(False),
    col(Person.erased_at).is_(None),
    col(Person.merged_into).is_(None),
)
"""Who can be in a segment at all."""


@dataclass(frozen=True)
class Asking:
    """About whom, when, and in which money."""

    now: datetime
    currency: str
    people: Collection[int] | None = None
    base_tier: str = ""
    """What somebody without a standing is in."""

    def narrowed(self, column: Any) -> Clause:  # noqa: ANN401  # a column of one of our tables
        if self.people is None:
            return col(column).is_not(None)
        return among(col(column), sorted(self.people))

    def ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def money(self, amount: Decimal) -> int:
        return minor(amount, self.currency) if self.currency else int(amount * 100)


def clause(node: Node, asking: Asking) -> Clause:
    """Raises TypeError on a node that is none."""
    match node:
        case All(parts):
            return and_(*(clause(part, asking) for part in parts))
        case Some(parts):
            return or_(*(clause(part, asking) for part in parts))
        case Not(part):
            return not_(clause(part, asking))
        case _:
            return _leaf(node, asking)


def _leaf(leaf: Leaf, asking: Asking) -> Clause:  # noqa: C901, PLR0911, PLR0912  # a table of kinds
    match leaf:
        case rules.Orders():
            return _orders(leaf, asking)
        case rules.Spend():
            goods = func.coalesce(func.sum(Order.goods_reporting_minor), 0)
            return _summed(leaf, goods, asking)
        case rules.Average():
            return _summed(leaf, func.avg(Order.goods_reporting_minor), asking)
        case rules.Since(fact="joined"):
            return _spanned(col(Person.joined_at), leaf, asking)
        case rules.Since():
            return _since(leaf, asking)
        case rules.Cart():
            return _cart(leaf, asking)
        case rules.Account(has=has):
            return col(Person.account).is_not(None) if has else col(Person.account).is_(None)
        case rules.Place(among=codes):
            return _country([code.upper() for code in codes], asking)
        case rules.Region(among=regions):
            return or_(false(), *(_region(one, asking) for one in regions))
        case rules.Postal(among=beginnings):
            return or_(false(), *(_postal(one, asking) for one in beginnings))
        case rules.Company(among=names):
            return _company([name.strip().lower() for name in names], asking)
        case rules.Language(among=tags):
            return _language(tags)
        case rules.Tier():
            return _tier(leaf, asking)
        case rules.Trait():
            return _trait(leaf, asking)
        case rules.Affinity():
            return _affinity(leaf, asking)
        case rules.Stage():
            return or_(*(_stage(stage, asking) for stage in leaf.among))
        case rules.Score():
            return _score(leaf, asking)
        case rules.Group():
            column = CustomerScore.group if leaf.fact == "rfm" else CustomerScore.tier
            scored = select(CustomerScore.person).where(col(column).in_(leaf.among))
            return _is_in(scored.where(asking.narrowed(CustomerScore.person)))
        case rules.Member(key=key):
            return _member(key, asking)
        case rules.Chance(at_least=least):
            percent = ceil(round(least * 100, 6))
            return _placed_by(rules.CHANCES, col(Placing.place) >= percent, asking)
        case rules.Kind(number=number):
            return _placed_by(rules.KINDS, col(Placing.place) == number, asking)
        case rules.Alike(key=key, best=best):
            near = _placed_by(rules.ALIKE + key, col(Placing.place) <= best, asking)
            return and_(near, not_(_member(key, asking)))


def _is_in(people: Any) -> Clause:  # noqa: ANN401  # a select of ids
    return col(Person.id).in_(people)


def _bought(asking: Asking, days: int | None) -> list[Clause]:
    clauses = [BOUGHT, asking.narrowed(Order.person)]
    if days is not None:
        clauses.append(col(Order.created_at) >= asking.ago(days))
    return clauses


def _orders(leaf: rules.Orders, asking: Asking) -> Clause:
    where = _bought(asking, leaf.days)
    if leaf.channels:
        where.append(col(Order.channel).in_(leaf.channels))
    if leaf.of:
        lines = select(Line.order).where(*_these(leaf.of))
        where.append(col(Order.id).in_(lines))
    return _counted(leaf, func.count(col(Order.id)), where)


def _summed(leaf: rules.Spend | rules.Average, what: Any, asking: Asking) -> Clause:  # noqa: ANN401
    least = None if leaf.at_least is None else asking.money(leaf.at_least)
    most = None if leaf.at_most is None else asking.money(leaf.at_most)
    in_minor = rules.Spend(at_least=least, at_most=most)
    return _counted(in_minor, what, _bought(asking, leaf.days))


def _counted(leaf: rules.Bounded, what: Any, where: list[Clause]) -> Clause:  # noqa: ANN401
    """Whose orders add up to what is asked. Who has none counts as nought."""

    def those(having: Clause) -> Clause:
        return _is_in(select(Order.person).where(*where).group_by(col(Order.person)).having(having))

    clauses: list[Clause] = []
    if leaf.at_least is not None and leaf.at_least > 0:
        clauses.append(those(what >= leaf.at_least))
    if leaf.at_most is not None:
        clauses.append(not_(those(what > leaf.at_most)))
    return and_(true(), *clauses)


def _these(of: Of) -> list[Clause]:
    """Lines of these goods."""
    clauses: list[Clause] = []
    if of.products:
        ids = select(Product.id).where(col(Product.saleor_id).in_(of.products))
        clauses.append(col(Line.product).in_(ids))
    if of.categories:
        ids = select(Product.id).where(col(Product.category).in_(of.categories))
        clauses.append(col(Line.product).in_(ids))
    if of.collections:
        held = select(InCollection.product).where(col(InCollection.saleor_id).in_(of.collections))
        clauses.append(col(Line.product).in_(held))
    if of.attributes:
        like = select(Attribute.product).where(col(Attribute.saleor_id).in_(of.attributes))
        clauses.append(col(Line.product).in_(like))
    return clauses or [true()]


def _since(leaf: rules.Since, asking: Asking) -> Clause:
    which = func.max if leaf.fact == "last_order" else func.min
    at = which(col(Order.created_at))
    rows = select(Order.person).where(*_bought(asking, None)).group_by(col(Order.person))
    return _is_in(rows.having(_spanned(at, leaf, asking)))


def _spanned(at: Any, leaf: rules.Since, asking: Asking) -> Clause:  # noqa: ANN401  # a column
    clauses: list[Clause] = [at.is_not(None)]
    if leaf.more_than is not None:
        clauses.append(at < asking.ago(leaf.more_than))
    if leaf.less_than is not None:
        clauses.append(at >= asking.ago(leaf.less_than))
    return and_(*clauses)


def _cart(leaf: rules.Cart, asking: Asking) -> Clause:
    """Of a signed-in shopper by her account; of a guest by the address typed."""
    left = [col(Cart.state) == State.ABANDONED.value]
    if leaf.at_least:
        left.append(col(Cart.worth_minor) >= asking.money(leaf.at_least))
    own = select(Cart.person).where(*left, asking.narrowed(Cart.person))
    typed = select(Cart.email).where(
        *left, col(Cart.person).is_(None), col(Cart.email).is_not(None)
    )
    guest = and_(col(Person.account).is_(None), col(Person.email).in_(typed))
    return or_(_is_in(own), guest)


def _country(codes: Collection[str], asking: Asking) -> Clause:
    """S3: of her own address; of who has told none, where the last order went."""
    return _placed(col(Person.country).in_(codes), col(Order.country).in_(codes), asking)


def _region(told: str, asking: Asking) -> Clause:
    country, _, region = told.partition("-")
    codes = [region.lower(), told.lower()]  # some shops' address books repeat the country
    own = and_(col(Person.country) == country.upper(), func.lower(Person.region).in_(codes))
    last = and_(col(Order.country) == country.upper(), func.lower(Order.region).in_(codes))
    return _placed(own, last, asking)


def _postal(told: str, asking: Asking) -> Clause:
    """Spaces and hyphens are written in every way: they do not count."""
    country, _, begins = told.upper().partition("-")
    begins = begins.replace(" ", "").replace("-", "")

    def fits(table: type[Person | Order]) -> Clause:
        bare = func.replace(func.replace(func.upper(table.postal), " ", ""), "-", "")
        return and_(col(table.country) == country, bare.startswith(begins, autoescape=True))

    return _placed(fits(Person), fits(Order), asking)


def _company(names: Collection[str], asking: Asking) -> Clause:
    def fits(table: type[Person | Order]) -> Clause:
        known = func.lower(func.trim(table.company))
        return known.in_(names) if names else known != ""

    return _placed(fits(Person), fits(Order), asking)


def _placed(own: Clause, last: Clause, asking: Asking) -> Clause:
    newest = (
        select(Order.person, func.max(col(Order.created_at)).label("at"))
        .where(*_bought(asking, None), col(Order.country) != "")
        .group_by(col(Order.person))
        .subquery()
    )
    rows = select(Order.person).join(
        newest,
        and_(col(Order.person) == newest.c.person, col(Order.created_at) == newest.c.at),
    )
    return or_(own, and_(col(Person.country) == "", _is_in(rows.where(BOUGHT, last))))


def _language(tags: Collection[str]) -> Clause:
    known = func.replace(func.lower(Person.language), "_", "-")
    clauses: list[Clause] = []
    for tag in tags:
        low = tag.replace("_", "-").lower()
        clauses += [known == low, known.startswith(f"{low}-", autoescape=True)]
    return or_(false(), *clauses)


def _tier(leaf: rules.Tier, asking: Asking) -> Clause:
    """The tier that counts today: given by hand, while that lasts, or earned."""
    held = case(
        (col(Membership.manual_till) > asking.now, col(Membership.manual_tier)),
        else_=col(Membership.tier),
    )
    rows = select(Membership.person).where(asking.narrowed(Membership.person))
    in_it = _is_in(rows.where(held.in_(leaf.among)))
    if asking.base_tier not in leaf.among:
        return in_it
    return or_(in_it, and_(col(Person.account).is_not(None), not_(_is_in(rows))))


def _trait(leaf: rules.Trait, asking: Asking) -> Clause:
    rows = select(Trait.person).where(Trait.name == leaf.name, asking.narrowed(Trait.person))
    return _is_in(rows.where(col(Trait.value).in_(leaf.among)) if leaf.among else rows)


def _affinity(leaf: rules.Affinity, asking: Asking) -> Clause:
    fits = and_(*_these(leaf.of))
    pieces = func.sum(col(Line.quantity))
    theirs = func.sum(case((fits, col(Line.quantity)), else_=0))
    rows = (
        select(Order.person)
        .join(Line, col(Line.order) == col(Order.id))
        .where(*_bought(asking, leaf.days))
        .group_by(col(Order.person))
        .having(theirs >= pieces * leaf.share)
    )
    return _is_in(rows)


def _stage(stage: str, asking: Asking) -> Clause:
    once = rules.Orders(at_least=Decimal(1))
    if stage == "prospect":
        return not_(_orders(once, asking))
    first = rules.Since(fact="first_order", less_than=rules.NEW_DAYS)
    new = and_(_since(first, asking), _orders(rules.Orders(at_most=Decimal(1)), asking))
    if stage == "new":
        return new
    more, less = rules.STAGES[stage]
    span = _since(rules.Since(fact="last_order", more_than=more or None, less_than=less), asking)
    return and_(span, not_(new)) if stage == "active" else span


def _score(leaf: rules.Score, asking: Asking) -> Clause:
    column = col(getattr(CustomerScore, leaf.name))
    rows = select(CustomerScore.person).where(asking.narrowed(CustomerScore.person))
    for bound, is_least in ((leaf.at_least, True), (leaf.at_most, False)):
        if bound is not None:
            value = asking.money(bound) if leaf.name in MONEY else float(bound)
            rows = rows.where(column >= value if is_least else column <= value)
    return _is_in(rows)


def _member(key: str, asking: Asking) -> Clause:
    rows = (
        select(Stay.person)
        .join(Segment, col(Segment.id) == col(Stay.segment))
        .where(Segment.key == key, col(Stay.left_at).is_(None), asking.narrowed(Stay.person))
    )
    return _is_in(rows)


def _placed_by(study: str, where: Clause, asking: Asking) -> Clause:
    rows = (
        select(Placing.person)
        .join(Study, col(Study.id) == col(Placing.study))
        .where(Study.name == study, where, asking.narrowed(Placing.person))
    )
    return _is_in(rows)


def facts_of(node: Node, asking: Asking) -> Mapping[Leaf, Clause]:
    """Each fact of a tree by itself: what "why is she here" is answered with."""
    return {leaf: _leaf(leaf, asking) for leaf in rules.leaves(node)}

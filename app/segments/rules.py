"""What a segment is made of: facts held about a person, joined by and, or and not. S1–S5.

A tree is JSON: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, or a fact such as
`{"fact": "orders", "at_least": 2, "days": 365}`. Only what is held is asked, and nothing is guessed
from a name (S2).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

DEEPEST, MOST = 6, 40
"""Levels of a tree and facts in it: what nobody could read any more is no segment."""

Days = Annotated[int, Field(ge=0, le=3650)]
Keys = Annotated[tuple[str, ...], Field(min_length=1, max_length=200)]


ISO = 2
"""Letters of a country's code."""
COUNTRY_AND = re.compile(r"[A-Za-z]{2}-[ -]*[0-9A-Za-z][0-9A-Za-z -]*")


class WrongTreeError(ValueError):
    """A tree that cannot be read. The text is for whoever wrote it."""


class Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounded(Fact):
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least or at_most")
        return self


class Of(Fact):
    """What was bought, by Saleor's ids; of several kinds all must fit the same line."""

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    """Values of attributes, such as a roast that is dark."""


class Orders(Bounded):
    """S1: paid orders that count, in the last so many days."""

    fact: Literal["orders"] = "orders"
    days: Days | None = None
    channels: tuple[str, ...] = ()
    of: Of | None = None


class Spend(Bounded):
    """What was spent on goods, in whole units of the reporting currency."""

    fact: Literal["spend"] = "spend"
    days: Days | None = None


class Average(Bounded):
    """Of an order, on goods, in the reporting currency."""

    fact: Literal["average"] = "average"
    days: Days | None = None


class Since(Fact):
    """How long ago something was. Nobody to whom it never happened fits."""

    fact: Literal["last_order", "first_order", "joined"]
    more_than: Days | None = None
    less_than: Days | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.more_than is None and self.less_than is None:
            raise ValueError("needs more_than or less_than")
        return self


class Cart(Fact):
    """There is an abandoned checkout, worth at least that in its own currency."""

    fact: Literal["cart"] = "cart"
    at_least: Decimal = Decimal(0)


class Account(Fact):
    fact: Literal["account"] = "account"
    has: bool = True


class Place(Fact):
    """S3: ISO codes of the country of her address; of who has none, of the last order's."""

    fact: Literal["country"] = "country"
    among: Keys


class Region(Fact):
    """S3: states or provinces, each with its country: `BR-SP`, `US-CA`."""

    fact: Literal["region"] = "region"
    among: Keys

    @model_validator(mode="after")
    def _has_its_country(self) -> Self:
        if any(len(one.partition("-")[0]) != ISO or not one[ISO + 1 :] for one in self.among):
            raise ValueError("a region is written with its country, such as BR-SP")
        return self


class Postal(Fact):
    """S3: how postal codes begin, each with its country: `DE-10`, `PL-00-9`."""

    fact: Literal["postal"] = "postal"
    among: Keys

    @model_validator(mode="after")
    def _has_its_country(self) -> Self:
        if any(not COUNTRY_AND.fullmatch(one) for one in self.among):
            raise ValueError("a postal code begins with its country, such as DE-10")
        return self


class Company(Fact):
    """S3: a company stands in her address; one of these, where some are named."""

    fact: Literal["company"] = "company"
    among: tuple[str, ...] = ()


class Language(Fact):
    fact: Literal["language"] = "language"
    among: Keys
    """`pl` is any Polish."""


class Tier(Fact):
    fact: Literal["tier"] = "tier"
    among: Keys


class Trait(Fact):
    """S4: a tag, a stated preference, anything a shop wrote down; any value where none is named."""

    fact: Literal["trait"] = "trait"
    name: str
    among: tuple[str, ...] = ()


class Affinity(Fact):
    """S4: the share of pieces bought that are of these."""

    fact: Literal["affinity"] = "affinity"
    of: Of
    share: float = Field(gt=0, le=1)
    days: Days | None = None


class Stage(Fact):
    """Where in her life as a customer she is, by the time since her last order."""

    fact: Literal["stage"] = "stage"
    among: tuple[
        Literal["prospect", "new", "active", "slipping", "lapsed", "lost"], ...
    ] = Field(min_length=1)  # fmt: skip


class Score(Bounded):
    """S6: a predicted number of app.ltv, such as the chance that she is still a customer."""

    fact: Literal["score"] = "score"
    name: Literal["alive", "silent", "orders_12", "net_12", "net_24", "to_date"]


class Group(Fact):
    """S5: RFM groups, or value tiers A to D."""

    fact: Literal["rfm", "value_tier"]
    among: Keys


class Member(Fact):
    """Is in another segment."""

    fact: Literal["segment"] = "segment"
    key: str


class Chance(Fact):
    """S6: how likely an order in the next 30 days is, as of last night."""

    fact: Literal["chance"] = "chance"
    of: Literal["buys_30"] = "buys_30"
    at_least: float = Field(ge=0.2, le=0.95)


class Kind(Fact):
    """S7: is of this kind, of those that were found among the customers."""

    fact: Literal["kind"] = "kind"
    number: int = Field(ge=1)


class Alike(Fact):
    """S7: is among the most alike to the members of a segment, and no member."""

    fact: Literal["alike"] = "alike"
    key: str
    best: int = Field(ge=1, le=10_000)


Leaf: TypeAlias = (
    Orders | Spend | Average | Since | Cart | Account | Place | Region | Postal | Company | Language
    | Tier | Trait | Affinity | Stage | Score | Group | Chance | Member | Kind | Alike
)  # fmt: skip
_LEAF: TypeAdapter[Any] = TypeAdapter(Annotated[Leaf, Field(discriminator="fact")])


@dataclass(frozen=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Some:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    part: "Node"


Node: TypeAlias = All | Some | Not | Leaf

STAGES: Mapping[str, tuple[int | None, int | None]] = {
    "active": (0, 90),
    "slipping": (90, 180),
    "lapsed": (180, 365),
    "lost": (365, None),
}
"""Days since the last order, from and below. `new` is a single order of less than 30 days."""
NEW_DAYS = 30
KINDS, CHANCES, TASTES = "kinds", "chances", "tastes"
"""Names of what is studied once a shop."""
ALIKE = "alike:"
"""Begins the name of what is studied of a segment."""


def kind_key(number: int) -> str:
    """Of the segment that a kind of customers is kept as."""
    return f"kind-{number}"


def alike_key(segment: str) -> str:
    """Of the segment that the look-alikes of another are kept as."""
    return f"alike-{segment}"


FEWEST_BUYERS = 100
"""S7: with fewer who bought, kinds of customers would be chance."""
FEWEST_MEMBERS = 30
"""S7: of a segment, and of others: with fewer, nothing is learnt of who is alike."""


def read(tree: Mapping[str, Any]) -> Node:
    """Raises WrongTreeError."""
    node = _read(tree, depth=0)
    if sum(1 for _ in leaves(node)) > MOST:
        raise WrongTreeError(f"more than {MOST} facts")
    return node


def _read(tree: Any, *, depth: int) -> Node:  # noqa: ANN401  # JSON
    if depth > DEEPEST:
        raise WrongTreeError(f"more than {DEEPEST} levels")
    if not isinstance(tree, Mapping):
        raise WrongTreeError("a part of it is no condition")
    if "all" in tree:
        return All(_parts(tree["all"], depth))
    if "any" in tree:
        return Some(_parts(tree["any"], depth))
    if "not" in tree:
        return Not(_read(tree["not"], depth=depth + 1))
    try:
        leaf: Leaf = _LEAF.validate_python(dict(tree))
    except ValidationError as failure:
        first = failure.errors()[0]
        raise WrongTreeError(f"{tree.get('fact', 'a fact')}: {first['msg']}") from failure
    return leaf


def _parts(parts: Any, depth: int) -> tuple[Node, ...]:  # noqa: ANN401  # JSON
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise WrongTreeError("`all` and `any` need at least one condition")
    return tuple(_read(part, depth=depth + 1) for part in parts)


def leaves(node: Node) -> Iterator[Leaf]:
    """Every fact in it, in reading order."""
    match node:
        case All(parts) | Some(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def holds(node: Node, facts: Mapping[Leaf, bool]) -> bool:
    """What a tree comes to, given each of its facts."""
    match node:
        case All(parts):
            return all(holds(part, facts) for part in parts)
        case Some(parts):
            return any(holds(part, facts) for part in parts)
        case Not(part):
            return not holds(part, facts)
        case _:
            return facts[node]


def names_other(node: Node) -> frozenset[str]:
    """Segments it leans on."""
    return frozenset(leaf.key for leaf in leaves(node) if isinstance(leaf, Member | Alike))

"""What the pages of segments are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.journeys.vocabulary import Vocabulary
from app.segments.tables import Handout


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLine:
    key: str
    name: str
    people: int | None
    """None: not counted yet."""
    reachable: float | None
    """Share of one."""
    came: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """S6: so many of a segment's people are likely to do what it is named for."""

    question: str
    """`lapses`, `buys` or `best` (app.segments.foretelling)."""
    segment: str
    people: int | None
    low: float | None = None
    high: float | None = None
    thens: Sequence[Sequence[int]] = ()
    """Days ago, how many were picked then, of how many it came true."""

    @property
    def expected(self) -> tuple[int, int] | None:
        """How many it will come true of, from and to."""
        if self.people is None or self.low is None or self.high is None:
            return None
        return round(self.people * self.low), round(self.people * self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    lines: Sequence[SegmentLine]
    foretold: Sequence[Foretold] | None = None
    """None where nothing is said of single customers yet."""
    counted_at: datetime | None = None
    now: datetime
    zone: str = "UTC"
    may_change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """A row of the editor: one fact, as typed."""

    fact: str = "orders"
    negated: bool = False
    least: str = ""
    most: str = ""
    days: str = ""
    among: str = ""
    """Names or keys with commas between them; of a note, its name."""
    where: str = ""
    """Channels; of a note, what it says."""
    kept: str = ""
    """JSON of what no row can say: it stands in words, and stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows that belong together."""

    joined: str = "all"
    """`all` or `any`."""
    negated: bool = False
    rows: Sequence[FactRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A definition as the editor has it: two levels, which is as much as anybody reads."""

    joined: str = "all"
    blocks: Sequence[Block] = (Block(),)

    @property
    def rows(self) -> list[FactRow]:
        return [row for block in self.blocks for row in block.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a row; the template has the sentence for its word."""

    word: str
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPage:
    key: str
    name: str
    standard: bool
    draft: Draft
    told: Mapping[str, Any] | None = None
    """The definition with every default filled in, for the words of app/journeys/templates."""
    known: Vocabulary
    facts: Mapping[str, Sequence[str]]
    """What a row can be about, sorted."""
    hidden: Sequence[str] = ()
    """Of these the shop has nothing to choose from."""
    kept: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """By number of the row: what no row can say."""
    wrong: Mapping[int, Problem] = field(default_factory=dict)
    """By number of the row; −1 is the whole, −2 the name."""
    strict: bool = False
    """Somebody wanted to save: what is wrong is pointed at, and not only told."""
    fresh: str = ""
    """The id of the field that was just added, or that comes after one that was taken away."""
    people: int | None = None
    reachable: int | None = None
    ranges: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    """S6: by number of the row, of how many such people it came true before."""
    done: str = ""
    """`saved` or `removed`, just now."""
    handouts: Sequence[Handout] = ()
    sees_people: bool = False
    now: datetime
    zone: str = "UTC"
    may_change: bool = True

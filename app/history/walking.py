"""Walking through everything of a kind, past what cannot be read.

One bad order takes its whole page with it (Saleor nulls the list). So a page that fails is asked
for again, smaller, down to the one order, which is asked for without the field that stands in the
way, and named; if even that fails, it is named and stepped over.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from app.history.sources import Flaw, Source, Stretch, Told
from app.kit.clock import Clock
from app.kit.hearing import Hearing
from app.kit.loop import reason
from app.saleor.client import (
    PartialAnswerError,
    PermissionMissingError,
    QueryRefusedError,
    Saleor,
    SaleorThrottledError,
    SaleorUnreachableError,
)
from app.saleor.operations import Operation
from app.saleor.shapes import Page

N = TypeVar("N", bound=BaseModel)
T = TypeVar("T", bound=BaseModel)

FULL = 100
"""Saleor gives no more at a time."""
SMALLER = 10
TROUBLE = (PartialAnswerError, ValidationError, QueryRefusedError, SaleorUnreachableError)


class ImpassableError(Exception):
    """Here the walk ends: what comes next can neither be read nor named."""

    permanent = True
    public = True

    def __init__(self, after: str | None, why: str) -> None:
        super().__init__(why)
        self.after = after


def walk(
    saleor: Saleor,
    clock: Clock,
    source: Source[N],
    *,
    after: str | None = None,
    asking: Mapping[str, object] | None = None,
) -> Iterator[Stretch[N]]:
    """Every page behind `after`, the next asked for while this one is worked.

    Raises ImpassableError, SaleorUnreachableError where nobody is there at all, and whatever
    says that we may not ask (TokenRefusedError).
    """
    way = _Way(saleor, clock, source, asking or {}, after)
    while not way.ended:
        try:
            yield from way.stride()
        except TROUBLE as trouble:
            failure: Exception | None = trouble
        else:
            failure = None
        if failure and (stretch := way.past(failure)):
            yield stretch


class _Way(Generic[N]):
    """How far we are, and how large our steps."""

    def __init__(
        self,
        saleor: Saleor,
        clock: Clock,
        source: Source[N],
        asking: Mapping[str, object],
        after: str | None,
    ) -> None:
        self.saleor, self.clock, self.source, self.asking = saleor, clock, source, asking
        self.after = after
        self.size = FULL
        self.ended = False
        self.asked = clock.now()
        """No later than when the page that is on its way was asked for."""

    def stride(self) -> Iterator[Stretch[N]]:
        """Pages of one size, until the end, or until a larger size is worth a try again."""
        pages = self.saleor.pages(
            self.source.pages, first=self.size, after=self.after, **self.asking
        )
        # it was asked for as the one before it came: not before we began to wait for that one
        self.asked = waited = self.clock.now()
        for taken, page in enumerate(pages, 1):
            yield self._on(Stretch(_told(page, self.asked), page.next))
            if self.ended or (self.size < FULL and taken == SMALLER):
                break
            self.asked, waited = waited, self.clock.now()
        self.size = min(self.size * SMALLER, FULL)

    def past(self, failure: Exception) -> Stretch[N] | None:
        """What can be had of a page that failed; None: try again, smaller."""
        if stretch := self._salvaged(failure):
            return self._on(stretch)
        if isinstance(failure, PermissionMissingError):
            raise ImpassableError(self.after, reason(failure)) from failure
        at = _place(failure)
        if at:
            self.size = at
            return None
        if at is None and self.size > 1:
            self.size = max(self.size // SMALLER, 1)
            return None
        self.size = FULL
        return self._on(self._over_one(failure))

    def _on(self, stretch: Stretch[N]) -> Stretch[N]:
        self.after, self.ended = stretch.next, stretch.next is None
        return stretch

    def _salvaged(self, failure: Exception) -> Stretch[N] | None:
        """The errors took only what may be missing: the page is there."""
        if not isinstance(failure, PartialAnswerError):
            return None
        try:
            page = self.source.pages.returns.model_validate(failure.data)
        except ValidationError:
            return None
        if page.connection is None:
            return None
        nulled = _nulled(failure, self.source.noun)
        told = tuple(
            Told(node, Hearing(self.asked, nulled=nulled.get(at, frozenset())))
            for at, node in enumerate(page.nodes)
        )
        flaws = [_flaw(page.nodes[at], failure, read=True) for at in sorted(nulled)]
        return Stretch(told, page.next, tuple(flaws))

    def _over_one(self, failure: Exception) -> Stretch[N]:
        """The one right behind the cursor, without what stood in the way, or by name alone."""
        asked = self.clock.now()
        if self.source.bare:
            try:
                page = self._ask(self.source.bare)
            except TROUBLE:
                pass
            else:
                flaws = tuple(_flaw(node, failure, read=True) for node in page.nodes)
                return Stretch(_told(page, asked), page.next, flaws)
        if self.source.names:
            try:
                names = self._ask(self.source.names)
            except TROUBLE as worse:
                failure = worse
            else:
                flaws = tuple(_flaw(node, failure, read=False) for node in names.nodes)
                return Stretch((), names.next, flaws)
        if isinstance(failure, SaleorUnreachableError):
            raise failure
        raise ImpassableError(self.after, reason(failure)) from failure

    def _ask(self, operation: Operation[T]) -> T:
        while True:
            try:
                return self.saleor.run(operation, first=1, after=self.after, **self.asking)
            except SaleorThrottledError as limit:
                self.saleor.sit_out(limit)


def _told(page: Page[N], asked: datetime) -> tuple[Told[N], ...]:
    heard = Hearing(asked)
    return tuple(Told(node, heard) for node in page.nodes)


def _flaw(node: Any, failure: Exception, *, read: bool) -> Flaw:  # noqa: ANN401  # any shape
    return Flaw(node.id, getattr(node, "number", None), reason(failure), read)


def _nulled(failure: PartialAnswerError, noun: str) -> dict[int, frozenset[tuple[str | int, ...]]]:
    """By place in the page: the paths, from the thing on, that an error made null."""
    found: dict[int, frozenset[tuple[str | int, ...]]] = {}
    for path in failure.paths:
        match path:
            case (_, "edges", int(at), "node", *rest):
                found[at] = found.get(at, frozenset()) | {(noun, *rest)}
    return found


def _place(failure: Exception) -> int | None:
    """Which of the page is the first that failed; None where nobody says."""
    match failure:
        case PartialAnswerError():
            paths = failure.paths
        case ValidationError():
            paths = tuple(error["loc"] for error in failure.errors(include_input=False))
        case _:
            paths = ()
    places = [next((part for part in path if isinstance(part, int)), None) for path in paths]
    return min((place for place in places if place is not None), default=None)

"""DOOR 3 above the Dashboard's own list: what to do with customers whom staff picked there."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.customers import queries as customers
from app.customers.tables import Person
from app.kit.tx import Tx
from app.loyalty.pages import known_terms
from app.people import listing
from app.people.view import Line
from app.segments import lists
from app.segments import queries as segments
from app.segments.tables import Segment
from app.web.asked import Typed
from app.web.door import Caller, PatientRoute, Viewing, Working, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

SEES_PEOPLE = "MANAGE_USERS"
CHANGES = "MANAGE_APPS"
PICKED = re.compile(r"customerIds(\[\d*\])?")
"""The Dashboard writes a list as `a,b` or as `name[0]=a`, by how it opens us."""
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """They were just put into a segment; `people` were not in it before."""

    segment: Segment
    people: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    lines: Sequence[Line]
    currency: str
    strangers: int
    """Of those picked: whom we have never heard of."""
    lists: Sequence[Segment]
    may_change: bool
    done: Done | None = None
    undone: bool = False
    wrong: bool = False
    """No name was given."""

    @property
    def value(self) -> Decimal:
        return sum((line.value or Decimal() for line in self.lines), Decimal())

    @property
    def expected(self) -> Decimal:
        return sum((line.expected or Decimal() for line in self.lines), Decimal())


@router.get("/app/picked", dependencies=[needs(SEES_PEOPLE)])
def picked(visit: Viewing, page: Rendered, request: Request) -> HTMLResponse:
    query = request.query_params.multi_items()
    ids = [id_ for name, told in query if PICKED.fullmatch(name) for id_ in told.split(",")]
    wanted = list(dict.fromkeys(filter(None, ids)))[:MOST]
    found = [customers.by_account(visit.tx, id_) for id_ in wanted]
    people = _known(found)
    return _show(visit.tx, visit.caller, page, people, strangers=len(wanted) - len(people))


@router.post("/app/picked", dependencies=[needs(SEES_PEOPLE, CHANGES)])
def put(fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """Into a segment that is there, or into a new one; or out again."""
    tx = visit.tx
    ids = [int(str(id_)) for id_ in fields.getlist("person") if str(id_).isdecimal()][:MOST]
    people = _known(customers.person(tx, id_) for id_ in ids)
    chosen = segments.by_key(tx, str(fields.get("segment", "")))
    name = str(fields.get("name", "")).strip()[:80]
    if fields.get("do") == "undo" and chosen:
        back = [int(str(id_)) for id_ in fields.getlist("new") if str(id_).isdecimal()]
        lists.take_off(tx, chosen, back)
        return _show(tx, visit.caller, page, people, undone=True)
    if chosen is None and not name:
        return _show(tx, visit.caller, page, people, wrong=True)
    segment = chosen or lists.begin(tx, name)
    new = lists.put(tx, segment, [person.id or 0 for person in people])
    return _show(tx, visit.caller, page, people, done=Done(segment=segment, people=new))


def _known(found: Iterable[Person | None]) -> list[Person]:
    return [person for person in found if person and not person.erased_at]


def _show(
    tx: Tx,
    caller: Caller,
    page: Page,
    people: Sequence[Person],
    *,
    strangers: int = 0,
    done: Done | None = None,
    undone: bool = False,
    wrong: bool = False,
) -> HTMLResponse:
    tx.flush()
    terms = known_terms(tx)
    shown = Picked(
        lines=listing.these(tx, terms, [person.id or 0 for person in people]),
        currency=terms.currency,
        strangers=strangers,
        lists=lists.lists(tx),
        may_change=caller.may(CHANGES),
        done=done,
        undone=undone,
        wrong=wrong,
    )
    return page("people/picked.html", status=422 if wrong else 200, shown=shown)

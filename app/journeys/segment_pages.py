"""DOOR 3: who they are: segments with their size, who may be written to, and why somebody is in."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from sqlmodel import select
from starlette.datastructures import FormData

from app.customers import queries as people
from app.customers.tables import Person
from app.journeys import goods, kind_pages, overlap_pages, own_pages
from app.journeys import segment_form as form
from app.journeys.goods import Goods
from app.journeys.pages import CHANGES
from app.journeys.view import (
    FactRow,
    Foretold,
    ReasonLine,
    SegmentLine,
    SegmentPage,
    Segments,
    WhyLine,
)
from app.kit.tx import Tx
from app.messages import queries as consents
from app.segments import flows, queries, rules
from app.segments.rules import WrongTreeError
from app.segments.standard import STANDARD
from app.segments.tables import Segment
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)
router.include_router(own_pages.router)
router.include_router(kind_pages.router)
router.include_router(overlap_pages.router)

SEES_PEOPLE = "MANAGE_USERS"
LIST = "journeys/segments.html"
ONE = "journeys/segment.html"
NEW = "new-segment"
FORETOLD = {"lapses": "may-lapse", "buys": "may-buy", "best": "most-valuable"}
"""S6: each question and the segment of those of whom it is likely."""
SAMPLE = 2000
"""People of whom the consented share of one segment is taken: more would not change the percent."""


@router.get("/app/segments")
def segments(visit: Viewing, page: Rendered) -> HTMLResponse:
    """Sizes as they are kept (app.segments.counting): nothing is counted here."""
    tx = visit.tx
    live = queries.live(tx)
    shown = Segments(
        lines=[_line(one) for one in live],
        foretold=_foretold(tx, live),
        counted_at=min((one.counted_at for one in live if one.counted_at), default=None),
        now=tx.now,
        zone=this_shop(tx).zone,
        may_change=visit.caller.may(CHANGES),
    )
    return page(LIST, shown=shown)


def _foretold(tx: Tx, live: Sequence[Segment]) -> list[Foretold] | None:
    """S6: the size of each predictive segment, and what became of such people before."""
    study = queries.study(tx, "chances")
    if study is None or not study.body.get("personal"):
        return None
    sizes = {one.key: one.people for one in live}
    told = study.body["questions"]
    return [
        Foretold(question=question, segment=key, people=sizes[key], **told.get(question, {}))
        for question, key in FORETOLD.items()
        if key in sizes
    ]


def _line(segment: Segment) -> SegmentLine:
    return SegmentLine(
        key=segment.key,
        name=segment.name,
        people=segment.people,
        reachable=segment.reachable,
        came=segment.came,
        left=segment.gone,
    )


@router.get("/app/segments/{key}")
def segment(visit: Viewing, page: Rendered, key: str) -> HTMLResponse:
    found = queries.by_key(visit.tx, key)
    if found is None and key != NEW:
        raise HTTPException(404, "There is no such segment.")
    tree: Mapping[str, Any] = found.tree if found else {"all": [{"fact": "orders", "at_least": 1}]}
    rows = form.flat(tree, goods.with_ids(visit.tx, form.ids_in(tree)))
    return _page(
        page,
        visit.tx,
        visit.caller,
        key,
        tree=tree,
        joined=rows[0] if rows else "all",
        rows=rows[1] if rows else (),
        name=found.name if found else "",
        kept=found is not None,
    )


@router.post("/app/segments/{key}")
def change_segment(
    fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str
) -> HTMLResponse:
    """Count while editing, save, retire; ask why somebody is in it, or who was on a day."""
    do = str(fields.get("do", "count"))
    name = str(fields.get("name", ""))[:80].strip()
    joined, rows = str(fields.get("joined", "all")), form.typed_rows(fields)
    tree: Mapping[str, Any] | None = None
    wrong = ""
    try:
        with house.look(caller.shop) as tx:
            tree = _typed_tree(tx, fields, joined, rows)
    except WrongTreeError as failure:
        wrong = str(failure)
    saved = False
    if do in ("save", "retire"):
        caller.must(CHANGES)
        if do == "retire" and key not in STANDARD:
            house.do(caller.shop, lambda tx: flows.retire(tx, key))
            saved = True
        elif do == "save" and tree is not None:
            key = _key(key, name)
            try:
                house.do(caller.shop, lambda tx: flows.save(tx, key, name=name, tree=tree or {}))
                saved = True
            except WrongTreeError as failure:
                wrong = str(failure)
    if do == "add":
        rows = [*rows, FactRow()]
    with house.look(caller.shop) as tx:
        return _page(
            page, tx, caller, key,
            tree=tree, joined=joined, rows=rows, name=name, wrong=wrong, saved=saved,
            why=str(fields.get("who", "")) if do == "why" else "",
            then=str(fields.get("then", "")) if do == "then" else "",
            counted=do in ("count", "save"),
        )  # fmt: skip


def _typed_tree(tx: Tx, fields: FormData, joined: str, rows: Sequence[FactRow]) -> dict[str, Any]:
    if written := str(fields.get("tree", "")).strip():
        return form.written_tree(written)
    return form.tree_of(joined, rows, goods.called(tx, form.words_in(rows)))


def _key(key: str, name: str) -> str:
    if key != NEW:
        return key
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    return f"own-{plain or 'segment'}"[:60]


def _page(
    page: Page,
    tx: Tx,
    caller: Caller,
    key: str,
    *,
    tree: Mapping[str, Any] | None,
    joined: str,
    rows: Sequence[FactRow],
    name: str,
    wrong: str = "",
    saved: bool = False,
    why: str = "",
    then: str = "",
    counted: bool = True,
    kept: bool = False,
) -> HTMLResponse:
    segment_ = queries.by_key(tx, key)
    known = goods.with_ids(tx, form.ids_in(tree)) if tree else Goods()
    told = form.flat(tree, known) if tree else (joined, list(rows))
    size, reachable = _kept(tx, segment_) if kept else _counted(tx, tree if counted else None)
    shown = SegmentPage(
        key=key,
        name=name,
        standard=key in STANDARD,
        joined=joined,
        rows=rows,
        tree="" if told else json.dumps(tree, indent=2, ensure_ascii=False),
        flat=told is not None,
        people=size,
        reachable=reachable,
        people_then=_then(tx, segment_, then),
        then=then,
        why=_why(tx, segment_, why) if why and caller.may(SEES_PEOPLE) else None,
        wrong=wrong,
        saved=saved,
        facts=form.FACTS,
        goods=known.names,
        proposed=goods.proposed(tx),
        handouts=queries.handouts(tx, segment_.id or 0) if segment_ else (),
        sees_people=caller.may(SEES_PEOPLE),
        now=tx.now,
        zone=this_shop(tx).zone,
        may_change=caller.may(CHANGES),
    )
    return page(ONE, status=422 if wrong else 200, shown=shown)


def _kept(tx: Tx, segment_: Segment | None) -> tuple[int | None, int | None]:
    """Who is in it, and how many of them may be written to by the share that is kept."""
    if segment_ is None or segment_.filled_at is None:
        return None, None
    people = queries.headcount(tx, segment_.id or 0)
    share = segment_.reachable
    return people, None if share is None else round(people * share)


def _counted(tx: Tx, tree: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Who fits what is being written, asked now."""
    if not tree:
        return None, None
    node = rules.read(tree)
    fit, people = queries.some(tx, node, limit=SAMPLE), queries.size(tx, node)
    share = len(consents.reachable(tx, fit)) / len(fit) if fit else 0
    return people, round(people * share)


def _then(tx: Tx, segment_: Segment | None, day: str) -> int | None:
    """S8: as of the end of a day of the shop's."""
    try:
        date = datetime.fromisoformat(day).date()
    except ValueError:
        return None
    if segment_ is None:
        return None
    at = datetime.combine(date, time(23, 59, 59), ZoneInfo(this_shop(tx).zone))
    return queries.headcount(tx, segment_.id or 0, at=at)


def _why(tx: Tx, segment_: Segment | None, who: str) -> WhyLine:
    """S8: by an address, or Saleor's id of a customer."""
    found = people.by_email(tx, who) if "@" in who else []
    person = found[0] if found else tx.exec(select(Person).where(Person.account == who)).first()
    if person is None or segment_ is None:
        return WhyLine(who=who, found=False)
    why = queries.why(tx, segment_, person.id or 0)
    return WhyLine(
        who=who,
        found=True,
        fits=why.fits,
        since=why.since,
        reasons=[
            ReasonLine(fact=r.leaf.model_dump(mode="json"), holds=r.holds) for r in why.reasons
        ],
    )

"""DOOR 3: segments with their size and who may be written to, and the editor of one."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from app.journeys import goods, kind_pages, overlap_pages, own_pages
from app.journeys import segment_facts as facts
from app.journeys import segment_form as form
from app.journeys import segment_rows as rows
from app.journeys import segment_tree as trees
from app.journeys.goods import Goods
from app.journeys.pages import CHANGES
from app.journeys.segment_asked import SEES_PEOPLE, segment_of
from app.journeys.segment_tree import WrongRowsError
from app.journeys.segment_view import (
    Draft,
    Foretold,
    Problem,
    SegmentLine,
    SegmentPage,
    Segments,
)
from app.journeys.vocabulary import Vocabulary, vocabulary
from app.kit.house import House
from app.kit.tx import Tx
from app.messages import grounds
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

LIST = "journeys/segments.html"
ONE = "journeys/segment.html"
NEW, OWN = "new-segment", "own-"
FORETOLD = {"lapses": "may-lapse", "buys": "may-buy", "best": "most-valuable"}
"""S6: each question and the segment of those of whom it is likely."""
TRIED = {("chance", "50"): "buys", ("silent", "70"): "lapses"}
"""S6: rows of which it is known how often they came true before."""
SAMPLE = 500
"""People of whom the consented share is taken, from all over the shop: to four points."""
NAMELESS = -2
Within = Annotated[str, Query(alias="segment")]
BEGINNING: Mapping[str, Any] = {"all": [{"fact": "orders", "at_least": 1}]}


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
    told = _questions(tx)
    if told is None:
        return None
    sizes = {one.key: one.people for one in live}
    return [
        Foretold(question=question, segment=key, people=sizes[key], **told.get(question, {}))
        for question, key in FORETOLD.items()
        if key in sizes
    ]


def _questions(tx: Tx) -> Mapping[str, Any] | None:
    study = queries.study(tx, rules.CHANCES)
    return study.body["questions"] if study and study.body.get("personal") else None


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
def segment(
    visit: Viewing,
    page: Rendered,
    key: str,
    *,
    tier: str = "",
    group: str = "",
    within: Within = "",
) -> HTMLResponse:
    """A new one may begin with what the list of customers was narrowed to."""
    tx = visit.tx
    found = None if key == NEW else segment_of(tx, key)
    tree = found.tree if found else _narrowed(tier=tier, group=group, within=within)
    known = vocabulary(tx, page.locale, goods.with_ids(tx, facts.ids_in(tree)))
    size = _kept(tx, found) if found else _counted(tx, tree)
    draft = rows.draft_of(tree, known, page.locale)
    return _page(
        page, tx, visit.caller, key,
        draft=draft, tree=tree, known=known, name=found.name if found else "", size=size,
    )  # fmt: skip


def _narrowed(*, tier: str, group: str, within: str) -> Mapping[str, Any]:
    parts: list[Mapping[str, Any]] = []
    if within:
        parts.append({"fact": "segment", "key": within})
    if tier:
        parts.append({"fact": "tier", "among": [tier]})
    if group:
        parts.append({"fact": "rfm", "among": [group]})
    return {"all": parts} if parts else BEGINNING


@router.post("/app/segments/{key}")
def change_segment(
    fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str
) -> HTMLResponse:
    """Count while editing (`count`, `rows`), `add:` or `drop:` a row, save, retire."""
    do, _, number = str(fields.get("do", "count")).partition(":")
    name = str(fields.get("name", ""))[:80].strip()
    draft, fresh = _changed(form.typed(fields), do, number)
    wrong: dict[int, Problem] = {}
    tree: Mapping[str, Any] | None = None
    with house.look(caller.shop) as tx:
        known = vocabulary(tx, page.locale, _goods(tx, draft))
        try:
            tree = trees.tree_of(draft, known, page.locale)
        except WrongRowsError as failure:
            wrong |= failure.problems
    done = ""
    if do == "retire" and key not in STANDARD:
        caller.must(CHANGES)
        house.do(caller.shop, lambda tx: flows.retire(tx, key))
        done = "removed"
    elif do == "save":
        caller.must(CHANGES)
        if not name and key not in STANDARD:
            wrong[NAMELESS] = Problem(word="name")
        if not wrong:
            key, wrong = _save(house, caller, key, name, tree or {})
            done = "" if wrong else "saved"
    with house.look(caller.shop) as tx:
        return _page(
            page, tx, caller, key,
            draft=draft, tree=tree, known=known, name=name, size=_counted(tx, tree),
            wrong=wrong, strict=do == "save", done=done, fresh=fresh,
        )  # fmt: skip


def _changed(draft: Draft, do: str, number: str) -> tuple[Draft, str]:
    """With a row added or taken away, and the id of the field where its reader goes on."""
    if not number.isdecimal():
        return draft, ""
    at = int(number)
    if do == "add":
        more = form.added(draft, at)
        before = sum(len(block.rows) for block in more.blocks[: at + 1])
        return more, f"r{before - 1}"
    return (form.without(draft, at), "add-0") if do == "drop" else (draft, "")


def _goods(tx: Tx, draft: Draft) -> Goods:
    """Those that stand in the form, by name, and in what it keeps as it is, by id."""
    typed = goods.called(tx, form.words_in(draft))
    kept = goods.with_ids(
        tx, {id_ for told in _as_kept(draft).values() for id_ in facts.ids_in(told)}
    )
    return Goods({**typed.ids, **kept.ids}, {**typed.names, **kept.names})


def _as_kept(draft: Draft) -> dict[int, Mapping[str, Any]]:
    """By number of the row: what no row can say, where it can be read."""
    found: dict[int, Mapping[str, Any]] = {}
    for number, row in enumerate(draft.rows):
        if row.kept:
            try:
                found[number] = facts.in_full(json.loads(row.kept))
            except (ValueError, TypeError):
                continue
    return found


def _save(
    house: House, caller: Caller, key: str, name: str, tree: Mapping[str, Any]
) -> tuple[str, dict[int, Problem]]:
    """The key it is kept under."""

    def save(tx: Tx) -> str:
        own = queries.free_key(tx, OWN, name) if key == NEW else key
        return flows.save(tx, own, name=name, tree=tree).key

    try:
        return house.do(caller.shop, save), {}
    except WrongTreeError:
        return key, {trees.ALL: Problem(word="circle")}


def _page(
    page: Page,
    tx: Tx,
    caller: Caller,
    key: str,
    *,
    draft: Draft,
    tree: Mapping[str, Any] | None,
    known: Vocabulary,
    name: str,
    size: tuple[int | None, int | None],
    wrong: Mapping[int, Problem] | None = None,
    strict: bool = False,
    done: str = "",
    fresh: str = "",
) -> HTMLResponse:
    segment_ = queries.by_key(tx, key)
    shown = SegmentPage(
        key=key,
        name=name,
        standard=key in STANDARD,
        draft=draft,
        told=facts.in_full(tree) if tree else None,
        known=known,
        facts=form.FACTS,
        hidden=_hidden(known),
        kept=_as_kept(draft),
        wrong=wrong or {},
        strict=strict,
        fresh=fresh,
        people=size[0],
        reachable=size[1],
        ranges=_ranges(tx, draft),
        done=done,
        handouts=queries.handouts(tx, segment_.id or 0) if segment_ else (),
        sees_people=caller.may(SEES_PEOPLE),
        now=tx.now,
        zone=this_shop(tx).zone,
        may_change=caller.may(CHANGES),
    )
    return page(ONE, status=422 if wrong and strict else 200, shown=shown)


def _hidden(known: Vocabulary) -> list[str]:
    """What the shop has nothing to choose from."""
    choices = {"kind": known.kinds, "alike": known.alike, "tier": known.tiers}
    return [fact for fact, some in choices.items() if not some]


def _ranges(tx: Tx, draft: Draft) -> Mapping[int, tuple[float, float]]:
    """S6: of people picked as a row picks them, of how many it came true before."""
    told = _questions(tx) or {}
    asked = {at: TRIED.get((row.fact, row.least)) for at, row in enumerate(draft.rows)}
    found = {at: told.get(question, {}) for at, question in asked.items() if question}
    return {
        at: (one["low"], one["high"]) for at, one in found.items() if one.get("low") is not None
    }


def _kept(tx: Tx, segment_: Segment) -> tuple[int | None, int | None]:
    """Who is in it, and how many of them may be written to by the share that is kept."""
    if segment_.filled_at is None:
        return None, None
    people = queries.headcount(tx, segment_.id or 0)
    share = segment_.reachable
    return people, None if share is None else round(people * share)


def _counted(tx: Tx, tree: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Who fits what is being written, asked now."""
    if not tree:
        return None, None
    fit = queries.some(tx, rules.read(tree), limit=None)
    some = fit[:: len(fit) // SAMPLE + 1]
    share = len(grounds.reachable(tx, some)) / len(some) if some else 0
    return len(fit), round(len(fit) * share)

"""From what is kept to what the pages show: one function a tab."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlmodel import col, func, select

from app.kit.promises import Promise
from app.kit.tx import Tx
from app.ltv import costing, entries, queries, winning
from app.ltv.queries import Which
from app.ltv.rules import CostLine
from app.ltv.tables import ValueCosts
from app.ltv.view import (
    CohortView,
    CostsView,
    Groups,
    List,
    Overview,
    PersonRow,
    Quality,
    State,
    View,
)
from app.shops.flows import this_shop, without_rate

PAGE = 50
GRAINS = ("month", "quarter", "week", "calendar")
MEASURES = ("active", "again", "orders", "revenue", "margin")
MONEY = frozenset({"revenue", "margin"})
AMOUNTS = ("shipping", "returns", "messages", "rewards", "service")


def view(tx: Tx, tab: str, *, may_change: bool, sees_people: bool) -> View:
    shop, made = this_shop(tx), queries.made_at(tx)
    fitting = next((row for row in queries.fittings(tx) if row.active), None)
    sheet = queries.sheet(tx, "overview") if made else None
    return View(
        tab=tab,
        now=tx.now,
        zone=shop.zone,
        currency=shop.currency,
        state=_state(tx, fitting, reckoned=made is not None),
        made_at=made,
        fitting=fitting,
        may_change=may_change,
        sees_people=sees_people,
        held=costing.terms(tx).held,
        covered=sheet["covered"] if sheet else None,
        unrated=without_rate(tx),
    )


def _state(tx: Tx, fitting: Any, *, reckoned: bool) -> State:  # noqa: ANN401  # a row of LISTED
    if fitting is None or not reckoned:
        return State.WAITING if queries.anybody(tx) else State.EMPTY
    if not fitting.personal:
        return State.FEW
    return State.RULE if fitting.rule else State.READY


def overview(tx: Tx) -> Overview | None:
    sheet = queries.sheet(tx, "overview")
    if sheet is None:
        return None
    firsts = queries.sheet(tx, "firsts") or {}
    ids = [row["label"] for row in firsts.get("product", ())]
    return Overview(
        sheet=sheet,
        steps=(queries.sheet(tx, "stages") or {"steps": ()})["steps"],
        firsts=firsts,
        products=queries.product_names(tx, ids),
        tiers=queries.tiers(tx),
    )


def cohorts(tx: Tx, *, by: str, show: str) -> CohortView | None:
    by = by if by in GRAINS else "month"
    show = show if show in MEASURES else "active"
    sheet = queries.sheet(tx, f"cohorts {by}")
    if sheet is None:
        return None
    rows = [row for row in sheet["rows"] if row["size"]]
    periods = min(max((len(row[show]) for row in rows), default=0), 36)
    skip = 1 if show == "active" else 0  # everybody bought in the period they came in
    numbers = [v for row in rows for v in row[show][skip:periods] if v is not None]
    _, whole = winning.by_channel(queries.spends(tx), queries.sheet(tx, "channels"))
    overall = queries.sheet(tx, "overview") or {}
    return CohortView(
        by=by,
        show=show,
        rows=rows,
        average=sheet["average"],
        periods=periods,
        top=max([float(v) for v in numbers] or [1.0]) or 1.0,
        cac=whole.cac if whole else None,
        payback=whole.payback if whole else None,
        retention=overall.get("retention", ()),
    )


def groups(tx: Tx) -> Groups:
    months = costing.terms(tx).window_months
    return Groups(
        cells=queries.grid(tx),
        movement=queries.movement(tx),
        months=months,
        since=entries.today(tx) - round(months * 30.4375),
    )


def quality(tx: Tx) -> Quality:
    waiting = select(func.count()).where(
        Promise.kind == "value.reckon",
        col(Promise.kept_at).is_(None),
        col(Promise.parked_at).is_(None),
        col(Promise.due) <= tx.now,
    )
    return Quality(fittings=queries.fittings(tx), busy=tx.exec(waiting).one() > 0)


def costs(tx: Tx, *, typed: Mapping[str, str] | None = None, **more: Any) -> CostsView:  # noqa: ANN401
    terms = costing.terms(tx)
    spends = queries.spends(tx)
    rows, whole = winning.by_channel(spends, queries.sheet(tx, "channels"))
    overall = queries.sheet(tx, "overview")
    return CostsView(
        terms=terms,
        typed=typed or {},
        rows=rows,
        blended=whole,
        months=sorted({each.month for each in spends}),
        unit_costs=queries.unit_costs(tx),
        lines=overall["lines"]["to_date"] if overall else {},
        **more,
    )


def people(tx: Tx, asked: Mapping[str, str], *, sees_people: bool) -> List:
    """A list of who is behind a number; `asked` is its query."""
    which, said = which_of(asked)
    page = max(_number(asked.get("page")) or 1, 1)
    sort = asked.get("sort", "worth")
    sort = sort if sort in queries.SORTS else "worth"
    total = queries.count(tx, which)
    pages = max(-(-total // PAGE), 1)
    rows = queries.people(
        tx, which, sort=sort, limit=PAGE, offset=(min(page, pages) - 1) * PAGE, total=total
    )
    return List(
        rows=[_person(row) for row in rows] if sees_people else (),
        total=total,
        page=min(page, pages),
        pages=pages,
        query=urlencode(said),
        sort=sort,
        said=said,
        today=entries.today(tx),
    )


def _person(row: Any) -> PersonRow:  # noqa: ANN401  # a row of PERSON
    name = f"{row.first_name} {row.last_name}".strip() or row.email
    return PersonRow(link=f"/app/customers/{row.id}", name=name, row=row)


WORDS = ("tier", "group", "before", "stage", "category", "channel", "country")
NUMBERS = ("purchases", "at_least", "first_from", "first_to", "product", "since")
YES_NO = ("lapsed", "late", "active")


def which_of(asked: Mapping[str, str]) -> tuple[Which, dict[str, str]]:
    """What a list is of, and the part of the query that was understood."""
    found: dict[str, Any] = {n: asked[n][:80] for n in WORDS if asked.get(n)}
    found |= {n: v for n in NUMBERS if (v := _number(asked.get(n))) is not None}
    found |= {n: asked[n] == "1" for n in YES_NO if asked.get(n) in {"0", "1"}}
    said = {name: str(int(v) if isinstance(v, bool) else v) for name, v in found.items()}
    r, fm = _number(asked.get("r")), _number(asked.get("fm"))
    if r is not None and fm is not None:
        found["rfm"] = (r, fm)
        said |= {"r": str(r), "fm": str(fm)}
    return Which(**found), said


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def switches(terms: ValueCosts) -> dict[str, bool]:
    return {line.value: line not in terms.off for line in CostLine}

"""DOOR 3: how segments overlap, and a segment's people as a table to take away."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from app.journeys.kind_view import OverlapPage, Pair, Region
from app.journeys.segment_asked import SEES_PEOPLE, segment_of
from app.kit.house import House
from app.kit.tx import ShopId, Tx
from app.messages import grounds
from app.segments import flows, queries
from app.web.asked import TheHouse
from app.web.door import Called, PatientRoute, Viewing, needs
from app.web.page import Rendered
from app.web.sheets import kept_as, written

router = APIRouter(route_class=PatientRoute)

OVERLAP = "journeys/overlap.html"
MOST = 6
"""Segments side by side: of more nobody can read what lies in which."""
AT_ONCE = 1_000
Of = Query(default=[], alias="of")
HEAD = (
    "customer", "email", "first_name", "last_name", "country", "language", "in_since",
    "may_be_written_to",
)  # fmt: skip


@router.get("/app/segments/overlap")
def overlap(visit: Viewing, page: Rendered, of: list[str] = Of) -> HTMLResponse:
    tx = visit.tx
    live = {one.key: one for one in queries.live(tx)}
    asked = list(dict.fromkeys(key for key in of if key in live))
    chosen = asked[:MOST]
    counts = queries.overlap(tx, [live[key].id or 0 for key in chosen]) if chosen else {}
    shown = OverlapPage(
        all=[(one.key, one.name) for one in live.values()],
        names={one.key: one.name for one in live.values()},
        chosen=chosen,
        sizes={key: _in(counts, 1 << at) for at, key in enumerate(chosen)},
        pairs=pairs(chosen, counts),
        regions=regions(chosen, counts),
        most=MOST,
        too_many=len(asked) > MOST,
    )
    return page(OVERLAP, shown=shown)


def _in(counts: Mapping[int, int], all_of: int) -> int:
    return sum(people for which, people in counts.items() if which & all_of == all_of)


def pairs(keys: Sequence[str], counts: Mapping[int, int]) -> list[Pair]:
    """Each two of them; Jaccard is how many are in both, of those in either."""
    found = []
    for (at, one), (to, other) in combinations(enumerate(keys), 2):
        both = _in(counts, 1 << at | 1 << to)
        here, there = _in(counts, 1 << at), _in(counts, 1 << to)
        found.append(
            Pair(
                one=one,
                other=other,
                both=both,
                jaccard=both / max(here + there - both, 1),
                of_one=both / max(here, 1),
                of_other=both / max(there, 1),
            )
        )
    return found


def regions(keys: Sequence[str], counts: Mapping[int, int]) -> list[Region]:
    """What a Venn diagram has as fields, the fullest first."""
    told = [
        Region(keys=[key for at, key in enumerate(keys) if which >> at & 1], people=people)
        for which, people in counts.items()
    ]
    return sorted(told, key=lambda one: (-one.people, one.keys))


@router.get("/app/segments/csv/{key}", dependencies=[needs(SEES_PEOPLE)])
def take_away(caller: Called, house: TheHouse, key: str) -> Response:
    """Who is in it now, with who may be written to. That it was taken is written down."""
    with house.look(caller.shop) as tx:
        segment = segment_of(tx, key)
        people = queries.headcount(tx, segment.id or 0)
    by, id_ = caller.viewer.user_id or "", segment.id or 0
    house.do(caller.shop, lambda tx: flows.handed_out(tx, segment, by=by, people=people))
    return StreamingResponse(
        _table(house, caller.shop, id_),
        media_type="text/csv; charset=utf-8",
        headers=kept_as(key),
    )


def _table(house: House, shop: ShopId, segment: int) -> Iterator[str]:
    """A thousand people at a time, each in a unit of work of its own."""
    yield "\ufeff" + written([HEAD])
    after: int | None = 0
    while after is not None:
        with house.look(shop) as tx:
            rows, after = _some(tx, segment, after)
        yield written(rows)


def _some(tx: Tx, segment: int, after: int) -> tuple[list[Sequence[object]], int | None]:
    found = queries.listed(tx, segment, after=after, limit=AT_ONCE)
    may = grounds.reachable(tx, [person.id or 0 for person, _ in found])
    rows: list[Sequence[object]] = [
        (
            person.account, person.email, person.first_name, person.last_name, person.country,
            person.language, since.isoformat(timespec="seconds"),
            "yes" if person.id in may else "no",
        )
        for person, since in found
    ]  # fmt: skip
    return rows, found[-1][0].id if len(found) == AT_ONCE else None

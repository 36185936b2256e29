"""DOOR 3: are customers content, who is not, and what do they say?"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from itertools import dropwhile
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.feedback import flows, queries, rules
from app.feedback.view import Feedback, Month, Part, Result
from app.journeys import queries as journeys
from app.journeys.naming import title_of
from app.journeys.survey_rules import CSAT, NPS
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.shops.flows import this_shop
from app.web.asked import Typed
from app.web.door import PatientRoute, Viewing, Visit, Working, needs
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

SEES_PEOPLE = "MANAGE_USERS"
SPANS = (90, 180, 365)
USUAL = 180


@router.get("/app/feedback")
def feedback(visit: Viewing, page: Rendered, days: str = "") -> HTMLResponse:
    span = int(days) if days in map(str, SPANS) else USUAL
    return _show(visit, page, days=span)


@router.post("/app/feedback", dependencies=[needs(SEES_PEOPLE)])
def look_after(fields: Typed, visit: Working, page: Rendered) -> HTMLResponse:
    """FB-6: it is `done`, or after all not (`back`)."""
    done, back = (_number(str(fields.get(name, ""))) for name in ("done", "back"))
    by = visit.viewer.user_id
    if back is not None:
        flows.handle(visit.tx, back, by=by, done=False)
    elif done is not None and flows.handle(visit.tx, done, by=by) is None:
        done = None
    return _show(visit, page, days=USUAL, done=done if back is None else None)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004


def _show(visit: Visit, page: Page, *, days: int, done: int | None = None) -> HTMLResponse:
    tx, sees = visit.tx, visit.caller.may(SEES_PEOPLE)
    since = tx.now - timedelta(days=days)
    used = queries.useful(tx, since=since)
    shown = Feedback(
        days=days,
        spans=SPANS,
        results=[_result(tx, kind, days=days) for kind in (NPS, CSAT)],
        useful=used,
        tasks=queries.tasks(tx) if sees else (),
        told=queries.told(tx, since=since) if sees else (),
        sees_people=sees,
        fewest=rules.FEWEST,
        now=tx.now,
        zone=this_shop(tx).zone,
        done=done,
        names={one.key: title_of(tx, one.key) for one in used},
    )
    return page("feedback/feedback.html", shown=shown)


def _result(tx: Tx, kind: str, *, days: int) -> Result:
    since = tx.now - timedelta(days=days)
    counts, journey = queries.tally(tx, kind, since=since), journeys.by_key(tx, kind)
    terms = loyalty.terms(tx)
    tiers = {key: tier.name for key, tier in terms.tiers.items()} if terms else {}
    parts = [
        *_parts("tier", kind, queries.by_tier(tx, kind, since=since), tiers),
        *_parts("country", kind, queries.by_country(tx, kind, since=since), {}),
        *_parts("product", kind, queries.by_product(tx, kind, since=since), {}),
    ]
    return Result(
        kind=kind,
        on=journey is not None and journey.on_since is not None,
        tally=counts,
        estimate=rules.estimate(kind, counts),
        scores=queries.scores(tx, kind, since=since),
        parts=parts,
        trend=_trend(tx, kind),
    )


def _trend(tx: Tx, kind: str) -> list[Month]:
    zone = ZoneInfo(this_shop(tx).zone)
    firsts = rules.months(tx.now.astimezone(zone).date())
    bounds = [datetime.combine(first, time(), zone) for first in firsts]
    months = [
        Month(first=first, tally=tally, estimate=rules.estimate(kind, tally))
        for first, tally in zip(firsts, queries.by_month(tx, kind, bounds), strict=True)
    ]
    return list(dropwhile(lambda month: not month.tally.asked, months))


def _parts(
    by: str, kind: str, found: Mapping[str, rules.Tally], names: Mapping[str, str]
) -> list[Part]:
    told = sorted(found.items(), key=lambda one: (-one[1].answered, one[0]))
    return [
        Part(
            by=by,
            name=names.get(key, key),
            tally=tally,
            estimate=rules.estimate(kind, tally),
        )
        for key, tally in told
    ]

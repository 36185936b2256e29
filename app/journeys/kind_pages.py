"""DOOR 3: S7: kinds of customers, and who is like the members of a segment."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from app.journeys.kind_view import AlikePage, Cut, Hold, KindLine, Kinds, Near, Told
from app.journeys.pages import CHANGES
from app.journeys.segment_asked import SEES_PEOPLE, segment_of
from app.kit.money import major
from app.kit.tx import Tx
from app.segments import flows, queries, rules
from app.segments.rules import FEWEST_BUYERS, FEWEST_MEMBERS, Alike, read
from app.segments.tables import Segment
from app.shops.flows import this_shop
from app.web.asked import TheHouse, Typed
from app.web.door import Called, Caller, PatientRoute, Viewing
from app.web.notation import Sum
from app.web.page import Page, Rendered

router = APIRouter(route_class=PatientRoute)

KINDS, ALIKE = "journeys/kinds.html", "journeys/alike.html"
STABLE, SHAKY = 0.75, 0.6
"""Mean Jaccard from which on a kind is stable, or a pattern that is none for sure (Hennig)."""
DAYS_ENOUGH = 12
"""From here on a gap is told in weeks."""
SHOWN = 20
USUAL = 1_000


@router.get("/app/segments/kinds")
def kinds(visit: Viewing, page: Rendered) -> HTMLResponse:
    return _kinds(page, visit.tx, visit.caller)


@router.post("/app/segments/kinds")
def keep(fields: Typed, caller: Called, house: TheHouse, page: Rendered) -> HTMLResponse:
    """A kind becomes a segment."""
    caller.must(CHANGES)
    number, name = str(fields.get("number", "")), str(fields.get("name", ""))[:80].strip()
    with house.look(caller.shop) as tx:
        known = {str(one["number"]) for one in _body(tx, rules.KINDS).get("kinds", ())}
    if number not in known:
        raise HTTPException(404, "There is no such kind of customers.")
    kept = house.do(caller.shop, lambda tx: flows.keep_kind(tx, int(number), name=name).key)
    with house.look(caller.shop) as tx:
        return _kinds(page, tx, caller, saved=kept)


def _kinds(page: Page, tx: Tx, caller: Caller, *, saved: str = "") -> HTMLResponse:
    study, shop = queries.study(tx, rules.KINDS), this_shop(tx)
    body = study.body if study else {}
    found = body.get("kinds", ())
    say = _Saying(tx, page, [told for one in found for told in one["told"]])
    segments = {one.key for one in queries.live(tx)}
    lines = [
        KindLine(
            number=one["number"],
            people=one["people"],
            share=one["people"] / max(body["customers"], 1),
            stability=one["stability"],
            hold=_hold(one["stability"]),
            told=say.all(one["told"]),
            segment=key if (key := rules.kind_key(one["number"])) in segments else None,
        )
        for one in sorted(found, key=lambda one: -one["people"])
    ]
    shown = Kinds(
        lines=lines, customers=body.get("customers", 0), fewest=FEWEST_BUYERS,
        made_at=study.made_at if study else None, learnt=body.get("learnt", ""), now=tx.now,
        zone=shop.zone, may_change=caller.may(CHANGES), saved=saved,
    )  # fmt: skip
    return page(KINDS, shown=shown)


def _hold(stability: float) -> Hold:
    if stability >= STABLE:
        return Hold.STABLE
    return Hold.SHAKY if stability >= SHAKY else Hold.LOOSE


@router.get("/app/segments/alike/{key}")
def alike(visit: Viewing, page: Rendered, key: str, best: int = USUAL) -> HTMLResponse:
    return _alike(page, visit.tx, visit.caller, key, best=best)


@router.post("/app/segments/alike/{key}")
def look(fields: Typed, caller: Called, house: TheHouse, page: Rendered, key: str) -> HTMLResponse:
    """Ask for look-alikes, or keep so many of them as a segment."""
    caller.must(CHANGES)
    do, best = str(fields.get("do", "")), str(fields.get("best", ""))
    with house.look(caller.shop) as tx:
        segment_of(tx, key)
        body = _body(tx, rules.ALIKE + key)
    saved = wrong = False
    if do == "look":
        house.do(caller.shop, lambda tx: flows.look_for_alike(tx, key))
    elif do == "keep" and body.get("apart"):
        name = str(fields.get("name", ""))[:80].strip()
        try:
            number = int(best)
            house.do(caller.shop, lambda tx: flows.keep_alike(tx, key, number, name=name))
            saved = True
        except ValueError:  # WrongTreeError too: no number, or one that is too large
            wrong = True
    with house.look(caller.shop) as tx:
        chosen = int(best) if best.isdecimal() else USUAL
        return _alike(page, tx, caller, key, best=chosen, saved=saved, wrong=wrong)


def _alike(
    page: Page, tx: Tx, caller: Caller, key: str, *, best: int, saved: bool = False,
    wrong: bool = False,
) -> HTMLResponse:  # fmt: skip
    segment, study = segment_of(tx, key), queries.study(tx, rules.ALIKE + key)
    body = study.body if study else {}
    sees = caller.may(SEES_PEOPLE)
    near = queries.placed(tx, study.id or 0, limit=SHOWN) if study and sees else ()
    say = _Saying(tx, page, [told for placing, _ in near for told in placing.because])
    kept = queries.by_key(tx, rules.alike_key(key))
    members, others = body.get("members", 0), body.get("others", 0)
    shown = AlikePage(
        key=key, name=segment.name, asked=study is not None, few=body.get("few", False),
        members=members, others=others, fewest=FEWEST_MEMBERS, auc=body.get("auc", 0.0),
        low=body.get("low", 0.0), high=body.get("high", 0.0), apart=body.get("apart", False),
        cuts=[Cut(people=int(n), share=share) for n, share in body.get("cuts", {}).items()],
        base=members / max(members + others, 1), best=_kept_size(kept) or best,
        near=[
            Near(person=one.id or 0, who=one.name or one.email or "", told=say.all(placing.because))
            for placing, one in near
        ],
        sees_people=sees, segment=kept.key if kept and not kept.retired_at else None,
        made_at=study.made_at if study else None, now=tx.now, zone=this_shop(tx).zone,
        may_change=caller.may(CHANGES), saved=saved, wrong=wrong,
    )  # fmt: skip
    return page(ALIKE, status=422 if wrong else 200, shown=shown)


def _kept_size(segment: Segment | None) -> int | None:
    node = read(segment.tree) if segment and not segment.retired_at else None
    return node.best if isinstance(node, Alike) else None


def _body(tx: Tx, name: str) -> Mapping[str, Any]:
    study = queries.study(tx, name)
    return study.body if study else {}


class _Saying:
    """Facts as a page has words for them: names of categories and countries, money as money."""

    def __init__(self, tx: Tx, page: Page, told: Sequence[Told]) -> None:
        goods = {one["name"] for one in told if one["what"] == "goods"}
        self.goods = queries.category_names(tx, goods) if goods else {}
        self.places = page.locale.territories
        self.currency = this_shop(tx).currency or "EUR"

    def all(self, told: Sequence[Told]) -> list[Told]:
        return [self._one(one) for one in told]

    def _one(self, told: Told) -> Told:
        more: dict[str, Any] = {}
        if told["what"] == "goods":
            more["label"] = self.goods.get(told["name"]) or told["name"]
        elif told["what"] == "place":
            country, _, region = told["name"].partition("-")
            more["label"] = region or self.places.get(country, country)
        elif told["what"] == "channel":
            more["label"] = told["name"]
        elif told["what"] == "every":
            more["weeks"] = round(told["days"] / 7) if told["days"] >= DAYS_ENOUGH else 0
        elif told["what"] == "basket":
            more["sum"] = Sum(major(told["amount"], self.currency), self.currency)
        return {**told, **more}

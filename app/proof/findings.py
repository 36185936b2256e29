"""What a trial shows, worked out from its people: pure, and kept as it is (tables.Finding.body)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import numpy as np

from app.proof import balance, bayes, planning, sequences, verdicts
from app.proof.difference import Difference, stratified
from app.proof.planning import Analysis, Noise
from app.proof.sums import Floats, Sums
from app.proof.verdicts import Interval, Seen, Verdict

METRICS = ("conversion", "margin", "revenue", "second")
LEAST_IN_GROUP = 50
"""S9: people in either arm of a group, before anything is said of it."""
USUAL_BASE, USUAL_LEAST = 0.05, 0.02
"""HO-6: what a shop expects of which nothing is known: from 5 to 7 in a hundred."""
NEW = np.array([0.0, 1.0, 0.0])
"""What is known of who never ordered (AB-5); see `known_before`."""
CAP = 0.99
"""AB-5."""
HARM = 1.64
"""AB-9: a guard is harmed where it rose by so many standard errors."""

Cell = tuple[str, int]


@dataclass(frozen=True)
class Plan:
    """AB-3: agreed before the start, or what is usual where nobody was asked (a holdout)."""

    metric: str = "conversion"
    mode: Analysis = Analysis.ALWAYS
    planned: int = 0
    """People in all arms: the end of a fixed horizon …"""
    compared: float = 1.0
    """… of whom the two arms of a comparison have so much: N* of its sequence."""
    least: float = USUAL_LEAST
    """The smallest effect worth having: a share of one, or minor units."""
    base: float = USUAL_BASE
    auto: bool = False
    caps: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def tuned(self) -> float:
        return max(self.planned * self.compared, 1.0)

    @classmethod
    def of(cls, told: Mapping[str, Any], *, kind: str, shares: Sequence[float]) -> "Plan":
        usual = "margin" if kind == "test" else "conversion"
        mode = Analysis(told.get("mode", Analysis.ALWAYS))
        planned = int(told.get("people", 0))
        if not planned:
            planned = planning.for_share(USUAL_BASE, USUAL_LEAST, shares[0], mode)
        return cls(
            metric=told.get("metric", usual),
            mode=mode,
            planned=max(planned, 1),
            compared=sum(shares[:2]),
            least=float(told.get("least", USUAL_LEAST)),
            base=float(told.get("base", USUAL_BASE)),
            auto=bool(told.get("auto", False)),
            caps=told.get("caps", {}),
        )


@dataclass(frozen=True)
class Active:
    """People who ever ordered, as columns."""

    arm: Sequence[str]
    stratum: Floats
    before: Floats
    past: Floats
    orders: Floats
    margin: Floats
    revenue: Floats
    refunded: Floats

    @classmethod
    def of(cls, rows: Sequence[Any], span: int) -> "Active":
        table = np.array(
            [(r.stratum, r.before, r.past, *r.spans.get(str(span), (0, 0, 0, 0))) for r in rows],
            dtype=np.float64,
        ).reshape(-1, 7)
        return cls([r.arm for r in rows], *table.T)

    def y(self, metric: str, cap: float | None) -> Floats:
        if metric == "conversion":
            return np.asarray(self.orders > 0, dtype=np.float64)
        if metric == "second":
            came = (self.before < 2) & (self.before + self.orders >= 2)  # noqa: PLR2004
            return np.asarray(came, dtype=np.float64)
        money = self.margin if metric == "margin" else self.revenue
        return money if cap is None else np.minimum(money, cap)

    def x(self, cap: float | None) -> Floats:
        return known_before(self.past if cap is None else np.minimum(self.past, cap), self.before)


def known_before(past: Floats, orders: Floats) -> Floats:
    """AB-5: what tells an outcome before somebody is drawn, shape (n, 3): the margin of the 180
    days before, whether she is new, and the logarithm of her orders so far, which says more of who
    buys than what was spent (docs/proof.md)."""
    return np.stack([past, (orders == 0).astype(float), np.log1p(orders)], axis=1)


Arms = Mapping[Cell, Sums]


def sums(
    active: Active, people: Mapping[Cell, int], metric: str, span: int, plan: Plan,
    *, within: Floats | None = None,
) -> Arms:  # fmt: skip
    """Every arm and stratum; `people` counts all of them, ordered or not."""
    cap = plan.caps.get(str(span)) if metric in ("margin", "revenue") else None
    y, x = active.y(metric, cap), active.x(plan.caps.get("past"))
    arms, every = np.array(active.arm, dtype=object), np.ones(len(active.arm), dtype=bool)
    found = {}
    for (arm, stratum), n in people.items():
        here = (arms == arm) & (active.stratum == stratum)
        here &= every if within is None else within.astype(bool)
        silent = max(n - int(here.sum()), 0)
        found[arm, stratum] = Sums.of(y[here], x[here], silent=silent, silent_x=NEW)
    return found


def compared(arms: Arms, control: str, treated: str) -> Difference | None:
    strata = sorted({stratum for _, stratum in arms})
    pairs = [
        (arms[control, s], arms[treated, s])
        for s in strata
        if (control, s) in arms and (treated, s) in arms
    ]
    return stratified(pairs)


def interval(found: Difference, plan: Plan, *, alpha: float = sequences.ALPHA) -> dict[str, float]:
    """With the mode's own p-value; `spared` is what CUPED took off the variance."""
    d, e, n = float(found.estimate), float(found.error), float(found.n)
    if plan.mode is Analysis.ALWAYS:
        wide = float(sequences.stretch(n, plan.tuned, alpha))
    else:
        wide = sequences.fixed(alpha)
    p = 1.0
    if e > 0:
        z = d / e
        always = plan.mode is Analysis.ALWAYS
        p = float(sequences.p_value(z, n, plan.tuned) if always else sequences.fixed_p_value(z))
    return {
        "estimate": d, "low": d - wide * e, "high": d + wide * e, "p": p, "error": e,
        "spared": float(found.spared),
    }  # fmt: skip


@dataclass(frozen=True)
class Told:
    """All that is known of a trial on a night."""

    arms: Sequence[str]
    """The first is what others are compared with."""
    shares: Sequence[Sequence[float]]
    """By stratum."""
    people: Mapping[Cell, int]
    """Everybody drawn."""
    ripe: Mapping[Cell, int]
    """Of whom the whole span is known."""
    active: Active
    first: datetime
    lately: int
    """Drawn in the last four weeks."""
    unsubscribed: Mapping[str, int]
    complained: Mapping[str, int]
    crossed: int = 0
    messages: Mapping[str, float] = field(default_factory=dict)
    """HO-4: by arm, what the messages of a person cost."""
    groups: Mapping[str, "Group"] = field(default_factory=dict)
    """S9."""


@dataclass(frozen=True)
class Group:
    """Some of the people: how many of them are ripe, and which of the active."""

    ripe: Mapping[Cell, int]
    within: Floats


def found(told: Told, plan: Plan, *, span: int, now: datetime) -> dict[str, Any]:
    others = told.arms[1:]
    by_metric = {metric: sums(told.active, told.ripe, metric, span, plan) for metric in METRICS}
    alpha = sequences.ALPHA / max(len(others), 1)
    against: list[dict[str, Any]] = [
        {"arm": arm, "metrics": _metrics(by_metric, told, arm, plan, alpha)} for arm in others
    ]
    ripe = {arm: people_of(told.ripe, arm) for arm in told.arms}
    conversions = int(sum(float(one.y) for one in by_metric["conversion"].values()))
    seen = Seen(now - told.first, list(ripe.values()), conversions)
    srm = balance.mismatch(_strata(told))
    _judge(against, seen, plan, broken=balance.broken(srm), ripe=sum(ripe.values()))
    if plan.mode is Analysis.BAYES:
        bought = [int(_whole(by_metric["conversion"], arm).y) for arm in told.arms]
        chances = bayes.chances_best(bought, [ripe[arm] for arm in told.arms], base=plan.base)
        for one, chance in zip(against, chances[1:], strict=True):
            one["chance"] = chance
    return {
        "people": {arm: people_of(told.people, arm) for arm in told.arms},
        "ripe": ripe,
        "conversions": conversions,
        "first": told.first.isoformat(),
        "srm": srm,
        "enough": seen.enough,
        "arms": {arm: _arm(arm, by_metric, told) for arm in told.arms},
        "against": against,
        "crossed": told.crossed,
        "groups": _groups(told, plan, span),
        "mode": plan.mode.value,
        "metric": plan.metric,
        "least": plan.least,
        **_ahead(told, plan, by_metric, ripe),
    }


def _groups(told: Told, plan: Plan, span: int) -> list[dict[str, Any]]:
    """S9: each range so wide that all hold together (Bonferroni over groups and arms)."""
    control, others = told.arms[0], told.arms[1:]
    alpha = sequences.ALPHA / max(len(told.groups) * len(others), 1)
    lines = []
    for key, group in told.groups.items():
        arms = sums(told.active, group.ripe, "conversion", span, plan, within=group.within)
        people = [people_of(group.ripe, arm) for arm in (control, others[0])]
        one = compared(arms, control, others[0]) if min(people) >= LEAST_IN_GROUP else None
        effect = interval(one, plan, alpha=alpha) if one is not None else None
        lines.append({"key": key, "people": sum(people), "conversion": effect})
    return lines


def _metrics(
    by_metric: Mapping[str, Arms], told: Told, arm: str, plan: Plan, alpha: float
) -> dict[str, Any]:
    found = {}
    for metric, arms in by_metric.items():
        one = compared(arms, told.arms[0], arm)
        if one is not None and metric == "margin":
            one = _net(one, told, arm)
        found[metric] = interval(one, plan, alpha=alpha) if one is not None else None
    return found


def _net(found: Difference, told: Told, arm: str) -> Difference:
    """HO-4: net of messages. What they cost differs little from person to person, so it moves the
    range and does not widen it."""
    more = told.messages.get(arm, 0.0) - told.messages.get(told.arms[0], 0.0)
    return replace(found, estimate=np.asarray(found.estimate - more))


def _judge(
    against: Sequence[dict[str, Any]], seen: Seen, plan: Plan, *, broken: bool, ripe: int
) -> None:
    """AB-8: in one word each; of several arms Holm's p-values."""
    primary = [one["metrics"][plan.metric] for one in against]
    adjusted = verdicts.holm([one["p"] if one else 1.0 for one in primary])
    for one, told, p in zip(against, primary, adjusted, strict=True):
        if broken:
            one["verdict"] = Verdict.BROKEN.value
        elif plan.mode is Analysis.FIXED and ripe < plan.planned:
            one["verdict"] = Verdict.HIDDEN.value
        elif told is None or plan.mode is Analysis.BAYES:
            one["verdict"] = Verdict.TOO_EARLY.value
        else:
            edges = Interval(told["estimate"], told["low"], told["high"])
            one["verdict"] = verdicts.verdict(seen, edges, p=p, least=plan.least).value


def _strata(told: Told) -> list[tuple[Mapping[str, float], Mapping[str, int]]]:
    return [
        (
            dict(zip(told.arms, shares, strict=True)),
            {arm: told.people.get((arm, at), 0) for arm in told.arms},
        )
        for at, shares in enumerate(told.shares)
    ]


def _arm(arm: str, by_metric: Mapping[str, Arms], told: Told) -> dict[str, Any]:
    """Means a person, and the guards (AB-2)."""
    means = {metric: float(_whole(arms, arm).mean) for metric, arms in by_metric.items()}
    means["margin"] -= told.messages.get(arm, 0.0)
    here = np.array(told.active.arm, dtype=object) == arm
    revenue = float(told.active.revenue[here].sum())
    refunded = float(told.active.refunded[here].sum())
    return means | {
        "orders": int(told.active.orders[here].sum()),
        "refunded": refunded / revenue if revenue > 0 else 0.0,
        "unsubscribed": told.unsubscribed.get(arm, 0),
        "complained": told.complained.get(arm, 0),
        "messages": told.messages.get(arm, 0.0),
    }


def _whole(arms: Arms, arm: str) -> Sums:
    own = [one for (name, _), one in arms.items() if name == arm]
    if not own:
        nothing = np.zeros(0)
        return Sums.of(nothing, np.zeros((0, len(NEW))))
    total = own[0]
    for one in own[1:]:
        total += one
    return total


def people_of(people: Mapping[Cell, int], arm: str) -> int:
    """In all strata."""
    return sum(n for (name, _), n in people.items() if name == arm)


def _ahead(
    told: Told, plan: Plan, by_metric: Mapping[str, Arms], ripe: Mapping[str, int]
) -> dict[str, Any]:
    """HO-6: how many people it takes, and weeks left at the pace of the last four."""
    noise = noise_of(by_metric[plan.metric], told.arms, plan)
    shares = [float(one) for one in told.shares[-1]] if told.shares else []
    needed = planning.in_all(noise, plan.least, shares, plan.mode)
    ahead = planning.plan(needed, a_week=told.lately / 4, so_far=sum(ripe.values()))
    return {"needed": needed, "weeks": ahead.weeks if isfinite(ahead.weeks) else None}


def noise_of(arms: Arms, names: Sequence[str], plan: Plan) -> tuple[Noise, Noise]:
    """Of one person's outcome in the first arm and the next; before anybody is known, of a
    conversion as planned."""
    known = [_whole(arms, name) for name in names[:2]]
    seen = len(known) == 2 and all(float(one.y) > 0 and float(one.n) > 1 for one in known)  # noqa: PLR2004
    if plan.metric in ("conversion", "second"):
        shares = [float(one.mean) for one in known] if seen else [plan.base, plan.base + plan.least]
        return Noise.of_share(shares[0]), Noise.of_share(shares[1])
    if seen:
        return Noise(float(known[0].var)), Noise(float(known[1].var))
    return Noise(0.0), Noise(0.0)


def guards_hold(body: Mapping[str, Any], control: str, arm: str) -> bool:
    """AB-9: neither refunds nor goodbyes nor complaints rose, as far as can be told. A refund is
    told by orders: whoever bought nothing could give nothing back, and says nothing of it."""
    a, b = body["arms"][control], body["arms"][arm]
    n, m = body["people"][control], body["people"][arm]
    for guard in ("unsubscribed", "complained"):
        if _rose(a[guard], n, b[guard], m):
            return False
    back = [round(arm["refunded"] * arm["orders"]) for arm in (a, b)]
    return not _rose(back[0], a["orders"], back[1], b["orders"])


def _rose(a: int, n: int, b: int, m: int) -> bool:
    if not n or not m:
        return False
    p = (a + b) / (n + m)
    error = (p * (1 - p) * (1 / n + 1 / m)) ** 0.5
    return bool(error > 0 and (b / m - a / n) / error > HARM)


def ripe_until(now: datetime, span: int) -> datetime:
    return now - timedelta(days=span)

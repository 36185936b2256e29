"""What takes long: kinds of customers, and who is like whom. Nothing is computed while the pen is
held, and what is written is only what has become another, a few hundred rows at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sqlmodel import col, delete, select

from app.customers.tables import Person
from app.kit.portions import portions
from app.kit.tx import Tx, among
from app.ltv import queries as value
from app.ltv.ground import Ground, ground
from app.ltv.history import History
from app.ltv.refit import decoded
from app.segments import alike, clusters, features, foretelling, queries, rules, tastes, telling
from app.segments.compiling import PEOPLE
from app.segments.crowd import Crowd, Floats, Longs, Scale
from app.segments.flows import Foretell, Group, Review
from app.segments.rules import ALIKE, CHANCES, KINDS, TASTES
from app.segments.tables import Placing, Study
from app.world import World

SEED = 2007
TOGETHER = 500
AFRESH = timedelta(days=30)
"""Kinds stay what they are for so long; people are given to them every night. Look-alikes that
nobody kept as a segment are forgotten after it."""
Body = dict[str, Any]


class Spot(NamedTuple):
    """Where somebody is put, and what speaks for it."""

    place: int
    because: Sequence[Body] = ()


def group(job: Group, world: World) -> Review | None:
    """Everything that is asked for, or the one thing that is named."""
    with world.look() as tx:
        names = [one.name for one in queries.studies(tx) if one.name.startswith(ALIKE)]
        over = [name for name in names if _nobody_kept(tx, name)]
        crowd = features.crowd(tx)
    afresh = False
    if not job.only:
        afresh = _kinds(world, crowd)
        with world.look() as tx:
            shares = tastes.usual(tx)
        world.do(partial(_write, name=TASTES, body=shares))
    for name in over:
        world.do(partial(_drop, name=name))
    if asked := [one for one in names if one not in over and job.only in ("", one)]:
        scale = Scale.of(crowd)
        table = scale.matrix(crowd)
        for name in asked:
            _alike(world, crowd, name, scale.names, table)
    with world.look() as tx:
        moved = [one.key for one in queries.leaning(tx, rules.Kind, rules.Alike)]
    if not moved:
        return None
    if afresh:
        world.do(_begin_again)
    return Review(occasion=f"groups {job.occasion}", cause="night", only=tuple(moved))


def _nobody_kept(tx: Tx, name: str) -> bool:
    """An answer that was looked at and not kept: it is not worked out every night for ever."""
    study = queries.study(tx, name)
    kept = queries.by_key(tx, rules.alike_key(name.removeprefix(ALIKE)))
    old = study is not None and study.asked_at < tx.now - AFRESH
    return old and (kept is None or kept.retired_at is not None)


def _begin_again(tx: Tx) -> None:
    """Kinds are others than before: who is in them now has done nothing, and that is no news."""
    for segment in queries.leaning(tx, rules.Kind):
        segment.filled_at = None
        tx.add(segment)


def _kinds(world: World, crowd: Crowd) -> bool:
    """Give everybody to a kind. Whether the kinds were looked for anew."""
    with world.look() as tx:
        row = queries.study(tx, KINDS)
        kept: Mapping[str, Any] = row.body if row else {}
        before = queries.places(tx, row.id or 0) if row else {}
        today = tx.now.date()
    if not kept.get("kinds") or today - date.fromisoformat(kept["learnt"]) >= AFRESH:
        body, spots = _found(crowd, before, kept, today)
        _keep(world, KINDS, body, spots)
        return bool(kept.get("kinds"))
    scale, centres = Scale.read(kept["scale"]), np.array(kept["centres"])
    labels = clusters.nearest(scale.matrix(crowd), centres) if len(crowd) else np.zeros(0, np.int64)
    names = [one["number"] for one in kept["kinds"]]
    stability = [one["stability"] for one in kept["kinds"]]
    told = _told(crowd, labels, names, stability)
    _keep(
        world, KINDS, {**kept, "customers": len(crowd), "kinds": told}, _spots(crowd, labels, names)
    )
    return False


def _found(
    crowd: Crowd, before: Mapping[int, int], kept: Mapping[str, Any], today: date
) -> tuple[Body, dict[int, Spot]]:
    body: Body = {"customers": len(crowd), "kinds": [], "learnt": today.isoformat()}
    if len(crowd) < rules.FEWEST_BUYERS:
        return body, {}
    scale = Scale.of(crowd)
    table = scale.matrix(crowd)
    kinds = clusters.find(table, seed=SEED)
    body |= {"strength": [round(one, 3) for one in kinds.strength]}
    if not len(kinds):
        return body, {}
    labels = clusters.nearest(table, kinds.centres)
    old = [one["number"] for one in kept.get("kinds", ())]
    was = {number: at for at, number in enumerate(old)}
    codes = np.array([was.get(before.get(int(p), 0), -1) for p in crowd.people], dtype=np.int64)
    names = clusters.named(codes, labels, old)
    body |= {
        "scale": scale.plain(),
        "centres": np.round(kinds.centres, 8).tolist(),
        "kinds": _told(crowd, labels, names, [round(float(v), 3) for v in kinds.stability]),
    }
    return body, _spots(crowd, labels, names)


def _told(
    crowd: Crowd, labels: Longs, names: Sequence[int], stability: Sequence[float]
) -> list[Body]:
    """Each kind with its size and what sets it apart."""
    found = []
    for at, (number, stable) in enumerate(zip(names, stability, strict=True)):
        inside = labels == at
        told = telling.of_kind(crowd, inside) if inside.any() else []
        found.append(
            {"number": number, "people": int(inside.sum()), "stability": stable, "told": told}
        )
    return found


def _spots(crowd: Crowd, labels: Longs, names: Sequence[int]) -> dict[int, Spot]:
    pairs = zip(crowd.people.tolist(), labels.tolist(), strict=True)
    return {person: Spot(names[label]) for person, label in pairs}


def _alike(world: World, crowd: Crowd, name: str, names: Sequence[str], table: Floats) -> None:
    """Rank everybody who is not in it by how she buys."""
    with world.look() as tx:
        segment = queries.by_key(tx, name.removeprefix(ALIKE))
        gone = segment is None or segment.retired_at is not None
        inside = queries.people_in(tx, segment.id or 0, limit=None) if segment else []
    if gone:
        world.do(partial(_drop, name=name))
        return
    mask = np.isin(crowd.people, np.array(inside, dtype=np.int64))
    found = alike.find(table, names, mask, seed=SEED)
    if found is None:
        _keep(world, name, {"members": int(mask.sum()), "few": True}, {})
        return
    body = {
        "members": found.members, "others": found.others, "few": False,
        "auc": round(found.auc, 3), "low": round(found.low, 3), "high": round(found.high, 3),
        "apart": found.told_apart, "cuts": {str(n): round(v, 4) for n, v in found.cuts.items()},
    }  # fmt: skip
    spots = _ranked(crowd, found, names) if found.told_apart else {}
    _keep(world, name, body, spots)


def _ranked(crowd: Crowd, found: alike.Alike, names: Sequence[str]) -> dict[int, Spot]:
    spots = {}
    for rank, (row, columns) in enumerate(zip(found.rows.tolist(), found.reasons, strict=True), 1):
        told = [telling.of_person(crowd, row, names[column]) for column in columns]
        spots[int(crowd.people[row])] = Spot(rank, [one for one in told if one])
    return spots


def foretell(job: Foretell, world: World) -> Review | None:
    """Everybody's chance to buy soon; and, for each new learning, how such words came true."""
    with world.look() as tx:
        fitting, study = value.in_use(tx), queries.study(tx, CHANCES)
        base = ground(tx) if fitting else None
        first = study is None or not study.body.get("personal")
    if fitting is None or base is None or not len(base.people):
        return None
    fit, labels = decoded(fitting.learnt), fitting.learnt["labels"]
    history = base.coded(labels)
    body: Body = {"fitting": fitting.id, "personal": fit.personal, "questions": {}}
    if not fit.personal:
        _keep(world, CHANCES, body, {})
        return None
    known = study.body if study else {}
    if known.get("fitting") == fitting.id and known.get("questions"):
        body["questions"] = known["questions"]
    else:
        body["questions"] = _calibrated(history, base, fit.model.groups.levels)
    statistics = history.at(base.today)
    chances = foretelling.soon(fit.model.score(statistics))
    people = base.people[statistics.who]
    spots = {int(people[row]): Spot(percent) for row, percent in chances.items()}
    _keep(world, CHANCES, body, spots)
    with world.look() as tx:
        moved = tuple(one.key for one in queries.leaning(tx, rules.Chance))
    cause = "first" if first else "score"
    return Review(occasion=f"chances {job.occasion}", cause=cause, only=moved) if moved else None


def _calibrated(history: History, base: Ground, levels: Collection[str]) -> Body:
    found = foretelling.calibrate(
        history, today=base.today, window=base.window, traits=tuple(levels)
    )
    return {
        question: {
            "low": None if one.low is None else round(one.low, 4),
            "high": None if one.high is None else round(one.high, 4),
            "thens": [[then.days_ago, then.picked, then.came] for then in one.thens],
        }
        for question, one in found.items()
    }


def _keep(world: World, name: str, body: Body, spots: Mapping[int, Spot]) -> None:
    study = world.do(partial(_write, name=name, body=body))
    with world.look() as tx:
        rows: Any = tx.exec(
            select(Placing.person, Placing.place, Placing.because).where(Placing.study == study)
        )
        have = {person: Spot(place, because) for person, place, because in rows}
    fresh = [p for p, spot in spots.items() if _differs(have.get(p), spot)]
    for people in portions(fresh, TOGETHER):
        some = {person: spots[person] for person in people}
        world.do(partial(_put, study=study, some=some))
    gone = sorted(have.keys() - spots.keys())
    for people in portions(gone, TOGETHER):
        world.do(partial(_take_away, study=study, people=people))


def _differs(old: Spot | None, new: Spot) -> bool:
    return old is None or old.place != new.place or list(old.because) != list(new.because)


def _write(tx: Tx, name: str, body: Body) -> int:
    row = queries.study(tx, name) or Study(name=name, asked_at=tx.now, body={})
    row.body, row.made_at = body, tx.now
    tx.add(row)
    tx.flush()
    return row.id or 0


def _put(tx: Tx, study: int, some: Mapping[int, Spot]) -> None:
    """Of people who are still here: somebody may have been forgotten meanwhile."""
    here = tx.exec(select(Person.id).where(PEOPLE, among(col(Person.id), sorted(some))))
    rows = [
        {"study": study, "person": p, "place": some[p].place, "because": list(some[p].because)}
        for p in here
        if p
    ]
    tx.put(Placing, rows, key=("study", "person"), overwrite=("place", "because"))


def _take_away(tx: Tx, study: int, people: Sequence[int]) -> None:
    mine = col(Placing.study) == study, among(col(Placing.person), people)
    tx.exec(delete(Placing).where(*mine))


def _drop(tx: Tx, name: str) -> None:
    if study := queries.study(tx, name):
        tx.exec(delete(Placing).where(col(Placing.study) == study.id))
        tx.delete(study)

"""Somebody is drawn for an arm at the moment of the decision, and stays in it.

arms = trials.hold(tx, "cart", people)      # HO-1: who is withheld from an automation
arm = trials.arm(tx, "test:cart:first", person)
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from app.kit.tx import Tx
from app.trials import queries, rules
from app.trials.rules import TREATED, WITHHELD, Arm, Kind, Mode
from app.trials.tables import Assignment, Denied, Holding, Trial

EVERYBODY = "everybody"
TIERS = "tiers"
"""The subject of the tiers' own codes."""
HELD = [{"name": WITHHELD, "withheld": True}, {"name": TREATED, "withheld": False}]


def hold(
    tx: Tx, subject: str, people: Collection[int], *, alike: str | None = None
) -> Mapping[int, Arm]:
    """HO-1: by person: may she be given what `subject` gives? Whoever is drawn from all marketing
    is not drawn here as well. Empty where nothing is held back; who is missing is treated.

    `alike` names what several subjects have in common, so that they hold back the same people.
    """
    terms = queries.holding(tx)
    if not people or subject in terms.promised:
        return {}
    away = _everywhere(tx, terms, people)
    left = [person for person in people if not (person in away and away[person].withheld)]
    trial = _holdout(tx, terms, subject, alike or subject)
    if trial is None:
        return {person: arm for person, arm in away.items() if arm.withheld}
    return {**away, **_drawn(tx, trial, left)}


def arm(tx: Tx, key: str, person: int) -> Arm | None:
    """Her arm of the newest version; drawn now if she was not. None where nothing is tried."""
    return arms(tx, key, [person]).get(person)


def arms(tx: Tx, key: str, people: Collection[int]) -> Mapping[int, Arm]:
    trial = queries.newest(tx, key)
    return _drawn(tx, trial, people) if trial and trial.began_at else {}


def arms_of(tx: Tx, trial: Trial, people: Collection[int]) -> Mapping[int, Arm]:
    return _drawn(tx, trial, people)


def _everywhere(tx: Tx, terms: Holding, people: Collection[int]) -> Mapping[int, Arm]:
    trial = queries.newest(tx, EVERYBODY)
    if trial is None:
        if not terms.everywhere:
            return {}
        trial = _begin(tx, EVERYBODY, Kind.EVERYBODY, subject="*", alike=EVERYBODY)
    _keep_share(tx, trial, terms.everywhere)
    return _drawn(tx, trial, people)


def _holdout(tx: Tx, terms: Holding, subject: str, alike: str) -> Trial | None:
    key = holdout_key(subject)
    trial = queries.newest(tx, key)
    if trial is None:
        if not terms.share:
            return None
        mode = Mode.PROVE if terms.prove_first else Mode.USUAL
        trial = _begin(tx, key, Kind.HOLDOUT, subject=subject, alike=alike, mode=mode)
    if trial.mode == Mode.OFF:
        return None
    people = queries.drawn(tx, trial.id or 0) if trial.mode == Mode.PROVE else 0
    share = rules.share_now(trial, usual=terms.share, people=people, now=tx.now)
    _keep_share(tx, trial, share)
    return trial


def holdout_key(subject: str) -> str:
    return f"holdout:{subject}"


def _begin(
    tx: Tx,
    key: str,
    kind: Kind,
    *,
    subject: str,
    alike: str,
    mode: Mode = Mode.USUAL,
    version: int = 1,
) -> Trial:
    row = {
        "key": key, "version": version, "kind": kind.value, "subject": subject, "step": "",
        "name": "", "salt": salt_of(tx, alike, version), "arms": list(HELD), "strata": [],
        "mode": mode.value, "plan": {}, "made_at": tx.now, "began_at": tx.now,
    }  # fmt: skip
    tx.put(Trial, [row], key=("key", "version"))  # of two workers at once, one begins it
    trial = queries.newest(tx, key)
    assert trial is not None  # noqa: S101  # it has just been written
    return trial


def salt_of(tx: Tx, alike: str, version: int = 1) -> str:
    """Nobody chooses it, everybody can repeat it."""
    named = f"perennial/trial\x1f{tx.shop}\x1f{alike}\x1f{version}"
    return blake2b(named.encode(), digest_size=8).hexdigest()


def _keep_share(tx: Tx, trial: Trial, share: float) -> None:
    """AB-1: another share holds for people who are new from now on."""
    _keep_shares(tx, trial, rules.held_back(share))


def _keep_shares(tx: Tx, trial: Trial, shares: Sequence[float]) -> None:
    if not trial.strata or trial.strata[-1] != list(shares):
        trial.strata = [*trial.strata, list(shares)]
        tx.add(trial)


def _drawn(tx: Tx, trial: Trial, people: Collection[int]) -> Mapping[int, Arm]:
    before = queries.assigned(tx, trial.id or 0, people)
    fresh = [] if trial.ended_at else [p for p in dict.fromkeys(people) if p not in before]
    found = {
        person: _arm(trial, row.arm, row.roll, row.stratum, who=row.person or person)
        for person, row in before.items()
    }
    stratum = len(trial.strata) - 1
    rows: list[dict[str, Any]] = []
    for person in fresh:
        point = rules.draw(trial.salt, person)
        name = trial.arms[rules.arm_at(trial.strata[-1], point)]["name"]
        found[person] = _arm(trial, name, point, stratum, who=person)
        rows.append(
            {
                "trial": trial.id, "person": person, "arm": name, "stratum": stratum,
                "roll": point, "at": tx.now,
            }
        )  # fmt: skip
    tx.put(Assignment, rows, key=("trial", "person"))
    return found


def _arm(trial: Trial, name: str, point: float, stratum: int, *, who: int) -> Arm:
    withheld = any(arm["name"] == name and arm.get("withheld") for arm in trial.arms)
    names = [arm["name"] for arm in trial.arms]
    among = tuple(zip(names, trial.strata[stratum], strict=False))
    return Arm(trial.key, trial.version, name, withheld, point, trial.salt, among, who)


def deny(
    tx: Tx,
    key: str,
    people: Collection[int],
    contents: Collection[str],
    *,
    until: datetime | None = None,
) -> None:
    """HO-8: these are kept from this content, whoever would give it; for good, or until then."""
    trial = queries.newest(tx, key)
    rows = [
        {"person": person, "content": one, "trial": trial.id, "at": tx.now, "until": until}
        for person in sorted(people)
        for one in sorted(contents)
        if trial
    ]
    tx.put(Denied, rows, key=("person", "content", "trial"), overwrite=("until",))


def terms(tx: Tx, **changed: Any) -> Holding:  # noqa: ANN401  # the columns of Holding
    """The owner says how much is held back."""
    row = queries.holding(tx)
    for name, value in changed.items():
        setattr(row, name, value)
    tx.add(row)
    tx.flush()
    return row


def promise(tx: Tx, subject: str) -> None:
    """HO-9: from now on nobody is kept from it; what was found so far stays."""
    row = queries.holding(tx)
    terms(tx, promised=sorted({*row.promised, subject}))
    if trial := queries.newest(tx, holdout_key(subject)):
        trial.mode, trial.ended_at = Mode.OFF.value, trial.ended_at or tx.now
        tx.add(trial)


def set_mode(tx: Tx, subject: str, mode: Mode) -> None:
    """HO-2: of one automation. Switched off, nobody is kept from it; on again, it begins anew."""
    key = holdout_key(subject)
    trial = queries.newest(tx, key)
    if trial is None or (trial.ended_at and mode != Mode.OFF):
        version = trial.version + 1 if trial else 1
        trial = _begin(
            tx, key, Kind.HOLDOUT, subject=subject, alike=subject, mode=mode, version=version
        )
    trial.mode = mode.value
    if mode == Mode.OFF:
        trial.ended_at = tx.now
    tx.add(trial)


def promote(tx: Tx, trial: Trial, winner: str) -> None:
    """AB-9: most of the people to come get what won, a tenth still what lost, for 30 days."""
    trial.winner, trial.won_at = winner, tx.now
    _keep_shares(tx, trial, rules.winners([arm["name"] for arm in trial.arms], winner))
    tx.info.pop("tests", None)


def close(tx: Tx, trial: Trial) -> None:
    """Nobody is drawn any more. The winner, or what was there before, stays in place for all."""
    trial.ended_at = trial.ended_at or tx.now
    tx.add(trial)
    tx.info.pop("tests", None)


def test_key(subject: str, step: str) -> str:
    return f"test:{subject}:{step}"


def begin_test(
    tx: Tx,
    subject: str,
    step: str,
    *,
    arms: Sequence[Mapping[str, Any]],
    shares: Sequence[float],
    plan: Mapping[str, Any],
    by: str | None = None,
) -> Trial:
    """AB-1, AB-3: from now on who comes to this step is drawn. Each arm is `{name, change}`: what
    differs in the step; the first is as it is today.

    AB-10: where the step was tested before, this is a new version, and what was found stays.
    """
    key = test_key(subject, step)
    before = queries.newest(tx, key)
    if before is not None:
        close(tx, before)
    version = before.version + 1 if before else 1
    trial = Trial(
        key=key, version=version, kind=Kind.TEST.value, subject=subject, step=step,
        salt=salt_of(tx, key, version), arms=[{"withheld": False, **arm} for arm in arms],
        strata=[list(shares)], plan=dict(plan), made_at=tx.now, began_at=tx.now, by=by,
    )  # fmt: skip
    tx.add(trial)
    tx.flush()
    tx.info.pop("tests", None)
    return trial


def in_place(tx: Tx, trial: Trial, people: Collection[int]) -> Mapping[int, tuple[str, Any]]:
    """By person: arm and what differs for her. Once a test is over, its winner for everybody, or
    what was there before: a step is never left empty (AB-9)."""
    changes = {arm["name"]: arm.get("change") or {} for arm in trial.arms}
    if trial.ended_at:
        stays = trial.winner or trial.arms[0]["name"]
        return dict.fromkeys(people, (stays, changes[stays]))
    drawn = _drawn(tx, trial, people)
    return {person: (arm.name, changes[arm.name]) for person, arm in drawn.items()}

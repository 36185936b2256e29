"""DC-1, DC-3: what journeys decide, written down with its inputs, and decided once more from them.

Each pair of functions is one rule: the first writes a decision, the second, `…_again`, makes it
from what was written, with the same pure rules and nothing else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.decisions.flows import Decided
from app.decisions.rules import hashed, instant, micros
from app.journeys import offer_rules, recovery_rules, rules
from app.journeys.recovery_rules import Case
from app.journeys.rules import Condition, Entry, Last, Reentry, Split
from app.journeys.tables import Run
from app.kit.chance import roll
from app.kit.tx import ShopId
from app.trials import deciding as trials
from app.trials.rules import Arm

Again = tuple[str, Mapping[str, Any]]
ENTER, LEFT_CART, CONDITION, SPLIT, OVER, GHOST, OFFER = (
    "enter", "left_cart", "condition", "split", "over", "ghost", "offer",
)  # fmt: skip
PROMISED = "promised"


def entry(
    subject: str, version: int, reentry: Reentry, word: Entry, *, person: int, occasion: str,
    fits: bool, last: Last | None, segments: Sequence[int] = (),
) -> Decided:  # fmt: skip
    """Somebody to whom a trigger happened was taken in, or not."""
    seen: dict[str, Any] = {"fit": int(fits), "re": reentry.days}
    if last:
        seen["last"] = [int(last.ended), last.days_ago]
    if segments:
        seen["in"] = list(segments)
    return Decided(
        rule=ENTER, ref=f"{subject}:{person}:{occasion}", person=person, trigger=occasion,
        subject=subject, version=version, outcome=word.value, seen=seen,
    )  # fmt: skip


def entry_again(seen: Mapping[str, Any]) -> Again:
    told = seen.get("last")
    last = Last(ended=bool(told[0]), days_ago=told[1]) if told else None
    word = rules.entry(Reentry(days=seen["re"]), last, fits=bool(seen["fit"]))
    return word.value, {}


def left_cart(
    subject: str, version: int, case: Case, word: str, *, person: int, checkout: str, now: datetime
) -> Decided:
    """AC-1, AC-7, AC-12: who left a checkout is followed up, or not."""
    at = micros(now) or 0
    seen: dict[str, Any] = {
        "staff": int(case.staff), "out": int(case.excluded), "odd": int(case.suspect),
        "worth": case.worth_minor, "least": case.least_minor,
        "cool": case.cool_down // timedelta(microseconds=1),
    }  # fmt: skip
    for name, moment in (("bought", case.bought_at), ("series", case.series_at)):
        if moment:
            seen[name] = (micros(moment) or 0) - at
    return Decided(
        rule=LEFT_CART, ref=f"{subject}:{checkout}", person=person, trigger=checkout,
        subject=subject, version=version, outcome=word or Entry.ENTERED.value, seen=seen,
    )  # fmt: skip


def left_cart_again(seen: Mapping[str, Any], *, now: datetime) -> Again:
    at = micros(now) or 0

    def moment(name: str) -> datetime | None:
        return instant(at + seen[name]) if name in seen else None

    case = Case(
        staff=bool(seen["staff"]), excluded=bool(seen["out"]), suspect=bool(seen["odd"]),
        worth_minor=seen["worth"], least_minor=seen["least"], bought_at=moment("bought"),
        series_at=moment("series"), cool_down=timedelta(microseconds=seen["cool"]),
    )  # fmt: skip
    return str(recovery_rules.word(case, now=now) or Entry.ENTERED.value), {}


def condition(subject: str, run: Run, step: Condition, *, fits: bool) -> Decided:
    """What was asked is in the version; its hash shows that the version is the same."""
    seen = {"fit": int(fits), "tree": hashed(step.holds)}
    outcome, _ = condition_again(seen)
    return _of(run, subject, step.key, CONDITION, outcome, seen)


def condition_again(seen: Mapping[str, Any]) -> Again:
    return ("yes" if seen["fit"] else "no"), {}


def salt_of(shop: ShopId, journey: str, step: str) -> str:
    """With the person it makes the key of the draw: `roll(salt, person)`."""
    return "\x1f".join(("journey", str(shop), journey, step))


def split(subject: str, run: Run, step: Split, *, draw: float, salt: str) -> Decided:
    seen = {"arms": [[arm.share, arm.to] for arm in step.arms], "who": run.person}
    arm = rules.arm_of(step, draw)
    made = {"draw": draw}
    return _of(run, subject, step.key, SPLIT, arm, seen, made=made, draw=draw, salt=salt)


def split_again(seen: Mapping[str, Any], *, salt: str) -> Again:
    """With the draw made once more, so that a changed one is seen."""
    step = Split(key="_", arms=tuple(rules.Arm(share=share, to=to) for share, to in seen["arms"]))
    draw = roll(salt, seen["who"])
    return rules.arm_of(step, draw), {"draw": draw}


def offer(
    subject: str, run: Run, step: str, case: offer_rules.Case, word: str | None, *, now: datetime
) -> Decided:
    """CP-4 to CP-6, MG-2, MG-8: a code was promised, or why none was."""
    at = micros(now) or 0
    seen: dict[str, Any] = {
        "pct": case.percent_hundredths, "stop": int(case.stopped), "out": int(case.excluded),
        "red": case.reduced_hundredths, "live": int(case.live), "year": case.a_year,
        "shared": case.shared, "serial": case.serial, "given": case.given_minor,
        "brought": case.brought_minor,
    }  # fmt: skip
    if case.firm:
        seen["card"] = [
            int(case.account), int(case.current), int(case.granted), case.worth_minor,
        ]  # fmt: skip
    if case.short:
        seen["short"] = 1
    if case.latest:
        seen["latest"] = (micros(case.latest) or 0) - at
    outcome = str(word or PROMISED)
    made = {} if word else {"pct": case.percent_hundredths}
    return _of(run, subject, step, OFFER, outcome, seen, made=made)


def offer_again(seen: Mapping[str, Any], *, now: datetime, percent: int | None = None) -> Again:
    """With `percent`, as it would be at another depth (DC-4)."""
    latest = instant((micros(now) or 0) + seen["latest"]) if "latest" in seen else None
    account, current, granted, worth = seen.get("card", (1, 1, 1, 0))
    case = offer_rules.Case(
        percent_hundredths=seen["pct"] if percent is None else percent,
        stopped=bool(seen["stop"]), excluded=bool(seen["out"]), reduced_hundredths=seen["red"],
        live=bool(seen["live"]), latest=latest, a_year=seen["year"], shared=seen["shared"],
        serial=seen["serial"], given_minor=seen["given"], brought_minor=seen["brought"],
        short="short" in seen, firm="card" in seen, account=bool(account), current=bool(current),
        granted=bool(granted), worth_minor=worth,
    )  # fmt: skip
    word = offer_rules.word(case, now=now)
    return str(word or PROMISED), {} if word else {"pct": case.percent_hundredths}


def over(subject: str, run: Run, why: str) -> Decided:
    """AC-6, J10: her way ended before its last step."""
    outcome, _ = over_again({"why": why})
    return _of(run, subject, "end", OVER, outcome, {"why": why})


def over_again(seen: Mapping[str, Any]) -> Again:
    return rules.ending(seen["why"]), {}


def drawn(subject: str, run: Run, arm: Arm) -> Decided:
    """HO-1, HO-3, AB-1."""
    return trials.drawn(
        arm, person=run.person, ref=f"journey:{run.id}:{run.turn}", subject=subject,
        trigger=run.occasion, version=run.version,
    )  # fmt: skip


def ghost(subject: str, run: Run, step: str, what: str, reason: str) -> Decided:
    """HO-3: what somebody who is held back would have got, or why she would not."""
    seen = {"what": what, "reason": reason, "trial": run.withheld}
    outcome, made = ghost_again(seen)
    return _of(run, subject, step, GHOST, outcome, seen, made=made)


def ghost_again(seen: Mapping[str, Any]) -> Again:
    return rules.haunting(seen["what"], seen["reason"]), {"would": seen["reason"]}


def _of(  # noqa: PLR0917  # what every decision of a run has
    run: Run,
    subject: str,
    step: str,
    rule: str,
    outcome: str,
    seen: Mapping[str, Any],
    **more: Any,  # noqa: ANN401  # fields of Decided
) -> Decided:
    return Decided(
        rule=rule, ref=f"journey:{run.id}:{run.turn}:{step}", person=run.person,
        trigger=run.occasion, subject=subject, version=run.version, outcome=outcome, seen=seen,
        **more,
    )  # fmt: skip

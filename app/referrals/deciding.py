"""DC-1, DC-3: what is decided of a referral, with its inputs, and decided once more."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.decisions.flows import Decided, record
from app.kit.tx import Tx
from app.referrals import rules
from app.referrals.rules import Case, State

REFERRAL = "referral"


def judged(
    tx: Tx, case: Case, state: State, *, referral: int, person: int, was: State, used: bool
) -> None:
    seen = {name: _plain(value) for name, value in asdict(case).items() if value}
    made = {"why": [str(why) for why in rules.verdict(case)[1]]}
    record(
        tx,
        Decided(
            rule=REFERRAL, ref=f"referral:{referral}", person=person, subject=REFERRAL,
            outcome=state.value, seen={"c": seen, "was": was.value, "used": used}, made=made,
        ),
    )  # fmt: skip


def _plain(value: Any) -> Any:  # noqa: ANN401  # of a field of Case
    return [str(one) for one in value] if isinstance(value, list | tuple) else value


def again(seen: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    wanted, why = rules.verdict(Case(**seen["c"]))
    state = rules.becomes(State(seen["was"]), wanted, used=seen["used"])
    return state.value, {"why": [str(one) for one in why]}

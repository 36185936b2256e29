"""DC-1, DC-3: each draw is written down with its number, and drawn again from salt and person."""

from collections.abc import Mapping
from typing import Any

from app.decisions.flows import Decided
from app.trials import rules
from app.trials.rules import Arm

HOLDOUT = "holdout"
WITHHELD = "withheld_holdout"


def drawn(
    arm: Arm, *, person: int, ref: str, subject: str, trigger: str = "", version: int | None = None
) -> Decided:
    """HO-1, HO-3, AB-1: for which arm she was drawn, and by which number. `ref`: for what."""
    seen = {
        "arms": [list(one) for one in arm.among], "who": arm.who,
        "held": [arm.name] if arm.withheld else [],
    }  # fmt: skip
    return Decided(
        rule=HOLDOUT, ref=f"{ref}:{arm.key}", person=person, trigger=trigger, subject=subject,
        version=version, outcome=WITHHELD if arm.withheld else arm.name, seen=seen,
        made={"arm": arm.name, "draw": arm.roll}, draw=arm.roll, salt=arm.salt,
    )  # fmt: skip


def drawn_again(seen: Mapping[str, Any], *, salt: str) -> tuple[str, Mapping[str, Any]]:
    draw = rules.draw(salt, seen["who"])
    name = rules.arm_among([(name, share) for name, share in seen["arms"]], draw)
    return WITHHELD if name in seen["held"] else name, {"arm": name, "draw": draw}

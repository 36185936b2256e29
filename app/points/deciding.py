"""DC-1, DC-3: may points become a code? Written down with its inputs, and decided once more."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.decisions.flows import Decided, record
from app.kit.tx import Tx
from app.points import rules
from app.points.rules import Wish, Word

POINTS = "points"


def judged(tx: Tx, wish: Wish, word: Word, *, key: str, person: int) -> None:
    record(
        tx,
        Decided(
            rule=POINTS, ref=f"points:{key}", person=person, subject=POINTS, outcome=word.value,
            seen=asdict(wish),
        ),
    )  # fmt: skip


def again(seen: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return rules.word(Wish(**seen)).value, {}

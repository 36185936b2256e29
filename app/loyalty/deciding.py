"""DC-1, DC-3: what the programme decides, written down with its inputs, and decided once more.

`…_again` makes a decision from what was written, with the same pure rules and nothing else.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.decisions.flows import Decided, record
from app.decisions.rules import instant, micros
from app.kit.tx import Tx
from app.loyalty import guards, rules
from app.loyalty.guards import Basket, Offer, On, Tried, Word
from app.loyalty.rules import Ladder, LastRise, Move, Step

Again = tuple[str, Mapping[str, Any]]
CHECKOUT, TIER = "checkout", "tier"


def at_checkout(
    tx: Tx, basket: Basket, offer: Offer, word: Word, *, checkout: str, person: int, tier: str,
    tried: Tried | None, tried_lines: str | None,
) -> None:  # fmt: skip
    """Is her tier's code put on this checkout? No channel and no account is told by name."""
    seen = {
        "b": [
            int(basket.account is not None), basket.channel, basket.lines, int(basket.paying),
            basket.on.value, int(basket.promoted), basket.reduced_hundredths,
        ],
        "o": {k: v for k, v in asdict(offer).items() if k not in ("channels", "least") and v},
        "here": int(not guards.elsewhere(basket, offer)),
        "t": [tried.value if tried else None, tried_lines],
    }  # fmt: skip
    if least := offer.least.get(basket.currency):
        seen["least"] = [basket.goods_minor, least]
    record(
        tx,
        Decided(
            rule=CHECKOUT, ref=checkout, person=person, trigger=checkout, subject=tier,
            outcome=word.value, seen=seen,
        ),
    )  # fmt: skip


def checkout_again(seen: Mapping[str, Any]) -> Again:
    signed_in, channel, lines, paying, on, promoted, reduced = seen["b"]
    goods, least = seen.get("least", (0, 0))
    basket = Basket(
        account="x" if signed_in else None, channel=channel, lines=lines, paying=bool(paying),
        on=On(on), promoted=bool(promoted), reduced_hundredths=reduced, goods_minor=goods,
    )  # fmt: skip
    told = seen["o"]
    flags = {
        name: bool(told.get(name))
        for name in (
            "running", "stopped", "switched_on", "excluded", "proven", "spent", "voucher_gone",
        )
    }  # fmt: skip
    offer = Offer(
        channels=None if seen["here"] else (),
        percent_hundredths=told.get("percent_hundredths", 0),
        least={basket.currency: least} if least else {},
        **flags,
    )
    tried, tried_lines = seen["t"]
    word = guards.word(
        basket, offer, tried=Tried(tried) if tried else None, tried_lines=tried_lines
    )
    return word.value, {}


def tier(
    tx: Tx, move: Move, *, person: int, have: str, valid_till: datetime | None, ladder: Ladder,
    spent_minor: int, rise: LastRise | None, falls_at: datetime | None, excluded: bool, cause: str,
) -> None:  # fmt: skip
    """TI: she moved, or was to rise and is on the list of who stays out."""
    at = micros(tx.now) or 0

    def ago(moment: datetime | None) -> int | None:
        return None if moment is None else (micros(moment) or 0) - at

    seen = {
        "in": have, "till": ago(valid_till), "spent": spent_minor, "out": int(excluded),
        "rise": [rise.bar_minor, rise.spent_minor, ago(rise.revocable_till)] if rise else None,
        "falls": ago(falls_at),
        "steps": [[s.key, s.threshold_minor, int(s.retired)] for s in ladder.steps],
    }  # fmt: skip
    outcome, made = tier_again(seen, now=tx.now)
    record(
        tx,
        Decided(
            rule=TIER, ref=f"tier:{person}", person=person, trigger=cause, subject=have,
            outcome=move.value if not excluded else outcome, seen=seen, made=made,
        ),
    )  # fmt: skip


def tier_again(seen: Mapping[str, Any], *, now: datetime) -> Again:
    at = micros(now) or 0

    def moment(told: int | None) -> datetime | None:
        return None if told is None else instant(at + told)

    ladder = Ladder([Step(key, bar, retired=bool(gone)) for key, bar, gone in seen["steps"]])
    rise = None
    if seen["rise"]:
        bar, spent, till = seen["rise"]
        rise = LastRise(bar, spent, moment(till) or now)
    move = rules.verdict(
        _Member(seen["in"], moment(seen["till"])), ladder, spent_minor=seen["spent"],
        last_rise=rise, falls_at=moment(seen["falls"]), now=now,
    )  # fmt: skip
    if move is Move.RISES and seen["out"]:
        return "excluded", {}
    to = {
        Move.RISES: ladder.reached(seen["spent"]).key,
        Move.FALLS: ladder.below(seen["in"]).key,
    }.get(move)
    return move.value, {"to": to} if to else {}


class _Member:
    def __init__(self, tier: str, valid_till: datetime | None) -> None:
        self.tier, self.valid_till = tier, valid_till

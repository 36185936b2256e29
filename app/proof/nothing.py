"""AB-11: tests of nothing on the shop's own past: any alarm is a false one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sqlmodel import col, select

from app.kit.chance import roll
from app.kit.tx import Tx
from app.ltv.tables import CustomerTally
from app.proof import peeking, queries, rules
from app.proof.findings import CAP, known_before
from app.proof.rules import Lived

DAYS = 60
"""So long each of them goes on, in the past …"""
SPAN = rules.SPANS[0]
BACK = timedelta(days=DAYS + SPAN)
MOST_PEOPLE = 10_000
TIMES = 200
"""… and so many are made of the same people."""
LEAST_PEOPLE = 600
LEAST_BUYERS = 100


def alarms(tx: Tx) -> dict[str, Any] | None:
    """The share that alarms, of how many. None while the past is too short to tell."""
    rows = select(CustomerTally.person).order_by(col(CustomerTally.person))
    people = list(tx.exec(rows.limit(MOST_PEOPLE)))
    if len(people) < LEAST_PEOPLE:
        return None
    orders = queries.bought(tx, people)
    begins = tx.now - BACK
    month = f"{tx.now:%Y-%m}"
    came = sorted((int(roll("aa", tx.shop, month, p) * DAYS), p) for p in people)
    lived = [rules.lived(orders.get(p, ()), begins + timedelta(days=day)) for day, p in came]
    return judged(lived, [day for day, _ in came], seed=int(roll("aa", tx.shop, month) * 2**32))


def judged(lived: Sequence[Lived], days: Sequence[int], *, seed: int) -> dict[str, Any] | None:
    """People in the order in which they came, split in two again and again."""
    told = [one.spans[str(SPAN)] for one in lived]
    bought = np.array([orders > 0 for orders, *_ in told])
    if bought.sum() < LEAST_BUYERS:
        return None
    margin = np.array([float(money) for _, money, *_ in told])
    past = np.array([float(one.past) for one in lived])
    y = np.minimum(margin, np.quantile(margin[bought], CAP))
    x = known_before(_capped(past), np.array([float(one.before) for one in lived]))
    ends = np.searchsorted(np.array(days), np.arange(DAYS), side="right")
    dice = np.random.default_rng(seed)
    found = 0
    for _ in range(TIMES):
        treated = dice.random(len(lived)) < 0.5  # noqa: PLR2004  # half
        seen = peeking.course(y, x, bought, treated, ends)
        found += int(seen.alarms(planned=float(len(lived))))
    return {"alarms": found / TIMES, "of": TIMES, "people": len(lived)}


def _capped(past: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    known = past[past > 0]
    return np.minimum(past, np.quantile(known, CAP)) if len(known) else past

"""What messages are credited with (AT-5): it stands beside what they really brought."""

from datetime import datetime

from app.kit.tx import Tx
from app.proof import attribution
from app.trials import flows as trials
from app.trials import queries

ALL = "*"


def attributed(tx: Tx, subject: str) -> int | None:
    """Minor units of the reporting currency that a campaign is credited with, since people are
    held back from it: both figures are of the same time. None while nobody is.
    """
    key = trials.EVERYBODY if subject == ALL else trials.holdout_key(subject)
    trial = queries.newest(tx, key)
    if trial is None:
        return None
    brought = _since(tx, trial.began_at or trial.made_at)
    if subject == ALL:
        return sum(brought.values())
    if subject == trials.TIERS:
        return sum(n for name, n in brought.items() if name.startswith(attribution.TIER))
    return brought.get(subject, 0)


def _since(tx: Tx, since: datetime) -> dict[str, int]:
    return {one.campaign: one.minor for one in attribution.sums(tx, since=since).campaigns}

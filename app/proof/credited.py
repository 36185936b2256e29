"""What messages are credited with (AT-5): it stands beside what they really brought."""

from app.kit.tx import Tx
from app.proof import attribution
from app.proof import attribution_rules as rules
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
    since = trial.began_at or trial.made_at
    one = None if subject in (ALL, trials.TIERS) else subject
    return sum(
        found.minor
        for found in attribution.brought(tx, since=since, campaign=one)
        if subject != trials.TIERS or found.campaign.startswith(rules.TIER)
    )

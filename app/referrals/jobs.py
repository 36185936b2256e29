"""What is to be done about a referral. All of one advocate's are of one lane: caps are plain
checks, and a reward is never minted while it is being judged.
"""

from datetime import datetime

from typing_extensions import override

from app.kit.tx import Job
from app.referrals.tables import Referral


class Look(Job, kind="referral.look"):
    """Something has changed: judge it, once, after the events of a moment."""

    referral: int
    advocate: int

    @property
    @override
    def lane(self) -> str:
        return f"referrals:{self.advocate}"


class Ripen(Look, kind="referral.ripen"):
    """The return window is over, or what held a reward back may be."""

    when: datetime

    @classmethod
    def of(cls, referral: Referral, when: datetime) -> "Ripen":
        return cls(referral=referral.id or 0, advocate=referral.person, when=when)


class BringReward(Look, kind="referral.reward"):
    """RF-1: a reward is promised: mint it and make it work, in Saleor too."""

    turn: int

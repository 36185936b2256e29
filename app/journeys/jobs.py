"""What a journey promises."""

from datetime import datetime, timedelta

from typing_extensions import override

from app.journeys.tables import Run
from app.kit.tx import Job


class Take(Job, kind="journey.take"):
    """Somebody's wait is over: take the next steps."""

    run: int
    person: int
    tick: int
    """Of the run when it was promised: one that has been promised anew since is not meant."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.run}:{self.tick}"

    @property
    @override
    def lane(self) -> str:
        return f"person:{self.person}"


def next_take(run: Run) -> Take:
    """The one that counts from now on. (A promise cannot reopen itself while it is being kept.)"""
    run.tick += 1
    return take_of(run)


def take_of(run: Run) -> Take:
    return Take(run=run.id or 0, person=run.person, tick=run.tick)


class BringOffer(Job, kind="journey.offer"):
    """CP-8: a code was promised to somebody: make it, and make it work in Saleor."""

    grant: int


class EndCoupons(Job, kind="journey.end_coupons"):
    """CP-3: codes whose end has come leave Saleor: at the next quarter of an hour, and whatever
    was missed at night.
    """

    day: str

    @classmethod
    def after(cls, ends_at: datetime) -> tuple["EndCoupons", datetime]:
        """The one for codes that end then, and when it is due: those of a quarter go together."""
        begun = ends_at.replace(minute=ends_at.minute // 15 * 15, second=0, microsecond=0)
        due = begun + timedelta(minutes=15)
        return cls(day=due.isoformat()), due


class RemindCode(Job, kind="journey.remind_code"):
    """CP-3: two days before its end."""

    grant: int


class Dawn(Job, kind="journey.dawn"):
    """What a new day brings by itself: people's own days, tiers at risk, what runs out (RC-3)."""

    day: str

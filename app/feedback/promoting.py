"""FB-6: who would recommend the shop is asked to, three days later, if links are on."""

from datetime import timedelta

from sqlmodel import select
from typing_extensions import override

from app.feedback.rules import SCALES
from app.feedback.tables import Survey
from app.journeys.survey_rules import NPS
from app.kit.tx import Job, Tx
from app.messages import queries as messages
from app.referrals import letters

AFTER = timedelta(days=3)


class AskToRefer(Job, kind="feedback.refer"):
    """She gave a nine or a ten: ask her, unless she has thought better of it since."""

    survey: int
    who: int

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.survey}"

    @property
    @override
    def lane(self) -> str:
        return f"person:{self.who}"


def answered(tx: Tx, survey: Survey) -> None:
    if promotes(survey):
        tx.later(AskToRefer(survey=survey.id or 0, who=survey.person or 0), at=tx.now + AFTER)


def ask(job: AskToRefer, tx: Tx) -> None:
    """Of whoever she is by now: a guest may have become an account (ID-2)."""
    survey = tx.exec(select(Survey).where(Survey.id == job.survey)).first()
    if survey is None or not promotes(survey):
        return
    if person := messages.whole(tx, survey.person or 0):
        letters.ask(tx, person.id or 0, survey=job.survey)


def promotes(survey: Survey) -> bool:
    high = SCALES[NPS].high
    return survey.kind == NPS and survey.person is not None and (survey.score or 0) >= high

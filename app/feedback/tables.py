"""Who was asked what, and what came back."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Survey(OfShop, SQLModel, table=True):
    """A question that went out to somebody once, whatever reminded of it, and its answer."""

    __table_args__ = (
        UniqueConstraint("shop", "run"),
        Index("survey_asked", "shop", "kind", "asked_at"),
        Index("survey_person", "shop", "person"),
        Index("survey_score", "shop", "kind", "score", "answered_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    run: int = Field(sa_type=BigId)
    """Of app.journeys: the question and its reminder are one."""
    kind: str
    """`csat` or `nps`."""
    person: int | None = Field(default=None, sa_type=BigId)
    """None once she is forgotten: the figure stays, and nobody knows whose it was."""
    order: str | None = None
    """Saleor's id of the order it is about; of an NPS, the last before it."""
    tier: str = ""
    country: str = ""
    """These as they were when she was asked."""
    asked_at: datetime = Field(sa_type=Instant)
    score: int | None = Field(default=None, sa_type=SmallInteger)
    words: str = ""
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    """When this score was given."""
    handled_at: datetime | None = Field(default=None, sa_type=Instant)
    """FB-6: somebody looked after it."""
    handled_by: str | None = None


class Useful(OfShop, SQLModel, table=True):
    """FB-7: whether a letter of an automation was of use."""

    __table_args__ = (
        UniqueConstraint("shop", "send"),
        Index("useful_person", "shop", "person", "campaign"),
        Index("useful_campaign", "shop", "campaign", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    send: int = Field(sa_type=BigId)
    campaign: str
    person: int | None = Field(default=None, sa_type=BigId)
    useful: bool
    at: datetime = Field(sa_type=Instant)

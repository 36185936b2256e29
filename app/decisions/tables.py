"""What was decided, and what it was decided on."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Decision(OfShop, SQLModel, table=True):
    """DC-1: one decision, with all it takes to make it once more. Never changed, at most 1 kB."""

    __table_args__ = (
        UniqueConstraint("shop", "ref", "rule", "at"),
        Index("decision_person", "shop", "person", "at"),
        Index("decision_at", "shop", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    rule: str
    """Which pure rule decided: a name in app.proof.replaying."""
    ref: str
    """What it was about: the key of a message, a run and its step, a checkout, a membership."""
    person: int | None = Field(default=None, sa_type=BigId)
    trigger: str = ""
    """Saleor's id of what began it, or what else made the occasion."""
    subject: str = ""
    """The automation, or the tier."""
    version: int | None = None
    """Of the automation."""
    model: str = ""
    """Which version of a model, where a predicted number was looked at."""
    draw: float | None = None
    """The random number, of `salt` and the person."""
    salt: str = ""
    seen: str = Field(default="{}", sa_type=Text)
    """The inputs, as JSON: values, or hashes of what is personal."""
    outcome: str
    made: str = Field(default="{}", sa_type=Text)
    """What else came of it, as JSON: until when, which arm, from which tier to which."""


class DecisionMonth(OfShop, SQLModel, table=True):
    """DC-5: what is left of decisions after 24 months: how many ended how."""

    __table_args__ = (UniqueConstraint("shop", "month", "rule", "subject", "outcome"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    month: date
    rule: str
    subject: str
    outcome: str
    count: int

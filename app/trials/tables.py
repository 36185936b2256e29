"""What is tried on whom: experiments, who is in which arm, and what is kept from whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Trial(OfShop, SQLModel, table=True):
    """A holdout or a test. Its arms never change: edited, it is a new version (AB-10)."""

    __table_args__ = (
        UniqueConstraint("shop", "key", "version"),
        Index("trial_subject", "shop", "subject"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str
    version: int = 1
    kind: str
    """`holdout` of one thing, `everybody` of all marketing, `test` of two ways."""
    subject: str
    """The campaign it is about: a journey's key, `newsletter-7`, `tiers`; or `*`."""
    step: str = ""
    """Of a test: the step of the journey that differs."""
    salt: str
    arms: list[dict[str, Any]] = Field(sa_type=JSON)
    """`{name, withheld, change}`: the first is what others are compared with."""
    strata: list[list[float]] = Field(sa_type=JSON)
    """Shares of the arms, as they were at first, then after each change (AB-1): the last holds."""
    mode: str = "usual"
    """HO-2: `prove` begins with half; `off` draws nobody any more."""
    plan: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """AB-3, AB-4: written before the start (app.proof.planning has its fields)."""
    made_at: datetime = Field(sa_type=Instant)
    began_at: datetime | None = Field(default=None, sa_type=Instant)
    proven_at: datetime | None = Field(default=None, sa_type=Instant)
    winner: str | None = None
    won_at: datetime | None = Field(default=None, sa_type=Instant)
    """AB-9: from here on most get the winner."""
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    """Draws nobody any more. What it found stays."""
    by: str | None = None


class Assignment(OfShop, SQLModel, table=True):
    """AB-1: a person in an arm, for good. Who was forgotten stays in it as nobody (PR-3): no result
    moves because of it."""

    __table_args__ = (
        UniqueConstraint("shop", "trial", "person"),
        Index("assignment_person", "shop", "person"),
        Index("assignment_at", "shop", "trial", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    trial: int = Field(sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    """None of somebody who was forgotten."""
    arm: str
    stratum: int = Field(default=0, sa_type=SmallInteger)
    """Which of the trial's shares held when she was drawn: only alike chances are compared."""
    roll: float
    at: datetime = Field(sa_type=Instant)
    left: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    """Of who was forgotten: what else is counted of a person (app.proof.forgotten)."""


class Denied(OfShop, SQLModel, table=True):
    """HO-8: what somebody is kept from, by content: no other automation gives it to her either."""

    __table_args__ = (UniqueConstraint("shop", "person", "content", "trial"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    content: str
    """A message's key, or what is in one (app.messages.withholding)."""
    trial: int = Field(sa_type=BigId)
    at: datetime = Field(sa_type=Instant)
    """The first time."""
    until: datetime | None = Field(default=None, sa_type=Instant)
    """None: for as long as the trial goes on."""


class Holding(OfShop, SQLModel, table=True):
    """How much the shop holds back to know what the rest brings. One row a shop."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    share: float = 0.10
    """HO-1: of the people of each automation."""
    everywhere: float = 0.0
    """HO-1: of everybody, from all marketing; 0.05 where it is switched on."""
    prove_first: bool = False
    """HO-2: new holdouts begin with half."""
    promised: list[str] = Field(default_factory=list, sa_type=JSON)
    """HO-9: subjects that were promised to people: nobody is kept from them."""

"""What was measured. Money is whole minor units of the reporting currency."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Outcome(OfShop, SQLModel, table=True):
    """What somebody did before and after she was drawn. Who ordered nothing at all has no row."""

    __table_args__ = (
        UniqueConstraint("shop", "assignment"),
        Index("outcome_trial", "shop", "trial"),
        Index("outcome_person", "shop", "person"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    assignment: int = Field(sa_type=BigId)
    trial: int = Field(sa_type=BigId)
    person: int | None = Field(default=None, sa_type=BigId)
    """None of somebody who was forgotten: it stays as it was then."""
    before: int
    """Orders before she was drawn."""
    past: int = Field(sa_type=BigInteger)
    """AB-5: margin of the 180 days before."""
    spans: dict[str, list[int]] = Field(sa_type=JSON)
    """HO-4: by days since: orders, margin, revenue, refunded."""


class Finding(OfShop, SQLModel, table=True):
    """What a trial has shown, as of a night: the page only reads it (AB-10: it stays)."""

    __table_args__ = (UniqueConstraint("shop", "trial", "span"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    trial: int = Field(sa_type=BigId)
    span: int = Field(sa_type=SmallInteger)
    """Days."""
    made_at: datetime = Field(sa_type=Instant)
    body: dict[str, Any] = Field(sa_type=JSON)
    """app.proof.findings.Found."""


class ProofNote(OfShop, SQLModel, table=True):
    """What the nights leave for each other and for the page: `reading`, `aa`."""

    __table_args__ = (UniqueConstraint("shop", "name"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str
    made_at: datetime = Field(sa_type=Instant)
    body: dict[str, Any] = Field(sa_type=JSON)

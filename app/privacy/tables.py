"""Who asked for what the law gives them, and what became of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop


class Kind(StrEnum):
    EXPORT = "export"
    """PR-2."""
    ERASE = "erase"
    """PR-3."""


class DataRequest(OfShop, SQLModel, table=True):
    """PR-2, PR-3: one wish that staff carried out. It never says who it was, beyond our own row's
    number, which is nobody's once the person is forgotten.
    """

    __table_args__ = (Index("data_request_person", "shop", "about"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str
    about: int = Field(sa_type=BigId)
    """The person's row."""
    at: datetime = Field(sa_type=Instant)
    by: str
    """Saleor's id of the staff member."""
    due_at: datetime = Field(sa_type=Instant)
    """By when the law wants it done."""
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    taken_back_at: datetime | None = Field(default=None, sa_type=Instant)

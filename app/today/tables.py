"""What the owner wants to reach."""

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, OfShop


class Goal(OfShop, SQLModel, table=True):
    """V13: a target for 28 days."""

    __table_args__ = (UniqueConstraint("shop", "measure"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    measure: str
    target: int = Field(sa_type=BigInteger)
    """Minor units of the reporting currency, people, or hundredths of a percent."""
    by: str
    """Saleor's id of the staff member."""

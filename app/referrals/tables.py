"""Who brought whom, and what a shop promises both."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.tx import BigId, Instant, OfShop

SEEN, ORDERED = text("seen_from IS NOT NULL"), text('"order" IS NOT NULL')
REWARDED = text("reward IS NOT NULL")


class ReferralTerms(OfShop, SQLModel, table=True):
    """What a shop promises. One row a shop; without one the programme is off."""

    __table_args__ = (UniqueConstraint("shop"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    on_since: datetime | None = Field(default=None, sa_type=Instant)
    percent_hundredths: int = 1000
    """RF-1: what a friend's first order costs less."""
    least_minor: int = Field(default=0, sa_type=BigInteger)
    """What that order has to come to, in the reporting currency."""
    card: bool = False
    """The advocate gets a gift card, and not a code."""
    reward_hundredths: int = 1000
    reward_minor: int = Field(default=0, sa_type=BigInteger)
    """What the card is worth, in the reporting currency."""
    return_days: int = 14
    version: int = 0


class Referral(OfShop, SQLModel, table=True):
    """A friend took a code of an advocate's link; and what became of it."""

    __table_args__ = (
        UniqueConstraint("shop", "code"),
        Index("referral_person", "shop", "person", "made_at"),
        Index("referral_made", "shop", "made_at"),
        Index("referral_friend", "shop", "friend"),
        Index("referral_state", "shop", "state"),
        Index(
            "referral_seen_from", "shop", "seen_from", "made_at",
            sqlite_where=SEEN, postgresql_where=SEEN,
        ),
        Index(
            "referral_ordered", "shop", "ordered_at",
            sqlite_where=ORDERED, postgresql_where=ORDERED,
        ),
        Index(
            "referral_reward", "shop", "reward", sqlite_where=REWARDED, postgresql_where=REWARDED
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person: int = Field(sa_type=BigId)
    """The advocate."""
    friend: int | None = Field(default=None, sa_type=BigId)
    """Who ordered with the code."""
    code: int = Field(sa_type=BigId)
    """The friend's, in the ledger of codes."""
    made_at: datetime = Field(sa_type=Instant)
    seen_from: str | None = None
    """RF-6: a keyed hash of the IP address from which the code was taken; for 30 days."""
    order: str | None = None
    """Saleor's id of the friend's order."""
    ordered_at: datetime | None = Field(default=None, sa_type=Instant)
    ripe_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the return window of the paid order ends."""
    state: str = "given"
    """app.referrals.rules.State."""
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    """RF-6: what speaks against it, by name."""
    hand: str = ""
    """RF-6: what somebody of the staff said: `allow` or `block`."""
    hand_by: str = ""
    hand_at: datetime | None = Field(default=None, sa_type=Instant)
    allowed: list[str] = Field(default_factory=list, sa_type=JSON)
    """Which reasons stood there when it was allowed: a new one asks again."""
    turn: int = 0
    """How often a reward was promised: one that was taken back unused may be given anew."""
    reward: int | None = Field(default=None, sa_type=BigId)
    """The advocate's, in the ledger of codes."""
    rewarded_at: datetime | None = Field(default=None, sa_type=Instant)
    trouble: str = ""
    """Why a promised gift card is not there yet."""

"""BS-2, BS-3: how a shop's sending stands, reckoned whenever something comes back."""

from dataclasses import asdict
from datetime import timedelta

from sqlmodel import col, func, select

from app.kit.tx import Tx
from app.messages import queries, reputation
from app.messages.reputation import Kind, Standing
from app.messages.rules import COUNTED
from app.messages.tables import Bounce, Send

WEEK = timedelta(days=7)


def standing(tx: Tx, channel: str) -> Standing:
    """The last seven days. What has not bounced counts as delivered: few providers tell."""
    since = tx.now - WEEK
    handed: int = tx.exec(
        select(func.count(col(Send.id))).where(
            Send.channel == channel, col(Send.handed_at) >= since,
            col(Send.state).in_(sorted(COUNTED)),
        )
    ).one()  # fmt: skip
    kinds = dict(
        tx.exec(
            select(Bounce.kind, func.count())
            .where(Bounce.domain == channel, col(Bounce.at) >= since)
            .group_by(col(Bounce.kind))
        ).all()
    )
    bounced = kinds.get(Kind.HARD.value, 0) + kinds.get(Kind.SOFT.value, 0)
    return Standing(max(0, handed - bounced), kinds.get(Kind.COMPLAINT.value, 0), bounced)


def reckon(tx: Tx, channel: str) -> None:
    outlet = queries.outlet(tx, channel)
    if outlet is None:
        return
    now = standing(tx, channel)
    outlet.checks = outlet.checks | {"standing": asdict(now), "mood": reputation.mood(now).value}
    tx.add(outlet)
    tx.flush()

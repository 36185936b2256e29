"""BS-2, BS-3: how a shop's sending stands, reckoned whenever something comes back."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlmodel import col, func, select

from app.kit.tx import Tx
from app.messages import queries, reputation
from app.messages.email.mime import domain_of
from app.messages.reputation import Kind, Standing
from app.messages.rules import COUNTED, Purpose
from app.messages.tables import Bounce, Send

WEEK = timedelta(days=7)


def standing(tx: Tx, channel: str, *, marketing_alone: bool = False) -> Standing:
    """The last seven days. What has not bounced counts as delivered: few providers tell.

    `marketing_alone`: service mail goes out under a domain of its own (BS-4), and neither helps
    nor harms this one.
    """
    since = tx.now - WEEK
    mine = [Send.channel == channel]
    if marketing_alone:
        mine.append(Send.purpose != Purpose.SERVICE.value)
    handed: int = tx.exec(
        select(func.count(col(Send.id))).where(
            *mine, col(Send.handed_at) >= since, col(Send.state).in_(sorted(COUNTED))
        )
    ).one()
    rows: Any = tx.exec(
        select(Bounce.kind, func.count(), func.count().filter(col(Send.handed_at).is_not(None)))
        .join(Send, col(Send.id) == col(Bounce.send))
        .where(*mine, col(Bounce.at) >= since)
        .group_by(col(Bounce.kind))
    )
    told = {kind: (count, taken) for kind, count, taken in rows}
    hard, soft = (told.get(kind.value, (0, 0)) for kind in (Kind.HARD, Kind.SOFT))
    # one that the mail server refused in the conversation itself was never handed over
    delivered = max(0, handed - hard[1] - soft[1])
    return Standing(delivered, told.get(Kind.COMPLAINT.value, (0, 0))[0], hard[0] + soft[0])


def reckon(tx: Tx, channel: str) -> None:
    outlet = queries.outlet(tx, channel)
    if outlet is None:
        return
    apart = outlet.service_sender and domain_of(outlet.service_sender) != domain_of(outlet.sender)
    now = standing(tx, channel, marketing_alone=bool(apart))
    outlet.checks = outlet.checks | {"standing": asdict(now), "mood": reputation.mood(now).value}
    tx.add(outlet)
    tx.flush()

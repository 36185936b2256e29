"""FB-2, FB-3: whose turn it is to be asked whether she would recommend the shop; and who is asked
nothing at the moment, whatever the question.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_
from sqlmodel import col, func, select

from app.journeys import survey_rules as rules
from app.journeys.flows import Entrant
from app.journeys.survey_rules import KINDS, SETTLED, TRANSIT, Standing
from app.kit.tx import Tx, among
from app.ltv.entries import EPOCH
from app.ltv.tables import CustomerTally
from app.messages import queries as messages
from app.messages.consent_tables import Consent
from app.messages.rules import COUNTED, Purpose, RefusedError, Word
from app.messages.tables import Send
from app.orders.queries import BOUGHT
from app.orders.tables import Order
from app.shops.flows import this_shop

UNSENT = ("UNFULFILLED", "PARTIALLY_FULFILLED")
RETURNED = ("RETURNED", "PARTIALLY_RETURNED")
RECENT = timedelta(days=60)
"""What rests for longer has been settled somewhere else than in Saleor."""


def due(tx: Tx) -> list[Entrant]:
    """FB-2: whose turn is today, but for those whom FB-3 spares: they may be asked another month.

    Chance goes first: it leaves one in a hundred and seventy to ask the books about.
    """
    today = _today(tx)
    rows = tx.exec(select(CustomerTally.person, CustomerTally.orders, CustomerTally.first))
    drawn = {
        person: (orders, EPOCH + first)
        for person, orders, first in rows
        if rules.turn(tx.shop, person, today) == today.day
    }
    may = settled(tx, drawn, by=today)
    return [
        Entrant(person=person, occasion=f"{today:%Y-%m}")
        for person in sorted(may)
        if against(tx, person) is None
    ]


def settled(tx: Tx, told: Mapping[int, tuple[int, int]], *, by: date) -> Collection[int]:
    """Who had ordered twice by that day, or had their first parcel for 30 days. `told` has orders
    and the day of the first, as an ordinal, by person.
    """
    since = (by - SETTLED - TRANSIT).toordinal()
    once = {person for person, (orders, first) in told.items() if orders == 1 and first <= since}
    sent = select(Order.person).where(
        BOUGHT, Order.status == "FULFILLED", among(col(Order.person), sorted(once))
    )
    delivered = {person for person in tx.exec(sent) if person} if once else set()
    return {person for person, (orders, _) in told.items() if orders > 1} | delivered


def _today(tx: Tx) -> date:
    return tx.now.astimezone(ZoneInfo(this_shop(tx).zone)).date()


def supply(tx: Tx, send: Send) -> Mapping[str, object]:
    """FB-3, asked a moment before a question leaves. Raises RefusedError."""
    if send.campaign not in KINDS or send.purpose != Purpose.FEEDBACK or send.person is None:
        return {}
    if word := against(tx, send.person, asking=send):
        raise RefusedError(word)
    return {"survey": 1}


def against(tx: Tx, person: int, *, asking: Send | None = None) -> Word | None:
    """FB-3: why she is asked nothing now; `asking` is the question itself, or its reminder."""
    people = messages.group(tx, person)
    late, refund = _orders(tx, people)
    standing = Standing(
        asked_at=_asked_at(tx, people, asking),
        late=late,
        refund_open=refund,
        complained_at=_complained_at(tx, people),
    )
    return rules.against(standing, now=tx.now)


def _orders(tx: Tx, people: Sequence[int]) -> tuple[bool, bool]:
    """Whether one of hers is late, and whether money of one is still to come back."""
    late = and_(
        BOUGHT,
        among(col(Order.status), UNSENT),
        col(Order.created_at) < tx.now - rules.LATE,
        col(Order.created_at) > tx.now - RECENT,
    )
    owed = or_(
        col(Order.granted_minor) > col(Order.refunded_minor),
        and_(among(col(Order.status), RETURNED), col(Order.refunded_minor) == 0),
    )
    refund = and_(owed, col(Order.updated_at) > tx.now - RECENT)
    rows = select(func.count().filter(late), func.count().filter(refund)).where(
        among(col(Order.person), people)
    )
    waits, comes = tx.exec(rows).one()
    return bool(waits), bool(comes)


def _asked_at(tx: Tx, people: Sequence[int], asking: Send | None) -> datetime | None:
    rows = select(Send.key, Send.handed_at).where(
        among(col(Send.person), people),
        among(col(Send.campaign), KINDS),
        among(col(Send.state), sorted(COUNTED)),
        col(Send.handed_at) > tx.now - rules.REST,
    )
    own = asking.key.rpartition(":")[0] if asking else None
    asked = [at for key, at in tx.exec(rows) if at and key.rpartition(":")[0] != own]
    return max(asked, default=None)


def _complained_at(tx: Tx, people: Sequence[int]) -> datetime | None:
    theirs = among(col(Consent.person), people)
    return tx.exec(select(func.max(Consent.at)).where(theirs, col(Consent.complained))).one()

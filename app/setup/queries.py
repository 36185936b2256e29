"""How far the set-up has come, asked of what is there and not of a list that is ticked off."""

from sqlmodel import col, select

from app.history.tables import Passage
from app.journeys import queries as journeys
from app.kit.tx import Tx
from app.loyalty import queries as loyalty
from app.loyalty.tables import Edit
from app.messages import queries as messages
from app.messages.rules import Channel
from app.setup.view import Guide, Step, What


def guide(tx: Tx, *, house_sends: bool) -> Guide:
    """`house_sends`: whoever runs the app has set up e-mail for every shop in it."""
    done = {
        What.HISTORY: _history_read(tx),
        What.TIERS: tx.exec(select(Edit.id).where(col(Edit.by).is_not(None)).limit(1)).first(),
        What.OFFER: loyalty.offers_on(tx),
        What.SENDING: house_sends or messages.outlet(tx, Channel.EMAIL),
        What.AUTOMATION: any(journey.on_since for journey in journeys.every(tx)),
    }
    return Guide(
        steps=tuple(Step(what=what, done=bool(done[what]), address=WHERE[what]) for what in What)
    )


WHERE = {
    What.HISTORY: "/app",
    What.TIERS: "/app/offers",
    What.OFFER: "/app/offers",
    What.SENDING: "/app/sending",
    What.AUTOMATION: "/app/automations",
}


def _history_read(tx: Tx) -> bool:
    ends = tx.exec(select(Passage.finished_at)).all()
    return bool(ends) and all(ends)

"""RL-7: a link has run out, and its holder asks for another. It goes to the address on file."""

from datetime import timedelta

from app.journeys import links
from app.journeys.redeeming import Sight, look
from app.journeys.tables import Link
from app.kit.tx import Tx
from app.messages import flows as messages
from app.messages.flows import Request
from app.messages.rules import Priority

OFTEN = timedelta(hours=24)
MESSAGE = "cart-link"


def ask_again(tx: Tx, token: str) -> bool:
    """Whether a new link is on its way. Once a day, whoever asks."""
    basis = look(tx, token)
    link = links.find(tx, token)
    if basis.sight is not Sight.EXPIRED or link is None:
        return False
    if link.asked_again_at and tx.now - link.asked_again_at < OFTEN:
        return True
    link.asked_again_at = tx.now
    tx.add(link)
    _send(tx, link)
    return True


def _send(tx: Tx, link: Link) -> None:
    """Service: she has asked for it herself; so it holds no offer."""
    messages.request(
        tx,
        Request(
            key=f"cart-link:{link.id}:{tx.now:%Y-%m-%d}",
            person=link.person,
            message=MESSAGE,
            purpose="service",
            campaign="cart",
            step="link",
            priority=Priority.PROBLEM,
            context={"run": link.run, "checkout": link.checkout},
            not_after=tx.now + OFTEN,
            decision=link.decision,
        ),
    )

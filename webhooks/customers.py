"""What Saleor tells of accounts."""

from app.customers import flows as customers
from app.journeys import moving
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty.placing import Cause
from app.ltv import flows as value
from app.orders import flows as orders
from app.privacy import flows as privacy
from app.proof import attribution
from app.recommend import flows as recommend
from app.saleor.shapes import CustomerEvent, GoneEvent
from webhooks.telling import telling


def customer_changed(event: CustomerEvent, tx: Tx) -> None:
    """Registered, changed or confirmed; of staff too, who are known and get nothing."""
    if (customer := event.user) is None:
        return
    met = customers.know(tx, customer, telling(event))
    if not met.known:
        privacy.erase_late(tx, account=customer.id, email=customer.email)
    settled = orders.settle(tx, met)
    if met.joined:
        attribution.owners_changed(tx, settled)
    value.follow(tx, settled)
    for person in sorted(settled):
        loyalty.reconsider(tx, person, cause=Cause.ACCOUNT)
    recommend.people_changed(tx, met)
    for known in met.known.values():
        if known.renewed:
            loyalty.shown_otherwise(tx, known.person, customer.tier)
            moving.dates_told(tx, known.person, customer.dates)
    moving.accounts_heard(tx, {known.person for known in met.known.values() if known.account})


def customer_gone(event: GoneEvent, tx: Tx) -> None:
    """PR-3."""
    if event.user is not None:
        at = telling(event).issued_at
        privacy.erase(tx, account=event.user.id, email=event.user.email, at=at)

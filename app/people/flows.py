"""What staff do with one customer: say that two people are two."""

from app.customers import flows as customers
from app.customers import queries as known
from app.customers.flows import TooLateError
from app.customers.tables import Person
from app.kit.tx import Tx
from app.loyalty import flows as loyalty
from app.loyalty.placing import Cause
from app.ltv import flows as value
from app.orders import flows as orders
from app.proof import attribution
from app.recommend import flows as recommend

__all__ = ["TooLateError", "part"]


def part(tx: Tx, account: Person, guest: int) -> bool:
    """ID-3: the guest is somebody else after all, and every number follows. False if there was
    nothing to undo. Raises TooLateError after 30 days.
    """
    if guest not in {merge.source for merge in known.merges(tx, account.id or 0)}:
        return False
    customers.undo(tx, guest)
    touched = orders.part(tx, guest) | {guest}
    attribution.owners_changed(tx, touched | {account.id or 0})
    value.follow(tx, touched)
    recommend.note(tx, persons=touched)
    for person in sorted(touched):
        loyalty.reconsider(tx, person, cause=Cause.ACCOUNT)
    return True

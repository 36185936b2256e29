"""PR-3: what we wrote into a customer's metadata is blanked when she is forgotten at her wish: her
account stays in Saleor, and any storefront may read what is public there.
"""

from sqlmodel import select

from app.customers.tables import Person
from app.kit.tx import Job, Tx
from app.loyalty.errands import TIER, TILL
from app.loyalty.tables import Membership
from app.recommend import queries as recommend
from app.saleor import metadata
from app.world import World


class Unsay(Job, kind="privacy.unsay"):
    """Blank these keys. Names an account of Saleor's and nothing else, until it is kept."""

    account: str
    public: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


def of(tx: Tx, person: Person) -> Unsay | None:
    """What stands there of her, as long as it is known. None where nothing does."""
    if person.account is None:
        return None
    id_ = person.id or 0
    lists = tuple(recommend.told_to(tx, [id_]))
    member = tx.exec(select(Membership).where(Membership.person == id_)).first()
    tier = bool(member and member.told_tier)
    if not lists and not tier:
        return None
    return Unsay(
        account=person.account,
        public=(*lists, TIER) if tier else lists,
        private=(TILL,) if tier else (),
    )


def unsay(job: Unsay, world: World) -> None:
    """An account that is gone meanwhile has no metadata either: its refusal is none."""
    for keys, private in ((job.public, False), (job.private, True)):
        if keys:
            changes = [(job.account, dict.fromkeys(keys, ""))]
            metadata.write(world.saleor, changes, private=private)

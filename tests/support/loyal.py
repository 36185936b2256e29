"""A shop with a ladder: people buy in it, nights fall, owners change their minds."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from sqlmodel import select

from app.kit.house import House
from app.loyalty import flows as loyalty
from app.loyalty import queries, settings
from app.loyalty.form import Draft
from app.loyalty.tables import Act, Programme, TierChange
from app.loyalty.view import Rung
from app.shops.tables import Channel
from tests.support.makers import JSON, by_user, customer, event, gid, line, order, user
from tests.support.story import Shop
from tests.support.till import Till

LADDER = ("member", "bronze", "silver", "gold")
OFFERS = {"bronze": Decimal(5), "silver": Decimal(10), "gold": Decimal(15)}


def draft(
    *,
    bronze: int = 100,
    silver: int | None = 300,
    gold: int = 1000,
    months: int = 12,
    offers: bool = True,
    channels: tuple[str, ...] | None = None,
    excluded: str = "",
    percents: Mapping[str, Decimal] = OFFERS,
    zone: str = "Europe/Berlin",
) -> Draft:
    """What an owner may save: Bronze from 100, Silver from 300, Gold from 1000 euros."""
    thresholds = {"member": 0, "bronze": bronze, "silver": silver, "gold": gold}
    rungs = tuple(
        Rung(
            key=key,
            name=key.capitalize(),
            threshold=Decimal(threshold),
            percent=percents.get(key),
            offer=offers and key in OFFERS,
            channels=channels,
        )
        for key, threshold in thresholds.items()
        if threshold is not None
    )
    return Draft(rungs=rungs, months=months, zone=zone, currency="EUR", excluded=excluded)


class Loyal(Shop):
    """`with Loyal(house, till) as shop:`. Its programme is open, and every offer on."""

    def __init__(
        self, house: House, till: Till, *, domain: str = "shop.example", opened: bool = True
    ) -> None:
        super().__init__(house, domain=domain, transport=till.transport)
        self.till = till
        with self.work() as tx:
            loyalty.begin(tx)
            for slug in ("web", "kiosk"):
                tx.add(Channel(saleor_id=gid("Channel", slug), slug=slug, currency="EUR"))
        if opened:
            with self.work() as tx:
                settings.save(tx, draft(), by="VXNlcjox")
                tx.exec(select(Programme)).one().open_since = tx.now
            self.waits(seconds=31)

    def at(self, **span: float) -> str:
        return (self.house.clock.now() + timedelta(**span)).isoformat()

    def account(self, name: str, *, confirmed: bool = True, tier: str | None = None) -> JSON:
        """The body of an event about an account, as it is right now."""
        told = customer(name, confirmed=confirmed, updated=self.at(), tier=tier)
        return event("CUSTOMER_UPDATED", issued=self.at(), by=by_user(name), user=told)

    def order_of(self, name: str, amount: float, **other: object) -> JSON:
        return order(user(name), lines=[line(each=amount)], created=self.at(), **other)  # type: ignore[arg-type]

    def buys(self, name: str, amount: float, *, settle: bool = True, **other: object) -> JSON:
        """A paid order of a confirmed account, told and, unless many follow, worked. The order."""
        body = self.order_of(name, amount, **other)
        told = event("ORDER_PAID", issued=self.at(), by=by_user(name), order=body)
        assert self.delivers("ORDER_PAID", told) == 202
        if settle:
            self.settles()
            self._after()
        return body

    def guest_buys(self, email: str, amount: float) -> None:
        body = order(email, lines=[line(each=amount)], created=self.at())
        self.hears("ORDER_PAID", event("ORDER_PAID", issued=self.at(), order=body))
        self._after()

    def refunds(self, body: JSON, amount: float) -> None:
        back = body | {
            "updatedAt": self.at(seconds=1), "chargeStatus": "PARTIAL",
            "totalRefunded": {"amount": amount, "currency": "EUR"},
        }  # fmt: skip
        told = event("ORDER_REFUNDED", issued=self.at(seconds=1), by=by_user("owner"), order=back)
        self.hears("ORDER_REFUNDED", told)
        self._after()

    def _after(self) -> None:
        """Until what follows from an order is done and told."""
        self.waits(seconds=2)
        self.waits(seconds=2)

    def night(self) -> None:
        """What the house does for the programme every night."""
        with self.work() as tx:
            loyalty.nightly(tx)
        self.settles()
        self.waits(seconds=2)

    def sets(self, change: Draft) -> None:
        """The owner saves, and lets the time to take it back go by."""
        with self.work() as tx:
            settings.save(tx, change, by="VXNlcjox")
        self.waits(seconds=31)

    def acts(self) -> list[Act]:
        """The diary, as it was written."""
        return sorted(self.all(Act), key=lambda act: act.id)

    def moves(self) -> list[TierChange]:
        return sorted(self.all(TierChange), key=lambda change: change.id)

    def tier(self, name: str) -> str:
        with self.look() as tx:
            terms = queries.terms(tx)
            person = queries.by_account(tx, gid("User", name))
            assert terms
            member = queries.member(tx, person.id or 0) if person else None
            email = person.email if person else None
            return terms.tier_of(member, email, now=tx.now).key

"""What points do in Saleor and at night. Each step may be the last one, or be done twice."""

from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from app.customers import queries as customers
from app.journeys.jobs import EndCoupons
from app.kit.money import minor
from app.kit.tx import Tx
from app.loyalty import coupons, spans, vouchers
from app.loyalty.minting import Opener
from app.loyalty.tables import Code
from app.loyalty.vouchers import VoucherGoneError, VoucherHiddenError
from app.points import expiring, queries, spending
from app.points.jobs import BringSpend, Lapse, Night, ReadGiftCards
from app.points.spending import State
from app.points.tables import PointsMonth
from app.saleor.errors import SaleorError
from app.saleor.operations import GIFT_CARD_PRODUCTS
from app.shops.flows import this_shop
from app.world import World

PATIENCE = timedelta(minutes=10)
"""A try that fails later than this is the last: the points are back, and she may press again."""
SOON, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOST_STUCK = 50
MILLION = 1_000_000


def bring_spend(job: BringSpend, world: World) -> None:
    """PT-6. Minted in a unit of work of its own and brought after; what fails gives back."""
    code = world.do(partial(_minted, job=job, open_=world.house.secrets.open))
    if code is None:
        return
    try:
        vouchers.bring(world, code.id or 0)
    except (SaleorError, VoucherGoneError, VoucherHiddenError) as failure:
        hopeless = bool(getattr(failure, "permanent", False))
        if not world.do(partial(_gave_up, job=job, hopeless=hopeless)):
            raise
        return
    world.do(partial(_given, job=job))


def _minted(tx: Tx, *, job: BringSpend, open_: Opener) -> Code | None:
    row, person = queries.spend(tx, job.spend), customers.person(tx, job.person)
    if row is None or row.state != State.PROMISED.value:
        return None
    if person is None or person.erased_at:
        return None
    return coupons.by_id(tx, row.code) or spending.mint(tx, row, person, open_)


def _gave_up(tx: Tx, *, job: BringSpend, hopeless: bool) -> bool:
    """Whether there is an end to it."""
    row = queries.spend(tx, job.spend)
    if row is None or row.state != State.PROMISED.value:
        return True
    if not hopeless and tx.now < row.at + PATIENCE:
        return False
    spending.give_back(tx, row, "refused" if hopeless else "away")
    return True


def _given(tx: Tx, *, job: BringSpend) -> None:
    row = queries.spend(tx, job.spend)
    code = coupons.by_id(tx, row.code) if row else None
    if row is None or code is None or code.ends_at is None:
        return
    if row.state == State.RETURNED.value:  # given up meanwhile: nobody is to find a code in Saleor
        code.ends_at, code.deleted_at = tx.now, None
        tx.later(EndCoupons(day=f"points {row.id}"), at=tx.now + SOON)
        return
    row.state = State.GIVEN.value
    end, due = EndCoupons.after(code.ends_at)
    tx.later(end, at=due)
    when = due + HOUR
    tx.later(Lapse(person=row.person, spend=row.id or 0, when=when), at=when)


def night(job: Night, world: World) -> None:
    """The month that is over, who is to be warned, whose points end, and what is a gift card."""
    close_month(date.fromisoformat(job.day), world)
    world.do(give_up_stuck)
    expiring.all_of(world)
    read_gift_cards(world)


def give_up_stuck(tx: Tx) -> None:
    """An errand that was parked brings no code any more: its points are back by the next night."""
    for id_ in queries.stuck(tx, before=tx.now - DAY, limit=MOST_STUCK):
        if row := queries.spend(tx, id_):
            spending.give_back(tx, row, "away")


def close_month(day: date, world: World) -> None:
    """PT-8: as the ledger stood when the month ended, whenever it is looked at; and never again."""
    with world.look() as tx:
        shop = this_shop(tx)
        ended, _ = spans.offer_span(day.replace(day=1), ZoneInfo(shop.zone))
        month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        if queries.month(tx, month) or not queries.any_before(tx, ended):
            return
        owed, currency = queries.owed(tx, at=ended), shop.currency
    row = {
        "month": month, "ages": dict(owed.ages), "pending": owed.pending,
        "void_millionths": round(owed.void * MILLION), "currency": currency,
        "value_minor": minor(owed.value, currency),
    }  # fmt: skip
    world.do(lambda tx: tx.put(PointsMonth, [row | {"made_at": tx.now}], key=("month",)))


def gift_cards(_: ReadGiftCards, world: World) -> None:
    read_gift_cards(world)


def read_gift_cards(world: World) -> None:
    """PT-3: an order earns for days before its points may be spent: tonight is soon enough."""
    pages = world.saleor.pages(GIFT_CARD_PRODUCTS)
    found = sorted(node.id for page in pages for node in page.nodes)

    def store(tx: Tx) -> None:
        terms = queries.terms(tx)
        if terms is None or terms.gift_cards == found:
            return
        terms.gift_cards = found
        tx.add(terms)

    world.do(store)

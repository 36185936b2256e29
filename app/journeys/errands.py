"""What journeys do in Saleor. Each may be done twice, or be the last before a crash."""

from functools import partial
from typing import Any

from sqlmodel import select

from app.customers.tables import Person
from app.journeys import cycles, flows, queries, reminding, surveys
from app.journeys import dawn as daily
from app.journeys.jobs import BringOffer, Dawn, EndCoupons
from app.journeys.naming import decision_of, for_shoppers
from app.journeys.recipes.cart import CODE_AGAIN
from app.journeys.rules import Trigger
from app.journeys.tables import Grant, Journey, Run
from app.kit.tx import Tx
from app.loyalty import cards, coupons, vouchers
from app.loyalty.minting import Opener
from app.loyalty.tables import Code
from app.loyalty.vouchers import VoucherGoneError
from app.messages import flows as messages
from app.messages import library
from app.messages.flows import Request
from app.messages.rules import Priority
from app.saleor.operations import VOUCHER_CODE_DELETE, VOUCHER_CODES
from app.world import World

TOGETHER = 100
"""People who begin in one transaction."""
MOST_ENDED = 100
"""Saleor's limit on one bulk delete."""


def bring_offer(job: BringOffer, world: World) -> None:
    """CP-8: minted under the grant, once; good in Saleor before anybody reads of it."""
    code_id = world.do(lambda tx: _mint(tx, job.grant, world.house.secrets.open))
    good = code_id is not None and _bring(world, code_id)
    world.do(lambda tx: _brought(tx, job.grant, good=good))


def _bring(world: World, code_id: int) -> bool:
    with world.look() as tx:
        firm = tx.exec(select(Code.amount_minor).where(Code.id == code_id)).one() is not None
    if firm:
        return cards.bring(world, code_id)
    try:
        vouchers.bring(world, code_id)
    except VoucherGoneError:
        return False  # somebody deleted the month's voucher: that is a decision too
    return True


def _mint(tx: Tx, grant_id: int, open_: Opener) -> int | None:
    grant = tx.exec(select(Grant).where(Grant.id == grant_id)).one()
    person = tx.exec(select(Person).where(Person.id == grant.person)).first()
    if person is None or person.erased_at:
        return None
    if grant.code is None:
        journey = tx.exec(select(Journey).where(Journey.key == grant.journey)).one()
        programme = f"journey:{grant.journey}" + (":again" if grant.replaces else "")
        terms: dict[str, Any] = {
            "title": partial(for_shoppers, journey), "ends_at": grant.ends_at, "open_": open_,
            "percent_hundredths": grant.percent_hundredths,
        }  # fmt: skip
        if grant.amount_minor is None:
            code = coupons.give(tx, programme, person, least_minor=grant.least_minor, **terms)
        else:
            worth: dict[str, Any] = {
                "amount_minor": grant.amount_minor,
                "currency": grant.currency or "",
            }
            code = cards.give(tx, programme, person, **terms, **worth)
        if code.used_at or (code.ends_at and code.ends_at <= tx.now):
            return None  # CP-1: one of a month, and this month's is spent
        grant.code, grant.ends_at = code.id, code.ends_at or grant.ends_at
    return grant.code


def _brought(tx: Tx, grant_id: int, *, good: bool) -> None:
    """The journey goes on, with a code or without."""
    grant = tx.exec(select(Grant).where(Grant.id == grant_id)).one()
    if good:
        job, due = EndCoupons.after(grant.ends_at)
        tx.later(job, at=due)
        reminding.promise(tx, grant)
    if grant.replaces:
        _tell_again(tx, grant, good=good)
        return
    run = tx.exec(select(Run).where(Run.id == grant.run)).one()
    run.memo = run.memo | ({"code": grant.code} if good else {"no_code": True})
    if run.ended_at is None and run.paused_at is None:
        flows.go_on(tx, run)


def _tell_again(tx: Tx, grant: Grant, *, good: bool) -> None:
    """CP-7: the code in place of one that an order took with it."""
    if not good:
        return
    library.ensure(tx, CODE_AGAIN)
    key = f"grant:{grant.id}"
    messages.request(
        tx,
        Request(
            key=key, person=grant.person, message=CODE_AGAIN.key, campaign=grant.journey,
            step="again", priority=Priority.CART, context={"run": grant.run, "code": grant.code},
            due=tx.now, not_after=grant.ends_at, decision=decision_of(tx.shop, key, tx.now),
        ),
    )  # fmt: skip


def end_coupons(_: EndCoupons, world: World) -> None:
    """CP-3, CP-8: Saleor knows the ends of vouchers only, so an ended code is taken out of it."""
    with world.look() as tx:
        found = coupons.ended(tx, limit=MOST_ENDED * 10)
    by_voucher: dict[str, dict[str, int]] = {}
    for code, voucher in found:
        if voucher.saleor_id:
            by_voucher.setdefault(voucher.saleor_id, {})[code.code] = code.id or 0
    for saleor_id, texts in by_voucher.items():
        _take_out(world, saleor_id, texts)
    cards.end(world)


def _take_out(world: World, voucher: str, texts: dict[str, int]) -> None:
    gone: list[str] = []
    pages = world.saleor.pages(VOUCHER_CODES, id=voucher)
    for page in pages:
        gone += [node.id for node in page.nodes if node.code in texts and not node.used]
    for at in range(0, len(gone), MOST_ENDED):
        world.saleor.run(VOUCHER_CODE_DELETE, ids=gone[at : at + MOST_ENDED])
    world.do(partial(_ended, ids=sorted(texts.values())))


def _ended(tx: Tx, *, ids: list[int]) -> None:
    for id_ in ids:
        tx.exec(select(Code).where(Code.id == id_)).one().deleted_at = tx.now


def dawn(_: Dawn, world: World) -> None:
    """Asked in one look each, begun a few at a time."""
    with world.look() as tx:
        rows = cycles.measured(tx)
    world.do(lambda tx: cycles.keep(tx, rows))
    for trigger, found in (
        (Trigger.BIRTHDAY, daily.birthdays),
        (Trigger.DATE, daily.dates),
        (Trigger.TIER_AT_RISK, daily.at_risk),
        (Trigger.REPLENISHMENT_DUE, cycles.due),
        (Trigger.SURVEY_DUE, surveys.due),
    ):
        with world.look() as tx:
            entrants = found(tx) if queries.live(tx, trigger) else []
        for at in range(0, len(entrants), TOGETHER):
            some = entrants[at : at + TOGETHER]
            world.do(partial(flows.happened, trigger=trigger, entrants=some))

"""What the programme does in Saleor. Each step may be the last before a crash, or done twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import select

from app.customers.tables import Person
from app.kit.portions import portions
from app.kit.tx import Tx
from app.loyalty import codes, offers, placing, queries, settings, standings, vouchers
from app.loyalty.acts import Verb, note
from app.loyalty.flows import Review, TidyCodes, end_review
from app.loyalty.guards import Word
from app.loyalty.minting import BringCode
from app.loyalty.offers import PutCodeOn
from app.loyalty.placing import Cause, TellTiers
from app.loyalty.settings import Revalue
from app.loyalty.tables import Membership, Voucher
from app.loyalty.vouchers import VoucherGoneError
from app.orders import flows as orders
from app.saleor import metadata
from app.saleor.client import SaleorRefusedError
from app.saleor.operations import (
    CHECKOUT,
    CHECKOUT_ADD_PROMO_CODE,
    VOUCHER_CODE_DELETE,
    VOUCHER_CODES,
)
from app.saleor.shapes import Refusal
from app.shops.flows import this_shop
from app.world import World

TOGETHER = 12
"""People told of, or moved, in one transaction: it must not hold the pen for long."""
MOST_TOLD = 400
MOST_DELETED = 100
"""Saleor's limit on one bulk delete, from 3.24 on."""
KEPT_UNUSED = timedelta(days=30)
TIER = "perennial.tier"
TILL = "perennial.tier_valid_till"
UNSURE = "?"
"""Told of while a telling is on its way: should it be cut off, nobody knows what Saleor says."""


def put_code_on(job: PutCodeOn, world: World) -> None:
    """Voucher, channels, code, a last look, and the code on the checkout: once."""
    code_id = world.do(lambda tx: offers.prepare(tx, job, world.house.secrets.open))
    if code_id is None:
        return
    try:
        code = vouchers.bring(world, code_id)
    except VoucherGoneError:
        world.do(lambda tx: _give_up(tx, job, Word.VOUCHER_GONE))
        return
    checkout = world.saleor.run(CHECKOUT, id=job.checkout).checkout
    if not world.do(lambda tx: offers.last_look(tx, job, checkout)):
        return
    try:
        answer = world.saleor.run(CHECKOUT_ADD_PROMO_CODE, id=job.checkout, code=code.code)
    except SaleorRefusedError as refusal:
        reasons = ", ".join(sorted(refusal.codes))
        world.do(lambda tx: offers.refused(tx, job, reasons))
        return
    done = answer.checkout
    at = done.updated_at if done else world.clock.now()
    world.do(lambda tx: _put_on(tx, job, at))


def revalue(job: Revalue, world: World) -> Review:
    """LV-1: the shop reports in another currency, or at other rates."""
    world.do(orders.revalue)
    return Review(cause=Cause.RULES, occasion=f"revalued {job.version}")


def _give_up(tx: Tx, job: PutCodeOn, word: Word) -> None:
    if attempt := queries.attempt(tx, job.checkout):
        offers.give_up(tx, attempt, word)


def _put_on(tx: Tx, job: PutCodeOn, at: datetime) -> None:
    if attempt := queries.attempt(tx, job.checkout):
        offers.put_on(tx, attempt, at=at)


def bring_code(job: BringCode, world: World) -> None:
    """A code somebody was shown has to work when it is typed."""
    try:
        vouchers.bring(world, job.code)
    except VoucherGoneError:
        return  # written down with the voucher; the widget says so


def review(job: Review, world: World) -> None:
    """Everybody is looked at; only who moves is written, a few at a time."""
    with world.look() as tx:
        terms = queries.terms(tx)
        if terms is None or not terms.open:
            return
        moving = [s.person for s in standings.everybody(tx, terms, terms) if s.moves]
        proposed = settings.suggest(tx, terms)
    for some in portions(moving, TOGETHER):
        world.do(partial(placing.place, people=some, cause=job.cause))
    world.do(partial(settings.keep_proposals, told=proposed))
    world.do(end_review)


@dataclass(frozen=True)
class Telling:
    """What one customer's metadata should say, and which of it is new."""

    member: int
    account: str
    tier: str
    till: str
    says_tier: bool
    says_till: bool


def tell_tiers(_: TellTiers, world: World) -> None:
    """TI-8: the tier into public metadata, its end into private; only what changed, four a request.

    That it is being told is written down before: after a crash between writing and remembering it
    is told again, also where it has meanwhile become what it was.
    """
    for _turn in range(MOST_TOLD // TOGETHER):
        telling = world.house.do_durably(world.shop, _to_tell)
        if not telling:
            return
        tiers = [(t.account, {TIER: t.tier}) for t in telling if t.says_tier]
        tills = [(t.account, {TILL: t.till}) for t in telling if t.says_till]
        refused = {
            **metadata.write(world.saleor, tills, private=True),
            **metadata.write(world.saleor, tiers),
        }
        world.do(partial(_told, telling=telling, refused=refused))
    world.do(lambda tx: tx.postpone(TellTiers(), until=tx.now))


def _to_tell(tx: Tx) -> list[Telling]:
    """The next few; who cannot be told, or need not any more, is let go."""
    terms = queries.terms(tx)
    telling = []
    for member, person in queries.untold(tx, limit=TOGETHER) if terms else ():
        member.untold = placing.may_be_member(person)
        if terms and member.untold and person.account:
            tier, till = placing.told_of(terms, member, person, now=tx.now)
            telling.append(
                Telling(
                    member.id or 0, person.account, tier, till,
                    says_tier=member.told_tier != tier, says_till=(member.told_till or "") != till,
                )
            )  # fmt: skip
            member.told_tier = member.told_till = UNSURE
    return telling


def _told(tx: Tx, telling: Sequence[Telling], refused: Mapping[str, Sequence[Refusal]]) -> None:
    terms = queries.terms(tx)
    for told in telling:
        member = tx.exec(select(Membership).where(Membership.id == told.member)).one()
        member.told_tier, member.told_till = told.tier, told.till
        reasons = ", ".join(refusal.code for refusal in refused.get(told.account, ()))
        verb = Verb.NOT_TOLD if reasons else Verb.TOLD
        of = f"{told.member}:{told.tier}:{told.till}:{tx.now.isoformat()}"
        note(tx, verb, reasons or "changed", of=of, person=member.person, tier=told.tier)
        if terms and (person := tx.get(Person, member.person)):
            placing.mark(terms, member, person, now=tx.now)  # it may have moved on meanwhile


def tidy_codes(_: TidyCodes, world: World) -> None:
    """CP-8: codes that nobody used leave Saleor 30 days after their voucher ended."""
    with world.look() as tx:
        ended = queries.to_tidy(tx, ended_before=tx.now - KEPT_UNUSED)
        secret = world.house.secrets.open(this_shop(tx).code_secret)
    for voucher in ended:
        first = codes.first_code_of(secret, shop=world.shop, mark=voucher.mark)
        unused = _unused(world, voucher, first)
        for some in portions(unused, MOST_DELETED):
            world.saleor.run(VOUCHER_CODE_DELETE, ids=[id_ for id_, _ in some])
        world.do(partial(_tidied, voucher=voucher.id or 0, gone=[text for _, text in unused]))


def _unused(world: World, voucher: Voucher, first: str) -> list[tuple[str, str]]:
    """Id and text of the codes that we made and nobody used; another's codes stay."""
    pages = world.saleor.pages(VOUCHER_CODES, id=voucher.saleor_id)
    nodes = [node for page in pages for node in page.nodes if node.is_active and not node.used]
    with world.look() as tx:
        ours = {
            code.code
            for some in portions([node.code or "" for node in nodes], MOST_DELETED)
            for code in queries.given_codes(tx, voucher.id or 0, some)
            if code.used_at is None
        }
    return [(n.id, n.code) for n in nodes if n.code and (n.code in ours or n.code == first)]


def _tidied(tx: Tx, *, voucher: int, gone: Sequence[str]) -> None:
    row = tx.exec(select(Voucher).where(Voucher.id == voucher)).one()
    row.tidied_at = tx.now
    for some in portions(gone, MOST_DELETED):
        for code in queries.given_codes(tx, voucher, some):
            code.deleted_at = tx.now
    note(tx, Verb.TIDIED, "long_over", of=voucher, tier=row.tier)

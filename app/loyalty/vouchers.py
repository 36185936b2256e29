"""Making a code work in Saleor: the voucher, its channels, the code. Each step may be done already.

Any step may be repeated after a crash: the voucher is looked for before it is made and Saleor
refuses its first code twice, listing a channel again changes nothing, and a code that is there
already is as good as one just added.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from sqlmodel import select

from app.kit.money import major
from app.kit.tx import Tx
from app.loyalty import codes, queries
from app.loyalty.acts import Verb, note
from app.loyalty.tables import Code, Tier, Voucher
from app.saleor import shapes
from app.saleor.client import SaleorRefusedError
from app.saleor.operations import (
    VOUCHER_ADD_CODES,
    VOUCHER_CREATE,
    VOUCHER_LIST_IN_CHANNELS,
    VOUCHERS_NAMED,
)
from app.shops import flows as shops
from app.shops.tables import Channel
from app.world import World

R = TypeVar("R", Code, Voucher)

TAKEN = frozenset({"ALREADY_EXISTS", "UNIQUE"})


class VoucherHiddenError(Exception):
    """Saleor has the voucher's first code, and does not show the voucher yet. Try again."""

    public = True


class VoucherGoneError(Exception):
    """Somebody deleted the voucher in Saleor."""

    permanent = True
    public = True


def bring(world: World, code_id: int) -> Code:
    """The code, good in Saleor. Raises VoucherGoneError, or any SaleorError."""
    with world.look() as tx:
        code = _one(tx, Code, code_id)
        voucher = _one(tx, Voucher, code.voucher)
        missing = unlisted(tx, voucher)
    if code.in_saleor_at and not missing:
        return code
    saleor_id = voucher.saleor_id or _stored(
        world, voucher, find(world, voucher) or make(world, voucher)
    )
    try:
        if missing:
            list_in(world, voucher, saleor_id, missing)
        if code.in_saleor_at is None:
            add_code(world, code, saleor_id)
    except SaleorRefusedError as refusal:
        if "NOT_FOUND" not in refusal.codes:
            raise
        world.do(lambda tx: _gone(tx, voucher))
        raise VoucherGoneError("somebody deleted the month's voucher in Saleor") from refusal
    return code


def unlisted(tx: Tx, voucher: Voucher) -> Sequence[Channel]:
    """Active channels of the tier, or of the shop, in which the voucher does not work yet."""
    terms = queries.terms(tx)
    tier: Tier | None = terms.tiers.get(voucher.tier) if terms else None
    wanted = tier.channels if tier else None if voucher.programme else []
    return [
        channel
        for channel in shops.channels(tx)
        if channel.active
        and channel.slug not in voucher.listed
        and (wanted is None or channel.slug in wanted)
        and (not voucher.least_minor or channel.currency in voucher.least_minor)
        and (not voucher.amounts_minor or voucher.amounts_minor.get(channel.currency))
    ]


def find(world: World, voucher: Voucher) -> shapes.Voucher | None:
    """The voucher, if an earlier try made it and did not live to say so."""
    page = world.saleor.run(VOUCHERS_NAMED, name=voucher.mark)
    return next((node for node in page.nodes if (node.name or "").endswith(voucher.mark)), None)


def make(world: World, voucher: Voucher) -> shapes.Voucher:
    with world.look() as tx:
        secret = world.house.secrets.open(shops.this_shop(tx).code_secret)
    first = codes.first_code_of(secret, shop=world.shop, mark=voucher.mark)
    try:
        made = world.saleor.run(
            VOUCHER_CREATE,
            input={
                "type": "ENTIRE_ORDER",
                "name": voucher.name,
                "addCodes": [first],
                "startDate": voucher.begins_at,
                "endDate": voucher.ends_at,
                "discountValueType": "FIXED" if voucher.amounts_minor else "PERCENTAGE",
                "singleUse": True,
                "applyOncePerCustomer": True,
            },
        ).voucher
    except SaleorRefusedError as refusal:
        if not refusal.codes & TAKEN:
            raise
        made = find(world, voucher)
    if made is None:
        raise VoucherHiddenError(f"the voucher {voucher.mark} was made and is not shown")
    return made


def _stored(world: World, voucher: Voucher, made: shapes.Voucher) -> str:
    def store(tx: Tx) -> None:
        row = _one(tx, Voucher, voucher.id or 0)
        if row.saleor_id is None:
            row.saleor_id = made.id
            row.listed = [listing.channel.slug for listing in made.channel_listings or ()]
            note(tx, Verb.MADE_VOUCHER, "month", of=row.id, tier=row.tier)

    world.do(store)
    return made.id


def list_in(world: World, voucher: Voucher, saleor_id: str, channels: Sequence[Channel]) -> None:
    """Saleor takes a voucher only in channels it is listed in."""
    least = voucher.least_minor
    world.saleor.run(
        VOUCHER_LIST_IN_CHANNELS,
        id=saleor_id,
        input={
            "addChannels": [
                {"channelId": channel.saleor_id, "discountValue": _value(voucher, channel.currency)}
                | (
                    {"minAmountSpent": major(least[channel.currency], channel.currency)}
                    if least
                    else {}
                )
                for channel in channels
            ]
        },
    )
    slugs = {channel.slug for channel in channels}

    def store(tx: Tx) -> None:
        row = _one(tx, Voucher, voucher.id or 0)
        row.listed = sorted({*row.listed, *slugs})

    world.do(store)


def _value(voucher: Voucher, currency: str) -> Decimal:
    if voucher.amounts_minor:
        return major(voucher.amounts_minor[currency], currency)
    return Decimal(voucher.percent_hundredths).scaleb(-2)


def add_code(world: World, code: Code, saleor_id: str) -> None:
    try:
        world.saleor.run(VOUCHER_ADD_CODES, id=saleor_id, codes=[code.code])
    except SaleorRefusedError as refusal:
        # a code is 31^10 to one ours: an earlier try added it and did not live to say so
        if not refusal.codes & TAKEN:
            raise

    def store(tx: Tx) -> None:
        _one(tx, Code, code.id or 0).in_saleor_at = tx.now

    world.do(store)


def _gone(tx: Tx, voucher: Voucher) -> None:
    _one(tx, Voucher, voucher.id or 0).gone_at = tx.now


def _one(tx: Tx, table: type[R], id_: int) -> R:
    return tx.exec(select(table).where(table.id == id_)).one()

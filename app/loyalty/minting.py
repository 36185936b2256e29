"""CP-2, CP-8: the month's voucher of a tier, and a customer's one code of it: rows, no network."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, format_decimal

from app.customers.tables import Person
from app.kit.money import major
from app.kit.tx import Job, Tx
from app.loyalty import codes, least, queries, spans, speech
from app.loyalty.acts import Verb, note
from app.loyalty.queries import Terms
from app.loyalty.tables import Code, Tier, Voucher
from app.shops.flows import this_shop

Opener = Callable[[str], str]
"""Opens what is sealed at rest: House.secrets.open."""


class BringCode(Job, kind="loyalty.bring"):
    """Somebody has been shown a code: make sure Saleor takes it."""

    code: int


def mint(tx: Tx, terms: Terms, tier: Tier, person: Person, open_: Opener) -> Code:
    """The person's code of this month, the same however often it is asked for."""
    voucher = voucher_of(tx, terms, tier, open_)
    if code := queries.code_for(tx, person.id or 0, voucher.id or 0):
        return code
    secret = open_(this_shop(tx).code_secret)
    code = Code(
        voucher=voucher.id or 0,
        person=person.id or 0,
        code=codes.code_of(
            secret, shop=tx.shop, account=person.account or "", tier=tier.key, month=voucher.month
        ),
        minted_at=tx.now,
    )
    tx.add(code)
    tx.flush()
    note(tx, Verb.MINTED, "needed", of=code.id, person=person.id, code=code.id, tier=tier.key)
    return code


def voucher_of(tx: Tx, terms: Terms, tier: Tier, open_: Opener) -> Voucher:
    """The row of this month's voucher. Its terms are the tier's of the day it is first needed."""
    month = spans.month_of(tx.now, terms.zone)
    if voucher := queries.voucher(tx, tier.key, month):
        return voucher
    mark = codes.mark_of(open_(this_shop(tx).code_secret), shop=tx.shop, tier=tier.key, month=month)
    begins_at, ends_at = spans.offer_span(month, terms.zone)
    percent = tier.percent_hundredths or 0
    voucher = Voucher(
        tier=tier.key, month=month, mark=mark, percent_hundredths=percent,
        name=name_of(tier.name, percent, month, mark, speech.of_shoppers(tx)),
        begins_at=begins_at, ends_at=ends_at,
        least_minor=least.by_currency(tx, tier.least_minor),
    )  # fmt: skip
    tx.add(voucher)
    tx.flush()
    return voucher


def name_of(title: str, percent_hundredths: int, month: date, mark: str, spoken: Locale) -> str:
    """What the shopper reads beside the discount, and we find the voucher by."""
    percent = format_decimal(Decimal(percent_hundredths).scaleb(-2), locale=spoken)
    return f"{title} {percent}% · {month:%Y-%m} · {mark}"


def name_of_amount(title: str, units: int, currency: str, mark: str, spoken: Locale) -> str:
    """The same of a voucher that takes off an amount."""
    return f"{title} {format_currency(major(units, currency), currency, locale=spoken)} · {mark}"

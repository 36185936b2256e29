"""A signed-in shopper is at a checkout: is her tier's code put on it? Decided here and only here.

What Saleor tells is first gathered for a moment (events of one checkout come in any order), then
decided on its newest state, then done by an errand that looks once more before it acts.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from sqlmodel import col, select
from typing_extensions import override

from app.customers.tables import Person
from app.decisions.flows import record
from app.kit.money import minor
from app.kit.tx import Job, Tx
from app.loyalty import deciding, guards, least, minting, queries, spans
from app.loyalty.acts import Verb, note
from app.loyalty.guards import Basket, Offer, On, Tried, Word
from app.loyalty.queries import Terms
from app.loyalty.tables import Attempt, Code, Tier, Voucher
from app.orders import flows as orders
from app.orders.tables import Order
from app.saleor.shapes import Checkout
from app.trials import deciding as drawing
from app.trials import flows as trials

PAUSE = timedelta(seconds=1)
"""A storefront makes a checkout, fills it and signs the shopper in with three requests in a row."""
LATEST = timedelta(hours=1)
"""Later than this the shopper has left, and a checkout at rest is not touched (AC-3)."""
SILENT = frozenset({Word.NOT_SIGNED_IN, Word.OFFER_OFF, Word.APP_OFF, Word.ALREADY_ON})
"""Nobody asks why in these cases: nothing was on offer, or it is there."""


class Consider(Job, kind="loyalty.consider", rank=0):
    """A signed-in shopper has touched a checkout. What it holds, without any code in clear."""

    checkout: str
    account: str
    channel: str
    lines: str | None
    paying: bool
    on: On
    promoted: bool
    reduced_hundredths: int = 0
    goods_minor: int = 0
    currency: str = ""
    net_minor: int = 0
    seen: datetime
    """The checkout's `updatedAt`."""

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.checkout}"

    @property
    @override
    def lane(self) -> str:
        return f"checkout:{self.checkout}"

    @property
    def basket(self) -> Basket:
        return Basket(
            self.account, self.channel, self.lines, self.paying, self.on, self.promoted,
            self.reduced_hundredths, self.goods_minor, self.currency, self.net_minor,
        )  # fmt: skip


class PutCodeOn(Job, kind="loyalty.put_on", rank=0):
    """Put the shopper's code of the month on her checkout, if it still may."""

    checkout: str
    turn: int

    @property
    @override
    def lane(self) -> str:
        return f"checkout:{self.checkout}"


def shopper_at_checkout(tx: Tx, checkout: Checkout, person: int | None) -> None:
    """The newest state of a checkout, as the shopper and no app left it."""
    if checkout.user is None or person is None or not queries.offers_on(tx):
        return
    basket = basket_of(tx, checkout)
    consider = Consider(
        checkout=checkout.id, account=checkout.user.id, channel=basket.channel,
        lines=basket.lines, paying=basket.paying, on=basket.on, promoted=basket.promoted,
        reduced_hundredths=basket.reduced_hundredths, goods_minor=basket.goods_minor,
        currency=basket.currency, net_minor=basket.net_minor, seen=checkout.updated_at,
    )  # fmt: skip
    tx.postpone(consider, until=tx.now + PAUSE)


def basket_of(tx: Tx, checkout: Checkout) -> Basket:
    account = checkout.user.id if checkout.user else None
    discounted = checkout.discount is not None and checkout.discount.amount > 0
    return Basket(
        account=account,
        channel=checkout.channel.slug,
        lines=_fingerprint(checkout),
        paying=checkout.payment_tried,
        on=_on(tx, checkout.voucher_code, account),
        promoted=any(line.is_gift for line in checkout.lines)
        or (discounted and not checkout.voucher_code),
        reduced_hundredths=checkout.reduced_hundredths,
        goods_minor=minor(checkout.goods, checkout.channel.currency_code),
        currency=checkout.channel.currency_code,
        net_minor=minor(checkout.goods_net, checkout.channel.currency_code),
    )


def _fingerprint(checkout: Checkout) -> str | None:
    lines = sorted(
        f"{line.variant.id}×{line.quantity}" for line in checkout.lines if not line.is_gift
    )
    return sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else None


def _on(tx: Tx, text: str | None, account: str | None) -> On:
    """Whether the code on it is one that this very customer was given."""
    if not text:
        return On.NONE
    code = queries.code_called(tx, text)
    owner = tx.get(Person, code.person) if code and code.person else None
    return On.OURS if owner and account and owner.account == account else On.OTHER


def considered(job: Consider, tx: Tx) -> None:
    """The decision, on what has settled."""
    terms, person = queries.terms(tx), queries.by_account(tx, job.account)
    if terms is None or person is None:
        return
    attempt = queries.attempt(tx, job.checkout)
    if attempt:
        _notice(tx, attempt, job)
        if attempt.state == Tried.PUT_ON or _under_way(attempt, now=tx.now):
            return
    tier, offer = offer_for(tx, terms, person)
    word = guards.word(
        job.basket,
        offer,
        tried=Tried(attempt.state) if attempt else None,
        tried_lines=attempt.lines if attempt else None,
    )
    if word not in SILENT:
        deciding.at_checkout(
            tx, job.basket, offer, word, checkout=job.checkout, person=person.id or 0,
            tier=tier.key, tried=Tried(attempt.state) if attempt else None,
            tried_lines=attempt.lines if attempt else None,
        )  # fmt: skip
    if word is Word.PUT_ON and _held_back(tx, person, job.checkout):
        word = Word.WITHHELD
    if word is Word.PUT_ON:
        _want(tx, job, person, attempt)
    elif word not in SILENT:
        _skip(tx, job.checkout, word, person=person.id or 0, tier=tier)


def _held_back(tx: Tx, person: Person, checkout: str) -> bool:
    """HO-1: drawn the first time her code would have gone on a cart; nobody is, once the owner says
    that the benefit is promised (HO-9)."""
    arm = trials.hold(tx, trials.TIERS, [person.id or 0]).get(person.id or 0)
    if arm is not None:
        draw = drawing.drawn(arm, person=person.id or 0, ref=checkout, subject=trials.TIERS)
        record(tx, draw)
    return arm is not None and arm.withheld


def _skip(tx: Tx, checkout: str, word: Word, *, person: int, tier: Tier) -> None:
    of = f"{checkout}:{word}"
    note(tx, Verb.SKIPPED, word, of=of, person=person, checkout=checkout, tier=tier.key)


def _notice(tx: Tx, attempt: Attempt, job: Consider) -> None:
    """What the checkout itself says of an earlier try."""
    if job.on is On.OURS:
        if attempt.state in (Tried.WANTED, Tried.TRYING):
            put_on(tx, attempt, at=job.seen)
        if attempt.state == Tried.PUT_ON:
            attempt.lines = job.lines
    elif attempt.state == Tried.PUT_ON and attempt.on_at and job.seen > attempt.on_at:
        fell = guards.fell_off(job.basket, _least_of(tx, attempt), lines=attempt.lines)
        attempt.state = (Tried.PASSED if fell else Tried.TAKEN_OFF).value
        note(
            tx, Verb.TAKEN_OFF, "too_little" if fell else "by_shopper",
            of=f"{attempt.checkout}:{attempt.turn}" if fell else attempt.checkout,
            person=attempt.person, checkout=attempt.checkout, code=attempt.code,
        )  # fmt: skip
    elif attempt.state == Tried.TRYING and not _under_way(attempt, now=tx.now):
        give_up(tx, attempt, Word.UNSURE)


def _least_of(tx: Tx, attempt: Attempt) -> Mapping[str, int]:
    """CP-1: of a basket that has become too small Saleor takes the code off, and not the shopper:
    it goes on again with what she adds."""
    told = (
        select(Voucher.least_minor)
        .join(Code, col(Code.voucher) == col(Voucher.id))
        .where(Code.id == attempt.code)
    )
    return tx.exec(told).first() or {}


def _under_way(attempt: Attempt, *, now: datetime) -> bool:
    return attempt.state in (Tried.WANTED, Tried.TRYING) and now < attempt.wanted_at + LATEST


def _want(tx: Tx, job: Consider, person: Person, attempt: Attempt | None) -> None:
    if attempt is None:
        attempt = Attempt(
            checkout=job.checkout, person=person.id or 0, state=Tried.WANTED.value, wanted_at=tx.now
        )
    else:
        attempt.turn += 1
        attempt.person, attempt.state, attempt.wanted_at = (
            person.id or 0, Tried.WANTED.value, tx.now,
        )  # fmt: skip
    attempt.lines, attempt.seen_at = job.lines, None
    tx.add(attempt)
    tx.later(PutCodeOn(checkout=job.checkout, turn=attempt.turn))


def offer_for(tx: Tx, terms: Terms, person: Person) -> tuple[Tier, Offer]:
    """What a person's tier gives today."""
    id_ = person.id or 0
    member = queries.member(tx, id_)
    tier = terms.tier_of(member, person.email, now=tx.now)
    voucher = queries.voucher(tx, tier.key, spans.month_of(tx.now, terms.zone))
    code = queries.code_for(tx, id_, voucher.id or 0) if voucher else None
    by_hand = member is not None and queries.in_hand(member, tx.now)
    return tier, Offer(
        running=terms.running,
        stopped=terms.programme.stopped_at is not None,
        switched_on=tier.offer and bool(tier.percent_hundredths),
        excluded=terms.excludes(person.email),
        channels=tier.channels,
        proven=person.confirmed or by_hand or _vouched(tx, id_),
        spent=code is not None and code.used_at is not None,
        voucher_gone=voucher is not None and voucher.gone_at is not None,
        percent_hundredths=tier.percent_hundredths or 0,
        least=voucher.least_minor if voucher else least.by_currency(tx, tier.least_minor),
    )


def _vouched(tx: Tx, person: int) -> bool:
    """ID-2: some order of the account was placed by somebody signed in to it."""
    own = select(Order.id).where(Order.person == person, col(Order.earns), col(Order.counts))
    return tx.exec(own.limit(1)).first() is not None


def prepare(tx: Tx, job: PutCodeOn, open_: Callable[[str], str]) -> int | None:
    """The code to put on, minted if it was not; None where there is nothing to do any more."""
    attempt = queries.attempt(tx, job.checkout)
    if attempt is None or attempt.turn != job.turn:
        return None
    if attempt.state not in (Tried.WANTED, Tried.TRYING):
        return None
    terms, person = queries.terms(tx), tx.get(Person, attempt.person)
    if terms is None or person is None or person.erased_at:
        give_up(tx, attempt, Word.GONE)
        return None
    tier, offer = offer_for(tx, terms, person)
    if reason := guards.against(offer):
        give_up(tx, attempt, reason)
        return None
    if attempt.code is None or attempt.state == Tried.WANTED:
        attempt.code = minting.mint(tx, terms, tier, person, open_).id
    return attempt.code


def last_look(tx: Tx, job: PutCodeOn, checkout: Checkout | None) -> bool:
    """The guards once more on the checkout as it is right now; True: go, and it is written down."""
    attempt = queries.attempt(tx, job.checkout)
    if attempt is None or attempt.turn != job.turn:
        return False
    terms, person = queries.terms(tx), tx.get(Person, attempt.person)
    if checkout is None or terms is None or person is None:
        give_up(tx, attempt, Word.GONE)
        return False
    basket = basket_of(tx, checkout)
    if basket.on is On.OURS:
        put_on(tx, attempt, at=checkout.updated_at)
        return False
    _, offer = offer_for(tx, terms, person)
    mine = basket.account == person.account
    word = guards.word(basket, offer, tried=None, tried_lines=None) if mine else Word.NOT_SIGNED_IN
    if word is Word.PUT_ON:
        word = _still(attempt, checkout, now=tx.now)
    if word is not Word.PUT_ON:
        give_up(tx, attempt, word)
        return False
    attempt.state, attempt.seen_at = Tried.TRYING.value, checkout.updated_at
    attempt.lines = basket.lines
    return True


def _still(attempt: Attempt, checkout: Checkout, *, now: datetime) -> Word:
    """An earlier try of this turn may have arrived and been undone by the shopper."""
    if attempt.state == Tried.TRYING and attempt.seen_at != checkout.updated_at:
        return Word.UNSURE
    return Word.PUT_ON if now < attempt.wanted_at + LATEST else Word.TOO_LATE


def give_up(tx: Tx, attempt: Attempt, word: Word) -> None:
    """Nothing was put on, and why. Most reasons may pass; the shopper's next step will tell."""
    attempt.state = (Tried.GIVEN_UP if word is Word.UNSURE else Tried.PASSED).value
    note(
        tx, Verb.SKIPPED, word, of=f"{attempt.checkout}:{word}",
        person=attempt.person, checkout=attempt.checkout, code=attempt.code,
    )  # fmt: skip


def put_on(tx: Tx, attempt: Attempt, *, at: datetime) -> None:
    """It is on."""
    attempt.state, attempt.on_at = Tried.PUT_ON.value, at
    note(
        tx, Verb.PUT_ON, "tier", of=attempt.checkout,
        person=attempt.person, checkout=attempt.checkout, code=attempt.code,
    )  # fmt: skip


def refused(tx: Tx, job: PutCodeOn, reasons: str) -> None:
    """Saleor will not have it for these lines: not again before they change."""
    if attempt := queries.attempt(tx, job.checkout):
        attempt.state = Tried.NOT_APPLICABLE.value
        note(
            tx, Verb.SKIPPED, f"{Word.NOT_APPLICABLE}: {reasons}"[:200],
            of=f"{attempt.checkout}:{attempt.lines}",
            person=attempt.person, checkout=attempt.checkout, code=attempt.code,
        )  # fmt: skip


class Purchase(Protocol):
    """What an order says of the code on it."""

    @property
    def saleor_id(self) -> str: ...
    @property
    def person(self) -> int | None: ...
    @property
    def code(self) -> str | None: ...
    @property
    def cards(self) -> Sequence[str] | None: ...
    @property
    def checkout(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...


def code_used(tx: Tx, order: Purchase) -> None:
    """An order came with a code or a card of ours. The first order that says so counts."""
    codes = queries.codes_on(tx, order)
    if cards := [code.amount_minor or 0 for code in codes if code.card]:
        orders.rewarded(tx, order.saleor_id, sum(cards))
    for code in codes:
        if not code.used_at:
            _used(tx, code, order)


def _used(tx: Tx, code: Code, order: Purchase) -> None:
    code.used_at, code.used_order, code.used_by = order.created_at, order.saleor_id, order.person
    own = "by_owner" if order.person == code.person else "by_another"
    note(
        tx, Verb.USED, own if code.person else "by_friend", of=code.id,
        person=code.person, checkout=order.checkout, code=code.id,
    )  # fmt: skip

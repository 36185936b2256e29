"""CO-4, CO-6: somebody typed an address; whoever reads its mail has to say yes too."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, delete, select, update
from typing_extensions import override

from app.customers import meeting
from app.customers import rules as people
from app.customers.rules import Who
from app.customers.tables import Person
from app.kit.asking import any_of, ask, question
from app.kit.hearing import Version
from app.kit.tx import Job, Tx, among
from app.messages import consent, flows, hashing, queries, readymade
from app.messages.blocks import tidy_language
from app.messages.consent import Saying
from app.messages.consent_tables import Confirmation, Consent, ConsentEntry
from app.messages.flows import Request
from app.messages.law import Said
from app.messages.policy import policy
from app.messages.rules import Channel, Priority, Purpose
from app.messages.tables import Send
from app.orders.tables import Order
from app.saleor.shapes import Checkout

VALID = timedelta(hours=72)
REMINDED = timedelta(hours=24)
FORGOTTEN = timedelta(days=14)
BUYING = timedelta(hours=1)
TICKED, UNTICKED = "true", "false"


class Remind(Job, kind="messages.remind"):
    """CO-4: one reminder after a day, and after 14 days it is as if nobody had asked."""

    confirmation: int
    step: str

    @property
    @override
    def key(self) -> str:
        return f"{self.kind}:{self.confirmation}:{self.step}"


def ask_to_confirm(tx: Tx, saying: Saying, *, checkout: str | None = None) -> Confirmation | None:
    """Pending until a press on the page the mail leads to. None: it is agreed already, the country
    asks for no second word, or this address was asked of late. Who ticked a box at checkout is left
    to buy first: the mail comes an hour later, unless the order is its own proof (CO-6).

    Who comes back when the link has run out is asked anew; and whichever of her checkouts she
    ticked last is the one whose order is the proof.
    """
    address = consent.tidy(saying.channel, saying.address)
    own, row = policy(tx), queries.consent(tx, address, saying.channel, saying.purpose)
    if row and row.state == Said.GRANTED:
        return None
    complained = row is not None and row.complained
    if saying.country in own.single_opt_in and not checkout and not complained:
        consent.say(tx, saying)
        return None
    if open_ := _open(tx, address, saying.channel, saying.purpose):
        again = checkout is None or checkout != open_.checkout
        if not again or _good(open_, tx.now):
            open_.checkout = checkout or open_.checkout
            return None
        tx.delete(open_)
        tx.flush()
    consent.say(tx, Saying(**{**vars(saying), "state": Said.PENDING}))
    asked = Confirmation(
        address=address, channel=saying.channel, purpose=saying.purpose,
        language=saying.language, country=saying.country, source=saying.source,
        text_version=saying.text_version, text=saying.text, proof=saying.proof,
        checkout=checkout, asked_at=tx.now,
    )  # fmt: skip
    tx.add(asked)
    tx.flush()
    id_ = asked.id or 0
    if saying.channel == Channel.EMAIL:
        if checkout:
            tx.later(Remind(confirmation=id_, step="ask"), at=tx.now + BUYING)
        else:
            _write(tx, asked, step="ask")
        tx.later(Remind(confirmation=id_, step="remind"), at=tx.now + REMINDED)
    tx.later(Remind(confirmation=id_, step="forget"), at=tx.now + FORGOTTEN)
    return asked


def _open(tx: Tx, address: str, channel: str, purpose: str) -> Confirmation | None:
    return tx.exec(
        select(Confirmation).where(
            Confirmation.address == address,
            Confirmation.channel == channel,
            Confirmation.purpose == purpose,
        )
    ).first()


def _write(tx: Tx, asked: Confirmation, *, step: str) -> None:
    readymade.make_sure(tx)
    wish = Request(
        key=f"confirm:{asked.id}:{asked.asked_at.isoformat()}:{step}", message=readymade.CONFIRM,
        address=asked.address, purpose=Purpose.SERVICE, channel=Channel.EMAIL,
        priority=Priority.PROBLEM, context={"confirmation": asked.id}, language=asked.language,
        not_after=asked.asked_at + VALID,
    )  # fmt: skip
    flows.request(tx, wish)


def link_for(tx: Tx, send: Send, base: str, *, secret: str) -> dict[str, str]:
    """The address behind the button: the reminder's is the first mail's, and both are good."""
    asked = _by_id(tx, send.context.get("confirmation"))
    if asked is None:
        return {}
    token = hashing.token_of(secret, "confirm", tx.shop, asked.id, asked.asked_at.isoformat())
    asked.token_hash = hashing.of_token(token)
    return {"link": f"{base.rstrip('/')}/confirm/{tx.shop}.{token}"}


def _by_id(tx: Tx, id_: object) -> Confirmation | None:
    return tx.exec(select(Confirmation).where(Confirmation.id == id_)).first()


def look_again(tx: Tx, job: Remind) -> None:
    asked = _by_id(tx, job.confirmation)
    if asked is None:
        return
    if job.step == "forget":
        forget(tx, asked)
        return
    if job.step == "remind":
        asked.reminded_at = tx.now
    _write(tx, asked, step=job.step)


def forget(tx: Tx, asked: Confirmation) -> None:
    """CO-4: never confirmed, so nothing of it is kept; a word that was there before stays."""
    same = (
        col(Consent.address) == asked.address,
        col(Consent.channel) == asked.channel,
        col(Consent.purpose) == asked.purpose,
    )
    tx.exec(delete(Consent).where(*same, col(Consent.state) == Said.PENDING.value))
    tx.exec(
        delete(ConsentEntry).where(
            col(ConsentEntry.address) == asked.address,
            col(ConsentEntry.state) == Said.PENDING.value,
        )
    )
    tx.exec(update(Send).where(col(Send.address) == asked.address).values(address=None))
    tx.delete(asked)
    tx.flush()


def with_token(tx: Tx, token: str) -> Confirmation | None:
    """An open question, while its link is good."""
    hash_ = hashing.of_token(token)
    asked = tx.exec(select(Confirmation).where(Confirmation.token_hash == hash_)).first()
    return asked if asked and _good(asked, tx.now) else None


def _good(asked: Confirmation, now: datetime) -> bool:
    """CO-4: a link is good for 72 hours."""
    return now <= asked.asked_at + VALID


def confirm(tx: Tx, asked: Confirmation, *, source: str = "confirmation") -> None:
    """The press. From now on it is somebody's word, and they are a person (ID-1)."""
    person = _person(tx, asked)
    consent.say(
        tx,
        Saying(
            asked.address, Said.GRANTED, source, channel=asked.channel,
            purpose=asked.purpose, person=person, country=asked.country, language=asked.language,
            text_version=asked.text_version, text=asked.text,
            proof=asked.proof | {"asked_at": asked.asked_at.isoformat(), "by": asked.source},
        ),
    )  # fmt: skip
    tx.delete(asked)
    tx.flush()


def _person(tx: Tx, asked: Confirmation) -> int | None:
    if asked.channel != Channel.EMAIL:
        return None
    known = tx.exec(
        select(Person.id)
        .where(Person.email == asked.address, col(Person.merged_into).is_(None))
        .order_by(col(Person.key))
    ).first()
    if known:
        return known
    who = Who(account=None, email=asked.address, version=Version(tx.now, tx.now), since=tx.now)
    met = meeting.meet(tx, [who]).of(who)
    return met.person if met else None


def ticked(tx: Tx, checkouts: Sequence[Checkout]) -> None:
    """CO-6: what the storefronts' boxes say, as far as it is heard. A box that was never there, or
    is empty, takes nothing from anybody (CO-3); one that is emptied again was not meant. Of a tick
    that is heard after its order was paid, the order is the proof all the same.
    """
    meant: set[str] = set()
    for checkout in checkouts:
        word, email = (checkout.consent or "").strip().lower(), people.tidy(checkout.email)
        if word == UNTICKED:
            for asked in _of_checkouts(tx, [checkout.id]):
                forget(tx, asked)
        if word != TICKED or email is None:
            continue
        place = checkout.shipping_address or checkout.billing_address
        saying = Saying(
            email, Said.GRANTED, "checkout", country=place.country.code if place else "",
            language=tidy_language(checkout.language), text_version=checkout.consent_text or "",
            proof={"checkout": checkout.id},
        )  # fmt: skip
        ask_to_confirm(tx, saying, checkout=checkout.id)
        meant.add(checkout.id)
    paid(tx, _paid_before(tx, meant))


def _paid_before(tx: Tx, checkouts: Collection[str]) -> dict[str, str]:
    """Of these, those whose order is paid already, with the address that bought."""
    if not checkouts:
        return {}
    rows = tx.exec(
        select(Order.checkout, Person.email)
        .join(Person, col(Person.id) == col(Order.source))
        .where(among(col(Order.checkout), sorted(checkouts)), col(Order.paid))
    )
    return {checkout: email for checkout, email in rows if checkout and email}


def paid(tx: Tx, orders: Mapping[str, str]) -> None:
    """CO-6: orders were paid, by checkout with their address: such a tick is somebody's word."""
    for asked in _of_checkouts(tx, orders) if orders else ():
        if orders.get(asked.checkout or "") == asked.address:
            confirm(tx, asked, source="checkout")


OF_CHECKOUTS = question(select(Confirmation).where(any_of(col(Confirmation.checkout), "checkouts")))


def _of_checkouts(tx: Tx, checkouts: Collection[str]) -> Sequence[Confirmation]:
    return ask(tx, OF_CHECKOUTS, checkouts=sorted(checkouts))

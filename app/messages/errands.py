"""A message leaves: judged, supplied, rendered, asked about, reserved, handed over, settled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from sqlmodel import col, select

from app.customers.tables import Address
from app.kit.tx import Tx
from app.messages import (
    blocks,
    bounces,
    content,
    flows,
    hashing,
    joining,
    last_look,
    law,
    library,
    noes,
    outlets,
    queries,
    readymade,
    rendering,
    reserving,
    texts,
    windows,
    withholding,
)
from app.messages.carriers import NotTakenError, Parcel
from app.messages.content import Content
from app.messages.email.mime import domain_of
from app.messages.flows import Deliver, Due
from app.messages.links import Links
from app.messages.outlets import Sending
from app.messages.policy import Policy, policy
from app.messages.rendering import Frame, Rendered, Sender
from app.messages.rules import Channel, Purpose, RefusedError, Word
from app.messages.tables import Send
from app.saleor.client import SaleorError
from app.saleor.shapes import Checkout
from app.shops.flows import this_shop
from app.trials import queries as trials
from app.world import World

Supply: TypeAlias = Callable[[Tx, Send], Mapping[str, Any]]
"""Asked just before rendering: a fresh link, a code. Laid over the context, and never stored."""


def nothing(_: Tx, __: Send) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Ready:
    """All that is needed to make the words of one message."""

    due: Due
    told: Mapping[str, Any]
    how: Sending
    own: Policy
    zone: str
    emails: tuple[str, ...]
    languages: tuple[str, ...]
    counts_opens: bool = False
    """OP-1."""
    free_words: bool = True
    """SM-4: no approved template is needed."""
    denied: frozenset[str] = frozenset()
    """HO-8: what of it she is kept from."""
    introduces: bool = False
    """SM-2: the first text in 30 days says who writes, and how it ends."""

    @property
    def wraps(self) -> bool:
        """AT-1: links are led through us, unless the shop or the message says otherwise."""
        service = self.due.send.purpose == Purpose.SERVICE
        return self.own.wrap_links and not self.due.draft.plain_links and not service


def deliver(job: Deliver, world: World, *, supply: Supply = nothing) -> None:
    """At most once, whatever dies at whatever moment (SS-1)."""
    ready = world.do(lambda tx: _ready(tx, job, world, supply))
    if ready is None:
        return
    token = hashing.new_token()
    try:
        fresh = last_look.fresh(world, ready.due, ready.told, emails=ready.emails)
        parcel = _parcel(ready, world, token, fresh)
        last_look.guarded(world, ready.due, emails=ready.emails)
    except RefusedError as refusal:
        word = refusal.word
        world.do(lambda tx: flows.refuse(tx, job.send, word))
        return
    except SaleorError:
        world.do(lambda tx: flows.unverified(tx, job.send))
        return
    carrier = outlets.carrier(ready.how, ready.due.to.channel, world)
    held = world.house.do_durably(
        world.shop,
        lambda tx: reserving.reserve(
            tx, job.send, own_outlet=outlets.own_outlet(world.house), token=token,
            address=ready.due.address, version=ready.due.version,
            language=parcel.rendered.language, left_out=parcel.rendered.left_out,
        ),
    )  # fmt: skip
    if held is None:
        return
    try:
        provider_id = carrier.hand_over(parcel)
    except NotTakenError as no:
        world.do(partial(_not_taken, held=held, no=no))
    except Exception:  # noqa: BLE001  # nobody knows what the other side made of it
        world.do(lambda tx: reserving.lost(tx, held, Word.NO_ANSWER))
    else:
        world.do(lambda tx: reserving.sent(tx, held, provider_id))


def _not_taken(tx: Tx, held: reserving.Reservation, no: NotTakenError) -> None:
    dead = no.permanent and bounces.says_dead(no.status)
    if dead:
        bounces.came_back(tx, held.send, status=no.status, source="smtp")
    word = Word.HARD_BOUNCE if dead else Word.NOT_TAKEN
    reserving.not_taken(tx, held, permanent=no.permanent, word=word)


def _ready(tx: Tx, job: Deliver, world: World, supply: Supply) -> Ready | None:
    due = flows.due(tx, job.send, own_outlet=outlets.own_outlet(world.house))
    if due is None:
        return None
    send, service = due.send, due.send.purpose == Purpose.SERVICE
    how = outlets.sending(tx, due.to.channel, house=world.house, service=service)
    if how is None or world.house.settings.base_url is None:
        raise NotSetUpError
    if word := texts.against(tx, send, due.to):
        flows.refuse(tx, job.send, word)
        return None
    try:
        supplied = dict(supply(tx, send))
        if send.message == readymade.CONFIRM:
            base = world.house.settings.base_url
            supplied |= joining.link_for(tx, send, base, secret=how.secret)
    except RefusedError as refusal:
        flows.refuse(tx, job.send, refusal.word)
        return None
    told = {"channel": send.context.get("sales_channel", ""), **send.context, **supplied}
    return Ready(
        due, told, how, policy(tx), this_shop(tx).zone, _emails(tx, due), _languages(tx, due),
        counts_opens=_counts_opens(tx, due), introduces=_introduces(tx, due),
        free_words=windows.free_words(tx, due.address, channel=due.to.channel),
        denied=_denied(tx, due),
    )  # fmt: skip


def _denied(tx: Tx, due: Due) -> frozenset[str]:
    service = due.send.purpose == Purpose.SERVICE
    return (
        frozenset() if service else trials.denied(tx, due.to.people, withholding.blocks(due.draft))
    )


def _counts_opens(tx: Tx, due: Due) -> bool:
    """OP-1: only where the owner wants it, and in the EU and Brazil only who agreed to it."""
    if not policy(tx).opens or due.to.person is None:
        return False
    if due.to.country and due.to.country not in law.EU | {"BR"}:
        return True
    said, _ = queries.stance(
        tx, due.address, channel=due.to.channel, purpose=Purpose.PERSONALISATION
    )
    return said is law.Said.GRANTED


def _introduces(tx: Tx, due: Due) -> bool:
    phone = due.to.channel in (Channel.SMS, Channel.WHATSAPP)
    if not phone or due.send.purpose == Purpose.SERVICE:
        return False
    past = queries.past(tx, due.to.people, but=due.id)
    return all(one.channel != due.to.channel for one in past)


class NotSetUpError(Exception):
    """The house does not know its own address: PERENNIAL_BASE_URL."""

    public = True


def _emails(tx: Tx, due: Due) -> tuple[str, ...]:
    """Every address under which this person may have bought, her own first."""
    proved = tx.exec(select(Address.email).where(col(Address.person).in_(due.to.people)))
    own = due.to.person.email if due.to.person else None
    return tuple(dict.fromkeys([*filter(None, [own]), *proved]))


def _languages(tx: Tx, due: Due) -> tuple[str, ...]:
    """Her own wish, then the occasion's, then the account's, then the shop's."""
    wish = noes.wish_of(tx, due.address, due.to.people)
    person, send = due.to.person, due.send
    wishes = (
        wish.language if wish else "", send.language, str(send.context.get("language", "")),
        person.language if person else "", this_shop(tx).locale,
    )  # fmt: skip
    return tuple(blocks.tidy_language(w) for w in wishes if w)


def _parcel(ready: Ready, world: World, token: str, fresh: Checkout | None) -> Parcel:
    send, how, shop = ready.due.send, ready.how, int(world.shop)
    service = send.purpose == Purpose.SERVICE
    with world.look() as tx:
        shown = content.gather(
            tx, ready.due.to.person, ready.due.draft, ready.told, own=ready.own, fresh=fresh,
            shop_name=how.shop_name, zone=ready.zone,
        )  # fmt: skip
    links = Links(
        world.house.settings.base_url or "", how.secret, shop=shop, send=ready.due.id,
        token=token, wrap=ready.wraps,
    )  # fmt: skip
    rendered = _words(ready, shown, links)
    way_out = f"unsub+{shop}.{token}@{domain_of(how.return_path)}"
    return Parcel(
        send=ready.due.id, recipient=ready.due.address, rendered=rendered,
        message_id=outlets.message_id(how, shop=shop, send=ready.due.id), sender=how.sender,
        reply_to=how.reply_to, envelope_from=outlets.envelope(how, shop=shop, send=ready.due.id),
        unsubscribe=None if service else links.unsubscribe,
        unsubscribe_mail=way_out if how.reads_mail and not service else None,
        campaign=send.campaign, service=service, person=send.person,
    )  # fmt: skip


def _of_automation(send: Send) -> bool:
    """FB-7: what an automation sends of itself, and no question and no newsletter."""
    return send.purpose == Purpose.MARKETING and send.key.startswith("journey:")


def _words(ready: Ready, shown: Content, links: Links) -> Rendered:
    """Raises RefusedError."""
    channel = ready.due.to.channel
    found = ready.due.draft.variant(channel, ready.languages)
    if found is None:
        raise RefusedError(Word.NO_MESSAGE)
    language, whole = found
    kept = withholding.without(whole, ready.denied)
    if (variant := kept.variant) is None:
        raise RefusedError(Word.WITHHELD)
    send, service = ready.due.send, ready.due.send.purpose == Purpose.SERVICE
    step = "-".join(filter(None, (send.step, send.variant)))
    frame = Frame(
        sender=Sender(ready.how.shop_name, ready.how.postal, ready.own.logo),
        language=language,
        link=lambda url: links.to(url, medium=channel, campaign=send.campaign, content=step),
        unsubscribe=None if service else links.unsubscribe,
        preferences=None if service else links.preferences,
        home=links.to(ready.own.front, medium=channel, campaign=send.campaign, content=step)
        if ready.own.front
        else None,
        survey=links.survey if ready.told.get("survey") else None,
        useful=links.useful if _of_automation(send) else None,
        honeypot=links.honeypot if ready.wraps else None,
        pixel=links.pixel if ready.counts_opens and not service else None,
    )
    if isinstance(variant, library.Letter):
        rendered = rendering.render(variant, shown, frame)
        return replace(rendered, left_out=kept.left_out)
    template = "" if ready.free_words else variant.template
    if not ready.free_words and not template:
        raise RefusedError(Word.WINDOW_CLOSED)
    return rendering.render_note(
        variant, shown, frame, introduces=ready.introduces, template=template
    )

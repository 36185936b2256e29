"""How a shop's sending is set up, and whether the world will take its mail (BS-1)."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from typing_extensions import override

from app.kit.house import House
from app.kit.tx import Job, Tx
from app.messages import queries
from app.messages.carriers import TO
from app.messages.email import domain, names
from app.messages.email.domain import Records
from app.messages.email.mime import domain_of
from app.messages.email.smtp import Server
from app.messages.outlets import MAILBOX
from app.messages.reports import ReadInbox
from app.messages.rules import Channel
from app.messages.tables import Outlet
from app.world import World

Lookup = Callable[[str], Sequence[str]]


class CheckDomain(Job, kind="messages.check_domain"):
    """Ask the domain name system about the sender's domain."""

    occasion: str

    @property
    @override
    def lane(self) -> str:
        return "domain"


@dataclass(frozen=True)
class Setup:
    """What the owner may say of a channel. An empty address keeps the one that is stored."""

    url: str = ""
    sender: str = ""
    service_sender: str = ""
    reply_to: str = ""
    return_path: str = ""
    postal: str = ""
    inbox: str = ""
    selector: str = ""
    """Of the DKIM key."""
    warm: bool = False
    """BS-3: the domain has sent in bulk before."""
    active: bool = True


def problems(setup: Setup, channel: str, *, known: bool) -> dict[str, str]:
    """By field; nothing where all is well."""
    found = {}
    if not setup.url and not known:
        found["url"] = "missing"
    elif setup.url and not _reachable(setup.url, channel):
        found["url"] = "address"
    if channel == Channel.EMAIL and "@" not in setup.sender:
        found["sender"] = "sender"
    if setup.return_path and "@" not in setup.return_path:
        found["return_path"] = "sender"
    if setup.inbox and not setup.inbox.startswith(("imap://", "imaps://")):
        found["inbox"] = "inbox"
    for name in ("sender", "service_sender", "reply_to", "return_path", "postal"):
        if any(mark in getattr(setup, name) for mark in "\r\n"):
            found[name] = "sender"
    return found


def _reachable(url: str, channel: str) -> bool:
    if url.startswith(MAILBOX):
        return True
    if channel != Channel.EMAIL:
        return TO in url and "://" in url
    try:
        Server.read(url)
    except ValueError:
        return False
    return True


def save(tx: Tx, house: House, channel: str, setup: Setup) -> Outlet:
    """Passwords are sealed and never shown again. A new sender's domain is warmed up anew."""
    row = queries.any_outlet(tx, channel) or Outlet(channel=channel, url="", since=tx.now)
    if domain_of(row.sender) != domain_of(setup.sender):
        row.since, row.checks = tx.now, {}
    if setup.url:
        row.url = house.secrets.seal(setup.url)
    if setup.inbox:
        row.inbox = house.secrets.seal(setup.inbox)
        tx.postpone(ReadInbox(), until=tx.now)
    row.secret = row.secret or house.secrets.seal(secrets.token_urlsafe(32))
    row.sender, row.service_sender = setup.sender.strip(), setup.service_sender.strip()
    row.reply_to, row.return_path = setup.reply_to.strip(), setup.return_path.strip()
    row.postal, row.active = setup.postal.strip(), setup.active
    row.checks = row.checks | {"selector": setup.selector.strip(), "warm": setup.warm}
    tx.add(row)
    tx.flush()
    if channel == Channel.EMAIL:
        tx.later(CheckDomain(occasion=tx.now.isoformat()))
    return row


def check_domain(_: CheckDomain, world: World, *, lookup: Lookup = names.texts) -> None:
    """A resolver that does not answer warns, and holds nothing back."""
    with world.look() as tx:
        outlet = queries.any_outlet(tx, Channel.EMAIL)
    if outlet is None:
        return
    url = world.house.secrets.open(outlet.url)
    own = domain_of(outlet.sender)
    if url.startswith(MAILBOX):
        world.do(partial(_checked, lights={}))
        return
    selector = str(outlet.checks.get("selector") or "")
    records = Records(
        spf=_texts(own, lookup),
        dkim=_texts(f"{selector}._domainkey.{own}", lookup) if selector else None,
        dmarc=_dmarc(own, lookup),
    )
    encrypted = Server.read(url).tls in ("starttls", "implicit")
    lights = domain.lights(own, records, encrypted=encrypted, postal=bool(outlet.postal))
    world.do(partial(_checked, lights=dict(lights)))


def _dmarc(own: str, lookup: Lookup) -> Sequence[str] | None:
    told = [_texts(f"_dmarc.{name}", lookup) for name in domain.upwards(own)]
    found = next((texts for texts in told if texts), None)
    return found if found or None in told else []


def _texts(name: str, lookup: Lookup) -> Sequence[str] | None:
    try:
        return lookup(name)
    except names.NamesError:
        return None


def _checked(tx: Tx, *, lights: dict[str, str]) -> None:
    outlet = queries.any_outlet(tx, Channel.EMAIL)
    if outlet is not None:
        outlet.checks = outlet.checks | {"domain": lights}
        outlet.checked_at = tx.now
        tx.add(outlet)

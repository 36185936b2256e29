"""How a shop sends: its own outlet, else the house's mail server, else the local mailbox."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlmodel import select

from app.kit.house import House
from app.kit.tx import Tx
from app.messages import hashing, queries
from app.messages.carriers import Carrier, Parcel
from app.messages.email.mime import domain_of
from app.messages.email.smtp import Server, Smtp
from app.messages.hooks.tables import Hook
from app.messages.rules import Channel
from app.messages.tables import Outlet, Posted
from app.shops.flows import this_shop
from app.world import World

MAILBOX = "mailbox:"


@dataclass(frozen=True)
class Sending:
    """What there is to know of a shop's sending in one channel, opened."""

    url: str
    sender: str
    reply_to: str
    return_path: str
    postal: str
    shop_name: str
    secret: str
    """Signs links and message ids of the shop."""
    reads_mail: bool = False
    """Somebody reads the mailbox that bounces come back to."""
    of_house: bool = False
    """Whoever runs the app named the server: it may stand in a private network."""

    @property
    def domain(self) -> str:
        return domain_of(self.sender) or "perennial.invalid"


class Mailbox:
    """The app's own mailbox: shows what would have gone out, and sends nothing."""

    def __init__(self, world: World, channel: str) -> None:
        self._world, self._channel = world, channel

    def hand_over(self, parcel: Parcel) -> str:
        def keep(tx: Tx) -> None:
            tx.add(
                Posted(
                    send=parcel.send, person=parcel.person, channel=self._channel,
                    recipient=parcel.recipient, subject=parcel.rendered.subject,
                    html=parcel.rendered.html, text=parcel.rendered.text, at=tx.now,
                )
            )  # fmt: skip

        self._world.do(keep)
        return parcel.message_id


def reseal(tx: Tx, house: House) -> None:
    """Addresses with passwords, and secrets that sign, under the newest key."""
    renew = house.secrets.renew
    for outlet in tx.exec(select(Outlet)).all():
        outlet.url, outlet.secret = renew(outlet.url), renew(outlet.secret)
        outlet.inbox = renew(outlet.inbox) if outlet.inbox else None
    for hook in tx.exec(select(Hook)).all():
        hook.secret = renew(hook.secret)


def own_outlet(house: House) -> bool:
    """The house itself can send e-mail."""
    return house.settings.smtp_url is not None


def sending(tx: Tx, channel: str, *, house: House, service: bool) -> Sending | None:
    """None where nothing is set up."""
    outlet = queries.outlet(tx, channel)
    shop = this_shop(tx)
    secret = house.secrets.open(shop.code_secret)
    name = shop.name or urlsplit(shop.api_url).hostname or ""
    if outlet is not None:
        return _of(outlet, name, secret, house.secrets.open, service=service)
    if channel != Channel.EMAIL or house.settings.smtp_url is None:
        return None
    url, sender = house.settings.smtp_url.get_secret_value(), house.settings.smtp_from
    own = sender or f"{name} <shop@perennial.invalid>"
    return Sending(url, own, "", "", "", name, secret, of_house=True)


def _of(
    outlet: Outlet, name: str, secret: str, open_: Callable[[str], str], *, service: bool
) -> Sending:
    sender = outlet.service_sender if service and outlet.service_sender else outlet.sender
    return Sending(
        open_(outlet.url), sender, outlet.reply_to, outlet.return_path, outlet.postal, name, secret,
        reads_mail=outlet.inbox is not None,
    )  # fmt: skip


def carrier(how: Sending, channel: str, world: World) -> Carrier:
    """Raises ValueError where the outlet's address is none."""
    if how.url.startswith(MAILBOX):
        return Mailbox(world, channel)
    anywhere = how.of_house or world.house.settings.development
    if channel == Channel.EMAIL:
        return Smtp(Server.read(how.url), now=world.clock.now(), anywhere=anywhere)
    from app.messages.apprise.carrier import Apprise  # noqa: PLC0415  # a slow import, seldom needed

    return Apprise(how.url, anywhere=anywhere)


def message_id(how: Sending, *, shop: int, send: int) -> str:
    """BO-4: signed, so that only reports about mail of ours are believed."""
    mark = hashing.sign(how.secret, "mail", shop, send)
    return f"<{shop}.{send}.{mark}@{how.domain}>"


def envelope(how: Sending, *, shop: int, send: int) -> str:
    """BO-4, VERP: where this very message's bounces come back to."""
    if "@" not in how.return_path:
        return ""
    local, _, domain = how.return_path.rpartition("@")
    return f"{local}+{shop}.{send}.{hashing.sign(how.secret, 'mail', shop, send)}@{domain}"

"""What is asked of Saleor about the shop itself, and the webhooks it should have."""

from collections.abc import Collection, Sequence

from babel.core import get_global

from app.kit.tx import Tx
from app.saleor import manifest
from app.saleor.client import Saleor, TokenRefusedError
from app.saleor.operations import (
    APP_IDENTITY,
    OWN_WEBHOOKS,
    SHOP_FACTS,
    WEBHOOK_CREATE,
    WEBHOOK_DELETE,
    WEBHOOK_UPDATE,
)
from app.saleor.shapes import ChannelFacts, ShopFacts
from app.shops import flows
from app.shops.flows import AskStillIn, LearnShop, Reconcile
from app.shops.tables import Channel
from app.world import World

COUNTRY_ZONES = {"BR": "America/Sao_Paulo", "PT": "Europe/Lisbon", "US": "America/New_York"}
"""Where a country has several zones, the one most of its people live in."""


def learn_shop(_: LearnShop, world: World) -> None:
    facts = world.saleor.run(SHOP_FACTS)
    world.do(lambda tx: _learn(tx, facts))


def _learn(tx: Tx, facts: ShopFacts) -> None:
    shop = flows.this_shop(tx)
    shop.name, shop.saleor_version = facts.shop.name, facts.shop.version
    channels = facts.channels or ()
    tx.put(
        Channel,
        [
            {"saleor_id": c.id, "slug": c.slug, "currency": c.currency_code, "active": c.is_active}
            for c in channels
        ],
        key=("slug",),
        overwrite=("saleor_id", "currency", "active"),
    )
    flows.switch_off_channels(tx, but={c.slug for c in channels})
    home = facts.shop.default_country or (channels[0].default_country if channels else None)
    if shop.zone == "UTC":
        shop.zone = home_zone(home.code if home else None)
    if not shop.currency and channels:
        shop.currency = home_channel(channels, home.code if home else None).currency_code


def home_channel(channels: Sequence[ChannelFacts], country: str | None) -> ChannelFacts:
    """The one the shop most likely reckons in: open, and of its own country. Saleor's order of
    channels is the alphabet's. The owner may choose another currency."""
    return min(channels, key=lambda c: (not c.is_active, c.default_country.code != country))


def home_zone(country: str | None) -> str:
    """The zone of a country's shops, or UTC. The owner may choose another."""
    if country in COUNTRY_ZONES:
        return COUNTRY_ZONES[country]
    found: list[str] = get_global("territory_zones").get(country or "", [])
    return found[0] if found else "UTC"


def reconcile(job: Reconcile, world: World) -> None:
    """Give the shop the webhooks this version wants: some only work from a patch release on."""
    version = world.saleor.run(SHOP_FACTS).shop.version
    base_url = world.house.settings.base_url or _own_address(world)
    given = granted(world.saleor)
    told = manifest.wanted_webhooks(base_url, version, given)
    wanted = {hook["name"]: hook for hook in told}
    for have in world.saleor.run(OWN_WEBHOOKS).webhooks or ():
        want = wanted.pop(have.name or "", None)
        if want is None:
            world.saleor.run(WEBHOOK_DELETE, id=have.id)
        elif not manifest.same_webhook(have, want):
            world.saleor.run(WEBHOOK_UPDATE, id=have.id, input=manifest.webhook_input(want))
    for want in wanted.values():
        world.saleor.run(WEBHOOK_CREATE, input=manifest.webhook_input(want))
    world.do(lambda tx: _reconciled(tx, job.version, version))
    world.do(lambda tx: note_granted(tx, given))


def granted(saleor: Saleor) -> frozenset[str]:
    """The permissions the shop has given us, be it later than at the installation."""
    app = saleor.run(APP_IDENTITY).app
    return frozenset(permission.code for permission in (app.permissions if app else None) or ())


def note_granted(tx: Tx, given: Collection[str]) -> None:
    """What Saleor lets us do, for pages that offer what needs more."""
    flows.this_shop(tx).granted = sorted(given)


def note_denied(tx: Tx, permission: str) -> None:
    """Saleor has just refused what this permission is for."""
    shop = flows.this_shop(tx)
    shop.granted = [one for one in shop.granted if one != permission]


def _own_address(world: World) -> str:
    """Where Saleor already sends to: a webhook's own target tells it."""
    hooks = world.saleor.run(OWN_WEBHOOKS).webhooks or ()
    targets = [hook.target_url.partition("/api/webhooks/")[0] for hook in hooks]
    if not targets:
        raise NoAddressError("set PERENNIAL_BASE_URL: the shop has no webhook that tells it")
    return targets[0]


class NoAddressError(Exception):
    """Nobody says where the app is reached."""

    permanent = True
    public = True


def _reconciled(tx: Tx, app_version: str, saleor_version: str) -> None:
    shop = flows.this_shop(tx)
    shop.app_version, shop.saleor_version = app_version, saleor_version


def ask_still_in(_: AskStillIn, world: World) -> bool:
    """Once a day, and every hour while it is refused: a token that Saleor no longer knows makes us
    anonymous, without an error. Whether we are back in.
    """
    try:
        app = world.saleor.run(APP_IDENTITY).app
    except TokenRefusedError:
        app = None
    if app is None:
        world.do(flows.refuse)
        return False
    given = [permission.code for permission in app.permissions or ()]
    world.do(lambda tx: note_granted(tx, given))
    return world.do(flows.take_back)

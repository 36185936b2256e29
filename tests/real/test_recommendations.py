"""Lists in a running Saleor: there, another after an order, and of nothing that is hidden."""

import json
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from app.kit.tx import ShopId
from app.recommend import flows
from tests.support.scenario_app import App
from tests.support.scenario_ear import Ear
from tests.support.scenario_process import Pace
from tests.support.scenario_shop import Shop, Shopper, Ware
from tests.support.scenario_wire import ERRORS, JSON, until

pytestmark = pytest.mark.real

PRODUCT_OF = "query P($id: ID!) { productVariant(id: $id) { product { id name } } }"
METADATA = """query M($product: ID!, $user: ID!, $beside: String!, $hers: String!) {
  product(id: $product) { metafield(key: $beside) }
  user(id: $user) { metafield(key: $hers) }
}"""


def grant(shop: Shop, app: App) -> None:
    """The merchant lets the app write products, after it was installed without that."""
    told = shop.ask(
        "query A($id: ID!) { app(id: $id) { permissions { code } } }", token=shop.staff, id=app.id
    )
    codes = [permission["code"] for permission in told["app"]["permissions"]]
    assert "MANAGE_PRODUCTS" not in codes
    shop.do(
        f"mutation G($id: ID!, $i: AppInput!) {{ appUpdate(id: $id, input: $i) {{ {ERRORS} }} }}",
        token=shop.staff,
        id=app.id,
        i={"permissions": [*codes, "MANAGE_PRODUCTS"]},
    )


def product_of(shop: Shop, ware: Ware) -> str:
    told = shop.ask(PRODUCT_OF, token=shop.staff, id=ware.variant)
    return str(told["productVariant"]["product"]["id"])


def buys(shop: Shop, ana: Shopper, ware: Ware) -> None:
    shop.ware = ware
    cart = shop.fill_cart(ana)
    shop.choose_delivery(ana, cart)
    shop.pay(cart)
    shop.complete(ana, cart)


def publish(shop: Shop, product: str, *, on: bool) -> None:
    channels = shop.ask("{ channels { id slug } }", token=shop.staff)["channels"]
    here = next(channel["id"] for channel in channels if channel["slug"] == shop.channel)
    shop.do(
        "mutation L($id: ID!, $i: ProductChannelListingUpdateInput!) {"
        f" productChannelListingUpdate(id: $id, input: $i) {{ {ERRORS} }} }}",
        token=shop.staff,
        id=product,
        i={"updateChannels": [{"channelId": here, "isPublished": on}]},
    )


def metadata(shop: Shop, product: str, ana: Shopper) -> tuple[dict[str, str], dict[str, str]]:
    """The products that go with a product, and those of her own list, each with why."""
    told = shop.ask(
        METADATA,
        token=shop.staff,
        product=product,
        user=ana.id,
        beside=f"perennial.together.{shop.channel}",
        hers=f"perennial.for_you.{shop.channel}",
    )
    texts = (told["product"]["metafield"], told["user"]["metafield"])
    beside, hers = (
        {entry["id"]: entry["why"] for entry in json.loads(text or "[]")} for text in texts
    )
    return beside, hers


def asks(app: App, key: str, channel: str, ana: Shopper, **query: str | int) -> JSON:
    answer = httpx.get(
        f"{app.ear.app_url}/public/v1/recommendations",
        params={"key": key, "channel": channel, **query},
        headers={"authorization": f"Bearer {ana.token}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    found: JSON = answer.json()
    return found


def test_lists_are_there_change_after_an_order_and_name_nothing_hidden(
    saleor: Shop, tmp_path: Path
) -> None:
    saleor.look_around()
    with Ear() as ear:
        app = App(tmp_path, ear, saleor, Pace())
        try:
            with app.running():
                app.install()
                until(app.imported, "the import")
                _story(saleor, app)
            assert app.complaints() == []
        finally:
            app.leave()


def _story(shop: Shop, app: App) -> None:
    with app.look() as tx:
        id_: ShopId = tx.shop
    ana = shop.register(f"ana-{uuid4().hex[:8]}@example.com")
    shop.confirm(ana)
    wares = shop._shelf()  # what there is enough of
    first = wares[0]
    tea = product_of(shop, first)
    second = next(ware for ware in wares if product_of(shop, ware) != tea)
    cup = product_of(shop, second)
    buys(shop, ana, first)
    app.settled()

    # metadata is there, once the merchant has granted what the install did not ask for
    grant(shop, app)
    key = app.house.do(id_, lambda tx: flows.counsel(tx).public_key)
    app.house.do(id_, flows.switch_on)
    until(lambda: tea in metadata(shop, tea, ana)[1], "her own list")
    beside, hers = metadata(shop, tea, ana)
    assert len(beside) >= 5
    assert tea not in beside
    assert hers[tea] == "bought"
    assert hers.get(cup) != "bought"
    app.settled()

    # an order changes it, and the storefront's own question says so at once
    buys(shop, ana, second)
    app.settled()
    until(lambda: metadata(shop, tea, ana)[1].get(cup) == "bought", "her list after the order")
    again = asks(app, key, shop.channel, ana, slot="again")
    assert again["personal"] is True
    assert {one["id"] for one in again["products"]} == {tea, cup}
    assert {one["reason"]["code"] for one in again["products"]} == {"bought"}
    app.settled()

    # what is hidden is in no list
    publish(shop, cup, on=False)
    hidden_at = time.monotonic()
    try:
        until(
            lambda: cup not in {
                one["id"] for one in asks(app, key, shop.channel, ana, slot="again")["products"]
            },
            "the storefront to leave it out",
        )  # fmt: skip
        seconds = time.monotonic() - hidden_at
        until(lambda: cup not in metadata(shop, tea, ana)[1], "her list without it")
        app.settled()
        for slot in ("for_you", "discover", "popular", "together"):
            told = asks(app, key, shop.channel, ana, slot=slot, product=tea, limit=50)
            assert cup not in [one["id"] for one in told["products"]], slot
        beside, hers = metadata(shop, tea, ana)
        assert cup not in beside | hers
        assert seconds < 12, "an answer of Saleor's is good for ten seconds"
    finally:
        publish(shop, cup, on=True)

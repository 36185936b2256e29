"""What the app makes of a shop at first sight: its zone, and the currency it reckons in."""

import pytest

from app.saleor.shapes import ChannelFacts
from app.shops.errands import home_channel, home_zone


def channel(slug: str, currency: str, country: str, *, open_: bool = True) -> ChannelFacts:
    return ChannelFacts.model_validate({
        "id": slug, "slug": slug, "name": slug, "currencyCode": currency, "isActive": open_,
        "defaultCountry": {"code": country},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "country", "currency"),
    [
        ([channel("channel-pln", "PLN", "PL"), channel("default", "USD", "US")], "US", "USD"),
        ([channel("channel-pln", "PLN", "PL"), channel("default", "USD", "US")], "FR", "PLN"),
        ([channel("old", "USD", "US", open_=False), channel("web", "EUR", "FR")], "US", "EUR"),
        ([channel("a", "EUR", "FR"), channel("b", "PLN", "PL")], "PL", "PLN"),
        ([channel("only", "BRL", "BR", open_=False)], None, "BRL"),
    ],
)
def test_a_shop_reckons_in_the_currency_of_its_own_country(
    channels: list[ChannelFacts], country: str | None, currency: str
) -> None:
    assert home_channel(channels, country).currency_code == currency


@pytest.mark.parametrize(
    ("country", "zone"),
    [("PL", "Europe/Warsaw"), ("BR", "America/Sao_Paulo"), ("US", "America/New_York"), ("", "UTC")],
)
def test_a_shop_lives_in_the_zone_of_its_country(country: str, zone: str) -> None:
    assert home_zone(country or None) == zone

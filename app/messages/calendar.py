"""Where a country's clocks stand, and on which days nobody wants to be rung up."""

from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from babel.core import get_global

SEVERAL = {
    "US": ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    "CA": ("America/Halifax", "America/Toronto", "America/Winnipeg", "America/Vancouver"),
    "BR": ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"),
    "MX": ("America/Mexico_City", "America/Tijuana"),
    "AU": ("Australia/Sydney", "Australia/Perth"),
    "RU": ("Europe/Moscow", "Asia/Yekaterinburg", "Asia/Vladivostok"),
    "ID": ("Asia/Jakarta", "Asia/Jayapura"),
    "PT": ("Europe/Lisbon",),
    "ES": ("Europe/Madrid",),
    "FR": ("Europe/Paris",),
    "DE": ("Europe/Berlin",),
    "GB": ("Europe/London",),
    "NL": ("Europe/Amsterdam",),
    "CN": ("Asia/Shanghai",),
    "NZ": ("Pacific/Auckland",),
    "CL": ("America/Santiago",),
    "EC": ("America/Guayaquil",),
    "UA": ("Europe/Kyiv",),
    "CY": ("Asia/Nicosia",),
    "MY": ("Asia/Kuala_Lumpur",),
    "KZ": ("Asia/Almaty",),
}
"""Countries with more than one zone, by those in which their people live."""
REGIONS = {
    ("BR", "AC"): "America/Rio_Branco", ("BR", "AM"): "America/Manaus",
    ("BR", "RO"): "America/Porto_Velho", ("BR", "RR"): "America/Boa_Vista",
    ("BR", "MT"): "America/Cuiaba", ("BR", "MS"): "America/Campo_Grande",
    ("US", "CA"): "America/Los_Angeles", ("US", "WA"): "America/Los_Angeles",
    ("US", "OR"): "America/Los_Angeles", ("US", "NV"): "America/Los_Angeles",
    ("US", "TX"): "America/Chicago", ("US", "IL"): "America/Chicago",
    ("US", "CO"): "America/Denver", ("US", "UT"): "America/Denver",
    ("US", "AZ"): "America/Phoenix", ("US", "NY"): "America/New_York",
    ("US", "FL"): "America/New_York", ("US", "MA"): "America/New_York",
    ("US", "AK"): "America/Anchorage", ("US", "HI"): "Pacific/Honolulu",
    ("PT", "20"): "Atlantic/Azores", ("ES", "CN"): "Atlantic/Canary",
}  # fmt: skip
"""QH-1: where a region is known, it says more than its country."""


def zones(
    country: str, *, stated: str = "", region: str = "", fallback: str
) -> tuple[ZoneInfo, ...]:
    """QH-1: what the person said; region; country; the channel's default. Never from opens."""
    if stated and (own := _zone(stated)):
        return (own,)
    if exact := REGIONS.get((country, region.removeprefix(f"{country}-"))):
        return (ZoneInfo(exact),)
    found = tuple(zone for name in _of_country(country) if (zone := _zone(name)))
    return found or (_zone(fallback) or ZoneInfo("UTC"),)


@cache
def _of_country(country: str) -> tuple[str, ...]:
    if country in SEVERAL:
        return SEVERAL[country]
    territories: dict[str, str] = dict(get_global("zone_territories"))
    mine = sorted(name for name, code in territories.items() if code == country)
    return tuple(mine[:1]) if len(mine) == 1 else tuple(mine)


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def holiday(country: str, region: str = "") -> Callable[[date], bool]:
    """QH-2: public holidays. A country nobody has a list of has none."""

    def is_one(day: date) -> bool:
        return day in _holidays(country, region, day.year)

    return is_one


@lru_cache(maxsize=256)
def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    try:
        listed = holidays.country_holidays(country, subdiv=region or None, years=year)
    except NotImplementedError:
        return frozenset() if not region else _holidays(country, "", year)
    return frozenset(listed)

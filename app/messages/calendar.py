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
WIDE = {
    ("BR", "America/Sao_Paulo"):
        "AL AP BA CE DF ES GO MA MG PA PB PE PI PR RJ RN RS SC SE SP TO",
    ("BR", "America/Manaus"): "AM",
    ("BR", "America/Porto_Velho"): "RO",
    ("BR", "America/Boa_Vista"): "RR",
    ("BR", "America/Cuiaba"): "MT",
    ("BR", "America/Campo_Grande"): "MS",
    ("BR", "America/Rio_Branco"): "AC",
    ("US", "America/New_York"): "CT DC DE FL GA MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    ("US", "America/Chicago"): "AL AR IA IL LA MN MO MS OK TX WI",
    ("US", "America/Denver"): "CO MT NM UT WY",
    ("US", "America/Phoenix"): "AZ",
    ("US", "America/Los_Angeles"): "CA NV OR WA",
    ("US", "America/Anchorage"): "AK",
    ("US", "Pacific/Honolulu"): "HI",
    ("PT", "Atlantic/Azores"): "20",
    ("ES", "Atlantic/Canary"): "CN",
}  # fmt: skip
"""Regions of one clock. One that two share (Indiana, Kansas, …) is as wide as its country."""
REGIONS = {
    (country, region): zone
    for (country, zone), regions in WIDE.items()
    for region in regions.split()
}
"""QH-1: where a region is known, it says more than its country."""


POSTAL = {
    **{("PT", str(prefix)): "20" for prefix in range(95, 100)},
    ("ES", "35"): "CN", ("ES", "38"): "CN",
}  # fmt: skip
"""QH-1: where an address names no region that has a clock of its own, its postal code may."""


def region_of(country: str, region: str, postal: str) -> str:
    if (country, region.removeprefix(f"{country}-")) in REGIONS:
        return region
    return POSTAL.get((country, postal.strip()[:2]), region)


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

"""V10: the way of a customer, station by station: how many, who goes on, and who writes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.journeys import queries as automations
from app.journeys.recipes import RECIPES
from app.journeys.rules import Trigger
from app.kit.tx import Tx
from app.ltv import queries as value
from app.segments import queries as segments

BEGINS: Mapping[Trigger, str] = {
    Trigger.ACCOUNT_OPENED: "prospects",
    Trigger.CART_ABANDONED: "cart-left",
    Trigger.ORDER_UNPAID: "cart-left",
}
"""Where an automation works by what begins it; one that a segment begins, at that segment."""
RECIPES_AT: Mapping[str, Sequence[str]] = {
    "prospects": ("welcome",),
    "cart-left": ("cart", "unpaid"),
    "1": ("second", "aftercare", "review", "cross", "replenish"),
    "2": ("aftercare", "review", "cross", "replenish"),
    "3": ("tier-reached", "replenish", "exclusive", "birthday"),
    "6": ("tier-reached", "tier-risk", "replenish", "exclusive", "birthday"),
    "slipping": ("winback", "tier-risk"),
    "lapsed": (),
    "lost": (),
}
"""Stations from the first look to the last: a segment, or a number of orders and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """An automation that works at a station, or could."""

    key: str
    name: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    key: str
    segment: bool
    people: int | None
    """None: not counted yet."""
    on: int | None = None
    """How many went on to the next order …"""
    days: int | None = None
    """… typically after so many days."""
    silent: int | None = None
    """How many have been silent for longer than nine in ten who did buy again."""
    helpers: Sequence[Helper]

    @property
    def covered(self) -> bool:
        return any(one.on for one in self.helpers)


def stations(tx: Tx) -> list[Station]:
    """Numbers as they are kept: of segments since the last minute, of orders since last night."""
    sizes = {one.key: one.people for one in segments.live(tx)}
    sheet = value.sheet(tx, "stages") or {"steps": ()}
    steps: Mapping[str, Any] = {str(one["purchases"]): one for one in sheet["steps"]}
    helpers = _helpers(tx)
    found = []
    for key in RECIPES_AT:
        told = steps.get(key, {})
        middle = told.get("middle")
        found.append(
            Station(
                key=key,
                segment=not key.isdecimal(),
                people=told.get("reached") if key.isdecimal() else sizes.get(key),
                on=told.get("went_on"),
                days=None if middle is None else round(middle),
                silent=told.get("lapsed"),
                helpers=helpers[key],
            )
        )
    return found


def _helpers(tx: Tx) -> Mapping[str, list[Helper]]:
    """What is switched on first."""
    known = {one.key: one for one in automations.every(tx)}
    found: dict[str, list[Helper]] = {
        station: [_helper(known, key) for key in recipes if key in RECIPES]
        for station, recipes in RECIPES_AT.items()
    }
    for live in automations.every_live(tx):
        begun = live.definition
        at = begun.of if begun.trigger is Trigger.SEGMENT_ENTERED else BEGINS.get(begun.trigger)
        if at in found and live.journey.key not in RECIPES:
            found[at].append(_helper(known, live.journey.key))
    return {station: sorted(some, key=lambda one: not one.on) for station, some in found.items()}


def _helper(known: Mapping[str, Any], key: str) -> Helper:
    one = known.get(key)
    return Helper(
        key=key, name=one.name if one else "", on=bool(one and one.on_since)
    )  # fmt: skip

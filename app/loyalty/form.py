"""The settings form: what is stored, what somebody typed, and what is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol
from zoneinfo import available_timezones

from babel import Locale

from app.kit.money import minor
from app.loyalty.view import Problem, Rung
from app.web.inputs import read_decimal

Problems = dict[str, Problem]

EMAIL_OR_DOMAIN = re.compile(r"([^\s@]+@)?[a-z0-9-]+(\.[a-z0-9-]+)+")
MOST_TIERS = 8
MOST_MONTHS = 60
NEW = "new-"
"""Begins the key of a tier that was added in the form and not saved yet."""


class Fields(Protocol):
    """A posted form: several values may have one name."""

    def getlist(self, key: str, /) -> Sequence[object]: ...


@dataclass(frozen=True)
class Draft:
    """The settings as they stand in the form."""

    rungs: tuple[Rung, ...]
    months: int | str
    zone: str
    currency: str
    excluded: str
    channels: tuple[str, ...] = ()
    """Slugs of the shop's channels: with more than one, each tier says where its code is good."""
    rates: dict[str, Decimal | str] = field(default_factory=dict)
    problems: Problems = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return bool(self.problems) or any(rung.problems for rung in self.rungs)

    @property
    def whole(self) -> bool:
        """It could be saved as it is: nothing is wrong, and nothing is still to be filled in."""
        filled = all(rung.name and isinstance(rung.threshold, Decimal) for rung in self.rungs)
        return filled and not self.wrong

    @property
    def exclusions(self) -> list[str]:
        return [line.strip().lower() for line in self.excluded.splitlines() if line.strip()]

    def threshold_minor(self, rung: Rung) -> int:
        """Of a draft in which nothing is wrong."""
        return minor(Decimal(rung.threshold), self.currency)

    def least_minor(self, rung: Rung) -> int:
        """Of a draft in which nothing is wrong."""
        return minor(Decimal(rung.least), self.currency)


def percent_hundredths(rung: Rung) -> int | None:
    return None if rung.percent is None else int(Decimal(rung.percent) * 100)


def read(fields: Fields, stored: Draft, locale: Locale) -> Draft:
    """What was typed. A field that cannot be read keeps its text and gets a problem."""
    problems: Problems = {}
    return Draft(
        rungs=_rungs(fields, stored, locale),
        months=_months(_one(fields, "months"), problems),
        zone=_listed(_one(fields, "zone"), available_timezones(), "zone", problems),
        currency=_listed(
            _one(fields, "currency"), {stored.currency, *stored.rates}, "currency", problems
        ),
        excluded=_exclusions(_one(fields, "excluded"), problems),
        channels=stored.channels,
        rates=_rates(fields, stored, locale, problems),
        problems=problems,
    )


def _one(fields: Fields, name: str) -> str:
    values = fields.getlist(name)
    return str(values[-1]).strip() if values else ""


def _rungs(fields: Fields, stored: Draft, locale: Locale) -> tuple[Rung, ...]:
    columns = [
        [str(value) for value in fields.getlist(name)]
        for name in ("tier", "name", "threshold", "percent", "least")
    ]
    columns[-1] += [""] * (len(columns[0]) - len(columns[-1]))
    offers = {str(key) for key in fields.getlist("offer")}
    rungs: list[Rung] = []
    for key, *texts in zip(*columns, strict=False):
        rung = _rung(key, texts, offer=key in offers, under=rungs, locale=locale)
        rungs.append(replace(rung, channels=_channels(fields, stored, key)))
    return tuple(rungs[:MOST_TIERS])


def _channels(fields: Fields, stored: Draft, key: str) -> tuple[str, ...] | None:
    """All of them ticked means all there will ever be; with one channel nothing is asked."""
    if len(stored.channels) <= 1:
        return next((rung.channels for rung in stored.rungs if rung.key == key), None)
    ticked = {str(slug) for slug in fields.getlist(f"channels-{key}")}
    chosen = tuple(slug for slug in stored.channels if slug in ticked)
    return None if chosen == stored.channels else chosen


def _rung(
    key: str, texts: Sequence[str], *, offer: bool, under: Sequence[Rung], locale: Locale
) -> Rung:
    name, threshold, percent, least = (text.strip() for text in texts)
    problems: Problems = {}
    if not name:
        problems["name"] = Problem.MISSING
    elif name.casefold() in {rung.name.casefold() for rung in under}:
        problems["name"] = Problem.TAKEN
    amount = _threshold(threshold, under, problems, locale) if under else Decimal(0)
    return Rung(
        key=key,
        name=name[:40],
        threshold=amount,
        percent=_percent(percent, problems, locale, offer=offer),
        least=_least(least, problems, locale),
        offer=offer,
        problems=problems,
    )


def _threshold(
    text: str, under: Sequence[Rung], problems: Problems, locale: Locale
) -> Decimal | str:
    if not text.strip():
        problems["threshold"] = Problem.MISSING
        return ""
    try:
        amount = read_decimal(text, locale)
    except ValueError:
        problems["threshold"] = Problem.NOT_A_NUMBER
        return text
    below = [rung.threshold for rung in under if isinstance(rung.threshold, Decimal)]
    if below and amount <= max(below):
        problems["threshold"] = Problem.NOT_RISING
    return amount


def _percent(text: str, problems: Problems, locale: Locale, *, offer: bool) -> Decimal | str | None:
    if not text.strip():
        if offer:
            problems["percent"] = Problem.MISSING
        return None
    try:
        percent = read_decimal(text, locale)
    except ValueError:
        problems["percent"] = Problem.NOT_A_NUMBER
        return text
    if not 1 <= percent <= 100 or percent * 100 % 1:  # noqa: PLR2004
        problems["percent"] = Problem.PERCENT
    return percent


def _least(text: str, problems: Problems, locale: Locale) -> Decimal | str:
    try:
        return read_decimal(text, locale) if text else Decimal(0)
    except ValueError:
        problems["least"] = Problem.NOT_A_NUMBER
        return text


def _months(text: str, problems: Problems) -> int | str:
    if text.isdecimal() and 1 <= int(text[:4]) <= MOST_MONTHS:
        return int(text)
    problems["months"] = Problem.MONTHS if text else Problem.MISSING
    return text


def _listed(text: str, known: set[str], name: str, problems: Problems) -> str:
    if text not in known:
        problems[name] = Problem.UNKNOWN if text else Problem.MISSING
    return text


def _exclusions(text: str, problems: Problems) -> str:
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    if not all(EMAIL_OR_DOMAIN.fullmatch(line) for line in lines):
        problems["excluded"] = Problem.EXCLUSION
    return text


def _rates(
    fields: Fields, stored: Draft, locale: Locale, problems: Problems
) -> dict[str, Decimal | str]:
    """Only of currencies the shop sells in; an empty field leaves its orders out of the tiers."""
    rates: dict[str, Decimal | str] = {}
    for currency in stored.rates:
        text = _one(fields, f"rate_{currency}")
        try:
            rates[currency] = read_decimal(text, locale) if text else ""
        except ValueError:
            rates[currency], problems[f"rate_{currency}"] = text, Problem.NOT_A_NUMBER
        if rates[currency] == 0:
            problems[f"rate_{currency}"] = Problem.NOT_A_NUMBER
    return rates


def added(draft: Draft) -> Draft:
    """One more tier on top, to be filled in."""
    if len(draft.rungs) >= MOST_TIERS:
        return draft
    taken = {rung.key for rung in draft.rungs}
    key = next(f"{NEW}{n}" for n in range(MOST_TIERS + 1) if f"{NEW}{n}" not in taken)
    rung = Rung(key=key, name="", threshold="", percent=None)
    return unmarked(replace(draft, rungs=(*draft.rungs, rung)))


def without(draft: Draft, key: str) -> Draft:
    """One tier fewer. The first one stays: everybody is in it."""
    kept = tuple(rung for at, rung in enumerate(draft.rungs) if not at or rung.key != key)
    return unmarked(replace(draft, rungs=kept))


def with_thresholds(draft: Draft, thresholds: Sequence[Decimal]) -> Draft:
    """The proposed thresholds on the tiers above the first, from the bottom up."""
    proposed = dict(zip([rung.key for rung in draft.rungs[1:]], thresholds, strict=False))
    rungs = (replace(r, threshold=proposed.get(r.key, r.threshold)) for r in draft.rungs)
    return unmarked(replace(draft, rungs=tuple(rungs)))


def unmarked(draft: Draft) -> Draft:
    """A form that is still being filled in is not scolded."""
    rungs = tuple(replace(rung, problems={}) for rung in draft.rungs)
    return replace(draft, rungs=rungs, problems={})

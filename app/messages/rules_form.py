"""The shop's own caps, hours and law table as a form, and back: FC-1, FC-5, QH-2, CO-2, CO-4."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from babel import Locale

from app.messages import caps, hours, law
from app.messages.blocks import safe_link
from app.messages.caps import Cap
from app.messages.hours import Hours
from app.messages.law import Basis
from app.messages.policy import Policy

CHANNELS = ("email", "sms", "whatsapp", "push")
CHOICES = (Basis.CONSENT, Basis.SOFT_OPT_IN, Basis.INTEREST, Basis.OPT_OUT)
ALWAYS = ("PL", "BR", "US", "GB", "DE", "FR", "PT", "ES", "IT", "NL")
"""Shown whether or not the shop has customers there."""
ISO = frozenset(
    code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)
)
MOST_CAP, MOST_PRICE = 100, 100


class Fields(Protocol):
    def get(self, key: str, /) -> object: ...
    def __contains__(self, key: object, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRow:
    name: str
    channels: Sequence[str]
    hours: int
    most: str
    """As typed; empty is no limit (FC-5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """When a channel may be used, everywhere or in one country."""

    name: str
    channel: str
    country: str = ""
    opens: str
    closes: str
    sundays: bool
    holidays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRow:
    country: str
    basis: str
    usual: str
    """What holds where the owner says nothing."""
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesForm:
    caps: Sequence[CapRow]
    hours: Sequence[HourRow]
    law: Sequence[LawRow]
    country: str = ""
    """Whose rules hold where nobody knows the country."""
    single_opt_in: str = ""
    storefront: str = ""
    logo: str = ""
    opens: bool = False
    wrap_links: bool = True
    prices: Mapping[str, str] = field(default_factory=dict)
    """LV-1: by channel, as typed."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """By field: `number`, `time`, `country` or `address`."""


def shown(own: Policy, countries: Sequence[str]) -> RulesForm:
    """As it is stored. `countries`: where the shop's customers are, the most first."""
    told = dict.fromkeys((*countries, *ALWAYS, *sorted(own.law)))
    return RulesForm(
        caps=[_cap_row(at, cap) for at, cap in enumerate(own.all_caps)],
        hours=[_hour_row(own, channel, "") for channel in CHANNELS]
        + [_hour_row(own, *key.split(":")) for key in sorted(own.hours) if ":" in key],
        law=[_law_row(own, country) for country in told if country in ISO],
        country=own.country,
        single_opt_in=", ".join(own.single_opt_in),
        storefront=own.storefront,
        logo=own.logo,
        opens=own.opens,
        wrap_links=own.wrap_links,
        prices={channel: str(own.prices.get(channel, "")) for channel in CHANNELS},
    )


def _cap_row(at: int, cap: Cap) -> CapRow:
    most = str(cap.most) if cap.most else ""
    return CapRow(name=f"cap_{at}", channels=tuple(cap.channels), hours=cap.hours, most=most)


def _hour_row(own: Policy, channel: str, country: str) -> HourRow:
    told = own.hours_of(channel, country)
    return HourRow(
        name=f"{channel}_{country}" if country else channel, channel=channel, country=country,
        opens=f"{told.opens:%H:%M}", closes=f"{told.closes:%H:%M}",
        sundays=told.sundays, holidays=told.holidays,
    )  # fmt: skip


def _law_row(own: Policy, country: str) -> LawRow:
    usual = law.basis("email", "marketing", country, own={}, soft=own.soft_opt_in)
    chosen = law.basis("email", "marketing", country, own=own.law, soft=own.soft_opt_in)
    return LawRow(
        country=country, basis=chosen.value, usual=usual.value, fixed=country in law.NEVER_SOFT
    )


def typed(
    own: Policy, countries: Sequence[str], fields: Fields
) -> tuple[RulesForm, dict[str, Any]]:
    """The form as it was filled in, with what is wrong in it; and what of the policy it changes."""
    before, problems = shown(own, countries), dict[str, str]()
    cap_rows = [replace(row, most=_text(fields, row.name)) for row in before.caps]
    hour_rows = [_typed_hours(row, fields) for row in before.hours]
    if _text(fields, "new_country"):
        hour_rows.append(_new_hours(fields))
    law_rows = [
        replace(row, basis=_text(fields, f"law_{row.country}") or row.basis)
        for row in before.law
        if not row.fixed
    ]
    form = RulesForm(
        caps=cap_rows, hours=hour_rows,
        law=[next((r for r in law_rows if r.country == row.country), row) for row in before.law],
        country=_text(fields, "country").upper(),
        single_opt_in=_text(fields, "single_opt_in").upper(),
        storefront=_text(fields, "storefront"), logo=_text(fields, "logo"),
        opens="opens" in fields, wrap_links="wrap_links" in fields,
        prices={channel: _text(fields, f"price_{channel}") for channel in CHANNELS},
        problems=problems,
    )  # fmt: skip
    single = _codes(form.single_opt_in)
    changes: dict[str, Any] = {
        "caps": _caps(form, problems),
        "hours": _hours(form, problems),
        "law": _law(form, problems),
        "country": form.country,
        "single_opt_in": single,
        "storefront": form.storefront,
        "logo": form.logo,
        "opens": form.opens,
        "wrap_links": form.wrap_links,
        "prices": _prices(form, problems),
    }
    if form.country and form.country not in ISO:
        problems["country"] = "country"
    if any(code not in ISO for code in single):
        problems["single_opt_in"] = "country"
    for name in ("storefront", "logo"):
        if (told := str(changes[name])) and not _good_link(told.replace("{slug}", "x")):
            problems[name] = "address"
    return form, changes


def _text(fields: Fields, name: str) -> str:
    return str(fields.get(name) or "").strip()


def _typed_hours(row: HourRow, fields: Fields) -> HourRow:
    return replace(
        row,
        opens=_text(fields, f"opens_{row.name}"),
        closes=_text(fields, f"closes_{row.name}"),
        sundays=f"sundays_{row.name}" in fields,
        holidays=f"holidays_{row.name}" in fields,
    )


def _new_hours(fields: Fields) -> HourRow:
    channel, country = _text(fields, "new_channel"), _text(fields, "new_country").upper()
    return HourRow(
        name="new", channel=channel if channel in CHANNELS else "email", country=country,
        opens=_text(fields, "opens_new"), closes=_text(fields, "closes_new"),
        sundays="sundays_new" in fields, holidays="holidays_new" in fields,
    )  # fmt: skip


def _caps(form: RulesForm, problems: dict[str, str]) -> list[dict[str, Any]] | None:
    """None where they are the usual ones."""
    told = []
    for row in form.caps:
        if row.most and not (row.most.isdecimal() and int(row.most) <= MOST_CAP):
            problems[row.name] = "number"
            continue
        most = int(row.most or 0)
        told.append({"channels": list(row.channels), "most": most, "hours": row.hours})
    usual = [{"channels": list(c.channels), "most": c.most, "hours": c.hours} for c in caps.USUAL]
    return None if told == usual else told


def _hours(form: RulesForm, problems: dict[str, str]) -> dict[str, Any]:
    """Only what is not as usual. A country's row without times is taken away."""
    told: dict[str, Any] = {}
    for row in form.hours:
        if row.country and not row.opens + row.closes:
            continue
        if row.country and row.country not in ISO:
            problems["new_country"] = "country"
            continue
        try:
            own = Hours(
                time.fromisoformat(row.opens), time.fromisoformat(row.closes),
                row.sundays, row.holidays,
            )  # fmt: skip
        except ValueError:
            problems[f"opens_{row.name}"] = "time"
            continue
        if own.opens >= own.closes:
            problems[f"opens_{row.name}"] = "time"
        elif row.country or own != hours.USUAL.get(row.channel):
            key = f"{row.channel}:{row.country}" if row.country else row.channel
            told[key] = vars(own) | {"opens": row.opens, "closes": row.closes}
    return told


def _law(form: RulesForm, problems: dict[str, str]) -> dict[str, str]:
    for row in form.law:
        if row.basis not in {choice.value for choice in CHOICES}:
            problems[f"law_{row.country}"] = "country"
    return {row.country: row.basis for row in form.law if row.basis != row.usual and not row.fixed}


def _prices(form: RulesForm, problems: dict[str, str]) -> dict[str, Decimal]:
    """Only what costs something."""
    told: dict[str, Decimal] = {}
    for channel, text in form.prices.items():
        try:
            price = Decimal(text.replace(",", ".") or 0)
        except InvalidOperation:
            price = Decimal(-1)
        if not 0 <= price < MOST_PRICE:
            problems[f"price_{channel}"] = "price"
        elif price:
            told[channel] = price
    return told


def _codes(text: str) -> list[str]:
    return sorted({part.strip() for part in text.replace(";", ",").split(",") if part.strip()})


def _good_link(text: str) -> bool:
    try:
        safe_link(text)
    except ValueError:
        return False
    return True

"""How numbers, money and times look in a language. Times are shown in the shop's zone."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_timezone,
    get_timezone_location,
)
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations
from markupsafe import Markup

NBSP = "\u00a0"


class Sum(NamedTuple):
    """An amount in its currency, for a page to show."""

    amount: Decimal
    currency: str


class Notation:
    """The filters of one language. `at` is an aware instant, `zone` an IANA name."""

    def __init__(self, locale: Locale, words: Translations) -> None:
        self.locale = locale
        self.words = words
        self.grouped_from = 10_000 if locale.language == "pl" else 1_000

    def money(self, amount: Decimal, currency: str) -> str:
        text = format_currency(
            amount, currency, locale=self.locale, group_separator=self._grouped(amount)
        )
        # CLDR sets letters off from digits ("PLN 12"), Babel doesn't
        return re.sub(r"(?<=[^\W\d_])(?=\d)", NBSP, text)

    def round_money(self, amount: Decimal | int, currency: str) -> str:
        """Large sums without their cents."""
        pattern = str(self.locale.currency_formats["standard"].pattern).replace("0.00", "0")
        text = format_currency(
            amount, currency, pattern, locale=self.locale, currency_digits=False,
            group_separator=self._grouped(amount),
        )  # fmt: skip
        return re.sub(r"(?<=[^\W\d_])(?=\d)", NBSP, text)

    def number(self, value: Decimal | int) -> str:
        return format_decimal(value, locale=self.locale, group_separator=self._grouped(value))

    def percent(self, share: Decimal | float) -> str:
        """A share of one: 0.125 is 12.5%."""
        return format_percent(
            round(Decimal(share), 3), locale=self.locale, decimal_quantization=False
        )

    def day(self, at: date, zone: str | None = None) -> str:
        if isinstance(at, datetime):
            if zone is None:
                raise TypeError("an instant has a day only in a zone")
            at = at.astimezone(get_timezone(zone)).date()
        return format_date(at, locale=self.locale)

    def month(self, first: date) -> str:
        return format_skeleton("yMMMM", first, locale=self.locale)

    def period(self, name: str) -> str:
        """`2026-10` where there is little room; weeks and quarters as they are written."""
        if not re.fullmatch(r"\d{4}-\d{2}", name):
            return name
        return format_skeleton("yMMM", date.fromisoformat(f"{name}-01"), locale=self.locale)

    def clock(self, at: datetime, zone: str, now: datetime) -> Markup:
        """`14:32` today, with the day on any other day."""
        local, today = at.astimezone(get_timezone(zone)), now.astimezone(get_timezone(zone))
        text = format_time(local, "short", locale=self.locale)
        return _time(at, text if local.date() == today.date() else self._both(local))

    def moment(self, at: datetime, zone: str) -> Markup:
        """Day, time and the zone's own city, where it matters to the minute."""
        tz = get_timezone(zone)
        city = get_timezone_location(tz, locale=self.locale, return_city=True)
        return _time(at, f"{self._both(at.astimezone(tz))} ({city})")

    def until(self, end: datetime, zone: str) -> Markup:
        """The last minute before `end`: what ends at midnight is good until 23:59 of the day."""
        return self.moment(end - timedelta(seconds=1), zone)

    def ago(self, at: datetime, now: datetime) -> Markup:
        past = now - at
        if past < timedelta(minutes=1):
            return _time(at, self.words.gettext("just now"))
        return _time(at, format_timedelta(-past, add_direction=True, locale=self.locale))

    def span(self, length: timedelta) -> str:
        return format_timedelta(max(length, timedelta(minutes=1)), locale=self.locale)

    def _grouped(self, value: Decimal | int) -> bool:
        return not -self.grouped_from < value < self.grouped_from

    def _both(self, local: datetime) -> str:
        day = format_date(local, locale=self.locale)
        time = format_time(local, "short", locale=self.locale)
        pattern = str(self.locale.datetime_formats["medium"])
        return pattern.replace("'", "").replace("{1}", day).replace("{0}", time)

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "money": self.money,
            "round_money": self.round_money,
            "number": self.number,
            "percent": self.percent,
            "day": self.day,
            "month": self.month,
            "period": self.period,
            "clock": self.clock,
            "moment": self.moment,
            "until": self.until,
            "ago": self.ago,
            "span": self.span,
        }


def _time(at: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), text)

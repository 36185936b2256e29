"""The costs of a shop as somebody types them."""

from collections.abc import Mapping
from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal

from app.kit.money import major, minor
from app.ltv.rules import CostLine
from app.ltv.tables import ValueCosts
from app.web.inputs import read_decimal

AMOUNTS = ("shipping", "returns", "messages", "rewards", "service")
MONTHS = (6, 60)
MOST_PERCENT = Decimal(100)


def written(terms: ValueCosts, currency: str, locale: Locale) -> dict[str, str]:
    """What stands in the fields."""

    def text(number: Decimal) -> str:
        return format_decimal(number, locale=locale, group_separator=False)

    margin = terms.usual_margin_basis_points
    return {
        "fees": text(Decimal(terms.fees_basis_points).scaleb(-2)),
        "margin": "" if margin is None else text(Decimal(margin).scaleb(-2)),
        "months": str(terms.window_months),
        **{name: text(major(getattr(terms, name), currency)) for name in AMOUNTS},
    }


def read(
    fields: Mapping[str, str], on: set[str], *, currency: str, locale: Locale
) -> tuple[ValueCosts, dict[str, str]]:
    """The terms, and what is wrong by field: number, percent or months."""
    terms, wrong = ValueCosts(), dict[str, str]()
    fees = _percent(fields.get("fees", ""), locale, wrong, "fees")
    terms.fees_basis_points = fees if fees is not None else 0
    if fields.get("margin", "").strip():
        terms.usual_margin_basis_points = _percent(fields["margin"], locale, wrong, "margin")
    for name in AMOUNTS:
        try:
            units = minor(read_decimal(fields.get(name, "") or "0", locale), currency)
            setattr(terms, name, units)
        except ValueError:
            wrong[name] = "number"
    months = fields.get("months", "")
    if months.isascii() and months.isdigit() and MONTHS[0] <= int(months) <= MONTHS[1]:
        terms.window_months = int(months)
    else:
        wrong["months"] = "months"
    terms.off = [line.value for line in CostLine if line.value not in on]
    return terms, wrong


def _percent(text: str, locale: Locale, wrong: dict[str, str], field: str) -> int | None:
    try:
        points = read_decimal(text.strip().removesuffix("%") or "0", locale)
    except ValueError:
        wrong[field] = "number"
        return None
    if points > MOST_PERCENT:
        wrong[field] = "percent"
        return None
    return round(points * 100)

"""The goals as they are typed."""

from collections.abc import Mapping
from decimal import Decimal

from babel import Locale

from app.kit.money import minor
from app.today.view import Measure
from app.web.inputs import read_decimal


def goals(
    fields: Mapping[str, object], locale: Locale, *, currency: str
) -> tuple[dict[Measure, int], list[Measure]]:
    """Targets as they are kept, and what could not be read. A share is typed in percent points."""
    found, wrong = dict[Measure, int](), list[Measure]()
    for measure in Measure:
        text = str(fields.get(measure, "")).strip().rstrip("%")
        if not text:
            continue
        try:
            found[measure] = _kept(measure, read_decimal(text, locale), currency)
        except ValueError:
            wrong.append(measure)
    return found, wrong


def _kept(measure: Measure, number: Decimal, currency: str) -> int:
    if measure is Measure.SALES:
        return minor(number, currency)
    if measure is Measure.BACK and number > 100:  # noqa: PLR2004
        raise ValueError("more than all of them")
    return int(number * 100) if measure is Measure.BACK else int(number)

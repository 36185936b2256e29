"""Pictures of numbers: what stands below one can be read, in every language."""

import re
from itertools import pairwise

import pytest
from babel import Locale

from app.web.drawing import WIDE, Drawing
from app.web.notation import Notation
from app.web.words import catalogue

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13)]


@pytest.mark.parametrize("tag", ["en", "pt_BR", "pl"])
@pytest.mark.parametrize("many", [2, 18, 23, 36])
def test_the_months_below_a_picture_neither_touch_nor_leave_it(tag: str, many: int) -> None:
    locale = Locale.parse(tag)
    said = Notation(locale, catalogue(locale))
    drawing = Drawing(said.number, said.percent, catalogue(locale))
    names = [said.period(month) for month in MONTHS[:many]]
    picture = drawing.chart("Orders", names, [{"name": "so far", "values": list(range(many))}])
    places = [
        (float(x) - 3.2 * len(name), float(x) + 3.2 * len(name))
        for x, name in re.findall(r'class="name" x="([\d.]+)" y="\d+">([^<]+)<', picture)
    ]
    assert len(places) > 1
    assert places[-1][1] <= WIDE
    for (_, ends), (begins, _) in pairwise(places):
        assert ends < begins

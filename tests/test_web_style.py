"""Colours can be read: WCAG AA, in the light and in the dark, on every ground they stand on."""

import colorsys
import re

import pytest

from app.web.page import STATIC

CSS = (STATIC / "perennial.css").read_text()
HSL = r"hsl\(([\d.]+) ([\d.]+)% ([\d.]+)%\)"
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((hsl\([^)]*\)), (hsl\([^)]*\))\)", CSS
    )
}
READ = [
    *[(text, ground) for text in ("text", "quiet", "link") for ground in ("page", "sunk")],
    ("on-button", "button"),
    *[("text", f"{mood}-back") for mood in ("good", "warn", "bad")],
    *[(mood, f"{mood}-back") for mood in ("good", "warn", "bad")],
    *[(mood, "page") for mood in ("good", "bad")],
    ("bad", "warn-back"),
    ("link", "warn-back"),
]
SEEN = [("line-strong", "page"), ("accent", "page"), ("accent", "track"), ("good", "page")]


def luminance(colour: str) -> float:
    matched = re.fullmatch(HSL, colour)
    assert matched, colour
    hue, saturation, lightness = (float(part) for part in matched.groups())
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), READ)
def test_words_stand_out_from_their_ground(text: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), SEEN)
def test_edges_of_fields_and_bars_can_be_seen(line: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[line][theme], TOKENS[ground][theme]) >= 3


def test_whoever_wants_no_motion_gets_none() -> None:
    assert "prefers-reduced-motion: reduce" in CSS


def test_nothing_is_fetched_from_elsewhere() -> None:
    for file in STATIC.iterdir():
        if file.suffix in {".css", ".js"}:
            assert not re.search(r"https?://|@import|url\(", file.read_text()), file

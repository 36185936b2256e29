"""Pictures of numbers as SVG made on the server: `draw` in any template.

No script runs for them and no style is inline, so the pages' Content-Security-Policy stays as it
is; colours come from classes, light and dark; every point tells its numbers to a resting mouse, and
the table beside a picture tells them to everybody.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Any

from markupsafe import Markup

LEFT, RIGHT, TOP, BOTTOM = 64, 24, 12, 26
WIDE, HALF = 960, 520
"""Of a picture across the page, and of one of a pair: so that its letters come out readable."""
STEPS = 4
WHOLE = 10
"""From here on a number is told without decimals."""
NAME, LETTER = 76, 7
"""Room that a name below needs at least, and each of its letters."""
Number = float | int | None
Say = Callable[[float], str]


@dataclass(frozen=True)
class Frame:
    """Where numbers lie: `count` places across, values from `floor` to `roof`."""

    count: int
    floor: float
    roof: float
    height: int
    width: int
    inset: float
    """Half a place: bars stand between the edges, lines reach them."""

    def x(self, place: float) -> float:
        room = self.width - LEFT - RIGHT
        if self.count <= 1:
            return LEFT + room / 2
        return LEFT + room * (place + self.inset) / (self.count - 1 + 2 * self.inset)

    def y(self, value: float) -> float:
        share = (value - self.floor) / (self.roof - self.floor)
        return TOP + (self.height - TOP - BOTTOM) * (1.0 - share)

    @property
    def place(self) -> float:
        """How wide a place is."""
        return (self.width - LEFT - RIGHT) / max(self.count - 1 + 2 * self.inset, 1)


class Drawing:
    """Of one language. `say` is how a number is written; the default is the page's own."""

    def __init__(self, number: Callable[[Any], str], percent: Say, words: NullTranslations) -> None:
        self.number = number
        self.percent = percent
        self.words = words

    def whole(self, turn: Callable[[float], Any]) -> Say:
        """Numbers as `turn` makes them, such as minor units into major ones."""
        return lambda value: self.number(turn(value))

    def _say(self, value: float) -> str:
        return self.number(round(value) if abs(value) >= WHOLE else round(value, 2))

    def chart(
        self,
        title: str,
        names: Sequence[str],
        series: Sequence[dict[str, Any]],
        *,
        say: Say | None = None,
        height: int = 240,
        width: int = WIDE,
        roof: float | None = None,
    ) -> Markup:
        """`series` are dicts: `name`, `values` (None is a gap), `kind` (line, dots, bars, dash),
        `tone` 1 to 5, and `low`, `high` for a band around them."""
        say = say or self._say
        values = [v for s in series for key in ("values", "low", "high") for v in s.get(key, ())]
        known = [float(v) for v in values if v is not None]
        if not known:
            return Markup("")
        ticks = _ticks(min(0.0, *known), roof if roof is not None else max(known))
        bars = any(s.get("kind") == "bars" for s in series)
        frame = Frame(len(names), ticks[0], ticks[-1], height, width, 0.5 if bars else 0.0)
        parts = [_grid(frame, ticks, say), _names(frame, names)]
        for each in series:
            if "low" in each:
                parts.append(_band(frame, each["low"], each["high"], each.get("tone", 1)))
            if each.get("kind") == "bars":
                parts.append(_bars(frame, each["values"], each.get("tone", 1)))
            elif "values" in each:
                parts.append(_line(frame, each["values"], each.get("kind"), each.get("tone", 1)))
        parts.append(_told(frame, names, series, say))
        shown = [s for s in series if s.get("name")]
        legend = _legend(shown) if len(shown) > 1 else Markup("")
        return Markup(
            '<figure class="chart{}"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>{}'
            "{}</figure>"
        ).format(
            " half" if width < WIDE else "", width, height, title, Markup("").join(parts), legend,
            self._table(title, names, series, say),
        )  # fmt: skip

    def _table(
        self, title: str, names: Sequence[str], series: Sequence[dict[str, Any]], say: Say
    ) -> Markup:
        """The same facts as numbers, for whoever cannot see the picture or wants to read them."""
        head, cell = Markup('<th scope="col" class="number">{}</th>'), Markup("<td>{}</td>")
        heads = Markup("").join(head.format(s.get("name") or title) for s in series)
        rows = [
            Markup('<tr><th scope="row">{}</th>{}</tr>').format(
                name, Markup("").join(cell.format(_cell(s, place, say)) for s in series)
            )
            for place, name in enumerate(names)
        ]
        return Markup(
            '<details class="numbers"><summary>{}</summary><div class="scroll" tabindex="0"'
            ' role="region" aria-label="{}"><table><thead><tr><td></td>{}</tr></thead>'
            "<tbody>{}</tbody></table></div></details>"
        ).format(self.words.gettext("The numbers as a table"), title, heads, Markup("").join(rows))

    def reach(self, value: float, low: float, high: float, *, roof: float = 3.0) -> Markup:
        """A dot with its range beside a line at 1: for ratios, in a table."""

        def at(number: float) -> float:
            return 100.0 * min(max(number, 0.0), roof) / roof

        return Markup(
            '<svg class="reach" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">'
            '<line class="one" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="12"/>'
            '<line class="span" x1="{1:.1f}" x2="{2:.1f}" y1="6" y2="6"/>'
            '<line class="dot" x1="{3:.1f}" x2="{3:.1f}" y1="2" y2="10"/></svg>'
        ).format(at(1.0), at(low), at(high), at(value))


def _cell(series: dict[str, Any], place: int, say: Say) -> str:
    """A value, with its range where it has one."""

    def at(key: str) -> Number:
        values: Sequence[Number] = series.get(key, ())
        return values[place] if place < len(values) else None

    value, low, high = at("values"), at("low"), at("high")
    told = "" if value is None else say(value)
    if low is None or high is None:
        return told
    return f"{told} ({say(low)}–{say(high)})".strip()


def _ticks(floor: float, roof: float) -> list[float]:
    """Round numbers from below the least to above the greatest."""
    span = max(roof - floor, 1e-9)
    rough = span / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(floor / step + 1e-9), math.ceil(roof / step - 1e-9)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def _grid(frame: Frame, ticks: Iterable[float], say: Say) -> Markup:
    line = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text class="tick" x="{}" y="{:.1f}">{}</text>'
    )
    rows = [
        line.format(LEFT, frame.width - RIGHT, y, y, LEFT - 8, y + 4, say(tick))
        for tick in ticks
        for y in [frame.y(tick)]
    ]
    return Markup("").join(rows)


def _names(frame: Frame, names: Sequence[str]) -> Markup:
    room = max(NAME, LETTER * (max(map(len, names), default=0) + 2))
    every = max(1, math.ceil(len(names) * room / frame.width))
    text = Markup('<text class="name" x="{:.1f}" y="{}">{}</text>')
    return Markup("").join(
        text.format(min(frame.x(i), frame.width - LETTER * len(name) / 2), frame.height - 8, name)
        for i, name in enumerate(names)
        if i % every == 0
    )


def _runs(values: Sequence[Number]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, float(value)))
    return [run for run in runs if run]


def _line(frame: Frame, values: Sequence[Number], kind: str | None, tone: int) -> Markup:
    parts = []
    for run in _runs(values):
        points = " ".join(f"{frame.x(i):.1f},{frame.y(v):.1f}" for i, v in run)
        if len(run) > 1 and kind != "dots":
            style = "dash" if kind == "dash" else "line"
            parts.append(
                Markup('<polyline class="{} t{}" points="{}"/>').format(style, tone, points)
            )
        if kind == "dots" or len(run) == 1:
            dot = Markup('<circle class="point t{}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>')
            parts += [dot.format(tone, frame.x(i), frame.y(v)) for i, v in run]
    return Markup("").join(parts)


def _band(frame: Frame, low: Sequence[Number], high: Sequence[Number], tone: int) -> Markup:
    parts = []
    for below, above in zip(_runs(low), _runs(high), strict=True):
        edge: list[tuple[float, float]] = [*above, *reversed(below)]
        if len(above) == 1:  # a band of one place needs some width
            edge = [(above[0][0] - 0.4, above[0][1]), (above[0][0] + 0.4, above[0][1]),
                    (below[0][0] + 0.4, below[0][1]), (below[0][0] - 0.4, below[0][1])]  # fmt: skip
        points = " ".join(f"{frame.x(i):.1f},{frame.y(v):.1f}" for i, v in edge)
        parts.append(Markup('<polygon class="band t{}" points="{}"/>').format(tone, points))
    return Markup("").join(parts)


def _bars(frame: Frame, values: Sequence[Number], tone: int) -> Markup:
    wide = frame.place * 0.72
    bar = Markup('<rect class="bar t{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    return Markup("").join(
        bar.format(
            tone, frame.x(i) - wide / 2, frame.y(max(v, 0.0)), wide,
            abs(frame.y(0.0) - frame.y(v)),
        )
        for i, v in enumerate(values)
        if v is not None
    )  # fmt: skip


def _told(frame: Frame, names: Sequence[str], series: Sequence[dict[str, Any]], say: Say) -> Markup:
    """What a place says when a mouse rests on it."""
    hit = Markup(
        '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>'
    )
    rows = []
    for i, name in enumerate(names):
        lines = [name]
        for each in series:
            told = each.get("values", ())
            if i < len(told) and told[i] is not None and each.get("name"):
                lines.append(f"{each['name']}: {say(float(told[i]))}")
            if "low" in each and i < len(each["low"]) and each["low"][i] is not None:
                lines[-1] += f" ({say(float(each['low'][i]))} – {say(float(each['high'][i]))})"
        rows.append(
            hit.format(
                frame.x(i) - frame.place / 2, TOP, frame.place, frame.height - TOP - BOTTOM,
                "\n".join(lines),
            )
        )  # fmt: skip
    return Markup("").join(rows)


def _legend(series: Sequence[dict[str, Any]]) -> Markup:
    key = Markup('<span><svg class="key" viewBox="0 0 16 10" aria-hidden="true">{}</svg> {}</span>')
    marks = {
        "bars": Markup('<rect class="bar t{}" y="1" width="16" height="8"/>'),
        "dots": Markup('<circle class="point t{}" cx="8" cy="5" r="3.5"/>'),
        "dash": Markup('<polyline class="dash t{}" points="0,5 16,5"/>'),
    }
    line = Markup('<polyline class="line t{}" points="0,5 16,5"/>')
    rows = [
        key.format(marks.get(each.get("kind", ""), line).format(each.get("tone", 1)), each["name"])
        for each in series
    ]
    return Markup('<figcaption class="legend">{}</figcaption>').format(Markup("").join(rows))

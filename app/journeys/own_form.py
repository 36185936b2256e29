"""An automation of the shop's own, as a form of rows: one row a step, from top to bottom."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from pydantic import ValidationError

from app.journeys.rules import (
    END,
    Arm,
    Condition,
    Day,
    Definition,
    Offer,
    Reentry,
    Send,
    Split,
    Step,
    Tag,
    Trigger,
    Wait,
    WaitFor,
    Webhook,
)

KINDS = ("wait", "wait_for", "condition", "split", "send", "offer", "card", "tag", "webhook")
UNITS: Mapping[str, timedelta] = {
    "days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1),
}  # fmt: skip
OF_SEGMENT = (Trigger.SEGMENT_ENTERED, Trigger.SEGMENT_LEFT)
CODE_DAYS = 14
"""CP-3."""
MOST_PERCENT = 30
OF_ORDER = ("first_order", "last_order")
HAPPENINGS = tuple(one for one in Trigger if one not in (Trigger.DATE, Trigger.SURVEY_DUE))
"""What may be waited for, or end an automation: a day is one automation's own."""


class Fields(Protocol):
    def getlist(self, key: str, /) -> Sequence[object]: ...
    def get(self, key: str, /) -> object: ...
    def __contains__(self, key: object, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    kind: str = ""
    number: str = ""
    """How long, or how many percent."""
    unit: str = "days"
    what: str = ""
    """A message, a segment, an event, a note or a name, by kind."""
    least: str = ""
    """CP-1: of a code, in whole units of the shop's currency."""
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    of: str = "anniversary"
    """`first_order`, `last_order`, or what a date is called."""
    days: str = "0"
    before: bool = False
    yearly: bool = True

    @property
    def recurs(self) -> bool:
        return self.yearly and self.of not in OF_ORDER


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnForm:
    name: str = ""
    trigger: str = Trigger.SEGMENT_ENTERED.value
    of: str = ""
    """Which segment or tier, where the trigger asks."""
    day: DayRow = DayRow()
    """Which day, where it begins with one."""
    segment: str = ""
    """Only who is in it when it begins."""
    rows: Sequence[StepRow] = (StepRow(kind="send"),)
    exits: Collection[str] = (Trigger.ORDER_PAID.value,)
    again: str = ""
    """Days; empty is once, ever."""
    priority: str = "8"
    problems: Mapping[str, str] = field(default_factory=dict)
    """By field, in a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to be named in the form."""

    messages: Mapping[str, str]
    """By key: its purpose."""
    segments: Collection[str]


def shown(definition: Definition, name: str) -> OwnForm | None:
    """None where rows cannot say it: it splits, jumps, or asks for more than a segment."""
    rows = [_row(step, definition) for step in definition.steps]
    audience = _segment(definition.audience) if definition.audience else ""
    if None in rows or audience is None:
        return None
    again = definition.reentry.days
    return OwnForm(
        name=name, trigger=definition.trigger.value, of=definition.of or "", segment=audience,
        day=_day_row(definition.day) if definition.day else DayRow(),
        rows=tuple(row for row in rows if row),
        exits=tuple(one.value for one in definition.exits),
        again="" if again is None else str(again), priority=str(definition.priority),
    )  # fmt: skip


def _day_row(day: Day) -> DayRow:
    of = day.name if day.anchor == "date" else day.anchor
    return DayRow(of=of, days=str(abs(day.days)), before=day.days < 0, yearly=day.yearly)


def _day(row: DayRow) -> Day:
    """Raises ValueError."""
    days = int(row.days or 0)
    if days < 0:
        raise ValueError("a number of days is no less than none")
    if row.of not in OF_ORDER:
        return Day(name=row.of, yearly=row.yearly, days=-days if row.before else days)
    if not days:
        raise ValueError("on the day of an order, that is the order itself")
    return Day.model_validate({"anchor": row.of, "days": days})


def _segment(tree: Mapping[str, Any]) -> str | None:
    return str(tree["key"]) if tree.get("fact") == "segment" else None


def _row(step: Step, whole: Definition) -> StepRow | None:  # noqa: PLR0911  # a table of kinds
    match step:
        case Wait(since="here", gap=gap) if not gap:
            return _spanned("wait", step.span)
        case WaitFor(otherwise="end"):
            return _spanned("wait_for", step.at_most, step.event.value)
        case Condition(otherwise="end") if (key := _segment(step.holds)) is not None:
            return StepRow(kind="condition", what=key)
        case Split(arms=(on, Arm(to="end"))) if on.to == _next(step, whole):
            return StepRow(kind="split", number=f"{on.share * 100:g}")
        case Send(then=None, channel=None):
            return StepRow(kind="send", what=step.message)
        case Offer() if step.else_to == _after_next(step, whole):
            number = f"{Decimal(step.percent_hundredths).scaleb(-2).normalize():f}"
            kind = "card" if step.bound == "firm" else "offer"
            least = str(step.least) if step.least else ""
            return StepRow(kind=kind, number=number, what=str(step.days), least=least)
        case Tag():
            return StepRow(kind="tag", what=step.name)
        case Webhook():
            return StepRow(kind="webhook", what=step.event)
        case _:
            return None


def _spanned(kind: str, span: timedelta, what: str = "") -> StepRow:
    unit = next((name for name, one in UNITS.items() if not span % one), "minutes")
    return StepRow(kind=kind, number=str(span // UNITS[unit]), unit=unit, what=what)


def _next(step: Split, whole: Definition) -> str:
    at = whole.index(step.key) + 1
    return whole.steps[at].key if at < len(whole.steps) else END


def _after_next(step: Offer, whole: Definition) -> str:
    """Who gets no code skips the letter that tells of it: the next step."""
    at = whole.index(step.key) + 2
    return whole.steps[at].key if at < len(whole.steps) else END


def typed(fields: Fields) -> OwnForm:
    """As it stands in the form; a row without a kind is none."""
    columns = [[str(v).strip() for v in fields.getlist(n)] for n in ("number", "unit", "what")]
    kinds = [str(v) for v in fields.getlist("kind")]
    leasts = [str(v).strip() for v in fields.getlist("least")] or [""] * len(kinds)
    rows = [
        StepRow(
            kind=kind,
            number=number,
            unit=unit if unit in UNITS else "days",
            what=what,
            least=least,
        )
        for kind, number, unit, what, least in zip(kinds, *columns, leasts, strict=False)
        if kind in KINDS
    ]
    exits = {str(v) for v in fields.getlist("exits")} & {one.value for one in HAPPENINGS}
    day = DayRow(
        of=str(fields.get("day_of") or "").strip().casefold(),
        days=str(fields.get("day_days") or "").strip(), before=fields.get("day_side") == "before",
        yearly="day_yearly" in fields,
    )  # fmt: skip
    return OwnForm(
        name=str(fields.get("name") or "").strip()[:80], trigger=str(fields.get("trigger") or ""),
        of=str(fields.get("of") or "").strip(), day=day, segment=str(fields.get("segment") or ""),
        rows=rows, exits=sorted(exits), again=str(fields.get("again") or "").strip(),
        priority=str(fields.get("priority") or "8"),
    )  # fmt: skip


def definition_of(form: OwnForm, known: Known) -> tuple[Definition | None, OwnForm]:
    """What it says; or None, and the form with what is wrong in it."""
    problems = _problems(form, known)
    rows, steps = [], []
    for at, row in enumerate(form.rows):
        step, wrong = _step(row, at, len(form.rows), known)
        rows.append(replace(row, wrong=wrong))
        steps += [step] if step else []
    if not form.rows:
        problems["rows"] = "rows"
    form = replace(form, rows=rows, problems=problems)
    if problems or any(row.wrong for row in rows):
        return None, form
    try:
        return Definition(
            trigger=Trigger(form.trigger), of=form.of or None,
            day=_day(form.day) if form.trigger == Trigger.DATE else None,
            audience={"fact": "segment", "key": form.segment} if form.segment else None,
            steps=tuple(steps), exits=tuple(Trigger(one) for one in form.exits),
            reentry=Reentry(days=int(form.again) if form.again else None),
            priority=int(form.priority),
        ), form  # fmt: skip
    except (ValidationError, ValueError) as failure:
        return None, replace(form, problems={"rows": str(failure).splitlines()[-1]})


def _problems(form: OwnForm, known: Known) -> dict[str, str]:
    """By field, but for the rows."""
    problems: dict[str, str] = {}
    if not form.name:
        problems["name"] = "name"
    if form.trigger not in {one.value for one in Trigger}:
        problems["trigger"] = "choose"
    elif Trigger(form.trigger) in OF_SEGMENT and form.of not in known.segments:
        problems["of"] = "segment"
    elif form.trigger == Trigger.DATE and not _is_day(form.day):
        problems["day"] = "day"
    if form.segment and form.segment not in known.segments:
        problems["segment"] = "segment"
    if form.again and not form.again.isdecimal():
        problems["again"] = "number"
    elif form.trigger == Trigger.DATE and form.day.recurs and not form.again:
        problems["again"] = "yearly"
    return problems


def _is_day(row: DayRow) -> bool:
    try:
        return bool(_day(row))
    except ValueError:
        return False


def _step(  # noqa: PLR0911  # a table of kinds
    row: StepRow, at: int, most: int, known: Known
) -> tuple[Step | None, str]:
    """The step, or what is wrong with its row."""
    key = f"s{at + 1}"
    try:
        match row.kind:
            case "wait":
                return Wait(key=key, span=_span(row)), ""
            case "wait_for" if row.what != Trigger.DATE:
                return WaitFor(key=key, event=Trigger(row.what), at_most=_span(row)), ""
            case "condition" if row.what in known.segments:
                return Condition(key=key, holds={"fact": "segment", "key": row.what}), ""
            case "split" if at + 1 < most:
                return _split(row, key, to=f"s{at + 2}"), ""
            case "send" if row.what in known.messages:
                purpose: Any = known.messages[row.what]
                return Send(key=key, message=row.what, purpose=purpose), ""
            case "offer" | "card":
                away = f"s{at + 3}" if at + 2 < most else END
                return _offer(row, key, else_to=away), ""
            case "tag":
                return Tag(key=key, name=row.what), ""
            case "webhook":
                return Webhook(key=key, event=row.what), ""
    except (ValueError, InvalidOperation):
        pass
    return None, row.kind


def _span(row: StepRow) -> timedelta:
    """Raises ValueError."""
    return int(row.number) * UNITS[row.unit]


def _split(row: StepRow, key: str, *, to: str) -> Split:
    """So many percent go on, by a chance that repeats itself; the others end here."""
    share = float(Decimal(row.number.replace(",", ".")) / 100)
    return Split(key=key, arms=(Arm(share=share, to=to), Arm(share=1 - share, to=END)))


def _offer(row: StepRow, key: str, *, else_to: str) -> Offer:
    percent = Decimal(row.number.replace(",", "."))
    if not 0 < percent <= MOST_PERCENT:
        raise ValueError("MG-2: at most 30 %")
    days = int(row.what) if row.what else CODE_DAYS
    firm = row.kind == "card"
    return Offer(
        key=key, percent_hundredths=int(percent * 100), days=days, else_to=else_to,
        bound="firm" if firm else "soft", least=int(row.least or 0) if not firm else 0,
    )  # fmt: skip

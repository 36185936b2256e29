"""Every number of the value pages as a table for a spreadsheet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from app.kit.money import major
from app.kit.tx import Tx
from app.ltv import queries, shown, winning
from app.ltv.entries import EPOCH
from app.shops.flows import this_shop
from app.web.sheets import written

Rows = Iterable[Sequence[object]]
Asked = Mapping[str, str]


def table(tx: Tx, name: str, asked: Asked) -> str | None:
    """CSV with a header; None where there is no such table. Money is in the reporting currency."""
    make = TABLES.get(name)
    if make is None:
        return None
    return written(make(tx, asked))


def _day(day: int | None) -> str:
    return "" if day is None else date.fromordinal(day + EPOCH).isoformat()


def _money(tx: Tx) -> Callable[[float | None], object]:
    currency = this_shop(tx).currency
    return lambda units: "" if units is None else major(round(units), currency or "EUR")


def people(tx: Tx, asked: Asked) -> Rows:
    which, _ = shown.which_of(asked)
    money = _money(tx)
    yield (
        "customer", "email", "name", "first_order", "last_order", "orders", "value_to_date",
        "expected_12_months", "low_80", "high_80", "chance_still_customer", "next_order_from",
        "next_order_to", "late_after", "tier", "rfm_group", "stage", "lapsed",
    )  # fmt: skip
    for row in queries.people(tx, which, limit=None):
        yield (
            row.account, row.email, f"{row.first_name} {row.last_name}".strip(), _day(row.first),
            _day(row.last), row.orders, money(row.to_date), money(row.net_12),
            money(row.net_12_low), money(row.net_12_high), row.alive, _day(row.next_from),
            _day(row.next_to), _day(row.due), row.tier, row.group, row.stage, row.lapsed,
        )  # fmt: skip


def _overview(tx: Tx) -> Mapping[str, Any]:
    return queries.sheet(tx, "overview") or {}


def months(tx: Tx, _: Asked) -> Rows:
    told, money = _overview(tx), _money(tx)
    yield "month", "orders", "people", "new", "value", "expected_orders", "low_80", "high_80"
    past, ahead = told.get("months", {}), told.get("ahead", {})
    for row in zip(*(past.get(n, ()) for n in ("names", "orders", "people", "new", "money")),
                   strict=True):  # fmt: skip
        yield *row[:4], money(row[4]), "", "", ""
    for row in zip(*(ahead.get(n, ()) for n in ("names", "orders", "low", "high")), strict=True):
        yield row[0], "", "", "", "", *row[1:]


def lines(tx: Tx, _: Asked) -> Rows:
    told, money = _overview(tx), _money(tx)
    sums = told.get("lines", {})
    yield "line", "to_date", "next_12_months", "next_24_months"
    for name in sums.get("to_date", {}):
        yield name, *(money(sums[span][name]) for span in ("to_date", "net_12", "net_24"))


def cohorts(tx: Tx, asked: Asked) -> Rows:
    by = asked.get("by", "month")
    sheet = queries.sheet(tx, f"cohorts {by}") or {"rows": ()}
    money = _money(tx)
    yield "cohort", "size", "period", *shown.MEASURES
    for row in sheet["rows"]:
        for period in range(len(row["active"])):
            told = {m: row[m][period] if period < len(row[m]) else None for m in shown.MEASURES}
            yield (
                row["name"], row["size"], period,
                *(money(v) if m in shown.MONEY else v for m, v in told.items()),
            )  # fmt: skip


def retention(tx: Tx, _: Asked) -> Rows:
    yield "month", "active_in_month_before", "active_in_both"
    for row in _overview(tx).get("retention", ()):
        yield row["name"], row["before"], row["both"]


def firsts(tx: Tx, asked: Asked) -> Rows:
    of = asked.get("of", "product")
    told = (queries.sheet(tx, "firsts") or {}).get(of, ())
    names = queries.product_names(tx, [r["label"] for r in told]) if of == "product" else {}
    money = _money(tx)
    yield of, "buyers", "judged", "back", "expected", "ratio", "low_80", "high_80", "mean_value_to_date", "mean_expected_12_months"  # fmt: skip  # noqa: E501
    for r in told:
        yield (
            names.get(r["label"], r["label"]), r["buyers"], r["judged"], r["back"], r["expected"],
            r["ratio"], r["low"], r["high"], money(r["to_date"]), money(r["net_12"]),
        )  # fmt: skip


def stages(tx: Tx, _: Asked) -> Rows:
    names = ("purchases", "reached", "went_on", "waiting", "lapsed", "middle", "patience")
    yield names
    for step in (queries.sheet(tx, "stages") or {"steps": ()})["steps"]:
        yield [step[name] for name in names]


def rfm(tx: Tx, _: Asked) -> Rows:
    money = _money(tx)
    yield "recency", "frequency_and_money", "group", "people", "expected_12_months"
    for cell in sorted(queries.grid(tx), key=lambda c: (-c.r, c.fm)):
        yield cell.r, cell.fm, cell.group, cell.people, money(cell.net_12)


def movement(tx: Tx, _: Asked) -> Rows:
    yield "last_month", "now", "people"
    for (before, now), count in sorted(queries.movement(tx).items()):
        yield before, now, count


def backtests(tx: Tx, _: Asked) -> Rows:
    yield "made_at", "in_use", "days_ago", "people", "came", "thought", "bias", "error", "coverage", "won", "rule", "rule_error"  # fmt: skip  # noqa: E501
    for fitting in queries.fittings(tx, limit=100):
        for trial in fitting.trials:
            for rule, error in trial["rules"].items():
                yield (
                    fitting.made_at.isoformat(), fitting.active, trial["horizon"],
                    trial["customers"], trial["came"], round(trial["thought"], 1), trial["bias"],
                    trial["rmse"], trial["coverage"], trial["won"], rule, error,
                )  # fmt: skip


def channels(tx: Tx, _: Asked) -> Rows:
    money = _money(tx)
    rows, whole = winning.by_channel(queries.spends(tx), queries.sheet(tx, "channels"))
    yield "channel", "spend", "new_buyers", "cac", "ltv_to_cac", "low_80", "high_80", "payback_months"  # fmt: skip  # noqa: E501
    for row in [*rows, *([whole] if whole else [])]:
        yield (
            row.name or "all", money(row.spend), row.buyers, money(row.cac), row.ratio, row.low,
            row.high, row.payback,
        )  # fmt: skip


TABLES: dict[str, Callable[[Tx, Asked], Rows]] = {
    "people": people, "months": months, "lines": lines, "cohorts": cohorts,
    "retention": retention, "firsts": firsts, "stages": stages, "rfm": rfm,
    "movement": movement, "backtests": backtests, "channels": channels,
}  # fmt: skip
OF_PEOPLE = frozenset({"people"})

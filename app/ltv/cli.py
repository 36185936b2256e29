"""`perennial ltv`: customer lifetime value from a file of orders, without a shop system.

The sub-app stands on its own; the house's command line mounts it as `ltv`.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.ltv.arrays import Floats, Ints, Longs
from app.ltv.backtest import judge
from app.ltv.boost import available
from app.ltv.history import History
from app.ltv.lines import Costs
from app.ltv.reading import read
from app.ltv.refit import Refit, decoded, encoded, refit
from app.ltv.scores import Scores, score
from app.ltv.taking import EPOCH, Book, Layout

cli = typer.Typer(
    no_args_is_help=True,
    help="What customers are worth: learn from a file of orders, predict, judge, report.",
)
out, err = Console(), Console(stderr=True)

Orders = Annotated[str, typer.Argument(help="CSV or Parquet with a row an order, or - for stdin.")]
Out = Annotated[str, typer.Option("--out", "-o", help="Where to write; - is standard output.")]
Today = Annotated[
    str | None,
    typer.Option(help="The day to stand on, 2024-06-30; default is that of the last order."),
]
Traits = Annotated[
    list[str] | None,
    typer.Option("--trait", help="Column such as channel or country; used if it pays. Repeat."),
]
Customer = Annotated[str | None, typer.Option("--customer-column")]
Date = Annotated[str | None, typer.Option("--date-column")]
Amount = Annotated[str | None, typer.Option("--amount-column")]
Format = Annotated[
    str | None, typer.Option("--date-format", help="As in %d/%m/%Y; default is ISO.")
]
Digits = Annotated[int, typer.Option(help="Digits of the currency's minor unit.", min=0, max=4)]
Fees = Annotated[float, typer.Option(help="Payment fees, share of what is charged.")]
Shipping = Annotated[float, typer.Option(help="Shipping the shop pays per order, money.")]
Trees = Annotated[
    bool,
    typer.Option("--boost", help="Try trees (extra `boost`); used only where they have won."),
]
Service = Annotated[float, typer.Option(help="Service cost per order, money.")]


@cli.command()
def fit(
    orders: Orders, destination: Out = "model.json", today: Today = None, trait: Traits = None,
    customer: Customer = None, day: Date = None, amount: Amount = None,
    date_format: Format = None, digits: Digits = 2, boost: Trees = False,  # noqa: FBT002
) -> None:  # fmt: skip
    """Learn a shop's customers and keep what was learnt as JSON."""
    book = _read(orders, _layout(customer, day, amount, date_format, digits, trait))
    found = _learn(book, _stand(book, today), trait or (), boost=boost)
    _write(destination, json.dumps(encoded(found), indent=1, allow_nan=False).encode())
    err.print(f"{found.model.customers:,} customers learnt: {found.model.status}.")


@cli.command()
def predict(
    orders: Orders, destination: Out = "-",
    model: Annotated[str | None, typer.Option(help="What `fit` kept; else learnt anew.")] = None,
    today: Today = None, trait: Traits = None, customer: Customer = None, day: Date = None,
    amount: Amount = None, date_format: Format = None, digits: Digits = 2,
    fees: Fees = 0.02, shipping: Shipping = 0.0, service: Service = 0.0,
    boost: Trees = False,  # noqa: FBT002
) -> None:  # fmt: skip
    """What each customer will bring: a row a customer, as CSV, JSON or Parquet."""
    kept = _kept(model) if model else None
    used = list(kept.model.groups.levels) if kept else trait
    book = _read(orders, _layout(customer, day, amount, date_format, digits, used))
    stand = _stand(book, today)
    found = kept or _learn(book, stand, trait or (), boost=boost)
    scores = _score(book, found, stand, _costs(fees, shipping, service, digits))
    _write(destination, _table(book, scores, destination))


@cli.command()
def backtest(
    orders: Orders, destination: Out = "-", today: Today = None, customer: Customer = None,
    day: Date = None, amount: Amount = None, date_format: Format = None, digits: Digits = 2,
) -> None:  # fmt: skip
    """What would have been said 90, 180 and 365 days ago, and what came, against simple rules."""
    book = _read(orders, _layout(customer, day, amount, date_format, digits, None))
    judged = judge(book.history, today=_stand(book, today))
    if not judged.trials:
        _stop("too little history: nothing can be judged on this shop's own past")
    plain = {
        "rule": str(judged.rule) if judged.rule else None,
        "skipped": list(judged.skipped),
        "trials": [trial.summary() for trial in judged.trials],
    }
    if destination != "-":
        _write(destination, json.dumps(plain, indent=1, allow_nan=False).encode())
    table = Table("days ago", "people", "came", "thought", "bias", "error", "best rule", "kept")
    for trial in judged.trials:
        best = trial.best_rule
        table.add_row(
            str(trial.horizon), f"{trial.customers:,}", f"{trial.came:,.0f}",
            f"{trial.thought:,.0f}", f"{100 * trial.bias:+.0f} %", f"{trial.rmse:.3f}",
            f"{trial.rules[best]:.3f} {best}", f"{100 * trial.coverage:.0f} %",
        )  # fmt: skip
    out.print(table)
    verdict = f"use the rule “{judged.rule}”" if judged.rule else "the model may be used"
    out.print(f"Errors are orders per person (root mean squared). Verdict: {verdict}.")


@cli.command()
def report(
    orders: Orders, destination: Out = "report.html", today: Today = None, trait: Traits = None,
    customer: Customer = None, day: Date = None, amount: Amount = None,
    date_format: Format = None, digits: Digits = 2,
    fees: Fees = 0.02, shipping: Shipping = 0.0, service: Service = 0.0,
    boost: Trees = False,  # noqa: FBT002
) -> None:  # fmt: skip
    """One HTML page with pictures: who is worth what, and how well that holds."""
    from app.ltv.report import page  # noqa: PLC0415  # jinja and plotly only where needed

    book = _read(orders, _layout(customer, day, amount, date_format, digits, trait))
    stand = _stand(book, today)
    found = _learn(book, stand, trait or (), boost=boost)
    scores = _score(book, found, stand, _costs(fees, shipping, service, digits))
    _write(destination, page(book, found, scores, today=stand).encode())
    err.print(f"Written to {destination}.")


def _layout(
    customer: str | None, day: str | None, amount: str | None, date_format: str | None,
    digits: int, traits: Sequence[str] | None,
) -> Layout:  # fmt: skip
    named = {"customer": customer, "date": day, "amount": amount}
    columns = {meaning: name for meaning, name in named.items() if name}
    return Layout(columns, date_format, digits, tuple(traits or ()))


def _costs(fees: float, shipping: float, service: float, digits: int) -> Costs:
    unit = 10**digits
    return Costs(fees=fees, shipping=shipping * unit, service=service * unit)


def _read(source: str, layout: Layout) -> Book:
    try:
        with _bar() as bar:
            size = Path(source).stat().st_size if Path(source).is_file() else None
            whole = None if source.endswith((".parquet", ".pq")) else size
            task = bar.add_task("reading orders", total=whole)
            book = read(source, layout=layout, progress=lambda n: bar.advance(task, n))
    except ValueError as wrong:
        _stop(f"{source} was refused, nothing was done.\n{wrong}")
    if book.repeats:
        err.print(f"{book.repeats:,} rows are the same as an earlier one and count once.")
    return book


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip


def _working(words: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401
    with _bar() as bar:
        bar.add_task(words, total=None)
        return work()


def _learn(book: Book, today: int, traits: Sequence[str], *, boost: bool = False) -> Refit:
    if boost and not available():
        _stop('--boost needs LightGBM: pip install "perennial[boost]"')
    found: Refit = _working(
        "learning, and judging on the past",
        lambda: refit(book.history, today=today, traits=traits, trees=boost),
    )
    if boost:
        words = f"used (gain {found.boost.gain:.1%})" if found.boost else "tried and not used"
        err.print(f"Boost: {words}.")
    return found


def _score(book: Book, found: Refit, today: int, costs: Costs) -> Scores:
    history: History = book.history
    scores: Scores = _working(
        "scoring", lambda: score(found, history.at(today), costs=costs, history=history)
    )
    return scores


def _stand(book: Book, today: str | None) -> int:
    if today is None:
        return book.history.last_day
    try:
        day = date.fromisoformat(today).toordinal() - EPOCH
    except ValueError:
        _stop(f"--today {today!r} is not a date like 2024-06-30")
    if len(book.history.at(day)) == 0:
        _stop(f"nobody had ordered by {today}")
    return day


def _kept(path: str) -> Refit:
    try:
        return decoded(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        _stop(f"{path} is no model that `fit` kept: {wrong}")


def _table(book: Book, scores: Scores, destination: str) -> bytes:
    """Scores as the file's suffix has it; money in major units, days as dates."""
    unit = 10.0**book.digits
    columns: dict[str, list[Any]] = {
        "customer": [str(book.history.names[i]) for i in scores.who],
    }
    for name, values in scores.columns():
        if name in {"first", "last"}:
            columns[name] = [date.fromordinal(int(v) + EPOCH).isoformat() for v in values]
        elif name.startswith(("spend_", "net_")):
            columns[name] = _rounded(values / unit, book.digits)
        elif name != "who":
            columns[name] = _rounded(values, 4)
    if destination.endswith((".parquet", ".pq")):
        return _parquet(columns)
    if destination.endswith(".json"):
        rows = [
            dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
        ]
        return json.dumps(rows, indent=1, allow_nan=False).encode()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _rounded(values: Floats | Ints | Longs, digits: int) -> list[float | int | None]:
    """Numbers for people; None (empty) for what is not said."""
    if np.issubdtype(values.dtype, np.integer):
        return [int(v) for v in values]
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    if find_spec("pyarrow") is None:
        _stop('Parquet needs pyarrow: pip install "perennial[parquet]"')
    table = import_module("pyarrow").table(columns)
    sink = io.BytesIO()
    import_module("pyarrow.parquet").write_table(table, sink)
    return sink.getvalue()


def _write(destination: str, content: bytes) -> None:
    """All or nothing: a reader never sees half a file."""
    if destination == "-":
        sys.stdout.buffer.write(content)
        return
    path = Path(destination)
    half = path.with_name(f"{path.name}.half")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError as wrong:
        half.unlink(missing_ok=True)
        _stop(f"{destination} could not be written: {wrong}")


def _stop(words: str) -> NoReturn:
    err.print(words, markup=False, highlight=False, style="red", soft_wrap=True)
    raise typer.Exit(2)

"""`perennial recommend`: how good recommendations would be, from a file of baskets, without a shop.

The sub-app stands on its own; the house's command line mounts it as `recommend`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.recommend.adviser import Adviser
from app.recommend.baskets import Baskets, Layout, read
from app.recommend.notes import AGAIN, FREQUENT, LEARNT, MIXED, NEW, POPULAR
from app.recommend.purchases import Purchases
from app.recommend.quality import Quality, evaluate

cli = typer.Typer(no_args_is_help=True, help="What customers will want next: judge it on a file.")
out, err = Console(), Console(stderr=True)
T = TypeVar("T")

SLOTS = {MIXED: "mixed", AGAIN: "buy again", NEW: "discover"}
METHODS = {LEARNT: "perennial", FREQUENT: "bought again", POPULAR: "popular"}

Column = Annotated[str | None, typer.Option(help="The column's name, if it is an unusual one.")]


@cli.callback()
def recommend() -> None:
    """What customers will want next: judge it on a file."""


@cli.command(name="evaluate")
def evaluate_(
    baskets: Annotated[
        str,
        typer.Argument(help="CSV (or .csv.gz) with a row a product of an order, or - for stdin."),
    ],
    *,
    order_column: Column = None,
    product_column: Column = None,
    customer_column: Column = None,
    time_column: Column = None,
    time_format: Annotated[
        str | None, typer.Option(help="As in %d/%m/%Y %H:%M; default is ISO.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Hide everyone's last order, foretell it, and compare with simpler lists.

    Every customer with two orders or more counts; an empty customer is a guest, who is only learnt
    from. Without a column of times the file's sequence is the time.
    """
    named = {"order": order_column, "product": product_column, "customer": customer_column,
             "time": time_column}  # fmt: skip
    layout = Layout({meaning: name for meaning, name in named.items() if name}, time_format)
    found = _read(baskets, layout)
    quality = _working("learning, and foretelling the last orders", lambda: _judge(found))
    if not quality.customers:
        _stop("nobody ordered twice: there is no last order to foretell")
    if as_json:
        typer.echo(json.dumps(plain(found, quality), indent=1, allow_nan=False))
    else:
        _show(found, quality)


def plain(found: Baskets, quality: Quality) -> dict[str, object]:
    """All that is shown, for machines."""
    return {
        "rows": found.rows,
        "orders": len(found.orders),
        "customers": len(found.customers),
        "products": len(found.products),
        "judged_customers": quality.customers,
        "lists": {
            SLOTS[slot]: {
                "serve": METHODS[quality.methods[slot]],
                "methods": {
                    METHODS[method]: {
                        "customers": len(score.recalls),
                        "hit_rate_at_10": round(score.hit_rate, 4),
                        "recall_at_10": round(score.recall, 4),
                        "coverage": round(score.coverage, 4),
                    }
                    for method, score in by_method.items()
                },
            }
            for slot, by_method in quality.scores.items()
        },
    }


def _judge(found: Baskets) -> Quality:
    adviser = Adviser()
    adviser.book.read([Purchases.of(found.purchases())])
    return evaluate(adviser)


def _show(found: Baskets, quality: Quality) -> None:
    table = Table("list of ten", "method", "customers", "hit rate", "recall", "coverage")
    for slot, by_method in quality.scores.items():
        for method, score in by_method.items():
            served = method == quality.methods[slot]
            table.add_row(
                SLOTS[slot] if method == LEARNT else "",
                f"{METHODS[method]}{' ←' if served else ''}",
                f"{len(score.recalls):,}", f"{100 * score.hit_rate:.1f} %",
                f"{100 * score.recall:.1f} %", f"{100 * score.coverage:.1f} %",
                style="bold" if served else None, end_section=method == list(by_method)[-1],
            )  # fmt: skip
    out.print(
        f"{found.rows:,} rows, {len(found.orders):,} orders, {len(found.customers):,} customers, "
        f"{len(found.products):,} products"
    )
    out.print(table)
    out.print(
        "Hit rate: how many had one of the ten in their last order. Recall: how much of it stood "
        "in the list. Coverage: how many of all products appeared in any list. "
        "← the simplest list that is not worse; the app would serve it.",
        soft_wrap=True,
    )


def _read(source: str, layout: Layout) -> Baskets:
    try:
        with _bar() as bar:
            path = Path(source)
            sized = path.is_file() and path.suffix.lower() != ".gz"
            task = bar.add_task("reading baskets", total=path.stat().st_size if sized else None)
            return read(source, layout=layout, progress=lambda n: bar.advance(task, n))
    except (ValueError, OSError) as wrong:
        _stop(f"{source} was refused, nothing was done.\n{wrong}")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    )  # fmt: skip


def _working(words: str, work: Callable[[], T]) -> T:
    with _bar() as bar:
        bar.add_task(words, total=None)
        return work()


def _stop(words: str) -> NoReturn:
    err.print(words, markup=False, highlight=False, style="red", soft_wrap=True)
    raise typer.Exit(2)

"""DOOR 4: an operator types."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from app.kit.settings import Settings

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Perennial: a Saleor app that makes a shop's customers come back.",
)
out = Console()
WHOLE = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""The engines read their words themselves, once they are loaded: they bring a compiler along."""


def settings_told() -> Settings:
    """What the environment says; where that cannot be, a line a setting, and exit code 2."""
    try:
        settings = Settings()
        _ = settings.phrases  # the key is made, or asked for, before anything is sealed
    except ValidationError as failure:
        wrong = [
            f"{_variable(error['loc'])}: {error['msg'].removeprefix('Value error, ')}"
            for error in failure.errors()
        ]
    except (ValueError, OSError) as failure:
        wrong = [str(failure)]
    else:
        return settings
    for words in wrong:
        out.print(words, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(2)


def _variable(loc: tuple[int | str, ...]) -> str:
    name = str(loc[0]).upper()
    return name if name in ("DATABASE_URL", "PERENNIAL_DATABASE_URL") else f"PERENNIAL_{name}"


@cli.command(context_settings=WHOLE)
def ltv(context: typer.Context) -> None:
    """What customers are worth, from a file of orders."""
    from app.ltv.cli import cli as engine  # noqa: PLC0415

    engine(context.args, prog_name="perennial ltv")


@cli.command(context_settings=WHOLE)
def recommend(context: typer.Context) -> None:
    """What customers will want next: judge it on a file of baskets."""
    from app.recommend.cli import cli as engine  # noqa: PLC0415

    engine(context.args, prog_name="perennial recommend")


@cli.command()
def serve() -> None:
    """Serve the app; with SQLite the loop runs in the same process."""
    from app.serving import serve as run  # noqa: PLC0415  # `--help` need not load the house

    run(settings_told())


@cli.command()
def worker() -> None:
    """Only keep promises, beside web processes. Needs PostgreSQL."""
    from app.serving import work  # noqa: PLC0415

    settings = settings_told()
    if settings.embedded:
        out.print("A separate worker needs PostgreSQL: on SQLite `perennial serve` does both.")
        raise typer.Exit(2)
    work(settings)


@cli.command()
def demo(
    *, once: Annotated[bool, typer.Option(help="Play one round, print the sum, exit.")] = False
) -> None:
    """A sandbox shop with the app in it."""
    from sandbox.demo import run  # noqa: PLC0415

    raise typer.Exit(run(once=once))


@cli.command(name="import")
def import_(
    shop: Annotated[str | None, typer.Argument(help="API address; without it, every shop")] = None,
) -> None:
    """Read a shop's whole history again, with a progress bar. It goes on where it stopped."""
    from app.serving import import_history  # noqa: PLC0415

    raise typer.Exit(import_history(settings_told(), shop, out))


@cli.command()
def again(
    shop: Annotated[str | None, typer.Argument(help="API address; without it, every shop")] = None,
) -> None:
    """Take up what was given up on, once its cause is mended: `doctor` names it as parked."""
    from app.serving import take_up  # noqa: PLC0415

    raise typer.Exit(take_up(settings_told(), shop, out))


@cli.command()
def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what is wrong. Exit 1 when anything is parked or incomplete."""
    from app.doctor import examine  # noqa: PLC0415

    findings = examine(settings_told())
    if as_json:
        json.dump([finding.__dict__ for finding in findings], sys.stdout)
    else:
        for finding in findings:
            style = "green" if finding.fine else "red"
            out.print(finding.words, style=style, markup=False, soft_wrap=True)
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


@cli.command()
def replay(
    shop: Annotated[str | None, typer.Option(help="API address; without it, every shop.")] = None,
    limit: Annotated[int, typer.Option(help="So many decisions of a shop, the newest.")] = 10_000,
    policy: Annotated[
        Path | None, typer.Option(help="A draft policy (JSON): what would it have changed?")
    ] = None,
) -> None:
    """Make recorded decisions once more. Exit 1 where one comes out otherwise."""
    from app.proof.replays import replay as run  # noqa: PLC0415

    raise typer.Exit(run(settings_told(), out, shop=shop, limit=limit, policy=policy))


def main() -> None:
    cli()


if __name__ == "__main__":
    main()

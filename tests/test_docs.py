"""What the README and docs/ name is there: files, links, commands, options, settings, functions."""

import ast
import re
from functools import cache
from pathlib import Path

import click
import pytest
from typer.main import get_command

from app.cli import cli
from app.kit.settings import Settings
from app.ltv.cli import cli as ltv
from app.recommend.cli import cli as recommend

ROOT = Path(__file__).parents[1]
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"))
)
SUFFIXES = {"csv", "graphql", "html", "json", "md", "py"}
HOUSES = ("app", "benchmarks", "docs", "graphql", "migrations", "sandbox", "tests", "webhooks")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
CODE = re.compile(r"`([^`\n]+)`|^ {4}(\S.*)$", re.MULTILINE)
FILE = re.compile(r"(?:[\w-]+/)+[\w-]+\.(?:py|md|graphql|js|json)|(?:[\w-]+/){2,}")
DOTTED = re.compile(r"([a-z]\w+)\.([A-Za-z]\w+)")
MAKE = re.compile(r"^(?:\w+=\S+ )*make ([\w-]+)")
OURS = re.compile(r"^perennial ([^#|`]+)")
HOUSE: click.Group = get_command(cli)  # type: ignore[assignment]
ENGINES: dict[str, click.Group] = {"ltv": get_command(ltv), "recommend": get_command(recommend)}  # type: ignore[dict-item]


def told(text: str) -> str:
    return (ROOT / text).read_text(encoding="utf-8")


def code(text: str) -> list[str]:
    return [(short or block).strip() for short, block in CODE.findall(told(text))]


@cache
def names() -> dict[str, set[str]]:
    """What each module of the product defines, by the module's short name."""
    found: dict[str, set[str]] = {}
    for path in (*ROOT.glob("app/**/*.py"), *ROOT.glob("sandbox/**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = {getattr(node, "name", "") for node in ast.walk(tree)}
        defined |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        found.setdefault(path.stem, set()).update(defined)
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_every_link_leads_somewhere(text: str) -> None:
    for link in LINK.findall(told(text)):
        assert (ROOT / text).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("text", TEXTS)
def test_every_file_that_is_named_is_there(text: str) -> None:
    for piece in code(text):
        if FILE.fullmatch(piece) and piece.startswith(HOUSES):
            assert (ROOT / piece).exists(), piece


@pytest.mark.parametrize("text", TEXTS)
def test_every_function_that_is_named_with_its_module_is_there(text: str) -> None:
    for piece in code(text):
        if (found := DOTTED.fullmatch(piece)) and found[2] not in SUFFIXES:
            assert found[2] in names().get(found[1], {found[2]}), piece


@pytest.mark.parametrize("text", TEXTS)
def test_every_command_that_is_named_can_be_given(text: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", told("Makefile"), re.MULTILINE))
    targets |= {f"bench-{path.stem}" for path in ROOT.glob("benchmarks/*.py")}
    for piece in code(text):
        if found := MAKE.match(piece):
            assert found[1] in targets, piece
        if found := OURS.match(piece):
            name, *rest = found[1].split()
            assert name in HOUSE.commands, piece
            commands = [HOUSE.commands[name]]
            if name in ENGINES and rest and rest.pop(0) != "…":
                assert found[1].split()[1] in ENGINES[name].commands, piece
            commands += ENGINES[name].commands.values() if name in ENGINES else []
            known = {option for one in commands for part in one.params for option in part.opts}
            assert {word.split("=")[0] for word in rest if word.startswith("-")} <= known, piece


@pytest.mark.parametrize("text", TEXTS)
def test_every_setting_that_is_named_is_one(text: str) -> None:
    known = {f"PERENNIAL_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"PERENNIAL_[A-Z_]+[A-Z]", told(text))) <= known


def test_every_setting_is_told_of() -> None:
    everything = " ".join(told(text) for text in TEXTS)
    for name in Settings.model_fields:
        assert f"PERENNIAL_{name.upper()}" in everything, name

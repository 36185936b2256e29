"""The .graphql files at the top of the house, each whole with the fragments it spreads.

A file's first line says for which Saleor it is: `# saleor >=3.21` or, from a patch on, `>=3.23.5`.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from graphql import (
    DocumentNode,
    FragmentSpreadNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

ROOT = Path(__file__).parents[2] / "graphql"
FIRST_LINE = re.compile(r"# saleor >=(\d+\.\d+(?:\.\d+)?)\n")


class Version(NamedTuple):
    """A Saleor version. `patch` is 0 where only major and minor are told."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """`3.23`, `3.23.5` or `3.24.0-a.0`. Raises ValueError for anything else."""
        numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if numbers is None:
            raise ValueError(f"not a version of Saleor: {text!r}")
        return cls(*(int(number or 0) for number in numbers.groups()))


@cache
def document(name: str) -> DocumentNode:
    """`queries/orders` is graphql/queries/orders.graphql and its fragments, each once."""
    files = {name: _read(name)}
    waiting = [files[name]]
    while waiting:
        for spread in _spreads(waiting.pop()):
            path = f"fragments/{spread}"
            if path not in files:
                files[path] = _read(path)
                waiting.append(files[path])
    definitions = [part for file in files.values() for part in file.definitions]
    return DocumentNode(definitions=tuple(definitions))


@cache
def text(name: str) -> str:
    """The whole document as it goes over the wire."""
    return print_ast(document(name))


@cache
def since(name: str) -> Version:
    """The first Saleor that understands this document."""
    if (line := FIRST_LINE.match(_file(name))) is None:
        raise ValueError(f"graphql/{name}.graphql does not say for which Saleor it is")
    return Version.read(line[1])


def names(kind: str = "*") -> tuple[str, ...]:
    """Every document's name, or those of one kind: queries, mutations, subscriptions, fragments."""
    found = ROOT.glob(f"{kind}/*.graphql")
    return tuple(sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in found))


def _file(name: str) -> str:
    return (ROOT / f"{name}.graphql").read_text(encoding="utf-8")


def _read(name: str) -> DocumentNode:
    return parse(_file(name), no_location=True)


def _spreads(file: DocumentNode) -> list[str]:
    found: list[str] = []

    class Collect(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            found.append(node.name.value)

    visit(file, Collect())
    return found

"""Rows that somebody hands in as a CSV: columns by their usual names, whole or not at all."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TextIO

TELL = 20  # bad rows told one by one


class BadRowsError(ValueError):
    """The file was refused. `told` are the first bad rows in words, `count` all of them."""

    def __init__(self, told: Sequence[str], count: int) -> None:
        rest = [f"… and {count - len(told)} more"] if count > len(told) else []
        super().__init__("\n".join([*told, *rest]))
        self.told, self.count = tuple(told), count


class Faults:
    """What is wrong with a file, row by row."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def note(self, line: int, wrong: str) -> None:
        self._count += 1
        if len(self._told) < TELL:
            self._told.append(f"line {line}: {wrong}")

    def refuse(self) -> None:
        """Raises BadRowsError where there was any."""
        if self._count:
            raise BadRowsError(self._told, self._count)


def header_of(text: TextIO) -> tuple[list[str], str]:
    """Its columns, and what stands between them. Raises ValueError for an empty file."""
    first = text.readline()
    if not first.strip():
        raise ValueError("the file is empty: the first line must name the columns")
    comma = max(",;\t|", key=first.count)
    return next(csv.reader([first.lstrip("\ufeff")], delimiter=comma)), comma


def heard(text: Iterable[str], progress: Callable[[int], None]) -> Iterator[str]:
    """The lines, and every now and then how many characters went by."""
    size = 0
    for at, line in enumerate(text):
        size += len(line)
        if at % 8192 == 0:
            progress(size)
            size = 0
        yield line
    progress(size)


def columns(
    header: Sequence[str], known: Mapping[str, Sequence[str]], *, needed: Collection[str],
    named: Mapping[str, str],
) -> dict[str, str]:  # fmt: skip
    """Which column says what: as named, else by its usual names. ValueError where one is needed."""
    there = ", ".join(header)
    plain = {name.strip().lower().replace(" ", "_"): name for name in reversed(header)}
    found: dict[str, str] = {}
    for meaning, usual in known.items():
        if told := named.get(meaning):
            if told not in header:
                raise ValueError(f"there is no column {told!r}; there are: {there}")
            found[meaning] = told
        elif name := next((plain[word] for word in usual if word in plain), None):
            found[meaning] = name
        elif meaning in needed:
            raise ValueError(
                f"no column for the {meaning} (usual names: {', '.join(usual[:4])}); there are: "
                f"{there}. Name it with --{meaning}-column."
            )
    return found

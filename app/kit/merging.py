"""IN-3: which of two tellings stands, field by field where an error took one away."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from app.kit.hearing import Version

NEVER = ""
"""Filled by no telling so far; sorts before every version."""
SEALED = "~"
"""Sorts after every version: no telling fills this gap any more."""

Fields = Mapping[str, Sequence[str]]
"""What an error may take out of a payload without taking all of it, and the columns it fills."""


class Kept(Protocol):
    """What we have of a thing before it is told of again."""

    @property
    def version(self) -> Version: ...

    @property
    def gaps(self) -> Mapping[str, str]:
        """By field that the newest telling lacked: the version that its value is from."""

    @property
    def columns(self) -> Mapping[str, Any]: ...


class Outcome(NamedTuple):
    columns: Mapping[str, Any]
    """What to write: the whole row if it is newer, else only the gaps it fills."""
    gaps: dict[str, str]
    newer: bool = True


def settle(
    kept: Kept | None,
    told: Mapping[str, Any],
    version: Version,
    *,
    missing: frozenset[str],
    fields: Fields,
) -> Outcome:
    """The same row comes out whichever telling comes first. `missing` names fields not told."""
    if kept is None:
        return Outcome(told, dict.fromkeys(missing, NEVER))
    if version > kept.version:
        return _newer(kept, told, missing, fields)
    return _older(kept, told, version, missing, fields)


def _newer(kept: Kept, told: Mapping[str, Any], missing: frozenset[str], fields: Fields) -> Outcome:
    columns, gaps = dict(told), dict[str, str]()
    for field in missing:
        since = kept.gaps.get(field, kept.version.text)
        gaps[field] = since
        if since != NEVER:
            columns |= {name: kept.columns[name] for name in fields[field]}
    return Outcome(columns, gaps)


def _older(
    kept: Kept,
    told: Mapping[str, Any],
    version: Version,
    missing: frozenset[str],
    fields: Fields,
) -> Outcome:
    columns, gaps = dict[str, Any](), dict(kept.gaps)
    for field, since in kept.gaps.items():
        if field not in missing and version.text > since:
            gaps[field] = version.text
            columns |= {name: told[name] for name in fields[field]}
    return Outcome(columns, gaps, newer=False)

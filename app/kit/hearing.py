"""How something came to our ears, and which of two tellings is the newer (IN-3)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Version(NamedTuple):
    """Of two tellings of one thing the greater is the newer."""

    updated_at: datetime
    issued_at: datetime
    hash: str = ""

    @property
    def text(self) -> str:
        """Texts of versions sort as the versions do."""
        told = (at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f") for at in self[:2])
        return " ".join([*told, self.hash])


class Cause(StrEnum):
    """Who moved what is told of."""

    PERSON = "person"
    """A shopper, signed in or not, or somebody at the Dashboard."""
    APP = "app"
    """Never the act of a shopper (AC-3)."""
    UNKNOWN = "unknown"
    """Read by a sweep or an import: nobody said."""


@dataclass(frozen=True)
class Hearing:
    """When a thing was told, under which bytes, by whom, and what an error took out of it."""

    issued_at: datetime
    hash: str = ""
    cause: Cause = Cause.UNKNOWN
    nulled: frozenset[Path] = frozenset()
    """Paths, from the thing on, that are null because of an error."""

    def of(self, updated_at: datetime) -> Version:
        return Version(updated_at, self.issued_at, self.hash)

    def lost(self, *path: str | int) -> bool:
        """This field is null because of an error at it, above it or inside it."""
        shared = (zip(path, nulled, strict=False) for nulled in self.nulled)
        return any(all(ours == theirs for ours, theirs in pairs) for pairs in shared)

"""What the pages of the messages room are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language of one channel: each field by the name under which it is posted back."""

    channel: str
    language: str
    there: bool
    fields: Sequence[tuple[str, str, str]]
    """Name, what it is (subject, preheader, text, label, link, title, …), and the words."""
    look: str | None = None
    """Where this one can be seen as a real customer would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    key: str
    name: str
    purpose: str
    version: int
    words: Sequence[Words]
    may_change: bool
    plain_links: bool = False
    missing: Sequence[tuple[str, str]] = ()
    person: str = ""
    """Whose data the previews show: an e-mail address."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """By name of a field, or `""` for the whole."""
    saved: bool = False
    tested: str = ""
    """Where a test message went."""
    rehearsed: Sequence[tuple[int, str, str]] | None = None
    """Of twenty real people, those it can't be made for: person, why, field."""

    def wrong(self, name: str) -> str | None:
        """What is wrong with a field, or with the block that it is a part of."""
        return self.problems.get(name) or self.problems.get(name.rpartition(".")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message in the local mailbox."""

    at: datetime
    channel: str
    recipient: str
    subject: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPage:
    copies: Sequence[Copy]
    now: datetime
    zone: str

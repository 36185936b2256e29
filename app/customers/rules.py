"""Who is who: an account first, else an address; and when two of them are one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from app.kit.hearing import Version
from app.kit.letters import plain

UNDOABLE = timedelta(days=30)
LONGEST_NAME = 40
NO_NAME = re.compile(r"[\x00-\x1f\x7f<>\[\]{}@\\/|]|\bwww\b|[\w-]{2,}\.[a-z]{2,}\b", re.IGNORECASE)
"""An address of the web or of mail, even one that only a mail program would take for one, or marks
that no name has.
"""


def tidy(email: str | None) -> str | None:
    """ID-1: trimmed and lower-case, and nothing more: tags and dots are the person's own."""
    return (email or "").strip().lower() or None


def greeted_as(name: str) -> str:
    """A name as a message may say it; empty for what is none.

    Whoever leaves a checkout may type somebody else's address into it and, as the name, words for
    her to read: a message of the shop's must not carry them, least of all with a link.
    """
    bare = " ".join(name.split())
    return "" if len(bare) > LONGEST_NAME or NO_NAME.search(name) else bare


def key_of(account: str | None, email: str | None) -> str | None:
    """ID-1: Saleor's user id, else the tidied address; None where nobody is named."""
    if account:
        return f"account:{account}"
    return f"guest:{email}" if email else None


def forgotten(key: str) -> str:
    """PR-3: the one-way hash under which an erased account or address is remembered."""
    return sha256(b"perennial/erased\x1f" + key.encode()).hexdigest()


@dataclass(frozen=True)
class Profile:
    """What only Saleor itself tells of an account."""

    first_name: str
    last_name: str
    language: str
    country: str
    joined_at: datetime
    region: str = ""
    """State or province, as Saleor writes it: `SP` in Brazil, free text in some countries."""
    postal: str = ""
    company: str = ""

    @property
    def letters(self) -> str:
        """As app.customers.tables has them."""
        return "".join(f" {name}" for name in plain(f"{self.first_name} {self.last_name}").split())


@dataclass(frozen=True)
class Who:
    """Somebody as named by a customer, an order or a checkout."""

    account: str | None
    email: str | None
    """Tidied."""
    version: Version
    since: datetime
    """When the thing that names them was made: after an erasure it is somebody's new start."""
    confirmed: bool = False
    staff: bool = False
    active: bool = True
    profile: Profile | None = None

    @property
    def key(self) -> str | None:
        return key_of(self.account, self.email)

    @property
    def first_hand(self) -> bool:
        return self.profile is not None


class Claim(NamedTuple):
    """An account's claim to what guests bought under an address: the earliest proof has it."""

    proved_at: datetime
    key: str
    person: int


def rightful(claims: Iterable[Claim]) -> int | None:
    """ID-2: the account that guest orders of an address belong to, whatever came in first."""
    return min(claims).person if (claims := list(claims)) else None


def undoable(merged_at: datetime, *, now: datetime) -> bool:
    """ID-3."""
    return now <= merged_at + UNDOABLE

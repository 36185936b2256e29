"""A person in the making: what the database knows, with what is being told laid over it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.customers.rules import Profile, Who
from app.kit.hearing import Version


@dataclass
class Sketch:
    """Order of telling does not matter: the newest decides, one confirmation is enough."""

    key: str
    id: int | None = None
    account: str | None = None
    email: str | None = None
    confirmed: bool = False
    staff: bool = False
    active: bool = True
    merged_into: int | None = None
    first_hand: bool = False
    version: Version | None = None
    profile: Profile | None = None
    """Only if it is new: what the database has of it is not read."""
    changed: bool = False
    renewed: bool = False
    """What is being told is newer than what was known."""
    confirmed_now: bool = False
    proofs: dict[str, datetime] = field(default_factory=dict)
    """Addresses told of together with a confirmation, and since when."""

    def hear(self, told: Who) -> None:
        if self.id is None and not self.changed:
            self.account, self.email, self.changed = told.account, told.email, True
        if not told.account:
            return
        if told.confirmed:
            self._prove(told)
        if self.version is None or (told.first_hand, told.version) > (
            self.first_hand,
            self.version,
        ):
            self._take(told)

    def _prove(self, told: Who) -> None:
        if not self.confirmed:
            self.confirmed, self.confirmed_now, self.changed = True, self.id is not None, True
        if told.email:
            at = told.version.updated_at
            self.proofs[told.email] = min(at, self.proofs.get(told.email, at))

    def _take(self, told: Who) -> None:
        self.email, self.staff, self.active = told.email, told.staff, told.active
        self.first_hand, self.version = told.first_hand, told.version
        self.profile = told.profile or self.profile
        self.changed = self.renewed = True

    def row(self) -> dict[str, Any]:
        profile, version = self.profile, self.version
        return {
            "key": self.key,
            "account": self.account,
            "email": self.email,
            "confirmed": self.confirmed,
            "staff": self.staff,
            "active": self.active,
            "first_name": profile.first_name if profile else "",
            "last_name": profile.last_name if profile else "",
            "letters": profile.letters if profile else "",
            "language": profile.language if profile else "",
            "country": profile.country if profile else "",
            "region": profile.region if profile else "",
            "postal": profile.postal if profile else "",
            "company": profile.company if profile else "",
            "joined_at": profile.joined_at if profile else None,
            "first_hand": self.first_hand,
            "updated_at": version.updated_at if version else None,
            "issued_at": version.issued_at if version else None,
            "hash": version.hash if version else "",
        }

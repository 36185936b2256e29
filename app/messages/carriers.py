"""What every channel has in common: a parcel is handed over once, and the answer is sure or not."""

from dataclasses import dataclass
from typing import Protocol

from app.messages.rendering import Rendered

TO = "{to}"
"""In the address of a service: the place where the recipient goes."""


@dataclass(frozen=True)
class Parcel:
    """A rendered message, addressed."""

    send: int
    recipient: str
    rendered: Rendered
    message_id: str
    sender: str
    reply_to: str = ""
    envelope_from: str = ""
    unsubscribe: str | None = None
    """The one-click address; None on service mail."""
    unsubscribe_mail: str | None = None
    campaign: str = ""
    service: bool = False
    person: int | None = None


class NotTakenError(Exception):
    """Surely not sent. Anything else that a carrier raises leaves it open whether it was (SS-1)."""

    public = True

    def __init__(self, reason: str, *, permanent: bool, status: str = "") -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.status = status
        """RFC 3463, where told."""


class Carrier(Protocol):
    def hand_over(self, parcel: Parcel) -> str:
        """The provider's id of it. Raises NotTakenError, or anything at all where it is unknown."""

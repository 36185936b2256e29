"""What a delivery goes by: Saleor repeats one byte for byte, so its bytes are its name (IN-2)."""

import re
from hashlib import sha256
from typing import NamedTuple

from typing_extensions import override

from app.kit.tx import Job

KIND = "webhook.heard"
ISSUED = re.compile(rb'"issuedAt":\s*"([\dT:.Z+-]{19,35})"')


class Name(NamedTuple):
    hash: str
    """sha256 of the event's name and the raw body, in hex."""
    issued: str = ""
    """When it was issued, as its body says; empty where the body says nothing of the kind."""

    @property
    def key(self) -> str:
        """Of its promise. Hashes alone are anywhere in an index, and each delivery would dirty a
        page of its own there; after their times, those that come together lie together.
        """
        return ":".join(filter(None, (KIND, self.issued, self.hash)))


def name_of(event: str, body: bytes) -> Name:
    issued = ISSUED.search(body)
    return Name(
        sha256(event.encode() + b"\n" + body).hexdigest(), issued[1].decode() if issued else ""
    )


class Heard(Job, kind=KIND, rank=0):
    """Work a delivery; its raw body lies under its promise."""

    event: str
    hash: str
    issued: str = ""

    @property
    @override
    def key(self) -> str:
        return Name(self.hash, self.issued).key

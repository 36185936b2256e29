"""What counts as a purchase, what makes a family, where a list may be shown and who may ask."""

import hmac
import re
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from app.recommend.arrays import Longs, Truths

MOST = 50
"""Products in one list."""
NEW_DAYS = 30
"""So long a product may be shown before anybody has bought it."""

CUT = re.compile(r"\s*(?:[,;:(/|–—]|\s-\s|\b\d).*$")
"""Where a name stops to say what it is, and begins to say which size, colour or year."""


class Slot(StrEnum):
    FOR_YOU = "for_you"
    AGAIN = "again"
    DISCOVER = "discover"
    TOGETHER = "together"
    POPULAR = "popular"


PERSONAL = frozenset({Slot.FOR_YOU, Slot.AGAIN, Slot.DISCOVER})


def family(name: str) -> str:
    """What products are the same in two sizes: `Earl Grey, 100 g` and `Earl Grey (tin)` are."""
    return (CUT.sub("", name) or name).strip().casefold()


def bought(*, counts: Truths, refunded_minor: Longs, total_minor: Longs, staff: Truths) -> Truths:
    """Which orders tell what customers like: not those given back whole, and not our own."""
    given_back = (total_minor > 0) & (total_minor <= refunded_minor)
    return counts & ~staff & ~given_back


def origin(text: str) -> str | None:
    """`https://Shop.example/` as a browser names it in `Origin`; None where it is none."""
    try:
        parts = urlsplit(text.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment or "*" in parts.hostname:
        return None
    if port == {"https": ":443", "http": ":80"}[parts.scheme]:
        port = ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def allowed(asking: str | None, origins: Sequence[str]) -> bool:
    """A browser says from whose page it asks; a server of the shop's own says nothing."""
    return asking is None or asking in origins


def shop_of(public_key: str) -> int | None:
    """The shop a key claims to be of; whether it is, only the shop's own row tells."""
    found = re.fullmatch(r"pk_([0-9]{1,12})_[A-Za-z0-9_-]{20,64}", public_key)
    return int(found[1]) if found else None


def same_key(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())

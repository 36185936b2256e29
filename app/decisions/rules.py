"""How the inputs of a decision are written: short, and so that they are read back bit for bit."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

MOST_BYTES = 1024
"""DC-5."""
TOO_BIG = "#"
"""The one key of inputs that were too long to be kept: their hash."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)


def packed(values: Mapping[str, Any]) -> str:
    """Compact JSON. An instant becomes microseconds since 1970: see `micros`."""
    return json.dumps(values, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def unpacked(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text)
    return told


def micros(at: datetime | None) -> int | None:
    """Exact, where a float of seconds would not be."""
    return None if at is None else (at - EPOCH) // MICRO


def instant(told: int | None) -> datetime | None:
    return None if told is None else EPOCH + told * MICRO


def hashed(*what: object) -> str:
    """64 bits that stand for something nobody may read here."""
    text = "\x1f".join(map(str, what))
    return blake2b(text.encode(), digest_size=8).hexdigest()

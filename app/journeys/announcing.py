"""4.1.2: other apps of the shop may want to know: Saleor itself has no event for these things."""

from collections.abc import Mapping
from typing import Any

from app.kit.tx import Tx


def announce(tx: Tx, *, event: str, key: str, payload: Mapping[str, Any]) -> None:
    """A signed POST to every hook that asked for the event, once a key."""

"""Global ids (`Order:uuid` in base64) and the dice that make them, so that a seed tells all."""

import base64
import binascii
from random import Random
from uuid import UUID


def global_id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def split_id(text: str) -> tuple[str, str]:
    """Kind and key of a global id; both empty for what is none."""
    try:
        kind, _, key = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return kind, key


class Numbers:
    """Hands out the next number of each kind, and random uuids from the shop's own seed."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(f"ids:{seed}")
        self._last: dict[str, int] = {}

    def next(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def serial(self, kind: str) -> str:
        return global_id(kind, self.next(kind))

    def uuid(self) -> str:
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    def unique(self, kind: str) -> str:
        return global_id(kind, self.uuid())

"""Chance that repeats itself: the same key always rolls the same number."""

from hashlib import blake2b


def roll(*key: object) -> float:
    """A number in [0, 1), decided by `key` alone: 53 bits of a BLAKE2b digest."""
    text = "\x1f".join(map(str, key))
    digest = blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53

"""CP-2: codes that are personal, unguessable, and the same whenever they are minted again."""

import hmac
from datetime import date
from hashlib import sha256

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 and O, no 1, I and L: what a person reads aloud, another can write down."""
LENGTH = 10
PREFIX, OF_CARD = "THANKS-", "GIFT-"
"""Saleor takes a gift card's code of 8 to 16 characters only; a voucher's may be longer."""


def code_of(
    secret: str, *, shop: int, account: str, tier: str, month: date, prefix: str = PREFIX
) -> str:
    """The one code of a customer for a tier's month. 31^10 of them: nobody guesses one."""
    return prefix + _letters(_digest(secret, "code", shop, account, tier, month))


def first_code_of(secret: str, *, shop: int, mark: str) -> str:
    """The code that the voucher with this mark is born with: nobody is ever given it.

    Saleor makes no voucher without one, and takes no code twice, so two tries at the same voucher
    can never both succeed.
    """
    return PREFIX + _letters(_digest(secret, "voucher", shop, mark))


def mark_of(secret: str, *, shop: int, tier: str, month: date) -> str:
    """What a voucher's name ends with, to find it again after a crash."""
    return f"perennial-{_digest(secret, 'mark', shop, tier, month).hex()[:10]}"


def _digest(secret: str, *what: object) -> bytes:
    return hmac.digest(secret.encode(), "\x1f".join(map(str, what)).encode(), sha256)


def _letters(digest: bytes) -> str:
    number = int.from_bytes(digest)
    letters = []
    for _ in range(LENGTH):
        number, at = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)

"""One-way hashes of addresses and tokens, and short signatures."""

import hmac
import secrets
from hashlib import sha256


def of_address(address: str) -> str:
    return sha256(b"perennial/address\x1f" + address.strip().lower().encode()).hexdigest()


def of_token(token: str) -> str:
    return sha256(b"perennial/token\x1f" + token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def sign(secret: str, *what: object) -> str:
    """80 bits in lower case, fit for the local part of an address (BO-4)."""
    text = "\x1f".join(map(str, what)).encode()
    return hmac.digest(secret.encode(), b"perennial/sign\x1f" + text, sha256).hex()[:20]


def signed(secret: str, signature: str, *what: object) -> bool:
    return hmac.compare_digest(sign(secret, *what), signature)

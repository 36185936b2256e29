"""One-way hashes of addresses and tokens, and short signatures."""

import base64
import hmac
import secrets
from hashlib import sha256


def of_address(address: str) -> str:
    return sha256(b"perennial/address\x1f" + address.strip().lower().encode()).hexdigest()


def of_token(token: str) -> str:
    return sha256(b"perennial/token\x1f" + token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, safe in a link and in a mail address, whose case many servers change."""
    return base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()


def token_of(secret: str, *what: object) -> str:
    """A token like any other, and always the same one for the same thing."""
    text = "\x1f".join(map(str, what)).encode()
    drawn = hmac.digest(secret.encode(), b"perennial/token\x1f" + text, sha256)
    return base64.b32encode(drawn).decode().rstrip("=").lower()


def sign(secret: str, *what: object) -> str:
    """80 bits in lower case, fit for the local part of an address (BO-4)."""
    text = "\x1f".join(map(str, what)).encode()
    return hmac.digest(secret.encode(), b"perennial/sign\x1f" + text, sha256).hex()[:20]


def signed(secret: str, signature: str, *what: object) -> bool:
    return hmac.compare_digest(sign(secret, *what).encode(), signature.encode())

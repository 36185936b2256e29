"""The shop's signing key: detached RS256 over raw bytes (RFC 7797), and the JWKS that proves it."""

import base64
import hashlib
import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

BITS = 2048


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64int(number: int) -> str:
    return b64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


class Key:
    """One RSA key with the names Saleor gives it: `kid` is its RFC 7638 thumbprint."""

    def __init__(self, private: RSAPrivateKey) -> None:
        self.private = private
        numbers = private.public_key().public_numbers()
        public = {"e": b64int(numbers.e), "kty": "RSA", "n": b64int(numbers.n)}
        spelled = json.dumps(public, sort_keys=True, separators=(",", ":")).encode()
        self.kid = b64url(hashlib.sha256(spelled).digest())
        self.jwk = public | {"key_ops": ["verify"], "use": "sig", "kid": self.kid, "alg": "RS256"}
        self._detached = b64url(
            json.dumps(
                {"alg": "RS256", "b64": False, "crit": ["b64"], "kid": self.kid, "typ": "JWT"},
                separators=(",", ":"),
            ).encode()
        )

    def sign(self, body: bytes) -> str:
        """`header..signature` over header, a dot and the raw body."""
        signed = self.private.sign(self._detached.encode() + b"." + body, PKCS1v15(), SHA256())
        return f"{self._detached}..{b64url(signed)}"


def new_key() -> Key:
    return Key(generate_private_key(public_exponent=65537, key_size=BITS))


@cache
def shared_key() -> Key:
    """The key of every sandbox in this process: making one takes a noticeable moment."""
    return new_key()


class KeyRing:
    """What the shop signs with. Saleor shows one key at a time, with no overlap on rotation."""

    def __init__(self) -> None:
        self.current = shared_key()
        self.wrong_left = 0
        self._wrong: Key | None = None

    def rotate(self) -> None:
        """From now on sign with a new key and show only that one."""
        self.current = new_key()

    def sign_wrongly(self, times: int) -> None:
        """Sign the next `times` bodies with a key that the JWKS never shows."""
        self._wrong = self._wrong or new_key()
        self.wrong_left = times

    def sign(self, body: bytes) -> str:
        if self.wrong_left > 0 and self._wrong is not None:
            self.wrong_left -= 1
            return self._wrong.sign(body)
        return self.current.sign(body)

    @property
    def jwks(self) -> dict[str, list[dict[str, object]]]:
        return {"keys": [dict(self.current.jwk)]}

"""Secrets at rest: sealed with the newest key, opened with any key still known."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretLostError(Exception):
    """Something sealed cannot be opened: its key is no longer among PERENNIAL_SECRET_KEYS."""


class Secrets:
    """Fernet (AES-128-CBC and HMAC-SHA256) under keys derived from phrases, newest first."""

    def __init__(self, phrases: Sequence[str]) -> None:
        if not phrases:
            raise ValueError("at least one secret key is needed")
        self._box = MultiFernet([Fernet(_key(phrase)) for phrase in phrases])
        self._newest = Fernet(_key(phrases[0]))

    def seal(self, text: str) -> str:
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as failure:
            raise SecretLostError("sealed under a key that is not known any more") from failure

    def renew(self, sealed: str) -> str:
        """The same secret under the newest key; what is already under it, or can't be opened any
        more, stays as it is.
        """
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            with suppress(SecretLostError):
                return self.seal(self.open(sealed))
        return sealed

    def opens(self, sealed: str) -> bool:
        try:
            self.open(sealed)
        except SecretLostError:
            return False
        return True


def _key(phrase: str) -> bytes:
    return base64.urlsafe_b64encode(sha256(b"perennial/at-rest\x1f" + phrase.encode()).digest())

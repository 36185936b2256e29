"""How the shop says no: an entry of a mutation's `errors`, or a denied field."""

from collections.abc import Iterable
from typing import Any


class Refused(Exception):  # noqa: N818 - reads as what happened
    """A mutation's error: the field it is about (camelCase), a code, words, and extras."""

    def __init__(self, field: str | None, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.entry = {"field": field, "code": code, "message": message, **extra}


class PermissionDenied(Exception):  # noqa: N818 - the name Saleor's answers carry
    def __init__(self, permissions: Iterable[str] = ()) -> None:
        wanted = ", ".join(permissions)
        super().__init__(
            f"To access this path, you need one of the following permissions: {wanted}"
            if wanted
            else "You do not have permission to perform this action"
        )

"""What can go wrong between us and a Saleor. Messages name operations and codes, never people."""

from collections.abc import Sequence
from typing import Any, ClassVar

from app.saleor.shapes.written import Refusal


class SaleorError(Exception):
    """`permanent`: trying again changes nothing. `away`: nobody is there, or not for us just now.
    `public`: an operator may read the message.
    """

    permanent: ClassVar[bool] = False
    away: ClassVar[bool] = False
    public: ClassVar[bool] = True


class SaleorUnreachableError(SaleorError):
    """The network, a timeout, a server's own fault, or something that is no GraphQL answer."""

    away = True


class SaleorThrottledError(SaleorError):
    """The shop's rate limit. `retry_after` is in seconds of real time."""

    away = True

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the shop's rate limit is reached, free again in {retry_after:.0f} s")
        self.retry_after = retry_after


class QueryRefusedError(SaleorError):
    """HTTP 400 or 413: not valid for this Saleor, too costly or too large."""

    permanent = True

    def __init__(self, status: int, messages: Sequence[str]) -> None:
        super().__init__(f"Saleor did not take the question (HTTP {status})")
        self.status = status
        self.messages = tuple(messages)


class TokenRefusedError(SaleorError):
    """Saleor does not know our token: the app was removed, switched off or installed anew."""

    permanent = True

    def __init__(self, operation: str) -> None:
        super().__init__(f"{operation}: Saleor does not take our token")


class SaleorRefusedError(SaleorError):
    """Saleor understood the mutation and said no."""

    permanent = True

    def __init__(self, operation: str, refusals: Sequence[Refusal]) -> None:
        told = ", ".join(f"{r.code} ({r.field})" if r.field else r.code for r in refusals)
        super().__init__(f"{operation}: {told}")
        self.refusals = tuple(refusals)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(refusal.code for refusal in self.refusals)


class PartialAnswerError(SaleorError):
    """Data with errors in it: what is null may be null only because of them.

    One bad order nulls its whole page so; `paths` says which: `("orders", "edges", 24, …)`.
    """

    def __init__(self, operation: str, data: Any, paths: Sequence[tuple[str | int, ...]]) -> None:  # noqa: ANN401  # JSON's edge
        told = "; ".join(".".join(map(str, path)) for path in paths) or "no field named"
        super().__init__(f"{operation}: errors at {told}"[:300])
        self.data = data
        self.paths = tuple(paths)


class PermissionMissingError(PartialAnswerError):
    """The token is good, but the app was not given what the named fields need."""

    permanent = True

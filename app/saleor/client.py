"""One shop's GraphQL API, typed: an operation goes in, the shape it returns comes out."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import httpx
from gql import GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed, TransportError
from gql.transport.httpx import HTTPXTransport
from graphql import ExecutionResult
from pydantic import BaseModel
from typing_extensions import override

from app.saleor import documents
from app.saleor.bucket import Bucket
from app.saleor.errors import (
    PartialAnswerError,
    PermissionMissingError,
    QueryRefusedError,
    SaleorError,
    SaleorRefusedError,
    SaleorThrottledError,
    SaleorUnreachableError,
    TokenRefusedError,
)
from app.saleor.operations import APP_IDENTITY, Operation
from app.saleor.shapes.answers import Page
from app.saleor.shapes.written import Refusal

T = TypeVar("T", bound=BaseModel)
N = TypeVar("N", bound=BaseModel)

TIMEOUT = httpx.Timeout(20, connect=5)
PATIENCE = 30.0
"""Seconds a caller waits for the bucket; who would wait longer is told to come back."""
LONGEST_WAIT = 120.0
"""Seconds for which a walk waits for the shop's limit; for longer it ends, and comes back: a lease
would run out meanwhile, and a hand is missing to everybody.
"""
RETRY_AFTER = 30.0
"""Seconds after a 429 that does not say."""
BAD_TOKEN = frozenset(
    {"InvalidTokenError", "ExpiredSignatureError", "InvalidSignatureError", "DecodeError"}
)

__all__ = [
    "PartialAnswerError",
    "PermissionMissingError",
    "QueryRefusedError",
    "Saleor",
    "SaleorError",
    "SaleorRefusedError",
    "SaleorThrottledError",
    "SaleorUnreachableError",
    "TokenRefusedError",
]


class Saleor:
    """A shop and our token for it. Thread-safe; connections are kept until `close`."""

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        bucket: Bucket | None = None,
    ) -> None:
        self.api_url = api_url
        self.bucket = bucket or Bucket.of(api_url)
        self._wire = HTTPXTransport(
            api_url,
            json_deserialize=partial(json.loads, parse_float=Decimal),
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            transport=transport,
            event_hooks={"response": [self._judge_status]},
        )
        self._wire.connect()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._wire.close()  # type: ignore[no-untyped-call]

    def run(self, operation: Operation[T], /, **variables: object) -> T:
        """Ask once. Raises a SaleorError; a mutation's own `errors` are SaleorRefusedError."""
        return operation.returns.model_validate(self._data(operation, variables))

    def _data(self, operation: Operation[T], variables: Mapping[str, object]) -> dict[str, Any]:
        self.bucket.take(patience=PATIENCE)
        answer = self._ask(operation.name, variables)
        if answer.errors:
            raise self._trouble(operation.name, answer)
        data = answer.data or {}
        if operation.refusals and (refusals := refused(data)):
            raise SaleorRefusedError(operation.name, refusals)
        return data

    def pages(self, operation: Operation[Page[N]], /, **variables: object) -> Iterator[Page[N]]:
        """Every page, the next one asked for while this one is worked. `after=` starts later.

        A rate limit is waited for, unless for long; any other SaleorError ends the walk, and the
        caller goes on from the last page's `next`.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="next-page") as ahead:
            coming = ahead.submit(self._page, operation, variables)
            while True:
                data = coming.result()
                # asked for before this one is even understood: that takes as long as a short wait
                if cursor := _cursor(data):
                    coming = ahead.submit(self._page, operation, {**variables, "after": cursor})
                page = operation.returns.model_validate(data)
                yield page
                if cursor is None:
                    return

    def _page(
        self, operation: Operation[Page[N]], variables: Mapping[str, object]
    ) -> dict[str, Any]:
        while True:
            try:
                return self._data(operation, variables)
            except SaleorThrottledError as limit:
                self.sit_out(limit)

    def sit_out(self, limit: SaleorThrottledError) -> None:
        """Wait until we may ask again. Raises the limit itself where that is too long."""
        if limit.retry_after > LONGEST_WAIT:
            raise limit
        self.bucket.wait(limit.retry_after)

    def _ask(self, name: str, variables: Mapping[str, object]) -> ExecutionResult:
        try:
            return self._wire.execute(Asked(name, variables))
        except TransportConnectionFailed as failure:
            if isinstance(failure.__cause__, SaleorError):
                raise failure.__cause__ from None
            kind = type(failure.__cause__).__name__
            raise SaleorUnreachableError(f"{name}: {kind}") from failure
        except TransportError as failure:
            raise SaleorUnreachableError(f"{name}: not a GraphQL answer") from failure

    def _judge_status(self, response: httpx.Response) -> None:
        """What the status alone decides; gql would look only at the body."""
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            wait = _seconds(response.headers.get("retry-after"))
            self.bucket.close(wait)
            raise SaleorThrottledError(wait)
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE):
            raise QueryRefusedError(status, _messages(response.read()))
        if status == httpx.codes.UNAUTHORIZED:
            raise TokenRefusedError("the request")
        if status != httpx.codes.OK:
            raise SaleorUnreachableError(f"HTTP {status}")

    def _trouble(self, name: str, answer: ExecutionResult) -> SaleorError:
        """Which kind of trouble errors in an answer are."""
        errors: list[dict[str, Any]] = answer.errors or []  # type: ignore[assignment]  # raw JSON
        codes = {_code(error) for error in errors}
        paths = [tuple(error["path"]) for error in errors if error.get("path")]
        if codes & BAD_TOKEN:
            return TokenRefusedError(name)
        if "PermissionDenied" in codes:
            if name == APP_IDENTITY.name or self._anonymous():
                return TokenRefusedError(name)
            return PermissionMissingError(name, answer.data, paths)
        return PartialAnswerError(name, answer.data, paths)

    def _anonymous(self) -> bool:
        """A revoked token gets no error of its own: Saleor just takes us for anybody."""
        try:
            return self.run(APP_IDENTITY).app is None
        except TokenRefusedError:
            return True


class Asked(GraphQLRequest):
    """A document and its variables; the text of a document is printed once a process."""

    def __init__(self, name: str, variables: Mapping[str, object]) -> None:
        super().__init__(documents.document(name), variable_values=plain(variables))
        self._text = documents.text(name)

    @property
    @override
    def payload(self) -> dict[str, Any]:
        return {"query": self._text, "variables": self.variable_values}


def plain(value: Any) -> Any:  # noqa: ANN401  # JSON's edge
    """The same in JSON's own types: instants and days as ISO 8601, money as exact text."""
    match value:
        case Mapping():
            return {key: plain(part) for key, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(part) for part in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


def _cursor(data: Mapping[str, Any]) -> str | None:
    """Where a raw answer says that its list goes on: the list itself, or one inside a thing."""
    for part in data.values():
        if not isinstance(part, Mapping):
            continue
        if isinstance(info := part.get("pageInfo"), Mapping):
            return info.get("endCursor") if info.get("hasNextPage") else None
        if cursor := _cursor(part):
            return cursor
    return None


def refused(data: Mapping[str, Any]) -> list[Refusal]:
    """The `errors` that every mutation of Saleor's carries."""
    payloads = [payload for payload in data.values() if isinstance(payload, dict)]
    return [Refusal.model_validate(e) for payload in payloads for e in payload.get("errors") or ()]


def _code(error: Mapping[str, Any]) -> str:
    exception = (error.get("extensions") or {}).get("exception") or {}
    return str(exception.get("code", ""))


def _messages(body: bytes) -> list[str]:
    try:
        return [str(error.get("message")) for error in json.loads(body)["errors"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _seconds(header: str | None) -> float:
    """Retry-After in seconds; its other form, a date, is not worth a parser."""
    return float(header) if header and header.isdigit() else RETRY_AFTER

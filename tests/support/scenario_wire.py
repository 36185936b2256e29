"""A shop's public GraphQL API, asked as anybody may ask it. A sandbox or a Saleor: who knows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
JSON = dict[str, Any]
PATIENCE = 240.0
"""Seconds after which something that should have happened is said not to have."""
TOKEN_LASTS = 200.0
"""Saleor's own access tokens last five minutes."""
ERRORS = "errors { field message code }"


class ShopRefusedError(AssertionError):
    """The shop would not do it; the message is its own."""


@dataclass
class Wire:
    """`api_url` and a member of staff who may do everything."""

    api_url: str
    email: str
    password: str
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))
    _token: tuple[float, str] = (0.0, "")

    def close(self) -> None:
        self._http.close()

    def ask(self, document: str, *, token: str | None = None, **variables: object) -> JSON:
        """One request. Raises ShopRefusedError with what the shop said."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": document, "variables": variables}
        answer = self._http.post(self.api_url, json=body, headers=headers)
        told: JSON = answer.json(parse_float=Decimal)
        if told.get("errors"):
            raise ShopRefusedError("; ".join(str(error["message"]) for error in told["errors"]))
        return dict(told["data"])

    def do(self, mutation: str, *, token: str | None = None, **variables: object) -> JSON:
        """One mutation; what it answers with, without the name it answers under."""
        (done,) = self.ask(mutation, token=token, **variables).values()
        if done.get("errors"):
            raise ShopRefusedError(str(done["errors"]))
        return dict(done)

    def act(self, mutation: str, id_: str, *, token: str | None = None) -> None:
        """A mutation of one thing, that needs to be told nothing else."""
        document = f"mutation($id: ID!) {{ {mutation} {{ {ERRORS} }} }}"
        self.do(document, token=token or self.staff, id=id_)

    @property
    def staff(self) -> str:
        """The token of a member of staff, fresh enough for any one step."""
        at, token = self._token
        if not token or time.monotonic() - at > TOKEN_LASTS:
            token = self.sign_in(self.email, self.password)
            self._token = (time.monotonic(), token)
        return token

    def sign_in(self, email: str, password: str) -> str:
        done = self.do(
            "mutation($e: String!, $p: String!) { tokenCreate(email: $e, password: $p)"
            f" {{ token {ERRORS} }} }}",
            e=email,
            p=password,
        )
        return str(done["token"])


def until(ask: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
    """Waits until `ask` answers with something true. Fails, with words, when it never does."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.1)
    return answer

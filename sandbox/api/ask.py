"""One request at the API: the shop, who asks, and what a resolver may lean on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.apps import Principal
from sandbox.people import User
from sandbox.rules.refusal import PermissionDenied
from sandbox.shop import Shop

Args = Mapping[str, Any]


@dataclass
class Ask:
    """The context of an execution. `plans` live as long as the document, `ready`
    and `seen` (parts of the answer that come again) for this answer."""

    shop: Shop
    who: Principal
    plans: dict[Any, Any]
    variables_key: str = ""
    ready: dict[Any, Any] = field(default_factory=dict)
    seen: dict[tuple[int, int], tuple[Any, Any]] = field(default_factory=dict)

    def need(self, *permissions: str) -> None:
        """Raises PermissionDenied unless the token has one of them."""
        if not self.who.permissions & set(permissions):
            raise PermissionDenied(permissions)

    def need_staff_or_app(self) -> None:
        if not self.who.is_staff_or_app:
            raise PermissionDenied(("AUTHENTICATED_APP", "AUTHENTICATED_STAFF_USER"))

    def is_owner(self, user: User | None) -> bool:
        return user is not None and self.who.user is user

"""Installed apps, their webhooks, and every delivery made to them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.catalogue import Texts
from sandbox.people import User


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: an app, a user (staff or shopper), or nobody.

    `permissions` is what this token may do; `token` tells two tokens of one user apart.
    """

    app: "App | None" = None
    user: User | None = None
    permissions: frozenset[str] = frozenset()

    @property
    def is_staff_or_app(self) -> bool:
        return self.app is not None or (self.user is not None and self.user.is_staff)

    @property
    def source(self) -> "App | User | None":
        return self.app or self.user

    @property
    def key(self) -> tuple[str | None, str | None, frozenset[str]]:
        return (
            self.app.id if self.app else None,
            self.user.id if self.user else None,
            self.permissions,
        )


NOBODY = Principal()


@dataclass(slots=True, eq=False)
class Attempt:
    id: str
    created_at: datetime
    status: str
    response: str
    response_status_code: int | None
    duration: float | None = None


@dataclass(slots=True, eq=False)
class Delivery:
    """One event for one webhook. The body is made once; every retry repeats it byte for byte."""

    id: str
    event_type: str
    webhook: "Webhook"
    created_at: datetime
    subject: Any
    principal: Principal
    version: str
    status: str = "PENDING"
    body: bytes | None = None
    signature: str = ""
    tries: int = 0
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Webhook:
    id: str
    app: "App"
    name: str
    target_url: str
    events: frozenset[str]
    subscription_query: str
    is_active: bool = True
    identifier: str | None = None
    custom_headers: Texts = field(default_factory=dict)
    waiting: dict[str, Delivery] = field(default_factory=dict)
    """By id: on their way, or between two tries."""
    failed: list[Delivery] = field(default_factory=list)
    delivered: int = 0


@dataclass(slots=True, eq=False)
class Extension:
    id: str
    app: "App"
    label: str
    mount: str
    target: str
    url: str
    permissions: frozenset[str]
    options: dict[str, Any] = field(default_factory=dict)
    identifier: str | None = None

    @property
    def method(self) -> str:
        return str(self.options.get("widgetTarget", {}).get("method", "GET"))


@dataclass(slots=True, eq=False)
class App:
    id: str
    identifier: str
    name: str
    version: str
    created: datetime
    manifest_url: str
    app_url: str | None
    permissions: frozenset[str]
    token: str
    is_active: bool = True
    is_installed: bool = False
    about_app: str | None = None
    author: str | None = None
    data_privacy_url: str | None = None
    homepage_url: str | None = None
    support_url: str | None = None
    logo: bytes | None = None
    webhooks: list[Webhook] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Installation:
    id: str
    app_name: str
    manifest_url: str
    created_at: datetime
    updated_at: datetime
    status: str = "PENDING"
    message: str | None = None

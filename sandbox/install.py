"""Installing an app as Saleor does: fetch, check, create, webhooks live, hand over the token."""

import json
import secrets
import struct
from typing import Any

from sandbox.api.schema import numbers
from sandbox.apps import App, Extension, Webhook
from sandbox.calls import Call, Reply, Unreachable
from sandbox.manifest import events_in, problems
from sandbox.rules.refusal import Refused
from sandbox.shop import Shop

LEAST_LOGO = 256
PNG = b"\x89PNG\r\n\x1a\n"


class InstallFailed(Exception):  # noqa: N818 - what the merchant reads
    """The app was not installed; the message is what the Dashboard shows."""


def schema_version(shop: Shop) -> str:
    return ".".join(shop.store.version.split(".")[:2])


def fetch_manifest(shop: Shop, url: str, call: Call) -> Any:
    """The manifest an app gives for this Saleor's version. Raises Refused."""
    try:
        reply = call("GET", url, {"Saleor-Schema-Version": schema_version(shop)})
    except Unreachable as error:
        raise Refused(
            "manifestUrl", "MANIFEST_URL_CANT_CONNECT", f"Unable to fetch: {error}"
        ) from None
    if not 200 <= reply.status < 300:
        words = f"Unable to fetch manifest, answer {reply.status}."
        raise Refused("manifestUrl", "INVALID_MANIFEST_FORMAT", words)
    try:
        return json.loads(reply.body)
    except ValueError:
        raise Refused(
            "manifestUrl", "INVALID_MANIFEST_FORMAT", "Invalid manifest format."
        ) from None


def install(
    shop: Shop,
    manifest: Any,
    call: Call,
    *,
    manifest_url: str = "",
    permissions: frozenset[str] | None = None,
    activate: bool = True,
) -> App:
    """Create the app and hand it its token. Raises InstallFailed, and then there is no app.

    The app's webhooks are live from before the token is handed over, and the token works during
    that request. The shop's lock is never held while the app is asked.
    """
    found = problems(manifest, version=shop.store.version, validate=shop.validate)
    if not found and any(
        one.identifier == manifest["id"] and one.is_installed for one in shop.store.apps.values()
    ):
        found = [("identifier", "UNIQUE", "App with the same identifier is already installed.")]
    if found:
        raise InstallFailed("; ".join(f"{field}: {message}" for field, _, message in found))
    with shop.store.lock:
        app = create(shop, manifest, manifest_url, permissions)
        app.is_active = activate
    try:
        hand_over(shop, app, manifest, call)
    except InstallFailed:
        with shop.store.lock:
            forget(shop, app)
        raise
    with shop.store.lock:
        app.is_installed = True
        shop.store.emit("APP_INSTALLED", app)
    app.logo = fetch_logo(manifest, call)
    return app


def create(shop: Shop, manifest: Any, url: str, permissions: frozenset[str] | None) -> App:
    store = shop.store
    granted = frozenset(manifest.get("permissions") or ()) if permissions is None else permissions
    app = App(
        id=store.numbers.serial("App"),
        identifier=manifest["id"],
        name=manifest["name"],
        version=manifest["version"],
        created=store.instant(),
        manifest_url=url,
        app_url=manifest.get("appUrl"),
        permissions=granted,
        token=secrets.token_urlsafe(22),
        about_app=manifest.get("about"),
        author=manifest.get("author"),
        data_privacy_url=manifest.get("dataPrivacyUrl"),
        homepage_url=manifest.get("homepageUrl"),
        support_url=manifest.get("supportUrl"),
    )
    app.extensions = [extension(shop, app, one) for one in manifest.get("extensions") or ()]
    app.webhooks = [webhook(shop, app, one) for one in manifest.get("webhooks") or ()]
    store.apps[app.id] = app
    store.app_tokens[app.token] = app
    return app


def extension(shop: Shop, app: App, one: Any) -> Extension:
    return Extension(
        id=shop.store.numbers.serial("AppExtension"),
        app=app,
        label=one["label"],
        mount=one["mount"],
        target=one.get("target", "POPUP"),
        url=one["url"],
        permissions=frozenset(one.get("permissions") or ()),
        options=one.get("options") or {},
        identifier=one.get("identifier"),
    )


def webhook(shop: Shop, app: App, one: Any) -> Webhook:
    """A webhook without events gets those its query asks for."""
    return Webhook(
        id=shop.store.numbers.serial("Webhook"),
        app=app,
        name=one["name"],
        target_url=one["targetUrl"],
        events=frozenset(one.get("asyncEvents") or ()) or events_in(one["query"]),
        subscription_query=one["query"],
        is_active=one.get("isActive", True),
        identifier=one.get("identifier"),
        custom_headers={
            key.lower(): value for key, value in (one.get("customHeaders") or {}).items()
        },
    )


def hand_over(shop: Shop, app: App, manifest: Any, call: Call) -> None:
    target = manifest.get("tokenTargetUrl")
    if not target and numbers(shop.store.version) >= (3, 23):
        return
    headers = {
        "Content-Type": "application/json",
        "X-Saleor-Domain": shop.domain,
        "Saleor-Domain": shop.domain,
        "Saleor-Api-Url": shop.api_url,
        "Saleor-Schema-Version": schema_version(shop),
    }
    try:
        reply = call("POST", target, headers, json.dumps({"auth_token": app.token}).encode())
    except Unreachable as error:
        raise InstallFailed(f"Failed to connect to app: {error}") from None
    if not 200 <= reply.status < 300:
        raise InstallFailed(words_of(reply))


def words_of(reply: Reply) -> str:
    """The app's own error message, or Saleor's when it gave none."""
    try:
        message = json.loads(reply.body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"App internal error ({reply.status})"
    return str(message)


def forget(shop: Shop, app: App) -> None:
    shop.store.apps.pop(app.id, None)
    shop.store.app_tokens.pop(app.token, None)


def fetch_logo(manifest: Any, call: Call) -> bytes | None:
    """A square PNG of at least 256 pixels, or silently none."""
    url = ((manifest.get("brand") or {}).get("logo") or {}).get("default")
    if not url:
        return None
    try:
        reply = call("GET", url, {})
    except Unreachable:
        return None
    kind = reply.headers.get("content-type", "")
    good = reply.status == 200 and kind.startswith("image/png") and is_square(reply.body)
    return reply.body if good else None


def is_square(png: bytes) -> bool:
    if not png.startswith(PNG) or len(png) < 24:
        return False
    width, height = struct.unpack(">II", png[16:24])
    return bool(width == height >= LEAST_LOGO)


def remove(shop: Shop, app: App) -> None:
    """The owner deletes the app: its token dies at once, and it is told so."""
    app.is_active = False
    shop.store.app_tokens.pop(app.token, None)
    shop.store.emit("APP_DELETED", app)
    shop.store.apps.pop(app.id, None)


def switch(shop: Shop, app: App, *, on: bool) -> None:
    """Activated or deactivated: told both ways; while it is off its token is refused."""
    app.is_active = on
    shop.store.emit("APP_STATUS_CHANGED", app)

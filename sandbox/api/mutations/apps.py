"""Apps and webhooks at the API."""

import json
from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.api.fields_shop import permissions
from sandbox.api.mutations.answer import Answer, Asked, change, found
from sandbox.apps import App, Installation, Webhook
from sandbox.install import fetch_manifest, remove, switch
from sandbox.manifest import events_in, problems
from sandbox.rules.refusal import PermissionDenied, Refused

MOST_HEADERS = 5


def app(ask: Ask, args: Args) -> App:
    thing: App = found(ask.shop.store.apps.get(args["id"]), "id", args["id"])
    return thing


def install(ask: Ask, args: Args) -> Installation:
    """Answers at once with a pending installation; the handshake goes on beside it."""
    asked, store = args["input"], ask.shop.store
    wanted = frozenset(asked.get("permissions") or ())
    user = ask.who.user
    beyond = sorted(wanted - (user.permissions if user else frozenset()))
    if beyond:
        message = "You can't add permission that you don't have."
        raise Refused("permissions", "OUT_OF_SCOPE_PERMISSION", message)
    now = store.instant()
    installation = Installation(
        id=store.numbers.serial("AppInstallation"),
        app_name=asked["appName"],
        manifest_url=asked["manifestUrl"],
        created_at=now,
        updated_at=now,
    )
    store.installations[installation.id] = installation
    activate = asked.get("activateAfterInstallation", True)
    ask.shop.install(installation, wanted, activate=activate)
    return installation


def fetch(ask: Ask, args: Args) -> Answer:
    """What the install page shows before anything is installed."""
    shop, url = ask.shop, args["manifestUrl"]
    raw = fetch_manifest(shop, url, shop.call)
    wrong = problems(raw, version=shop.store.version, validate=shop.validate)
    if wrong:
        field, code, message = wrong[0]
        raise Refused(field, code, message)
    return Answer(manifest=shown(raw))


def shown(raw: Any) -> Answer:
    return Answer(
        identifier=raw["id"],
        version=raw["version"],
        name=raw["name"],
        about=raw.get("about"),
        author=raw.get("author"),
        permissions=permissions(frozenset(raw.get("permissions") or ())),
        app_url=raw.get("appUrl"),
        token_target_url=raw.get("tokenTargetUrl"),
        data_privacy_url=raw.get("dataPrivacyUrl"),
        homepage_url=raw.get("homepageUrl"),
        support_url=raw.get("supportUrl"),
        extensions=[
            Answer(
                label=one["label"],
                url=one["url"],
                permissions=permissions(frozenset(one.get("permissions") or ())),
                mount_name=one["mount"],
                target_name=one.get("target", "POPUP"),
            )
            for one in raw.get("extensions") or ()
        ],
        webhooks=[
            Answer(name=one["name"], query=one["query"], target_url=one["targetUrl"])
            for one in raw.get("webhooks") or ()
        ],
    )


def forget_failed(ask: Ask, args: Args) -> Installation:
    thing: Installation = found(
        ask.shop.store.installations.pop(args["id"], None), "id", args["id"]
    )
    return thing


def activate(ask: Ask, args: Args) -> App:
    thing = app(ask, args)
    switch(ask.shop, thing, on=True)
    return thing


def deactivate(ask: Ask, args: Args) -> App:
    thing = app(ask, args)
    switch(ask.shop, thing, on=False)
    return thing


def delete(ask: Ask, args: Args) -> App:
    thing = app(ask, args)
    remove(ask.shop, thing)
    return thing


def own_app(ask: Ask) -> App:
    if ask.who.app is None:
        raise PermissionDenied(("AUTHENTICATED_APP",))
    return ask.who.app


def webhook(ask: Ask, args: Args) -> Webhook:
    """One of the asking app's own webhooks, by id or (from 3.23.27) by identifier."""
    key, name = args.get("id"), args.get("identifier")
    held = own_app(ask).webhooks
    thing = next((one for one in held if one.id == key or (name and one.identifier == name)), None)
    kept: Webhook = found(thing, "id", key or name or "")
    return kept


def create_webhook(ask: Ask, args: Args) -> Webhook:
    owner, asked = own_app(ask), args["input"]
    if not asked.get("targetUrl"):
        raise Refused("targetUrl", "REQUIRED", "This field cannot be blank.")
    if not asked.get("query") and not asked.get("asyncEvents"):
        raise Refused("query", "MISSING_SUBSCRIPTION", "Missing subscription query.")
    made = Webhook(
        id=ask.shop.store.numbers.serial("Webhook"),
        app=owner,
        name=asked.get("name") or "",
        target_url=asked["targetUrl"],
        events=frozenset(),
        subscription_query="",
    )
    fill(ask, made, asked)
    owner.webhooks.append(made)
    return made


def update_webhook(ask: Ask, args: Args) -> Webhook:
    thing = webhook(ask, args)
    fill(ask, thing, args["input"])
    return thing


def fill(ask: Ask, thing: Webhook, asked: Any) -> None:
    if asked.get("query") is not None:
        wrong = ask.shop.validate(asked["query"])
        if wrong:
            raise Refused("query", "INVALID", wrong[0])
        thing.subscription_query = asked["query"]
        thing.events = events_in(asked["query"]) or thing.events
    if asked.get("asyncEvents") is not None:
        thing.events = frozenset(asked["asyncEvents"])
    thing.name = asked.get("name") or thing.name
    thing.target_url = asked.get("targetUrl") or thing.target_url
    thing.identifier = asked.get("identifier") or thing.identifier
    if asked.get("isActive") is not None:
        thing.is_active = asked["isActive"]
    if asked.get("customHeaders") is not None:
        headers = json.loads(asked["customHeaders"])
        if len(headers) > MOST_HEADERS:
            raise Refused("customHeaders", "INVALID_CUSTOM_HEADERS", "At most 5 headers.")
        thing.custom_headers = {key.lower(): value for key, value in headers.items()}


def delete_webhook(ask: Ask, args: Args) -> Webhook:
    thing = webhook(ask, args)
    own_app(ask).webhooks.remove(thing)
    return thing


def retry(ask: Ask, args: Args) -> Answer:
    for owner in ask.shop.store.apps.values():
        for hook in owner.webhooks:
            for one in hook.failed:
                if one.id == args["id"]:
                    hook.failed.remove(one)
                    one.status, one.tries = "PENDING", 0
                    ask.shop.outbox.enqueue(one, 0.0)
                    return Answer(delivery=one)
    raise Refused("id", "NOT_FOUND", "Couldn't resolve to a node: EventDelivery")


APPS: dict[str, Asked] = {
    "appInstall": change("app_installation", install, "MANAGE_APPS"),
    "appFetchManifest": change("manifest", fetch, "MANAGE_APPS"),
    "appDeleteFailedInstallation": change("app_installation", forget_failed, "MANAGE_APPS"),
    "appActivate": change("app", activate, "MANAGE_APPS"),
    "appDeactivate": change("app", deactivate, "MANAGE_APPS"),
    "appDelete": change("app", delete, "MANAGE_APPS"),
    "webhookCreate": change("webhook", create_webhook),
    "webhookUpdate": change("webhook", update_webhook),
    "webhookDelete": change("webhook", delete_webhook),
    "eventDeliveryRetry": change("delivery", retry, "MANAGE_APPS"),
}

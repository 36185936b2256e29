"""Fields of the shop itself, of apps, webhooks, deliveries, and of the events told to them."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from sandbox.api.ask import Args, Ask
from sandbox.api.fields_shop import country, permissions
from sandbox.api.pages import page
from sandbox.apps import App, Delivery, Extension, Webhook
from sandbox.events import EVENT_TYPES, SUBJECT, TYPE_OF, Told
from sandbox.rules.permissions import ALL
from sandbox.shop import Shop
from sandbox.tokens import app_user_token


class EventName(NamedTuple):
    event_type: str

    @property
    def name(self) -> str:
        return self.event_type.replace("_", " ").capitalize()


class Domain(NamedTuple):
    host: str
    url: str
    ssl_enabled: bool


def domain(shop: Shop) -> Domain:
    return Domain(shop.domain, f"{shop.url}/", shop.url.startswith("https"))


def store_of(name: str) -> Callable[[Shop], Any]:
    return lambda shop: getattr(shop.store, name)


def no_texts(_shop: Shop, _args: Args, _ask: Ask) -> Any:
    return []


APPS_PLAIN: dict[str, Callable[[Any], Any]] = {
    "Shop.id": lambda _shop: "U2hvcDox",
    "Shop.name": store_of("name"),
    "Shop.description": lambda _shop: "Coffee, tea and what you need to make them.",
    "Shop.domain": domain,
    "Shop.version": store_of("version"),
    "Shop.schemaVersion": lambda shop: ".".join(shop.store.version.split(".")[:2]),
    "Shop.permissions": lambda _shop: permissions(ALL),
    "Shop.channelCurrencies": lambda shop: sorted(
        {one.currency_code for one in shop.store.channels.values()}
    ),
    "Shop.defaultCountry": lambda shop: country(next(iter(shop.store.channels.values())).country),
    "Shop.companyAddress": lambda _shop: None,
    "Shop.enableAccountConfirmationByEmail": store_of("confirm_accounts_by_email"),
    "Shop.allowLoginWithoutConfirmation": store_of("allow_login_without_confirmation"),
    "Shop.useLegacyUpdateWebhookEmission": lambda _shop: True,
    "App.permissions": lambda app: permissions(app.permissions),
    "App.type": lambda _app: "THIRDPARTY",
    "App.brand": lambda _app: None,
    "AppExtension.permissions": lambda one: permissions(one.permissions),
    "AppExtension.mountName": lambda one: one.mount,
    "AppExtension.targetName": lambda one: one.target,
    "AppExtension.settings": lambda one: one.options,
    "Webhook.asyncEvents": lambda webhook: [EventName(one) for one in sorted(webhook.events)],
    "Webhook.syncEvents": lambda _webhook: [],
    "Webhook.customHeaders": lambda webhook: json.dumps(webhook.custom_headers),
    "EventDelivery.payload": lambda one: one.body.decode() if one.body else None,
    "EventDeliveryAttempt.taskId": lambda one: one.id,
    "EventDeliveryAttempt.responseHeaders": lambda _one: None,
    "EventDeliveryAttempt.requestHeaders": lambda _one: None,
}


def deliveries(webhook: Webhook, args: Args) -> Any:
    """What failed (kept) and what is on its way; delivered ones are forgotten as Saleor does."""
    wanted = args.get("filter") or {}
    kept = [
        one
        for one in (*webhook.failed, *webhook.waiting.values())
        if wanted.get("status") in (None, one.status)
        and wanted.get("eventType") in (None, one.event_type)
    ]
    kept.sort(key=lambda one: one.created_at)
    if (args.get("sortBy") or {}).get("direction", "DESC") == "DESC":
        kept.reverse()
    return page("eventDeliveries", kept, lambda one: (one.created_at, 0), args)


def attempts(delivery: Delivery, args: Args) -> Any:
    held = list(reversed(delivery.attempts))
    return page("attempts", held, lambda one: (one.created_at, 0), args)


APPS_WITH_ARGS: dict[str, Callable[[Any, Args], Any]] = {
    "Webhook.eventDeliveries": deliveries,
    "EventDelivery.attempts": attempts,
}


def own_only(app: App, ask: Ask) -> None:
    if ask.who.app is not app:
        ask.need("MANAGE_APPS")


def webhooks(app: App, _args: Args, ask: Ask) -> list[Webhook]:
    own_only(app, ask)
    return list(app.webhooks)


def frame_token(app: App, _args: Args, ask: Ask) -> str | None:
    """What the Dashboard asks for and hands to the app it frames; nobody but staff gets one."""
    user, shop = ask.who.user, ask.shop
    if user is None or not user.is_staff:
        return None
    return app_user_token(shop.ring, user, app, issuer=shop.api_url)


def extension_token(one: Extension, _args: Args, ask: Ask) -> str | None:
    user, shop = ask.who.user, ask.shop
    if user is None or not user.is_staff:
        return None
    return app_user_token(shop.ring, user, one.app, issuer=shop.api_url, extension=one)


def event(told: Told, _args: Args, _ask: Ask) -> Told:
    return told


APPS_ASKED: dict[str, Callable[[Any, Args, Ask], Any]] = {
    "Shop.metadata": no_texts,
    "App.webhooks": webhooks,
    "App.accessToken": frame_token,
    "AppExtension.accessToken": extension_token,
    "Subscription.event": event,
}


def told(name: str) -> Callable[[Told], Any]:
    return lambda one: getattr(one, name)


def describe_events() -> None:
    """Every event type reads from what was told: when, by whom, to whom, and about what."""
    events = {name: event for event, name in TYPE_OF.items()}
    for kind in EVENT_TYPES:
        APPS_PLAIN[f"{kind}.issuingPrincipal"] = lambda one: one.principal.source
        subject = SUBJECT.get(events[kind]) or kind_of_subject(events[kind])
        APPS_PLAIN[f"{kind}.{subject}"] = told("subject")
        APPS_PLAIN[f"{kind}.redirectUrl"] = lambda _one: None
        APPS_PLAIN[f"{kind}.token"] = lambda one: getattr(one.subject, "confirm_token", None)
        APPS_PLAIN[f"{kind}.channel"] = lambda _one: None
    APPS_PLAIN["FulfillmentCreated.order"] = lambda one: one.subject.order
    for kind in ("ProductCreated", "ProductUpdated", "ProductDeleted", "ProductMetadataUpdated"):
        APPS_PLAIN[f"{kind}.product"] = lambda one: one.subject.within(None)


def kind_of_subject(event_type: str) -> str:
    head = event_type.partition("_")[0]
    return {
        "DRAFT": "order",
        "CUSTOMER": "user",
        "ACCOUNT": "user",
        "GIFT": "giftCard",
    }.get(head, head.lower())


describe_events()

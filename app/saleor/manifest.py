"""manifest.json as one Saleor wants it: addresses whole, documents put in, nothing it cannot take.

Saleor says only its minor version when it asks, so what came with a patch is left out and created
after registration (`wanted_webhooks`).
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from graphql import GraphQLSyntaxError, parse, print_ast

from app.saleor import documents
from app.saleor.documents import Version
from app.saleor.shapes.answers import Webhook

SOURCE = Path(__file__).parents[2] / "manifest.json"
BASE: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
IDENTIFIER: str = BASE["id"]
VERSION = metadata.version("perennial")
OLDEST = Version(3, 21)

OPTIONAL = {"MANAGE_PRODUCTS": ("product_updated", "product_deleted")}
"""What is heard once a merchant has granted a permission that the manifest does not ask for."""

OURS = ("saleor", "only")
"""What an extension says to us, and not to Saleor."""
ADDRESSES = ("appUrl", "tokenTargetUrl", "dataPrivacyUrl", "supportUrl", "homepageUrl")
WITHOUT_DOCUMENT = frozenset({"customer_deleted"})
"""Heard in Saleor's old payload, a list, where the document is for a later Saleor."""


def build(
    base_url: str, schema_version: str | None, *, extras: Collection[str] = ()
) -> dict[str, Any]:
    """The manifest for a Saleor of this `major.minor`; for the oldest where it does not say.

    `extras`: extensions that stand in it only when asked for. `home` needs Dashboard 3.23.6 and
    `search` 3.23.21; an older one of the same minor would refuse the whole install.
    """
    version = _asked(schema_version)
    base = base_url.rstrip("/")
    return {
        **BASE,
        "version": VERSION,
        **{key: base + BASE[key] for key in ADDRESSES},
        "brand": {"logo": {"default": base + BASE["brand"]["logo"]["default"]}},
        "extensions": [
            _extension(told, base)
            for told in BASE["extensions"]
            if _is_for(told, version) and told.get("only") in (None, *extras)
        ],
        "webhooks": [_webhook(event, base) for event in BASE["webhooks"] if _heard(event, version)],
    }


def wanted_webhooks(
    base_url: str, saleor_version: str, granted: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Every webhook a Saleor of exactly this version (`3.23.28`) should have of ours, with the
    permissions it has granted since."""
    version, base = Version.read(saleor_version), base_url.rstrip("/")
    return [
        _webhook(event, base, with_document=_heard(event, version))
        for event in BASE["webhooks"]
        if _heard(event, version) or event in WITHOUT_DOCUMENT
    ] + [
        _webhook(event, base)
        for permission, events in OPTIONAL.items()
        for event in events
        if permission in granted
    ]


def webhook_input(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """One of `wanted_webhooks` as WebhookCreateInput and WebhookUpdateInput."""
    return dict(wanted)


def same_webhook(have: Webhook, wanted: Mapping[str, Any]) -> bool:
    """Whether the webhook in the shop already does what is wanted."""
    return (
        have.is_active
        and have.target_url == wanted["targetUrl"]
        and have.events == frozenset(wanted["asyncEvents"])
        and _plain(have.query) == _plain(wanted["query"])
    )


def _asked(schema_version: str | None) -> Version:
    try:
        return max(Version.read(schema_version or ""), OLDEST)
    except ValueError:
        return OLDEST


def _heard(event: str, version: Version) -> bool:
    return version >= documents.since(f"subscriptions/{event}")


def _webhook(event: str, base: str, *, with_document: bool = True) -> dict[str, Any]:
    return {
        "name": event,
        "targetUrl": f"{base}/api/webhooks/{event}",
        "asyncEvents": [event.upper()],
        "query": documents.text(f"subscriptions/{event}") if with_document else None,
        "isActive": True,
    }


def _is_for(extension: Mapping[str, Any], version: Version) -> bool:
    """`"saleor": ">=3.22"` or `"<3.22"`; without it an extension is for all."""
    told: str = extension.get("saleor", "")
    if told.startswith(">="):
        return version >= Version.read(told[2:])
    return version < Version.read(told[1:]) if told else True


def _extension(told: Mapping[str, Any], base: str) -> dict[str, Any]:
    """APP_PAGE takes only a path below appUrl; the others are given whole, to be unmistakable."""
    extension = {key: value for key, value in told.items() if key not in OURS}
    if told["target"] != "APP_PAGE":
        extension["url"] = base + told["url"]
    return extension


@lru_cache(256)
def _plain(query: str | None) -> str | None:
    """A document whatever its spacing; Saleor keeps what it was given."""
    if not query:
        return None
    try:
        return print_ast(parse(query))
    except GraphQLSyntaxError:
        return query

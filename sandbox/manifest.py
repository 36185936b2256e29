"""What Saleor accepts as an app's manifest, and why it refuses one."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    parse,
)

from sandbox.api.schema import numbers
from sandbox.events import EVENT_TYPES, TYPE_OF, upper
from sandbox.rules.permissions import ALL
from sandbox.words import words

MOUNTS_321 = frozenset(
    words(
        "CUSTOMER_OVERVIEW_CREATE CUSTOMER_OVERVIEW_MORE_ACTIONS CUSTOMER_DETAILS_MORE_ACTIONS "
        "PRODUCT_OVERVIEW_CREATE PRODUCT_OVERVIEW_MORE_ACTIONS PRODUCT_DETAILS_MORE_ACTIONS "
        "NAVIGATION_CATALOG NAVIGATION_ORDERS NAVIGATION_CUSTOMERS NAVIGATION_DISCOUNTS "
        "NAVIGATION_TRANSLATIONS NAVIGATION_PAGES ORDER_DETAILS_MORE_ACTIONS "
        "ORDER_OVERVIEW_CREATE ORDER_OVERVIEW_MORE_ACTIONS"
    )
)
PLACES_322 = words("CATEGORY COLLECTION GIFT_CARD DRAFT_ORDER DISCOUNT VOUCHER PAGE PAGE_TYPE MENU")
WIDGETS_322 = words("COLLECTION CUSTOMER PRODUCT ORDER DRAFT_ORDER VOUCHER GIFT_CARD")
MOUNTS_322 = (
    MOUNTS_321
    | {
        f"{place}_{what}"
        for place in PLACES_322
        for what in ("OVERVIEW_CREATE", "OVERVIEW_MORE_ACTIONS", "DETAILS_MORE_ACTIONS")
    }
    | {f"{place}_DETAILS_WIDGETS" for place in WIDGETS_322}
    | {"TRANSLATIONS_MORE_ACTIONS"}
)
MOUNTS_323 = MOUNTS_322 | {"HOMEPAGE_WIDGETS", "SEARCH_ACTION"}
TARGETS_321 = frozenset({"POPUP", "APP_PAGE"})
TARGETS_322 = TARGETS_321 | {"NEW_TAB", "WIDGET"}

URLS = ("appUrl", "tokenTargetUrl", "dataPrivacyUrl", "homepageUrl", "supportUrl")

Problem = tuple[str, str, str]


def problems(manifest: Any, *, version: str, validate: Callable[[str], list[str]]) -> list[Problem]:
    """What is wrong with a manifest on a Saleor of `version`: (field, code, message) each."""
    if not isinstance(manifest, dict):
        return [("manifest", "INVALID_MANIFEST_FORMAT", "The manifest is not an object.")]
    minor = numbers(version)[:2]
    found = list(of_the_top(manifest, minor))
    found += of_version(manifest.get("requiredSaleorVersion"), version)
    for webhook in manifest.get("webhooks") or ():
        found += of_webhook(webhook, validate)
    for extension in manifest.get("extensions") or ():
        found += of_extension(extension, manifest, minor)
    return found


def of_the_top(manifest: dict[str, Any], minor: tuple[int, ...]) -> list[Problem]:
    wanted = ["id", "name", "version"] + (["tokenTargetUrl"] if minor <= (3, 22) else [])
    found = [
        (name, "REQUIRED", f"Field required: {name}") for name in wanted if not manifest.get(name)
    ]
    found += [
        (name, "INVALID_URL_FORMAT", "Incorrect format.")
        for name in URLS
        if manifest.get(name) and not is_url(manifest[name])
    ]
    if "author" in manifest and not str(manifest["author"] or "").strip():
        found.append(("author", "INVALID", "Incorrect value for field: author"))
    unknown = sorted(set(manifest.get("permissions") or ()) - (ALL - {"MANAGE_APPS"}))
    if unknown:
        found.append(
            ("permissions", "INVALID_PERMISSION", f"Given permissions don't exist: {unknown}")
        )
    logo = ((manifest.get("brand") or {}).get("logo") or {}).get("default")
    if logo and not urlsplit(logo).path.endswith(".png"):
        found.append(("brand", "INVALID_URL_FORMAT", "The logo has to be a PNG."))
    return found


def is_url(text: object) -> bool:
    parts = urlsplit(str(text))
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def of_version(wanted: str | None, version: str) -> list[Problem]:
    if not wanted or satisfies(version, wanted):
        return []
    message = f"Saleor version {version} is not supported by the app."
    return [("requiredSaleorVersion", "UNSUPPORTED_SALEOR_VERSION", message)]


def satisfies(version: str, wanted: str) -> bool:
    """Node's version ranges as apps write them: `>=3.21 <4`, with `||` between alternatives."""
    here = (*numbers(version), 0, 0, 0)[:3]
    return any(
        all(compare(here, part) for part in re.findall(r"(?:>=|<=|>|<|=|\^|~)?\s*[\d.x*]+", one))
        for one in wanted.split("||")
    )


def compare(here: tuple[int, ...], part: str) -> bool:
    match = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*([\d.x*]+)", part)
    if match is None:
        return False
    sign, there = match[1] or "=", numbers(match[2])
    padded = (*there, 0, 0, 0)[:3]
    return {
        ">=": here >= padded,
        "<=": here[: len(there)] <= there,
        ">": here > padded,
        "<": here < padded,
        "=": here[: len(there)] == there,
        "^": here >= padded and here[0] == padded[0],
        "~": here >= padded and here[:2] == padded[:2],
    }[sign]


def of_webhook(webhook: Any, validate: Callable[[str], list[str]]) -> list[Problem]:
    missing = [name for name in ("name", "targetUrl", "query") if not webhook.get(name)]
    if missing:
        return [("webhooks", "REQUIRED", f"Webhook lacks {', '.join(missing)}.")]
    found: list[Problem] = [
        ("webhooks", "INVALID", f"Subscription query is not valid: {text}")
        for text in validate(webhook["query"])
    ]
    unknown = [event for event in webhook.get("asyncEvents") or () if event not in TYPE_OF]
    if unknown:
        found.append(("webhooks", "INVALID", f"Unknown events: {unknown}"))
    if not is_url(webhook["targetUrl"]):
        found.append(("webhooks", "INVALID_URL_FORMAT", "Invalid target url."))
    return found


def of_extension(extension: Any, manifest: dict[str, Any], minor: tuple[int, ...]) -> list[Problem]:
    missing = [name for name in ("label", "url", "mount") if not extension.get(name)]
    if missing:
        return [("extensions", "REQUIRED", f"Extension lacks {', '.join(missing)}.")]
    found: list[Problem] = []
    mounts = MOUNTS_321 if minor <= (3, 21) else MOUNTS_322 if minor == (3, 22) else MOUNTS_323
    if extension["mount"] not in mounts:
        found.append(("extensions", "INVALID", f"Incorrect value for mount: {extension['mount']}"))
    targets = TARGETS_321 if minor <= (3, 21) else TARGETS_322
    target = extension.get("target", "POPUP")
    if target not in targets:
        found.append(("extensions", "INVALID", f"Incorrect value for target: {target}"))
    relative = str(extension["url"]).startswith("/")
    if relative and not manifest.get("appUrl"):
        found.append(("extensions", "INVALID_URL_FORMAT", "A relative url needs appUrl."))
    if not relative and (target == "APP_PAGE" or not is_url(extension["url"])):
        found.append(("extensions", "INVALID_URL_FORMAT", "Incorrect value for field: url."))
    beyond = sorted(
        set(extension.get("permissions") or ()) - set(manifest.get("permissions") or ())
    )
    if beyond:
        message = f"Extension permission must be listed in App's permissions: {beyond}"
        found.append(("extensions", "OUT_OF_SCOPE_PERMISSION", message))
    return found


def events_in(query: str) -> frozenset[str]:
    """The events a subscription asks for, from the types of its fragments."""
    try:
        document = parse(query)
    except GraphQLSyntaxError:
        return frozenset()
    names: set[str] = set()
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    for operation in operations:
        for root in operation.selection_set.selections:
            if isinstance(root, FieldNode) and root.selection_set:
                names |= types_under(root.selection_set.selections, fragments)
    return frozenset(upper(name) for name in names if name in EVENT_TYPES)


def types_under(selections: Any, fragments: dict[str, Any]) -> set[str]:
    names = set()
    for one in selections:
        if isinstance(one, InlineFragmentNode) and one.type_condition:
            names.add(one.type_condition.name.value)
        elif isinstance(one, FragmentSpreadNode) and one.name.value in fragments:
            names.add(fragments[one.name.value].type_condition.name.value)
    return names

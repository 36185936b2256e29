"""How each field of the answer is read from the shop's things.

Three tables: PLAIN (of the thing alone), WITH_ARGS (of the thing and the arguments), ASKED (also
of who asks). What stands in none of them is the attribute of the same name in snake_case.
"""

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import GraphQLObjectType, GraphQLSchema

from sandbox.api.ask import Args, Ask
from sandbox.api.fields_apps import APPS_ASKED, APPS_PLAIN, APPS_WITH_ARGS
from sandbox.api.fields_shop import SHOP_ASKED, SHOP_PLAIN, SHOP_WITH_ARGS
from sandbox.api.guards import GUARDS, Guard
from sandbox.api.mutations import MUTATIONS
from sandbox.api.queries import QUERIES
from sandbox.rules import metadata
from sandbox.rules.refusal import PermissionDenied

Plain = Callable[[Any], Any]
WithArgs = Callable[[Any, Args], Any]
Asked = Callable[[Any, Args, Ask], Any]

PLAIN: dict[str, Plain] = {**SHOP_PLAIN, **APPS_PLAIN}
WITH_ARGS: dict[str, WithArgs] = {**SHOP_WITH_ARGS, **APPS_WITH_ARGS}
ASKED: dict[str, Asked] = {**SHOP_ASKED, **APPS_ASKED, **QUERIES, **MUTATIONS}
# Seen from a channel: the thing itself is one step behind.
VIEWS = ("Product", "ProductVariant")
OWN_OF_VIEWS = {"channel_listings", "variants", "default_variant", "product"}


class Item(NamedTuple):
    key: str
    value: str


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[a-z])(\d)", r"_\1\2", name).lower()


def items(texts: dict[str, str]) -> list[Item]:
    return [Item(key, value) for key, value in texts.items()]


def some(texts: dict[str, str], keys: Iterable[str] | None) -> dict[str, str]:
    return dict(texts) if keys is None else {key: texts[key] for key in keys if key in texts}


def attach(schema: GraphQLSchema) -> GraphQLSchema:
    """Give every field of every object its resolver."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            has_metadata = any(one.name == "ObjectWithMetadata" for one in kind.interfaces)
            for name in kind.fields:
                attach_field(kind, name, has_metadata=has_metadata)
    return schema


def attach_field(kind: GraphQLObjectType, name: str, *, has_metadata: bool) -> None:
    field, path = kind.fields[name], f"{kind.name}.{name}"
    guard = GUARDS.get(path)
    if has_metadata and name.startswith(("metadata", "metafield", "private")):
        attach_metadata(kind, name)
        return
    if path in ASKED:
        field.resolve = asked(ASKED[path], guard)
        return
    if path in WITH_ARGS:
        field.extensions = {"plain": WITH_ARGS[path], "with_args": WITH_ARGS[path], "guard": guard}
        field.resolve = with_args(WITH_ARGS[path], guard)
        return
    get = PLAIN.get(path) or attribute(kind.name, name)
    field.extensions = {
        "plain": get,
        "with_args": lambda source, _args: get(source),
        "guard": guard,
    }
    field.resolve = plain(get, guard)


def attribute(kind: str, name: str) -> Plain:
    word = snake(name)
    if kind in VIEWS and word not in OWN_OF_VIEWS:
        word = f"of.{word}"
    return attrgetter(word)


def plain(get: Plain, guard: Guard | None) -> Callable[..., Any]:
    if guard is None:
        return lambda source, _info, **_args: get(source)

    def guarded(source: Any, info: Any, **_args: Any) -> Any:
        guard.check(info.context, source)
        return get(source)

    return guarded


def with_args(get: WithArgs, guard: Guard | None) -> Callable[..., Any]:
    def resolve(source: Any, info: Any, **args: Any) -> Any:
        if guard is not None:
            guard.check(info.context, source)
        return get(source, args)

    return resolve


def asked(get: Asked, guard: Guard | None) -> Callable[..., Any]:
    def resolve(source: Any, info: Any, **args: Any) -> Any:
        if guard is not None:
            guard.check(info.context, source)
        return get(source, args, info.context)

    return resolve


def attach_metadata(kind: GraphQLObjectType, name: str) -> None:
    """The six fields of ObjectWithMetadata; the private ones ask who may read them."""
    field, inner = kind.fields[name], attrgetter("of") if kind.name in VIEWS else None
    private = name.startswith("private")
    held = attrgetter("private_metadata" if private else "metadata")

    def read(source: Any, args: Args) -> Any:
        texts = held(inner(source) if inner else source)
        if name.endswith("etafield"):
            return texts.get(args["key"])
        if name.endswith("etafields"):
            return some(texts, args.get("keys"))
        return items(texts)

    def resolve(source: Any, info: Any, **args: Any) -> Any:
        thing = inner(source) if inner else source
        if private and not metadata.may_read_private(info.context.who, thing):
            raise PermissionDenied
        return read(source, args)

    field.resolve = resolve
    guard = private_guard(kind.name) if private else None
    if not private or guard is not None:
        field.extensions = {
            "plain": lambda source: read(source, {}),
            "with_args": read,
            "guard": guard,
        }


def private_guard(kind: str) -> Guard | None:
    """Whom private metadata of a whole type is open to; None where it depends on the thing."""
    known = {one.__name__: rules.private for one, rules in metadata.RULES.items()}
    wanted = known.get(
        {"ProductVariant": "Variant", "TransactionItem": "Transaction"}.get(kind, kind)
    )
    if wanted is None or kind in ("User", "App"):
        return None
    return Guard(tuple(sorted(wanted)))

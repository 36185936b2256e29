"""A Saleor made of its own schema: any document it accepts, the real one accepts."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_named_type,
    is_abstract_type,
    type_from_ast,
    validate,
)

from app.saleor.documents import Version
from tests.support.shared import SHARED

SCHEMAS = {
    Version(3, 21, 69): "schema-3.21.graphql",
    Version(3, 22, 67): "schema-3.22.graphql",
    Version(3, 23, 28): "schema-3.23.graphql",
    Version(3, 24): "schema-3.24-alpha.graphql",
}
"""Which release each schema was taken from."""

SCALARS: dict[str, object] = {
    "Int": 1,
    "Float": 1.5,
    "Boolean": True,
    "Decimal": 1.5,
    "PositiveDecimal": 1.5,
    "DateTime": "2026-01-01T12:00:00+00:00",
    "Date": "2026-01-01",
    "UUID": "7f000001-0000-4000-8000-000000000000",
}


@cache
def schema(version: Version) -> GraphQLSchema:
    """Building one of these 1,469-type schemas takes more than two seconds: once a process."""
    text = (SHARED / "saleor" / SCHEMAS[version]).read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


def complaints(document: DocumentNode, version: Version) -> list[str]:
    """What this Saleor has against a document; nothing if it would take it."""
    return [error.message for error in validate(schema(version), document)]


def ask(
    document: DocumentNode, version: Version, told: Mapping[str, Any], *, full: bool
) -> dict[str, Any]:
    """What this Saleor would answer.

    Told values stand; below them all is invented: everything present (each list with one entry),
    or every nullable null. The fields at the top are there either way.
    """
    assert not (found := complaints(document, version)), found
    answer = execute_sync(
        schema(version),
        document,
        root_value=told,
        field_resolver=Inventor(schema(version), told, full=full).resolve,
        type_resolver=lambda value, *_: value["__typename"],
        variable_values=_variables(document, schema(version)),
    )
    assert not answer.errors, answer.errors
    assert answer.data is not None
    return answer.data


class Inventor:
    """Answers any field with something of its type."""

    def __init__(self, types: GraphQLSchema, told: Mapping[str, Any], *, full: bool) -> None:
        self.types, self.told, self.full = types, told, full

    def resolve(self, source: object, info: GraphQLResolveInfo, **_: object) -> object:
        if isinstance(source, Mapping) and info.field_name in source:
            return source[info.field_name]
        if source is self.told or self.full or isinstance(info.return_type, GraphQLNonNull):
            return self.something(info.return_type)
        return None

    def something(self, kind: object) -> object:
        if isinstance(kind, GraphQLNonNull):
            return self.something(kind.of_type)
        if isinstance(kind, GraphQLList):
            return [self.something(kind.of_type)]
        if isinstance(kind, GraphQLScalarType):
            return SCALARS.get(kind.name, kind.name)
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values.values())).value
        if is_abstract_type(kind):
            return {"__typename": self.types.get_possible_types(kind)[0].name}
        return {}


def _variables(document: DocumentNode, types: GraphQLSchema) -> dict[str, object]:
    """Something for each variable that must be there."""
    needed = {}
    for variable in _operation(document).variable_definitions or ():
        kind = type_from_ast(types, variable.type)
        if isinstance(kind, GraphQLNonNull) and variable.default_value is None:
            needed[variable.variable.name.value] = _input(kind.of_type)
    return needed


def _input(kind: object) -> object:
    if isinstance(kind, GraphQLList):
        return []
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: _input(one.type.of_type)
            for name, one in kind.fields.items()
            if isinstance(one.type, GraphQLNonNull)
        }
    return SCALARS.get(get_named_type(kind).name, "x")


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(part for part in document.definitions if isinstance(part, OperationDefinitionNode))

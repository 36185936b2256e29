"""The sandbox's SDL is a true part of Saleor's own, version by version."""

from functools import cache

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_ast_schema,
    build_schema,
    validate_schema,
)

from sandbox.api.schema import document
from tests.support.shared import SHARED, needs_shared

VERSIONS = {"3.21": "3.21", "3.22": "3.22", "3.23.28": "3.23", "3.24": "3.24-alpha"}

# Where versions differ: an argument became optional when 3.23.27 gave it a companion, and an
# attribute has always a name since 3.23.
BEFORE = {
    "Mutation.webhookDelete(id) is ID!", "Mutation.webhookUpdate(id) is ID!",
    "Attribute.name is String, not String!",
}  # fmt: skip
DIFFERS = {"3.21": BEFORE, "3.22": BEFORE}


@cache
def real(version: str) -> GraphQLSchema:
    path = SHARED / "saleor" / f"schema-{VERSIONS[version]}.graphql"
    return build_schema(path.read_text("utf-8"), assume_valid=True)


@cache
def ours(version: str) -> GraphQLSchema:
    return build_ast_schema(document(version))


def untrue(mine: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Every name of ours that is not there, or is there otherwise."""
    found = []
    for name, kind in mine.type_map.items():
        other = theirs.type_map.get(name)
        if name.startswith("__"):
            continue
        if type(other) is not type(kind):
            found.append(f"{name} is no {type(kind).__name__} there")
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            found += untrue_fields(kind, other)
            extra = {one.name for one in kind.interfaces} - {one.name for one in other.interfaces}
            found += [f"{name} does not implement {one}" for one in extra]
        elif isinstance(kind, GraphQLInputObjectType):
            found += [
                f"{name}.{field} is {other.fields[field].type if field in other.fields else None}"
                for field, one in kind.fields.items()
                if field not in other.fields or not as_strict(other.fields[field].type, one.type)
            ]
            found += [
                f"{name}.{field} is demanded there"
                for field, one in other.fields.items()
                if field not in kind.fields
                and isinstance(one.type, GraphQLNonNull)
                and one.default_value is Undefined
            ]
        elif isinstance(kind, GraphQLEnumType):
            found += [f"{name}.{value}" for value in kind.values if value not in other.values]
        elif isinstance(kind, GraphQLUnionType):
            members = {one.name for one in other.types}
            found += [f"{name} has no {one.name}" for one in kind.types if one.name not in members]
    return found


def as_strict(theirs: object, mine: object) -> bool:
    """What goes in may be asked for more strictly here, never more loosely."""
    return str(mine) in (str(theirs), f"{theirs}!")


def untrue_fields(
    kind: GraphQLObjectType | GraphQLInterfaceType, other: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    found = []
    for name, field in kind.fields.items():
        known = other.fields.get(name)
        if known is None or str(known.type) != str(field.type):
            found.append(f"{kind.name}.{name} is {known and known.type}, not {field.type}")
            continue
        for word, argument in field.args.items():
            asked = known.args.get(word)
            if asked is None or not as_strict(asked.type, argument.type):
                found.append(f"{kind.name}.{name}({word}) is {asked and asked.type}")
        found += [
            f"{kind.name}.{name}({word}) is demanded there"
            for word, one in known.args.items()
            if word not in field.args
            and isinstance(one.type, GraphQLNonNull)
            and one.default_value is Undefined
        ]
    return found


@needs_shared
@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_of_ours_exists_in_that_saleor(version: str) -> None:
    assert set(untrue(ours(version), real(version))) == DIFFERS.get(version, set())


def test_a_lie_would_be_noticed() -> None:
    true = build_schema("type Query { a(b: Int): String! c: E } enum E { X Y }")
    lies = build_schema("type Query { a(b: String): String c: E d: Int } enum E { X Z }")
    assert len(untrue(lies, true)) == 3


@pytest.mark.parametrize(
    "version", ["3.21", "3.22", "3.23.0", "3.23.4", "3.23.5", "3.23.28", "3.24"]
)
def test_the_schema_of_each_version_is_whole(version: str) -> None:
    assert validate_schema(ours(version)) == []


@pytest.mark.parametrize(
    ("name", "since", "before"),
    [("CustomerDeleted", "3.23.5", "3.23.4"), ("OrderWhereInput", "3.22.0", "3.21.69")],
)
def test_what_came_later_is_missing_before(name: str, since: str, before: str) -> None:
    assert name in ours(since).type_map
    assert name not in ours(before).type_map


def test_a_patch_adds_an_argument() -> None:
    fields = {version: ours(version).mutation_type for version in ("3.23.26", "3.23.27")}
    arguments = {version: kind.fields["webhookUpdate"].args for version, kind in fields.items()}
    assert "identifier" not in arguments["3.23.26"]
    assert "identifier" in arguments["3.23.27"]

"""The schema of one Saleor version: our SDL without what came later, and what its scalars mean."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    REMOVE,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    GraphQLScalarType,
    GraphQLSchema,
    Node,
    StringValueNode,
    Visitor,
    build_ast_schema,
    parse,
    value_from_ast_untyped,
    visit,
)

SDL = Path(__file__).parents[1] / "schema.graphql"


def numbers(version: str) -> tuple[int, ...]:
    """`3.23.5` as (3, 23, 5); what is no number ends it."""
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0]))


class WithoutLater(Visitor):
    """Takes out every definition whose @since is later than a version, and then every @since."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = numbers(version)

    def enter(self, node: Node, *_: Any) -> Any:
        if isinstance(node, DirectiveDefinitionNode | DirectiveNode):
            return REMOVE if node.name.value == "since" else None
        since = since_of(node)
        return REMOVE if since and numbers(since) > self.version else None


def since_of(node: Node) -> str | None:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == "since":
            value = directive.arguments[0].value
            return value.value if isinstance(value, StringValueNode) else None
    return None


@cache
def document(version: str) -> DocumentNode:
    """Our SDL as a Saleor of that version (`3.21`, `3.23.28`) would show it."""
    pruned: DocumentNode = visit(parse(SDL.read_text("utf-8")), WithoutLater(version))
    return pruned


def build(version: str) -> GraphQLSchema:
    """A fresh schema whose scalars read and write as Saleor's; resolvers are not attached yet."""
    schema = build_ast_schema(document(version), assume_valid_sdl=True)
    for name, (write, read) in SCALARS.items():
        scalar = schema.type_map[name]
        if isinstance(scalar, GraphQLScalarType):
            scalar.coerce_output_value = write
            scalar.coerce_input_value = read
            scalar.coerce_input_literal = literal(read)
    return schema


def literal(read: Any) -> Any:
    return lambda node, *_: read(value_from_ast_untyped(node))


def write_moment(value: datetime | date) -> str:
    return value.isoformat()


def read_moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_amount(value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"not a decimal: {value!r}") from None
    if amount < 0:
        raise ValueError("Value cannot be lower than 0.")
    return amount


def same(value: Any) -> Any:
    return value


SCALARS: dict[str, tuple[Any, Any]] = {
    "DateTime": (write_moment, read_moment),
    "Date": (write_moment, date.fromisoformat),
    "PositiveDecimal": (float, read_amount),
    "UUID": (str, str),
    "Minute": (int, int),
    "JSONString": (str, same),
    "JSON": (same, same),
    "GenericScalar": (same, same),
    "Metadata": (same, same),
}

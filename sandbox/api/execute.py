"""Running documents against the shop: prepared once, limited as Saleor limits, answered leanly."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableDefinitionNode,
    Visitor,
    execute,
    get_operation_ast,
    is_abstract_type,
    parse,
    validate,
    value_from_ast_untyped,
    visit,
)

from sandbox.api.ask import Ask
from sandbox.api.cost import MAXIMUM, Meter
from sandbox.api.fields import attach
from sandbox.api.lean import LeanExecutor
from sandbox.api.schema import build
from sandbox.apps import Principal
from sandbox.catalogue import ProductView, VariantView
from sandbox.events import Told
from sandbox.sales import Transaction
from sandbox.shop import Shop

MOST_MUTATIONS = 4
MOST_DOCUMENTS = 1000
SPELLED = {ProductView: "Product", VariantView: "ProductVariant", Transaction: "TransactionItem"}


@dataclass
class Prepared:
    """A document that was read and checked, with the plans made for it so far."""

    document: DocumentNode | None
    errors: list[GraphQLError]
    run: DocumentNode = field(default_factory=lambda: DocumentNode(definitions=()))
    plans: dict[Any, Any] = field(default_factory=dict)


class WithoutEmptyDefaults(Visitor):
    """Saleor's older graphql-core forgets a variable's default that is empty or false."""

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        default = node.default_value
        if default is None or value_from_ast_untyped(default):
            return None
        return VariableDefinitionNode(
            variable=node.variable, type=node.type, directives=node.directives, loc=node.loc
        )


@dataclass
class Reading:
    """An answer at the level of HTTP."""

    status: int
    body: dict[str, Any]


def type_name(thing: Any, *_: Any) -> str:
    if isinstance(thing, Told):
        return thing.type_name
    return SPELLED.get(type(thing), type(thing).__name__)


@cache
def ready_schema(version: str) -> GraphQLSchema:
    """The schema with its resolvers: they ask the context for the shop, so all shops share it."""
    schema = attach(build(version))
    for kind in schema.type_map.values():
        if is_abstract_type(kind):
            kind.resolve_type = type_name
    return schema


@lru_cache(MOST_DOCUMENTS)
def _prepared(version: str, text: str) -> Prepared:
    """All shops of a version share what was once found right or wrong with a document."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return Prepared(None, [error])
    runs: DocumentNode = visit(document, WithoutEmptyDefaults())
    return Prepared(document, validate(ready_schema(version), document), runs)


class Api:
    """One shop's GraphQL."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.schema = ready_schema(shop.store.version)

    def prepare(self, text: str) -> Prepared:
        return _prepared(self.shop.store.version, text)

    def problems(self, subscription: str) -> list[str]:
        """Why a webhook's query would be refused: it has to be one subscription on one field."""
        prepared = self.prepare(subscription)
        if prepared.errors:
            return [error.message for error in prepared.errors]
        operation = get_operation_ast(prepared.document or DocumentNode(definitions=()))
        if operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            return ["Subscription operation can't be found."]
        if len(operation.selection_set.selections) != 1:
            return ["Subscription must select only one top field."]
        return []

    def ask(self, payload: Any, who: Principal) -> Reading:
        """Answer one request `{query, variables, operationName}`."""
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            return Reading(400, {"errors": [{"message": "Must provide a query string."}]})
        prepared = self.prepare(payload["query"])
        if prepared.document is None or prepared.errors:
            return Reading(400, failed(prepared.errors))
        operation = get_operation_ast(prepared.document, payload.get("operationName"))
        if operation is None:
            message = "Must provide operation name if query contains multiple operations."
            return Reading(400, {"errors": [{"message": message}]})
        variables = payload.get("variables") or {}
        refused = too_many(operation)
        if refused:
            return Reading(200, failed([GraphQLError(refused)]))
        meter = Meter(self.schema, fragments_of(prepared.document), defaults(operation, variables))
        cost = meter.cost(operation)
        extensions = {"cost": {"requestedQueryCost": cost, "maximumAvailable": MAXIMUM}}
        if cost > MAXIMUM:
            message = f"The query exceeds the maximum cost of {MAXIMUM}. Actual cost is {cost}"
            return Reading(400, failed([GraphQLError(message)]) | {"extensions": extensions})
        result = self.run(prepared, who, variables, payload.get("operationName"))
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body = failed(result.errors) | body
        return Reading(200, body | {"extensions": extensions})

    def run(
        self,
        prepared: Prepared,
        who: Principal,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        root: Any = None,
    ) -> ExecutionResult:
        key = json.dumps(variables, sort_keys=True, default=str) if variables else ""
        ask = Ask(self.shop, who, prepared.plans, key)
        with self.shop.store.acting_as(who):
            result = execute(
                self.schema,
                prepared.run,
                root_value=root,
                context_value=ask,
                variable_values=variables,
                operation_name=operation_name,
                executor_class=LeanExecutor,
                is_awaitable=never,
            )
        if not isinstance(result, ExecutionResult):
            raise TypeError("the sandbox answers synchronously")
        return result


def never(_value: Any) -> TypeGuard[Awaitable[Any]]:
    return False


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def defaults(operation: OperationDefinitionNode, variables: dict[str, Any]) -> dict[str, Any]:
    """The variables with the defaults the operation declares."""
    held = {
        one.variable.name.value: getattr(one.default_value, "value", None)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }
    return held | {name: value for name, value in variables.items() if value is not None}


def too_many(operation: OperationDefinitionNode) -> str | None:
    """Saleor's words when a request holds more mutations than it allows. It counts what is
    written, whether @include lets it run or not."""
    if operation.operation is not OperationType.MUTATION:
        return None
    fields = [one for one in operation.selection_set.selections if isinstance(one, FieldNode)]
    if len(fields) <= MOST_MUTATIONS:
        return None
    return f"Number of mutations exceed the limit of {MOST_MUTATIONS}"


def failed(errors: list[GraphQLError]) -> dict[str, Any]:
    return {"errors": [told(error) for error in errors]}


def told(error: GraphQLError) -> dict[str, Any]:
    """An error as Saleor writes it, with the exception's name and no stack."""
    cause = error.original_error
    name = type(cause).__name__ if cause else "GraphQLError"
    entry: dict[str, Any] = dict(error.formatted)
    entry["extensions"] = {"exception": {"code": name, "stacktrace": []}}
    return entry

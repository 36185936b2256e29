"""graphql-core's executor with a short cut for the plain parts of an answer.

A page of 100 orders has some 20,000 fields, nearly all of them an attribute of a thing. For a
selection in which every field is plain (no argument of the request, no owner to ask) a plan is
compiled once and run for each object. Whatever is unusual there (a null where none may be, a value
that is no member of its enum, any error) leaves the short cut, and graphql-core does that object
its own slow way, so that errors, nulls and paths are always its own.
"""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
)
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values

from sandbox.api.ask import Ask

Plan = Callable[[Any], Any]
# Things that come many times in one answer and stand still while it is made.
RECURRING = frozenset({"Channel", "Product", "ProductVariant", "Category", "Collection", "User"})
PASSED_AS_THEY_ARE = frozenset({"String", "ID", "Boolean", "Int", "JSONString"})
MOST_PLANS = 500


class NotPlainError(Exception):
    """This part needs the whole machinery."""


class LeanExecutor(Executor[Any]):
    """Used as `executor_class`; its context is an Ask."""

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        plan = self.plan_for(return_type, field_details_list)
        if plan is not None:
            try:
                return plan(result)
            except Exception:  # noqa: BLE001, S110 - the slow way below finds out what it was
                pass
        return super().collect_and_execute_subfields(
            return_type, field_details_list, path, result, position_context
        )

    def plan_for(self, kind: GraphQLObjectType, details: Any) -> Plan | None:
        ask: Ask = self.context_value
        nodes = tuple(id(one.node) for one in details)
        key = (kind.name, nodes, ask.who.key, ask.variables_key)
        if key not in ask.ready:
            build = self.compiled(key, kind, details)
            ask.ready[key] = build(ask) if build else None
        plan: Plan | None = ask.ready[key]
        return plan

    def compiled(self, key: Any, kind: GraphQLObjectType, details: Any) -> Any:
        plans = self.context_value.plans
        if key not in plans:
            if len(plans) > MOST_PLANS:
                plans.clear()
            try:
                plans[key] = self.object_plan(kind, details)
            except NotPlainError:
                plans[key] = None
        return plans[key]

    def object_plan(self, kind: GraphQLObjectType, details: Any) -> Callable[[Ask], Plan]:
        """A plan waits for its Ask: what has been seen belongs to one answer only."""
        grouped = self.collect_subfields(kind, details)[0]
        makers = [(name, self.field_plan(kind, fields)) for name, fields in grouped.items()]

        def ready(ask: Ask) -> Plan:
            parts = [(name, make(ask)) for name, make in makers]

            def plain(source: Any) -> dict[str, Any]:
                return {name: part(source) for name, part in parts}

            if kind.name not in RECURRING:
                return plain
            seen, mine = ask.seen, id(makers)

            def remembered(source: Any) -> Any:
                key = (mine, id(source))
                known = seen.get(key)
                if known is None:
                    known = seen[key] = (source, plain(source))
                return known[1]

            return remembered

        return ready

    def field_plan(self, kind: GraphQLObjectType, details: Any) -> Callable[[Ask], Plan]:
        node = details[0].node
        name = node.name.value
        if name == "__typename":
            return lambda _ask: lambda _source: kind.name
        field = kind.fields[name]
        get = field.extensions.get("plain")
        guard = field.extensions.get("guard")
        ask: Ask = self.context_value
        if get is None or (guard is not None and not guard.passes(ask.who)):
            raise NotPlainError
        if field.args:
            args = get_argument_values(field, node, self.variable_values)
            get = with_args(field.extensions["with_args"], args)
        complete = self.completion(field.type, details)
        return lambda ask: compose(get, complete(ask))

    def completion(self, kind: GraphQLOutputType, details: Any) -> Callable[[Ask], Plan | None]:
        """What turns a resolved value into its part of the answer; None: it is that already."""
        if isinstance(kind, GraphQLNonNull):
            inner = self.completion(kind.of_type, details)
            return lambda ask: never_null(inner(ask))
        if isinstance(kind, GraphQLList):
            inner = self.completion(kind.of_type, details)
            return lambda ask: each(inner(ask))
        if isinstance(kind, GraphQLObjectType):
            build = self.object_plan(kind, details)
            return lambda ask: or_null(build(ask))
        if isinstance(kind, GraphQLEnumType):
            names = {name: name for name in kind.values}
            return lambda _ask: or_null(names.__getitem__)
        if isinstance(kind, GraphQLScalarType):
            if kind.name in PASSED_AS_THEY_ARE:
                return lambda _ask: None
            write = float if kind.name == "Float" else kind.coerce_output_value
            return lambda _ask: or_null(write)
        raise NotPlainError


def with_args(get: Callable[[Any, Any], Any], args: dict[str, Any]) -> Plan:
    return lambda source: get(source, args)


def compose(get: Plan, complete: Plan | None) -> Plan:
    if complete is None:
        return get
    return lambda source: complete(get(source))


def or_null(complete: Plan) -> Plan:
    return lambda value: None if value is None else complete(value)


def never_null(complete: Plan | None) -> Plan:
    def whole(value: Any) -> Any:
        done = value if complete is None else complete(value)
        if done is None:
            raise NotPlainError
        return done

    return whole


def each(complete: Plan | None) -> Plan:
    if complete is None:
        return lambda values: None if values is None else list(values)
    return lambda values: None if values is None else [complete(value) for value in values]

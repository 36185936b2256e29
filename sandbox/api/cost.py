"""What a query costs: one a thing, times the page it stands in (saleor/graphql/query_cost_map.py).

A cost above the maximum is refused before anything is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    get_named_type,
)

MAXIMUM = 50_000
COSTLY = {
    "Query": "app apps appsInstallations categories category channel channels checkout checkouts "
    "collection collections customers draftOrders giftCard giftCards me order orders product "
    "products productVariant productVariants user voucher vouchers webhook",
    "Checkout": "availableShippingMethods billingAddress channel giftCards lines shippingAddress "
    "shippingMethod shippingMethods transactions user",
    "Order": "billingAddress channel discounts fulfillments giftCards lines payments "
    "shippingAddress transactions user voucher",
    "OrderLine": "allocations thumbnail variant",
    "Product": "attributes category channelListings collections defaultVariant description pricing "
    "productType productVariants thumbnail variants",
    "ProductVariant": "channelListings pricing product",
    "User": "giftCards orders userPermissions",
    "Voucher": "categories channelListings collections products variants",
}
COSTS = {(kind, name) for kind, names in COSTLY.items() for name in names.split()}


@dataclass(frozen=True)
class Meter:
    """Adds up one document's cost with the variables it is asked with."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def cost(self, operation: OperationDefinitionNode) -> int:
        root = self.schema.get_root_type(operation.operation)
        return self._under(root, operation.selection_set.selections, 1)

    def _under(self, kind: Any, selections: Any, times: int) -> int:
        total = 0
        for one in selections:
            if isinstance(one, FieldNode):
                total += self._of_field(kind, one, times)
            elif isinstance(one, InlineFragmentNode):
                named = one.type_condition
                inner = self.schema.type_map[named.name.value] if named else kind
                total += self._under(inner, one.selection_set.selections, times)
            elif isinstance(one, FragmentSpreadNode):
                fragment = self.fragments[one.name.value]
                inner = self.schema.type_map[fragment.type_condition.name.value]
                total += self._under(inner, fragment.selection_set.selections, times)
        return total

    def _of_field(self, kind: Any, node: FieldNode, times: int) -> int:
        field = getattr(kind, "fields", {}).get(node.name.value)
        if field is None:
            return 0
        costs = (kind.name, node.name.value) in COSTS
        times *= self._size(node) if costs else 1
        chosen = node.selection_set.selections if node.selection_set else ()
        return self._under(get_named_type(field.type), chosen, times) + (times if costs else 0)

    def _size(self, node: FieldNode) -> int:
        """The page asked for: `first` or `last`, 1 where there is neither."""
        size = 1
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                name = getattr(getattr(argument.value, "name", None), "value", None)
                spelled = getattr(argument.value, "value", None)
                value = self.variables.get(name) if name else spelled
                size *= int(value) if value else 1
        return size

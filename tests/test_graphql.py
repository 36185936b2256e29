"""Saleor's own schema is the referee: documents and shapes agree with it, on every version."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import (
    FieldDefinitionNode,
    FieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)
from pydantic import BaseModel

from app.saleor import documents, operations, shapes
from app.saleor.documents import Version
from app.saleor.operations import Operation
from tests.support.saleor import SCHEMAS, ask, complaints, schema
from tests.support.shared import needs_shared

pytestmark = needs_shared

DOCUMENTS = [name for name in documents.names() if not name.startswith("fragments/")]
OPERATIONS = [op for op in vars(operations).values() if isinstance(op, Operation)]
SUBSCRIPTIONS = documents.names("subscriptions")

LATEST = Version(3, 23, 28)
DENIED = {
    "App": {"tokens"},
    "Channel": {"hasOrders", "paymentSettings"},
    "Collection": {"channelListings"},
    "GiftCard": {"app", "assignedToEmail", "code", "events", "tags"},
    "Product": {"channelListings"},
    "ProductChannelListing": {"margin", "purchaseCost"},
    "ProductVariant": {"digitalContent", "quantityOrdered", "revenue"},
    "ProductVariantChannelListing": {"margin"},
    "Shop": {"enableAccountConfirmationByEmail", "allowLoginWithoutConfirmation", "limits"},
    "User": {"orders", "privateMetadata", "privateMetafield", "privateMetafields"},
}
"""What MANAGE_ORDERS, MANAGE_CHECKOUTS, MANAGE_USERS and MANAGE_DISCOUNTS do not let us read,
of the types we read (Saleor's own schema descriptions, 3.21 to 3.23); private metadata of a
customer who is on the staff needs MANAGE_STAFF."""

CALCULATED = {"undiscountedUnitPrice", "undiscountedTotalPrice"}
"""Of a checkout's line, from 3.23 on: calculated with the checkout's taxes, though undeclared."""

each_version = pytest.mark.parametrize("version", SCHEMAS, ids=lambda v: f"{v.major}.{v.minor}")
full_or_bare = pytest.mark.parametrize("full", [True, False], ids=["everything", "bare"])


def pascal(event: str) -> str:
    return "".join(word.capitalize() for word in event.split("_"))


def speaks(name: str, version: Version) -> bool:
    return version >= documents.since(name)


@each_version
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid_on_every_version_it_names(name: str, version: Version) -> None:
    if not speaks(name, version):
        pytest.skip(f"{name} is for a later Saleor")
    assert complaints(documents.document(name), version) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_leans_on_an_empty_default(name: str) -> None:
    """Saleor forgets it (as its old graphql-core does) and refuses the whole request."""
    given = []

    class Read(Visitor):
        def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
            default = node.default_value
            if default is not None and not value_from_ast_untyped(default):
                given.append(node.variable.name.value)

    visit(documents.document(name), Read())
    assert given == []


@each_version
def test_every_version_has_a_complete_set(version: Version) -> None:
    mute = {name for name in DOCUMENTS if not speaks(name, version)}
    excused = {"subscriptions/customer_deleted"} if version < (3, 23, 5) else set()
    assert mute == excused


def test_every_query_and_mutation_has_a_shape() -> None:
    asked = {operation.name for operation in OPERATIONS}
    assert asked == {*documents.names("queries"), *documents.names("mutations")}


@each_version
@full_or_bare
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_answers_fit_their_shapes(
    operation: Operation[BaseModel], version: Version, *, full: bool
) -> None:
    answer = ask(documents.document(operation.name), version, {}, full=full)
    operation.returns.model_validate(answer)


@each_version
@full_or_bare
@pytest.mark.parametrize("name", SUBSCRIPTIONS)
def test_deliveries_fit_their_shapes(name: str, version: Version, *, full: bool) -> None:
    if not speaks(name, version):
        pytest.skip(f"{name} is for a later Saleor")
    event = pascal(name.removeprefix("subscriptions/"))
    told: Mapping[str, Any] = {"event": {"__typename": event}}
    body = ask(documents.document(name), version, told, full=full)["event"]
    heard = getattr(shapes, event).model_validate(body)
    assert (heard.issued_at is not None) is full


def selected(name: str, version: Version) -> list[tuple[str, str, list[str]]]:
    """Every field a document reads: its type, its name, the sync webhooks it may call."""
    found, types = [], TypeInfo(schema(version))

    class Read(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            kind, field = types.get_parent_type(), types.get_field_def()
            if kind and field:
                found.append((kind.name, node.name.value, sync_webhooks(field.ast_node)))

    visit(documents.document(name), TypeInfoVisitor(types, Read()))
    return found


def sync_webhooks(field: FieldDefinitionNode | None) -> list[str]:
    """What the schema's own note at a field says it may call: tax apps, shipping apps."""
    return [
        event.value
        for directive in (field and field.directives) or ()
        if directive.name.value == "webhookEventsInfo"
        for argument in directive.arguments or ()
        if argument.name.value == "syncEvents"
        for event in argument.value.values
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_reads_what_our_permissions_do_not_cover(name: str) -> None:
    """One denied field nulls its parent: an order, a page, a customer."""
    read = selected(name, LATEST)
    assert [(kind, field) for kind, field, _ in read if field in DENIED.get(kind, ())] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_makes_saleor_call_another_app(name: str) -> None:
    """Protocol §3.4, §5.2: prices and statuses of a checkout may call tax and shipping apps."""
    read = selected(name, LATEST)
    assert [(kind, field) for kind, field, calls in read if calls] == []
    assert not {field for kind, field, _ in read if kind == "CheckoutLine"} & CALCULATED


@each_version
@pytest.mark.parametrize("name", SUBSCRIPTIONS)
def test_every_subscription_tells_when_and_by_whom(name: str, version: Version) -> None:
    """IN-2: only then is a byte-identical body a true repeat."""
    text = documents.text(name)
    assert "...EventFacts" in text
    facts = documents.text("fragments/EventFacts")
    assert {"issuedAt", "issuingPrincipal", "version"} <= set(facts.split())

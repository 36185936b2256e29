"""Writing many customers' metadata, as many at once as Saleor takes in a request."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from app.saleor.client import PermissionMissingError, Saleor
from app.saleor.operations import CUSTOMER_METADATA, CUSTOMER_PRIVATE_METADATA
from app.saleor.shapes.written import MetadataWritten, Refusal

AT_ONCE = 4
"""Saleor's limit on mutations in one request."""

DENIED = Refusal(code="PERMISSION_DENIED")

Change = tuple[str, Mapping[str, str]]
"""A customer's id, and the keys to write with their new text."""


def write(
    saleor: Saleor, changes: Sequence[Change], *, private: bool = False
) -> dict[str, Sequence[Refusal]]:
    """Writes them all, four a request. Hands back whom Saleor refused, and why."""
    operation = CUSTOMER_PRIVATE_METADATA if private else CUSTOMER_METADATA
    refused: dict[str, Sequence[Refusal]] = {}
    for batch in batches(changes):
        try:
            answer = saleor.run(operation, **variables(batch))
        except PermissionMissingError as denied:
            # a customer who has joined the staff: denied, and the other three are written
            answer = _but_for(denied)
        for (customer, _), written in zip(batch, answer.writes, strict=False):
            if written is None:
                refused[customer] = (DENIED,)
            elif written.errors:
                refused[customer] = written.errors
    return refused


def _but_for(denied: PermissionMissingError) -> MetadataWritten:
    if not denied.data:
        raise denied
    return MetadataWritten.model_validate(denied.data)


def batches(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    rest = iter(changes)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def variables(batch: Sequence[Change]) -> dict[str, object]:
    """What the document's four places are filled with; the empty ones are switched off.

    Each of them is named: Saleor forgets a variable's default where that is empty or false.
    """
    filled: dict[str, object] = {}
    for place in range(AT_ONCE):
        customer, keys = batch[place] if place < len(batch) else ("", {})
        filled[f"id{place}"] = customer
        filled[f"input{place}"] = [{"key": key, "value": value} for key, value in keys.items()]
        if place:
            filled[f"with{place}"] = place < len(batch)
    return filled

"""Telling the rooms something directly, without a door: shapes and hearings from makers' JSON."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from app.kit.hearing import Cause, Hearing
from tests.support.makers import MONDAY

S = TypeVar("S", bound=BaseModel)


def shaped(shape: type[S], told: Mapping[str, Any]) -> S:
    """As it comes off the wire: money exact."""
    return shape.model_validate(json.loads(json.dumps(told), parse_float=Decimal))


def heard(
    after: timedelta = timedelta(),
    *,
    hash: str = "",  # noqa: A002
    cause: Cause = Cause.PERSON,
    nulled: tuple[tuple[str | int, ...], ...] = (),
) -> Hearing:
    return Hearing(MONDAY + after, hash, cause, frozenset(nulled))

"""Connections: at most 100 at a time, cursors that name a place and not a number."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from graphql import GraphQLError

from sandbox.api.ask import Args

MOST = 100
Key = Callable[[Any], tuple[Any, int]]


class PageInfo(NamedTuple):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Edge(NamedTuple):
    node: Any
    cursor: str


class Page(NamedTuple):
    edges: list[Edge]
    page_info: PageInfo
    total_count: int


def page(
    name: str,
    things: Sequence[Any],
    key: Key,
    args: Args,
    *,
    show: Callable[[Any], Any] = lambda x: x,
) -> Page:
    """The asked part of `things`, which are in order already; `key` gives (value, number).

    `show` is what a thing looks like to the answer. Raises GraphQLError as Saleor does when
    neither first nor last is given, or more than 100.
    """
    first, last = limits(name, args)
    start, end = 0, len(things)
    if args.get("after"):
        start = place(things, key, args["after"]) + 1
    if args.get("before"):
        end = place(things, key, args["before"])
    left, right = start, end
    if first is not None:
        right = min(end, start + first)
    elif last is not None:
        left = max(start, end - last)
    edges = [Edge(show(one), cursor(key(one))) for one in things[left:right]]
    info = PageInfo(
        has_next_page=right < len(things),
        has_previous_page=left > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Page(edges, info, len(things))


def limits(name: str, args: Args) -> tuple[int | None, int | None]:
    first, last = args.get("first"), args.get("last")
    if not first and not last:
        raise GraphQLError(
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection."
        )
    for word, value in (("first", first), ("last", last)):
        if value is not None and not 0 < value <= MOST:
            raise GraphQLError(
                f"Requesting {value} records on the `{name}` connection exceeds the `{word}` "
                f"limit of {MOST} records."
            )
    return first, last


def cursor(key: tuple[Any, int]) -> str:
    value, number = key
    spelled = value.isoformat() if isinstance(value, datetime) else value
    return base64.b64encode(json.dumps([spelled, str(number)]).encode()).decode()


def place(things: Sequence[Any], key: Key, text: str) -> int:
    """Where the cursor's thing stands, or stood: the last place at or before it."""
    try:
        spelled, number = json.loads(base64.b64decode(text, validate=True))
        nth = int(number)
    except (binascii.Error, ValueError, TypeError):
        raise GraphQLError("Received cursor is invalid.") from None
    if not things:
        return -1
    falling = len(things) > 1 and key(things[0]) > key(things[-1])
    value = datetime.fromisoformat(spelled) if isinstance(key(things[0])[0], datetime) else spelled
    wanted = (value, nth)
    low, high = 0, len(things)
    while low < high:
        middle = (low + high) // 2
        here = key(things[middle])
        if (here < wanted) if falling else (here > wanted):
            high = middle
        else:
            low = middle + 1
    return low - 1

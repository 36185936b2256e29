"""An owner switches on what is ready-made: two clicks, and nothing goes out that was not shown."""

from collections.abc import Mapping
from typing import Any

from app.journeys import flows, queries
from app.journeys.recipes import RECIPES
from app.journeys.tables import Journey
from app.kit.tx import Tx
from app.messages import library


def set_up(tx: Tx, recipe: str, options: Mapping[str, Any], *, by: str | None = None) -> Journey:
    """The recipe's journey with these choices, and its messages where the shop has none of its own.

    Raises KeyError where there is no such recipe.
    """
    chosen = RECIPES[recipe]
    for draft in chosen.messages:
        library.ensure(tx, draft)
    options = chosen.options(options)
    return flows.publish(
        tx, recipe, chosen.definition(options), by=by, recipe=recipe, options=options
    )


def switch_on(tx: Tx, recipe: str, *, by: str | None = None, skip: bool = True) -> None:
    journey = queries.by_key(tx, recipe)
    if journey is None:
        set_up(tx, recipe, {}, by=by)
    flows.switch_on(tx, recipe, skip=skip)

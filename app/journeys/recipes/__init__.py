"""J2: the ready-made journeys, in the order a shop might switch them on."""

from collections.abc import Mapping

from app.journeys.recipes.after import CARING, CROSSING, REVIEWING, SECONDING
from app.journeys.recipes.again import REFILLING, STOCKING, WINNING
from app.journeys.recipes.base import Choice, Recipe
from app.journeys.recipes.beginnings import PAYING, WELCOMING
from app.journeys.recipes.cart import CART
from app.journeys.recipes.loyal import CELEBRATING, EXCLUDING, REACHING, RISKING
from app.journeys.recipes.surveys import RATING, RECOMMENDING

RECIPES: Mapping[str, Recipe] = {
    recipe.key: recipe
    for recipe in (
        CART,
        PAYING,
        WELCOMING,
        SECONDING,
        REFILLING,
        WINNING,
        REACHING,
        RISKING,
        CARING,
        REVIEWING,
        RATING,
        RECOMMENDING,
        CROSSING,
        EXCLUDING,
        CELEBRATING,
        STOCKING,
    )
}

__all__ = ["RECIPES", "Choice", "Recipe"]

"""J2: the ready-made journeys, in the order a shop might switch them on."""

from collections.abc import Mapping

from app.journeys.recipes.base import Choice, Recipe
from app.journeys.recipes.cart import CART

RECIPES: Mapping[str, Recipe] = {recipe.key: recipe for recipe in (CART,)}

__all__ = ["RECIPES", "Choice", "Recipe"]

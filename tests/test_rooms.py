"""What the linter of imports is told of: every room there is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NO_ROOMS = {"kit", "web", "saleor"}
"""Tools, pages' shell and the wire: they have no floors."""


@pytest.mark.parametrize(
    ("contract", "names"),
    [("A room has floors too", "containers"), ("Only the Saleor room speaks", "source_modules")],
)
def test_a_new_room_is_held_to_what_the_others_are(contract: str, names: str) -> None:
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (held,) = [
        one for one in told["tool"]["importlinter"]["contracts"] if one["name"].startswith(contract)
    ]
    rooms = {f"app.{path.parent.name}" for path in ROOT.glob("app/*/*.py")}
    assert rooms - {f"app.{name}" for name in NO_ROOMS} <= set(held[names])

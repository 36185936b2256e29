"""What a tree may be, and what it comes to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.segments import rules
from app.segments.rules import All, Not, Some, WrongTreeError
from app.segments.standard import STANDARD

ORDERS = {"fact": "orders", "at_least": 2, "days": 365}
GERMAN = {"fact": "country", "among": ["DE"]}


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"all": []},
        {"all": "orders"},
        {"fact": "mood"},
        {"fact": "orders"},
        {"fact": "orders", "at_least": 1, "shop": 2},
        {"fact": "last_order"},
        {"fact": "country", "among": []},
        {"fact": "stage", "among": ["bored"]},
        {"fact": "score", "name": "id", "at_least": 1},
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": ORDERS}}}}}}}},
        {"all": [ORDERS] * 41},
        ["all"],
    ],
)
def test_what_cannot_be_read_is_refused_with_words(tree: Any) -> None:  # noqa: ANN401
    """S1: never half understood."""
    with pytest.raises(WrongTreeError):
        rules.read(tree)


def test_all_any_and_not_nest() -> None:
    """S1."""
    node = rules.read({"any": [{"all": [ORDERS, GERMAN]}, {"not": GERMAN}]})
    assert isinstance(node, Some)
    assert isinstance(node.parts[0], All)
    assert isinstance(node.parts[1], Not)
    assert len(list(rules.leaves(node))) == 3


@given(st.tuples(st.booleans(), st.booleans()))
def test_a_tree_comes_to_what_its_facts_come_to(told_of: tuple[bool, bool]) -> None:
    (first, second), orders, german = told_of, rules.read(ORDERS), rules.read(GERMAN)
    told = {orders: first, german: second}

    def comes_to(tree: dict[str, Any]) -> bool:
        return rules.holds(rules.read(tree), told)  # type: ignore[arg-type]

    assert comes_to({"all": [ORDERS, GERMAN]}) == (first and second)
    assert comes_to({"any": [ORDERS, GERMAN]}) == (first or second)
    assert comes_to({"not": ORDERS}) == (not first)
    # De Morgan
    neither = {"all": [{"not": ORDERS}, {"not": GERMAN}]}
    assert comes_to({"not": {"any": [ORDERS, GERMAN]}}) == comes_to(neither)


@pytest.mark.parametrize("key", STANDARD)
def test_the_standard_ones_can_be_read(key: str) -> None:
    """S5: from the first run."""
    assert list(rules.leaves(rules.read(STANDARD[key])))

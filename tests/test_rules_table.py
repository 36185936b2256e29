"""docs/rules.md says which test proves which rule. It is complete, and it is true."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "rules.md"
ROW = re.compile(r"\| ([A-Z]{2}-\d+) \| ([^|]+) \| ([^|]+) \|")
TEST = re.compile(r"`(tests/\w+\.py)::(test_\w+)`")
RULES = {
    "IN": 5, "ID": 3, "LG": 1,
    "AC": 13, "RL": 8, "CP": 10, "FC": 7, "QH": 5, "CO": 7, "UN": 7, "BS": 4, "BO": 5, "SM": 4,
    "SS": 5, "AT": 5, "OP": 4, "DC": 5, "AB": 11, "HO": 9, "CT": 5, "LV": 6,
    "TI": 8, "PT": 8, "FB": 7, "RF": 7,
}  # fmt: skip
"""How many rules each section has."""
ALONE = {
    "MG-2", "MG-8", "PR-1", "PR-2", "PR-3", "PR-4", "PR-5", "PV-1", "PV-2", "PV-3", "PV-4", "PV-5",
    "RC-1", "RC-3", "RC-4", "RC-5", "RM-1", "RM-2", "RM-4", "TI-0",
}  # fmt: skip
"""Of other sections, those that hold here."""


def rows() -> dict[str, list[tuple[str, str]]]:
    found = ROW.findall(TABLE.read_text(encoding="utf-8"))
    return {code: TEST.findall(tests) for code, _, tests in found}


@cache
def told(path: str) -> dict[str, str]:
    """The tests of a file, by name, with what they say of themselves."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_docstring(node) or "" for node in functions}


def test_every_rule_has_its_row() -> None:
    wanted = {f"{name}-{number}" for name, most in RULES.items() for number in range(1, most + 1)}
    assert set(rows()) == wanted | ALONE


@pytest.mark.parametrize("code", sorted(rows()))
def test_every_row_names_tests_that_are_there_and_that_name_the_rule(code: str) -> None:
    tests = rows()[code]
    assert tests, "a rule without a test"
    short = code.replace("-", "").lower()
    for path, name in tests:
        assert name in told(path), f"{path} has no {name}"
        said = f"{name} {told(path)[name]}"
        assert code in said or f"_{short}_" in name, f"{name} does not speak of {code}"


def test_the_rules_are_in_order_and_each_stands_once() -> None:
    codes = [code for code, *_ in ROW.findall(TABLE.read_text(encoding="utf-8"))]
    assert len(codes) == len(set(codes))
    sections = list(RULES)
    numbers = [
        (sections.index(c[:2]) if c[:2] in RULES else len(sections), c[:2], int(c[3:]))
        for c in codes
    ]
    assert numbers == sorted(numbers)

"""Arms as the form of a test asks for them: two to four, each but the first with its own fields.

The first arm is the step as it is today. What differs in another is asked for under names with its
letter: `message-b`, `hours-c`.
"""

from collections.abc import Mapping, Sequence

ARMS = ("A", "B", "C", "D")
"""More would take most shops longer than a test may take."""
FEWEST = 2
ASKED = ("message", "hours", "percent")
"""What is asked of each arm but the first."""


def arms(told: Mapping[str, str]) -> Sequence[str]:
    """The arms that the form asks for."""
    typed = told.get("arms", "")
    many = int(typed) if typed.isdecimal() and len(typed) == 1 else FEWEST
    return ARMS[: min(max(many, FEWEST), len(ARMS))]


def with_more(told: Mapping[str, str]) -> dict[str, str]:
    """One arm more to fill in."""
    many = min(len(arms(told)) + 1, len(ARMS))
    return {**told, "arms": str(many)}


def without(told: Mapping[str, str], arm: str) -> dict[str, str]:
    """Without that arm: those after it move up."""
    left = [one for one in arms(told)[1:] if one != arm]
    if len(left) < FEWEST - 1:
        return dict(told)
    kept = {
        name: value
        for name, value in told.items()
        if not name.startswith(tuple(f"{one}-" for one in ASKED))
    }
    for name in ASKED:
        for new, old in zip(ARMS[1:], left, strict=False):
            kept[field(name, new)] = told.get(field(name, old), "")
    return {**kept, "arms": str(len(left) + 1)}


def field(name: str, arm: str) -> str:
    return f"{name}-{arm.lower()}"

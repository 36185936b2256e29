"""What the editor of segments sends, row by row."""

from collections.abc import Mapping


def rows(*told: Mapping[str, str], joined: str = "all") -> dict[str, str]:
    """One block, as a form: `rows({"fact": "orders", "least": "2"})`."""
    return {"joined": "all"} | block(0, *told, joined=joined)


def block(
    at: int, *told: Mapping[str, str], joined: str = "all", first: int = 0, negated: bool = False
) -> dict[str, str]:
    """`first` is the number of its first row: rows are counted through all blocks."""
    fields = {f"b{at}.joined": joined} | ({f"b{at}.negated": "1"} if negated else {})
    for number, row in enumerate(told, first):
        fields |= {f"r{number}.{name}": value for name, value in row.items()}
        fields[f"r{number}.block"] = str(at)
    return fields

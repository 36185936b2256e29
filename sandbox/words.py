"""Lists of words that read as a line."""


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())

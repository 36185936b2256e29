"""Letters as people look for them: without accents, in small."""

import unicodedata

STROKES = str.maketrans({
    "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE",
    "œ": "oe", "Œ": "OE", "ı": "i",
})  # fmt: skip
"""Letters that Unicode does not take apart."""


def plain(text: str) -> str:
    """`Łódź` and `lodz`, `São` and `sao` are the same."""
    bare = unicodedata.normalize("NFKD", text.translate(STROKES))
    return "".join(c for c in bare if not unicodedata.combining(c)).lower()

"""What people type into our forms."""

import re
from decimal import Decimal

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol


def read_decimal(text: str, locale: Locale) -> Decimal:
    """A number not below zero, as people write it in `locale`: `1.234,50`, `1234,5`, `1 234`.

    A lone comma or point is the decimal one unless it groups three digits the way the language
    does. Raises ValueError on anything else.
    """
    bare = re.sub(r"\s", "", text)
    group = re.escape(get_group_symbol(locale))
    point = re.escape(get_decimal_symbol(locale))
    if re.fullmatch(rf"\d{{1,3}}({group}\d{{3}}){{1,3}}({point}\d{{1,6}})?", bare):
        bare = re.sub(group, "", bare)
    elif not re.fullmatch(r"\d{1,12}([.,]\d{1,6})?", bare):
        raise ValueError(f"not a number: {text[:40]!r}")
    return Decimal(bare.replace(",", "."))

"""SM-3, SM-2: telephone numbers as networks know them, and how many parts a text takes."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = frozenset("^{}\\[~]|€\f")
"""These take two places."""
GSM_ONE, GSM_MORE, WIDE_ONE, WIDE_MORE = 160, 153, 70, 67
FIXED = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP, PhoneNumberType.PAGER})


class LandlineError(ValueError):
    """SM-3: nobody reads a text there."""


def e164(number: str) -> str:
    """`+48512345678`. Raises ValueError on what is no number, LandlineError on a landline."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException as failure:
        raise ValueError(f"not a telephone number with its country: {number[:4]}…") from failure
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError(f"no such telephone number: {number[:4]}…")
    if phonenumbers.number_type(parsed) in FIXED:
        raise LandlineError(f"a landline: {number[:4]}…")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def parts(text: str) -> int:
    """SM-2: what a network charges for. One ą or ç makes all of it wide: 70 letters, not 160."""
    if all(letter in GSM or letter in TWICE for letter in text):
        length = sum(2 if letter in TWICE else 1 for letter in text)
        return 1 if length <= GSM_ONE else -(-length // GSM_MORE)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= WIDE_ONE else -(-length // WIDE_MORE)

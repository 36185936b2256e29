"""The diary of what was done and what was not, and why: written in the decision's transaction."""

from enum import StrEnum

from app.kit.tx import Tx
from app.loyalty.tables import Act


class Verb(StrEnum):
    MADE_VOUCHER = "made_voucher"
    MINTED = "minted"
    PUT_ON = "put_on"
    SKIPPED = "skipped"
    TAKEN_OFF = "taken_off"
    USED = "used"
    TOLD = "told"
    """Wrote the tier into the customer's metadata."""
    NOT_TOLD = "not_told"
    TIDIED = "tidied"


def note(
    tx: Tx,
    verb: Verb,
    reason: str,
    *,
    of: object,
    person: int | None = None,
    checkout: str | None = None,
    code: int | None = None,
    tier: str | None = None,
) -> None:
    """Write it down, unless the same was already: `of` says what makes two acts the same."""
    row = {
        "key": f"{verb}:{of}", "at": tx.now, "verb": verb.value, "reason": reason,
        "person": person, "checkout": checkout, "code": code, "tier": tier,
    }  # fmt: skip
    tx.put(Act, [row], key=("key",))

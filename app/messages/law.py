"""CO-2: on what ground a shop may write to somebody, by country. To be confirmed with counsel."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.messages.rules import Channel, Purpose, Word


class Basis(StrEnum):
    CONSENT = "consent"
    SOFT_OPT_IN = "soft_opt_in"
    """Own similar products, after a sale."""
    INTEREST = "legitimate_interest"
    """With an easy way out."""
    OPT_OUT = "opt_out"
    CONTRACT = "contract"
    """What has to be told about an order, or was asked for."""


class Said(StrEnum):
    """The last word of an address on a purpose."""

    GRANTED = "granted"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    NOTHING = "nothing"


EU = frozenset({
    "AT", "BE", "BG", "HR", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
NEVER_SOFT = frozenset({"PL"})
"""PL: Art. 398 of the electronic communications law: prior consent, no soft opt-in."""
MAIL_LAW: Mapping[str, Basis] = {
    "BR": Basis.INTEREST,
    "GB": Basis.SOFT_OPT_IN,
    "US": Basis.OPT_OUT,
}


@dataclass(frozen=True)
class Ground:
    """Whether somebody may be written to, and why or why not."""

    allowed: bool
    basis: Basis
    word: str = ""


@dataclass(frozen=True)
class Stance:
    """What decides it about one address."""

    said: Said
    country: str = ""
    bought: bool = False
    complained: bool = False
    known: bool = True
    """Somebody of the shop's own: an account, an order, a checkout, a line of its list; and not
    merely an address that anybody may have typed."""


def basis(
    channel: str,
    purpose: str,
    country: str,
    *,
    own: Mapping[str, str],
    soft: Collection[str] = (),
) -> Basis:
    """What a country asks for. `own` is the owner's table, `soft` where soft opt-in is confirmed.

    An unknown country asks for the most: consent. So does every channel but e-mail (SM-1).
    """
    if purpose == Purpose.SERVICE:
        return Basis.CONTRACT
    if channel != Channel.EMAIL or purpose not in (Purpose.MARKETING, Purpose.FEEDBACK):
        return Basis.CONSENT
    if country in own and country not in NEVER_SOFT:
        return Basis(own[country])
    if country in EU and country in soft and country not in NEVER_SOFT:
        return Basis.SOFT_OPT_IN
    return MAIL_LAW.get(country, Basis.CONSENT)


def ground(stance: Stance, on: Basis) -> Ground:
    """A yes counts everywhere, a no counts everywhere; silence means what the law makes of it."""
    if on is Basis.CONTRACT:
        return Ground(allowed=True, basis=on)
    if stance.complained:
        return Ground(allowed=False, basis=on, word=Word.COMPLAINED)
    if stance.said is Said.GRANTED:
        return Ground(allowed=True, basis=Basis.CONSENT)
    if stance.said is Said.WITHDRAWN:
        return Ground(allowed=False, basis=on, word=Word.WITHDRAWN)
    enough = {
        Basis.INTEREST: stance.known,
        Basis.OPT_OUT: stance.known,
        Basis.SOFT_OPT_IN: stance.bought,
    }
    if enough.get(on, False):
        return Ground(allowed=True, basis=on)
    silent = Word.UNCONFIRMED if stance.said is Said.PENDING else Word.NO_CONSENT
    return Ground(allowed=False, basis=on, word=silent)

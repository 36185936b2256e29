"""May somebody be given a code? CP-4 to CP-6, MG-2, MG-8: facts in, one word out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.loyalty.guards import too_deep

BETWEEN = timedelta(days=30)
"""CP-5: bounds 7 to 180 days."""
MOST_A_YEAR = 4
SHARE_OF_SPEND = 0.2
"""CP-5: of the margin ever earned with somebody, this much at most was given away to her."""
SERIAL = 2
SERIAL_REST = timedelta(days=180)
LEAKS = 2
"""CP-4: after so many codes that others used."""
CAP = 3000
"""MG-2: hundredths of a percent."""


class Word(StrEnum):
    """Why not."""

    NO_PERCENT = "no_percent"
    STOPPED = "stopped"
    """MG-8."""
    EXCLUDED = "excluded"
    LIVE = "has_live_code"
    """CP-5: one at a time."""
    RECENT = "recent_offer"
    YEARLY = "enough_this_year"
    LIFETIME = "enough_for_ever"
    SERIAL = "serial_abandoner"
    """CP-6."""
    LEAKED = "codes_shared"
    """CP-4."""
    TOO_DEEP = "too_deep"
    """MG-2: together with what the shop has reduced in the cart anyway."""
    TOO_LITTLE = "too_little"
    """CP-1: the cart it is about comes to less than the code's least basket."""
    NO_ACCOUNT = "no_account"
    """CP-4, firm: a gift card of one account needs an account."""
    NO_WORTH = "nothing_to_reckon"
    """CP-4, firm: no cart and no order that an amount could be reckoned from."""
    OLD_SALEOR = "saleor_too_old"
    """CP-4, firm: before 3.23.19 Saleor has no card of one account."""
    NOT_GRANTED = "no_permission"
    """CP-4, firm: Saleor lets us make none."""


@dataclass(frozen=True)
class Case:
    """What is known of a person and of the cart, when a code is to be promised."""

    percent_hundredths: int
    stopped: bool = False
    excluded: bool = False
    reduced_hundredths: int = 0
    """The deepest of the shop's own promotions in the cart."""
    live: bool = False
    latest: datetime | None = None
    """Her last code."""
    a_year: int = 0
    shared: int = 0
    serial: int = 0
    """CP-6: of her last three orders, those on a code of this programme."""
    given_minor: int = 0
    brought_minor: int = 0
    """The margin on what she kept."""
    short: bool = False
    """The cart it is about comes to less than the least basket, or nobody knows: no rate."""
    firm: bool = False
    account: bool = True
    current: bool = True
    """Her shop's Saleor is new enough for what is asked of it."""
    granted: bool = True
    worth_minor: int = 0
    """CP-4, firm: what the card would be worth."""


def worth(percent_hundredths: int, of_minor: int, *, whole: int) -> int:
    """CP-4, firm: so much of a cart or of a usual order, down to whole units of the currency, of
    `whole` minor units each; less than one unit is nothing."""
    return of_minor * percent_hundredths // 10_000 // whole * whole


def word(case: Case, *, now: datetime) -> Word | None:
    """The first reason against it."""
    rested = now - case.latest if case.latest else None
    checks = (
        (not 0 < case.percent_hundredths <= CAP, Word.NO_PERCENT),
        (case.stopped, Word.STOPPED),
        (case.excluded, Word.EXCLUDED),
        (too_deep(case.percent_hundredths, case.reduced_hundredths), Word.TOO_DEEP),
        (case.short and not case.firm, Word.TOO_LITTLE),
        (case.live, Word.LIVE),
        (rested is not None and rested < BETWEEN, Word.RECENT),
        (case.a_year >= MOST_A_YEAR, Word.YEARLY),
        (case.shared >= LEAKS, Word.LEAKED),
        (
            case.serial >= SERIAL and rested is not None and rested < SERIAL_REST,
            Word.SERIAL,
        ),
        (case.firm and not case.current, Word.OLD_SALEOR),
        (case.firm and not case.granted, Word.NOT_GRANTED),
        (case.firm and not case.account, Word.NO_ACCOUNT),
        (case.firm and case.worth_minor <= 0, Word.NO_WORTH),
        (case.given_minor > SHARE_OF_SPEND * case.brought_minor, Word.LIFETIME),
    )
    return next((word for holds, word in checks if holds), None)

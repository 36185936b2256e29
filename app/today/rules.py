"""V13: which three things are worth doing today, of all that could be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MOST = 3
RARELY_BACK = Decimal("0.5")
"""Of those who bought long enough ago: below this share of second orders it is worth asking."""
KNOWN_COSTS = Decimal("0.8")
FEW = 20
"""People about whom a share says something."""


class What(StrEnum):
    """A suggestion, in a word; the template has the sentences."""

    RATES = "rates"
    REMIND = "remind"
    CALL = "call"
    WIN_BACK = "win_back"
    SECOND = "second"
    COSTS = "costs"


@dataclass(frozen=True)
class Facts:
    """What is known this morning."""

    unrated: bool = False
    """Something is sold in a currency that is in none of our numbers yet."""
    waiting: int = 0
    """People who have left something on a checkout."""
    reminds: bool = False
    """Somebody writes to them: the automation is on."""
    dearest: bool = False
    """The most valuable of these carts is of somebody who can be called."""
    at_risk: int = 0
    """Regulars who stay away for longer than they used to."""
    wins_back: bool = False
    bought_once: int = 0
    """Of those who first bought at least 90 days ago, how many never came back."""
    back: Decimal | None = None
    """The share of them who did."""
    seconds: bool = False
    covered: Decimal | None = None
    """The share of what was sold whose cost is known."""


def suggestions(facts: Facts) -> tuple[What, ...]:
    """At most three: what makes the numbers wrong, then what waits for nobody, first."""
    holds: Mapping[What, bool] = {
        What.RATES: facts.unrated,
        What.REMIND: facts.waiting > 0 and not facts.reminds,
        What.CALL: facts.dearest,
        What.WIN_BACK: facts.at_risk > 0 and not facts.wins_back,
        What.SECOND: (
            facts.bought_once >= FEW
            and facts.back is not None
            and facts.back < RARELY_BACK
            and not facts.seconds
        ),
        What.COSTS: facts.covered is not None and facts.covered < KNOWN_COSTS,
    }
    return tuple(what for what in What if holds[what])[:MOST]

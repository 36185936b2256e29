"""What a code really does to the people of this shop. Nobody tells the app: it has to find out.

Somebody who hesitates at a full cart buys after all more often if a code of hers is on it. So the
true effect is known here, and what the app's page Proof says can be held against it.
"""

from random import Random

WITHOUT_CODE = 0.30
WITH_CODE = 0.55
EFFECT = WITH_CODE - WITHOUT_CODE
"""Of all who hesitate, so many more buy because of a code."""


def buys_after_all(dice: Random, *, coded: bool) -> bool:
    return dice.random() < (WITH_CODE if coded else WITHOUT_CODE)

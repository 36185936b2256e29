"""kill -9 at any moment, again and again: nothing is lost and nothing is given twice.

PERENNIAL_SEED=… plays a run again: the same shop, kills after the same times. What is in hand when
a kill comes is up to the machine.
"""

import pytest

from tests.prove.killing import imports_under_fire, lives_under_fire
from tests.prove.stage import HASTY, Stage, seed_of_this_run

pytestmark = pytest.mark.prove


def test_an_app_that_is_killed_twenty_times_loses_no_delivery_and_gives_no_code_twice() -> None:
    """IN-1, IN-2, CP-1, CP-2, TI-8."""
    with Stage(seed_of_this_run(), customers=2000, orders=8000) as stage:
        lives_under_fire(stage, kills=20, visits_a_second=3)


def test_what_the_shop_gave_up_while_the_app_was_dead_is_found_by_the_sweep() -> None:
    """IN-4: every delivery of these hours is tried within half a second, and then never again."""
    with Stage(seed_of_this_run(), customers=2000, orders=8000, pace=HASTY) as stage:
        lives_under_fire(stage, kills=10, visits_a_second=3)
        assert stage.status()["deliveries"]["failed"], "nothing was given up"


def test_an_import_that_is_killed_five_times_ends_complete() -> None:
    """IN-4, IN-5."""
    with Stage(seed_of_this_run(), customers=2000, orders=8000) as stage:
        imports_under_fire(stage, kills=5)

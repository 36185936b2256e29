"""The proof of tests/prove/test_kills.py at a size that every run of the tests can bear."""

from tests.prove.damage import unseen
from tests.prove.killing import lives_under_fire
from tests.prove.stage import Stage, seed_of_this_run


def test_an_app_that_is_killed_twice_loses_no_delivery_and_gives_no_code_twice() -> None:
    """IN-1, IN-2, CP-1, CP-2, TI-8; and the verdict would have seen it."""
    seed = seed_of_this_run(651280)  # every run of the tests meets the same shop
    with Stage(seed, customers=200, orders=600) as stage:
        lives_under_fire(stage, kills=2, visits_a_second=3, closing=1)
        assert not unseen(stage)

"""The proof of tests/prove/test_posting.py at a size that every run of the tests can bear."""

from pathlib import Path

from tests.prove.posting import sends_under_fire


def test_ss1_a_dozen_kills_around_the_call_and_nothing_goes_out_twice(tmp_path: Path) -> None:
    sends_under_fire(tmp_path, kills=12)

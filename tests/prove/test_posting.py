"""SS-1 at full size."""

from pathlib import Path

import pytest

from tests.prove.posting import sends_under_fire

pytestmark = pytest.mark.prove


def test_ss1_two_hundred_kills_around_the_call_and_nothing_goes_out_twice(tmp_path: Path) -> None:
    sends_under_fire(tmp_path, kills=200)

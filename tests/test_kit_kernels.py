"""Compiled loops on a machine where nothing can be kept."""

from collections.abc import Callable
from typing import Any

import pytest
from numba.core.caching import CompileResultCacheImpl

from app.ltv.kernels import kernel as of_value
from app.recommend.kernel import kernel as of_lists


@pytest.mark.parametrize("kernel", [of_value, of_lists])
def test_a_loop_runs_where_no_folder_can_be_written(
    kernel: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container with a read-only disk and no home is slower to start, and starts."""
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])

    @kernel
    def total(numbers: tuple[int, ...]) -> int:
        found = 0
        for number in numbers:
            found += number
        return found

    assert total((1, 2, 3)) == 6

"""What lies beside a checkout in the builders' workplace and in CI, and not at a stranger's."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2].parent / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs ../shared: Saleor's schemas, recordings and data sets"
)

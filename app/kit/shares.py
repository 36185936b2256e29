"""How sure a share is. Pure."""

from math import sqrt


def wilson(came: int, of: int, *, z: float) -> tuple[float, float]:
    """The interval of a share that is `z` deviations wide to each side (Wilson 1927)."""
    share, more = came / of, z * z / of
    middle = (share + more / 2) / (1 + more)
    half = z * sqrt(share * (1 - share) / of + more / (4 * of)) / (1 + more)
    return max(middle - half, 0.0), min(middle + half, 1.0)

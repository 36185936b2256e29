"""AB-6: did people come into the arms as they were meant to? If not, no result means anything."""

from collections.abc import Mapping, Sequence

from scipy.special import chdtrc

LEVEL = 0.001
LEAST_EXPECTED = 8.0
"""GrowthBook's constants."""


def mismatch(strata: Sequence[tuple[Mapping[str, float], Mapping[str, int]]]) -> float | None:
    """The p-value of Pearson's chi-square over all strata, each a share and a count by arm. None
    where too few came to tell."""
    statistic, freedom = 0.0, 0
    for shares, counts in strata:
        total = sum(counts.values())
        expected = {arm: share * total for arm, share in shares.items() if share > 0}
        if len(expected) < 2 or min(expected.values()) < LEAST_EXPECTED:  # noqa: PLR2004
            continue
        statistic += sum((counts.get(arm, 0) - e) ** 2 / e for arm, e in expected.items())
        freedom += len(expected) - 1
    return float(chdtrc(freedom, statistic)) if freedom else None


def broken(p: float | None) -> bool:
    return p is not None and p < LEVEL

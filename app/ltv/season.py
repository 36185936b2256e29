"""Is the coming season a busy one? What the same months brought a year ago, against the model.

Only ever the same calendar window a year ago: ratios of neighbouring windows mix up seasons with
everything else and made forecasts worse. The root of the ratio, within bounds, since half of a
surprise is chance.
"""

from collections.abc import Callable

import numpy as np

from app.ltv.arrays import Floats
from app.ltv.history import History
from app.ltv.statistics import Statistics

YEAR = 365
WARM = 90  # days of history before the window of a year ago
ENOUGH = 50
BOUNDS = (0.8, 1.25)

Forecaster = Callable[[Statistics, float], Floats]
"""Learn from these statistics; expected orders of each customer within so many days."""


def tempo(history: History, today: int, horizon: float, forecast: Forecaster) -> float:
    """What multiplies buying rates over the horizon; 1 without a year and a bit of history."""
    then = today - YEAR
    if then - history.first_day < WARM:
        return 1.0
    known = history.at(then)
    if len(known) < ENOUGH:
        return 1.0
    window = min(float(horizon), float(YEAR))
    came = history.between(then, then + int(window)).purchases[known.who].sum()
    thought = float(forecast(known, window).sum())
    if thought <= 0.0:
        return 1.0
    return float(np.clip(np.sqrt(came / thought), *BOUNDS))

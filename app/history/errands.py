"""What this room does outside: `app/agenda.py` pairs these with their jobs."""

from app.history.comparing import compare, recheck
from app.history.importing import read_history
from app.history.sweeping import hear_failed, sweep

__all__ = ["compare", "hear_failed", "read_history", "recheck", "sweep"]

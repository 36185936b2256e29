"""The segment that an address names."""

from fastapi import HTTPException

from app.kit.tx import Tx
from app.segments import queries
from app.segments.tables import Segment

SEES_PEOPLE = "MANAGE_USERS"


def segment_of(tx: Tx, key: str) -> Segment:
    """One that sorts people; 404 for any other."""
    found = queries.by_key(tx, key)
    if found is None or found.retired_at:
        raise HTTPException(404, "There is no such segment.")
    return found

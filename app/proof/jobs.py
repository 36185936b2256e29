"""What proof promises. Light: whoever only reads the past of a shop loads no arithmetic."""

from app.kit.tx import Job, Tx


class Measure(Job, kind="proof.measure", rank=2):
    """What the trials show, anew."""

    day: str


def nightly(tx: Tx, day: str) -> None:
    tx.later(Measure(day=day))

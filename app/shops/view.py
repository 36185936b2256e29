"""What the public pages of the shops room are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days things are kept, as the privacy page tells it."""

    parked_days: int
    """The bodies of deliveries that could not be understood."""
    uninstalled_days: int
    """Everything, once the shop has removed the app."""
    checkout_days: int | None = None
    """Checkouts that never became an order; None where they stay as long as the shop does."""

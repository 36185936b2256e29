"""A shop's past: imported once, swept for what was missed, compared every night."""

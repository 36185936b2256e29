"""The segments every shop has from the first run. Their names are words of the page."""

from collections.abc import Mapping
from typing import Any

STANDARD: Mapping[str, dict[str, Any]] = {
    "prospects": {
        "all": [{"fact": "account", "has": True}, {"fact": "stage", "among": ["prospect"]}]
    },
    "new": {"fact": "stage", "among": ["new"]},
    "one-order": {"fact": "orders", "at_least": 1, "at_most": 1},
    "regulars": {
        "all": [
            {"fact": "orders", "at_least": 3, "days": 730},
            {"fact": "last_order", "less_than": 180},
        ]
    },
    "slipping": {
        "all": [
            {"fact": "orders", "at_least": 2},
            {"fact": "stage", "among": ["slipping"]},
        ]
    },
    "lapsed": {"fact": "stage", "among": ["lapsed"]},
    "lost": {"fact": "stage", "among": ["lost"]},
    "cart-left": {"fact": "cart"},
    "champions": {"fact": "rfm", "among": ["Champion", "Loyal"]},
    "cannot-lose": {"fact": "rfm", "among": ["Cannot lose", "At risk"]},
    "most-valuable": {"fact": "value_tier", "among": ["A"]},
    "may-lapse": {
        "all": [
            {"fact": "score", "name": "silent", "at_least": "0.7"},
            {"fact": "last_order", "less_than": 180},
        ]
    },
    "may-buy": {"fact": "chance", "of": "buys_30", "at_least": 0.5},
    "likely-gone": {
        "all": [
            {"fact": "score", "name": "alive", "at_most": "0.3"},
            {"fact": "orders", "at_least": 2},
        ]
    },
}
